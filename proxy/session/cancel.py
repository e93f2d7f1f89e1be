"""CancelRequest: stops an operation of ours, or goes on to the server that runs the statement.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from engine.errors import OperationError, Stopped
from engine.operations import Engine
from proxy.session.conversation import Conversation
from proxy.transport.upstream import Upstream
from proxy.wire.startup import CancelRequest, cancel_request


class Keys:
    """Which session each key of a BackendKeyData belongs to.

    Attributes:
        own: finds the server's own key for one that compiled code has told a client.
    """

    def __init__(self) -> None:
        self._sessions: dict[bytes, Conversation] = {}
        self.own: Callable[[bytes], bytes | None] = lambda key: None

    def add(self, key: bytes, session: Conversation) -> None:
        self._sessions[key] = session

    def remove(self, key: bytes) -> None:
        self._sessions.pop(key, None)

    def session(self, key: bytes) -> Conversation | None:
        return self._sessions.get(key)


async def cancel(request: CancelRequest, keys: Keys, upstream: Upstream, engine: Engine) -> None:
    """Do what a CancelRequest asks; like Postgres, say nothing about it."""
    session = keys.session(request.key)
    if session is None:
        own = keys.own(request.key)
        await forward(request.packet if own is None else cancel_request(own), upstream)
        if own is None:
            await engine.cancel(request.key)
    elif not session.stop_operation(Stopped("canceling statement due to user request")):
        await session.cancel_backend()


async def forward(packet: bytes, upstream: Upstream) -> None:
    """Send a CancelRequest to the server, and wait until it has acted."""
    try:
        forwarded = await upstream.connect(lambda: _Forwarded(packet))
    except OperationError:
        return
    await forwarded.closed.wait()


class _Forwarded(asyncio.Protocol):
    """A connection on which only a CancelRequest is sent; the server closes it when it has acted."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self._packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()
