"""Says in each call's user agent which operation of which database made it, for CloudTrail to show.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import metadata
from typing import Any

#: What a token of a user agent may not hold (RFC 9110, 5.6.2).
_NO_TOKEN = re.compile(r"[^!$%&'*+.^_`|~\w-]", re.ASCII)
_LONGEST = 63

_acting: ContextVar[str] = ContextVar("acting", default="")


@contextmanager
def acting(operation: str, database: str) -> Iterator[None]:
    """Let the calls that are made within, and by tasks that begin within, be those of an operation."""
    token = _acting.set(f" md/operation#{_token(operation)} md/database#{_token(database)}")
    try:
        yield
    finally:
        _acting.reset(token)


def attribute(client: Any) -> None:
    """Let a client's calls say whose they are."""
    client.meta.events.register_first("request-created", _say)


def _say(request: Any, **_: object) -> None:
    request.headers["User-Agent"] += _ourselves() + _acting.get()


@cache
def _ourselves() -> str:
    return f" app/iasql#{metadata.version('iasql')}"


def _token(name: str) -> str:
    return _NO_TOKEN.sub("-", name)[:_LONGEST]
