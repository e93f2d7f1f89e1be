"""The beginning of a connection, until it is known what the client wants.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, cast

from engine.errors import OperationError
from proxy.cancel import cancel
from proxy.errors import fields_of
from proxy.session import Session
from proxy.surroundings import Surroundings
from proxy.wire.frames import FramingError
from proxy.wire.server import error_response
from proxy.wire.startup import CancelRequest, Startup, StartupMessage, read_startup

#: Seconds within which a client must have said what it wants.
PATIENCE = 60.0


class Greeting(asyncio.Protocol):
    """Reads start-up packets, and hands the connection over to whoever is concerned."""

    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._task: asyncio.Task[None] | None = None
        self._data = b""
        self._handed_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # Like Postgres: a client whose machine has gone is noticed some day.
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._surroundings.greetings.add(self)
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._transport.close)

    def data_received(self, data: bytes) -> None:
        self._data += data
        try:
            while not self._handed_over and (found := read_startup(self._data)) is not None:
                packet, self._data = found
                self._answer(packet)
        except FramingError as error:
            fields = fields_of(OperationError(str(error), "08P01"), "FATAL")
            self._transport.write(error_response(fields, "utf-8"))
            self._transport.close()

    def eof_received(self) -> bool:
        return self._handed_over

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        if not self._handed_over:
            self._surroundings.greetings.discard(self)

    def close(self) -> None:
        """Stop waiting for what the client wants, or for what it wanted to begin."""
        self._transport.close()
        if self._task is not None:
            self._task.cancel()

    def _answer(self, packet: Startup) -> None:
        if isinstance(packet, StartupMessage):
            session = Session(self._transport, packet, self._surroundings)
            self._transport.set_protocol(session)
            self._hand_over(session.open(self._data))
        elif isinstance(packet, CancelRequest):
            self._hand_over(self._cancel(packet))
        else:
            # When encryption is offered one day: bytes that came together with the request must be refused.
            self._transport.write(b"N")

    async def _cancel(self, request: CancelRequest) -> None:
        await cancel(request, self._surroundings.keys, self._surroundings.upstream)
        self._transport.close()

    def _hand_over(self, work: Coroutine[Any, Any, None]) -> None:
        self._handed_over = True
        self._timer.cancel()
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(lambda _: self._surroundings.greetings.discard(self))
