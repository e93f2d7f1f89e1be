"""Sessions of the AWS client that share what is the same for all of them: AWS's service models, the handlers
of events, and the classes of clients.

Each would otherwise make its own. Of EC2 alone the model is some 20 MB, and the class 1 MB for each client.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aiobotocore.hooks import AioHierarchicalEmitter
from aiobotocore.session import AioSession
from botocore.loaders import Loader, create_loader


def client_session(
    *,
    region: str | None = None,
    profile: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    credentials: Any = None,
) -> AioSession:
    """A session of aiobotocore.

    Args:
        region, profile: what the standard settings say if None.
        access_key, secret_key: the standard credential chain if None.
        credentials: of aiobotocore, to be used in place of those that the settings name.

    Raises:
        ProfileNotFound: there is no profile of the name.
    """
    session = AioSession(profile=profile, event_hooks=_events(), include_builtin_handlers=False)
    session.register_component("data_loader", _loader(os.environ.get("AWS_DATA_PATH")))
    if profile is not None:
        session.get_scoped_config()  # which looks for it
    if region is not None:
        session.set_config_variable("region", region)
    if access_key:
        session.set_credentials(access_key, secret_key)
    if credentials is not None:
        session._credentials = credentials
    return session


@cache
def _loader(path: str | None) -> Loader:
    return create_loader(path)


@cache
def _events() -> Any:
    """What happens in the making of clients, and who hears of it; each client has a copy of its own."""
    events = AioHierarchicalEmitter()
    AioSession(event_hooks=events)  # which enters all that it has
    events.register_last("creating-client-class", _with_shared_methods)
    return events


def _with_shared_methods(
    class_attributes: dict[str, Any], base_classes: list[type], event_name: str, **_: object
) -> None:
    """Let a new client's class have its methods from the first one of its service.

    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/events.html
    """
    if event_name not in _classes:
        _classes[event_name] = type(event_name.rpartition(".")[2], tuple(base_classes), {**class_attributes})
    base_classes[:] = [_classes[event_name]]
    class_attributes.clear()


#: By the event of their making, which names the service.
_classes: dict[str, type] = {}
