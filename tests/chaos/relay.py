"""A relay that cuts connections at random bytes, in either direction."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import suppress

_CHUNK = 1 << 16

#: SO_LINGER with which a socket is reset when it is closed, instead of ended.
_RESET = struct.pack("ii", 1, 0)


class CuttingRelay:
    """Passes bytes on between clients and a port, until it has passed on as many as were drawn.

    Args:
        target: the port at 127.0.0.1.
        rate: the share of connections that are cut; of the others none is.

    Attributes:
        port: where it listens.
        cuts: how many connections it has cut.
    """

    def __init__(self, target: int, chance: random.Random, *, rate: float) -> None:
        self._target = target
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self.rate = rate
        self.port = 0
        self.cuts = 0

    async def start(self) -> None:
        """Begin to pass on."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End all connections."""
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(asyncio.CancelledError):
                await self._relay(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target, limit=_CHUNK)
        except OSError:
            return
        forth, back = self._budgets()
        directions = (
            asyncio.ensure_future(_pass(reader, far_writer, forth)),
            asyncio.ensure_future(_pass(far_reader, writer, back)),
        )
        try:
            done, _ = await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            if any(each.result() for each in done):
                self.cuts += 1
                self._cut(writer, far_writer)
            else:
                await asyncio.wait(directions, timeout=5)
        finally:
            for each in directions:
                each.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            far_writer.transport.abort()

    def _budgets(self) -> tuple[int | None, int | None]:
        """How many bytes are passed on forth and back; None is all of them."""
        if self._chance.random() >= self.rate:
            return None, None
        budget = int(2 ** self._chance.uniform(0, 20)) - 1
        return (budget, None) if self._chance.random() < 0.5 else (None, budget)

    def _cut(self, *writers: asyncio.StreamWriter) -> None:
        """As a crash does, which resets, or as a process that ends."""
        if self._chance.random() < 0.5:
            for writer in writers:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None) -> bool:
    """Pass bytes on until one side ends; True if that was because there have been enough."""
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            if budget is not None and len(data) >= budget:
                writer.write(data[:budget])
                await writer.drain()
                return True
            budget = None if budget is None else budget - len(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    return False
