"""What a client is told that begins in a way that Postgres refuses.

The words depend on the server's version, so the server is asked: it gets the same packet, and what it
says before it closes the connection is the client's answer.
"""

from __future__ import annotations

import asyncio
from typing import cast

from proxy.transport.sockets import unread
from proxy.transport.upstream import Upstream
from proxy.wire.startup import UNKNOWN_REQUEST, unknown_request, version

#: Bytes of an answer that are kept: an error has a few hundred.
_LARGEST = 1 << 16


async def refusal_of(packet: bytes, upstream: Upstream) -> bytes:
    """What Postgres answers to a packet of a protocol that it does not speak.

    Raises:
        UpstreamUnreachableError: it cannot be asked.
    """
    asked = await upstream.connect(lambda: _Asked(packet))
    try:
        await asked.closed.wait()
    finally:
        asked.transport.abort()
    return bytes(asked.answer[:_LARGEST])


async def refusal_of_repetition(code: int, upstream: Upstream) -> bytes:
    """What Postgres answers to a request for encryption where there may be none any more.

    Args:
        code: the request's. Postgres takes it for the version of a protocol, and would take it for
            a request on a new connection: so it is asked about another number.

    Raises:
        UpstreamUnreachableError: it cannot be asked.
    """
    answer = await refusal_of(unknown_request(), upstream)
    return answer.replace(version(UNKNOWN_REQUEST), version(code))


class _Asked(asyncio.Protocol):
    """A connection on which one packet is sent, and which the server closes when it has said why."""

    transport: asyncio.Transport

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self.answer = bytearray()
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._packet)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        if len(self.answer) > _LARGEST:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self.answer += unread(self.transport)
        self.closed.set()
