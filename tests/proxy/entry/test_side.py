"""One side of a login."""

from __future__ import annotations

import asyncio
import socket

from proxy.entry.side import Side


async def test_nothing_is_sent_after_the_end_has_been_said() -> None:
    here, there = socket.socketpair()
    loop = asyncio.get_running_loop()
    transport, side = await loop.create_connection(lambda: Side(asyncio.Event(), half_closes=True), sock=here)
    side.write(b"words")
    side.end()
    side.write(b"")
    side.write(b"more")
    there.setblocking(False)
    assert await loop.sock_recv(there, 100) == b"words"
    assert await loop.sock_recv(there, 100) == b""
    transport.close()
    there.close()
