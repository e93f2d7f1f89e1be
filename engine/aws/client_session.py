"""Sessions of the AWS client that share what they have read of AWS's service models.

Each would otherwise read its own: of EC2 alone that is some 20 MB.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import aioboto3
from aiobotocore.session import AioSession
from botocore.loaders import Loader, create_loader


def client_session(*, credentials: Any = None, **settings: Any) -> aioboto3.Session:
    """A session of aioboto3.

    Args:
        credentials: of aiobotocore, to be used in place of those that the settings name.
        settings: of `aioboto3.Session`.

    Raises:
        ProfileNotFound: there is no profile of the name.
    """
    inner = AioSession()
    loader = _loader(os.environ.get("AWS_DATA_PATH"))
    inner.register_component("data_loader", loader)
    if credentials is not None:
        inner._credentials = credentials
    session = aioboto3.Session(botocore_session=inner, **settings)
    # Each session of boto3 adds the folder of its own models once more.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return session


@cache
def _loader(path: str | None) -> Loader:
    return create_loader(path)
