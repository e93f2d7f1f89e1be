"""The server's side of a session: passes its bytes on, and gives private answers to whom they belong.

While no private message is unanswered, a chunk goes to the client first and is
followed afterwards, as the same bytes object. Otherwise it is routed message by message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from proxy.errors import BackendLostError
from proxy.native.relay import FROM_CLIENT, State
from proxy.session.standing import Standing
from proxy.transport.sockets import unread
from proxy.wire import client, server
from proxy.wire.encodings import codec_for
from proxy.wire.expected import Expected
from proxy.wire.frames import EVERY_KIND, HEADER_SIZE, Cutter, FramingError, Message, Place, Run

#: What is noted, and how it begins.
_FOLLOWED = {
    server.READY_FOR_QUERY: b"",
    server.BACKEND_KEY_DATA: b"",
    server.PARAMETER_STATUS: b"client_encoding\0",
}
_QUIET = frozenset({server.DATA_ROW, server.COPY_DATA})

#: What leads to a Query that is being answered, as the relay writes it down.
_ANSWERED = bytes([client.QUERY | FROM_CLIENT])
_ANSWERED_WITH_COPY = _ANSWERED + bytes([server.COPY_IN_RESPONSE])

#: What connections that are lent have instead of their own, which would be most of an idle session's memory.
_NOTHING, _NO_BYTES = Expected(), Cutter()


class Exchange:
    """Private messages and the answers to them.

    Attributes:
        outstanding: how many of the messages are not answered yet.
        replies: the answers so far.
        error: the body of the ErrorResponse among them.
    """

    def __init__(self) -> None:
        self.outstanding = 0
        self.replies: list[Message] = []
        self.error: bytes | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def deliver(self, reply: Message) -> None:
        """Take an answer."""
        if reply.kind == server.ERROR_RESPONSE:
            self.error = reply.body
        else:
            self.replies.append(reply)


class Listener(Protocol):
    """What the session does when its backend has news."""

    def backend_key(self, key: bytes) -> None:
        """The server has said how to cancel."""

    def backend_lost(self) -> None:
        """The connection has gone."""

    def backend_at_rest(self) -> None:
        """Everything that the client asked has been answered."""

    def backend_full(self, full: bool) -> None:
        """The server does not take bytes as fast as they come, or does again."""


class Backend(asyncio.Protocol):
    """One connection to the backing PostgreSQL, used by one client.

    Attributes:
        expected: which answer belongs to whom.
        status: the last ReadyForQuery's transaction status.
        codec: Python's name of the client_encoding.
        lost: whether the connection has gone, or not come yet.
        received: how many bytes have come from the server.
    """

    __slots__ = (
        "_cutter",
        "_deferred",
        "_drained",
        "_exchanges",
        "_listener",
        "_passed",
        "_standing",
        "_to_client",
        "codec",
        "expected",
        "lost",
        "received",
        "status",
        "transport",
    )

    def __init__(self, listener: Listener, to_client: Callable[[bytes], None]) -> None:
        self._listener = listener
        self._to_client = to_client
        self._cutter = Cutter()
        self._passed = 0
        self._deferred: tuple[bytes, ...] = ()
        self._standing: Standing | None = None
        self._exchanges: tuple[Exchange, ...] = ()
        self._drained: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport
        self.expected = Expected()
        self.status = server.IDLE
        self.codec = "utf-8"
        self.lost = True
        self.received = 0

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        try:
            if self.expected.private or self._standing:
                self._cutter.feed(data)
                self._route()
            else:
                self._to_client(data)
                self._follow(data)
        except FramingError:
            self.transport.abort()
        if self._drained is not None and self.expected.drained and not self._drained.done():
            self._drained.set_result(None)
        if self.expected.at_rest:
            self._listener.backend_at_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and (last_words := unread(self.transport)):
            # What the client sends may fail to reach a server that has ended the session, and has said why.
            self.data_received(last_words)
        self.lost = True
        for exchange in self._exchanges:
            if not exchange.done.done():
                exchange.done.set_exception(BackendLostError())
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(BackendLostError())
        self._listener.backend_lost()

    def pause_writing(self) -> None:
        self._listener.backend_full(True)

    def resume_writing(self) -> None:
        self._listener.backend_full(False)

    def detach_client(self) -> None:
        """The client has gone: what the server still says is dropped."""
        self._to_client = _discard

    def leave(self) -> asyncio.Transport:
        """The connection, for somebody else; here it counts as lost."""
        self.lost = True
        return self.transport

    def finish(self, *, wanted: bool, inside_message: bool) -> None:
        """Tell the server that nothing more comes.

        Args:
            wanted: whether somebody still waits for what it will answer.
            inside_message: whether it has been given a part of a message only.
        """
        transport = self.transport
        if not wanted and not transport.get_write_buffer_size():
            transport.close()
        elif not transport.is_closing():
            if not wanted:
                # What it is still sending to nobody must not keep it from reading the end.
                transport.resume_reading()
            if transport.can_write_eof():
                transport.write_eof()
            elif inside_message:
                transport.close()
            else:
                # TLS cannot be closed in one direction.
                transport.write(client.TERMINATE_FRAME)

    # -- while the relay has the connection

    @property
    def at_rest(self) -> bool:
        """Whether nothing is on its way in either direction that somebody has to look at."""
        return self.log == b"" and self._cutter.between_messages

    @property
    def log(self) -> bytes | None:
        """Types of messages that lead to what is expected now; None if what passes has to be looked at."""
        if self.lost or self._deferred or self._exchanges or self._drained is not None or self._standing:
            return None
        if self.expected.at_rest:
            return b""
        if not self.expected.answering:
            return None
        return _ANSWERED_WITH_COPY if self.expected.copying else _ANSWERED

    @property
    def place(self) -> Place:
        """Where what comes from the server stands."""
        return self._cutter.place

    def lend(self) -> None:
        """Leave the connection to the relay."""
        self.transport.pause_reading()
        self.expected, self._cutter = _NOTHING, _NO_BYTES
        self._to_client = _discard

    def catch_up(self, state: State, to_client: Callable[[bytes], None]) -> None:
        """Continue where the relay has stopped."""
        self._to_client = to_client
        self.received += state.to_client.received
        self.expected, self._cutter = Expected(), Cutter()
        for kind in state.log:
            if kind & FROM_CLIENT:
                self.expected.sent(kind ^ FROM_CLIENT)
            else:
                self.expected.received(kind)
        self.status = state.status
        if state.encoding:
            self.codec = codec_for(state.encoding.decode("latin-1"))
        self._cutter.restore(state.to_client.skip, state.to_client.held)
        self._passed = len(state.to_client.held)
        self.transport.resume_reading()
        if state.to_server.unsent:
            self.transport.write(state.to_server.unsent)

    # -- what goes to the server

    def forward(self, kind: int, frame: bytes) -> None:
        """Send a client's message."""
        self.expected.sent(kind)
        self.transport.write(frame)

    def forward_run(self, run: Run) -> None:
        """Send a run of a client's messages."""
        for kind in run.kinds:
            self.expected.sent(kind)
        self.transport.write(run.data)

    async def exchange(self, kinds: bytes, frames: bytes, into: Exchange | None = None) -> Exchange:
        """Send private messages and wait for their answers.

        Args:
            kinds: types of those that are answered, in order.
            frames: the messages, with the Flush or Sync that makes the server answer.

        Raises:
            BackendLostError: the connection has gone.
        """
        if self.lost:
            raise BackendLostError
        exchange = into or Exchange()
        for kind in kinds:
            self.expected.sent(kind, exchange)
        self._exchanges += (exchange,)
        self.transport.write(frames)
        try:
            await exchange.done
        finally:
            self._exchanges = tuple(each for each in self._exchanges if each is not exchange)
        return exchange

    async def drain(self) -> None:
        """Wait until the server has answered everything that the client sent so far.

        Raises:
            BackendLostError: the connection has gone.
        """
        if self.lost:
            raise BackendLostError
        if not self.expected.drained:
            self.transport.write(client.FLUSH_FRAME)
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained
            self._drained = None

    # -- what comes from the server

    @property
    def inside_message(self) -> bool:
        """Whether the client has been given a part of a message only."""
        return self._cutter.inside_message or self._passed > 0

    def insert(self, frame: bytes) -> None:
        """Send a message of the proxy's own to the client, between two of the server's."""
        if self.inside_message:
            self._deferred += (frame,)
        else:
            self._to_client(frame)

    def warn_if_rolled_back(self, warning: bytes) -> None:
        """Tell the client something if its transaction is rolled back, before it hears of that.

        Args:
            warning: a NoticeResponse.
        """
        self._standing = self._standing or Standing()
        self._standing.add(warning)

    def _follow(self, chunk: bytes) -> None:
        expected = self.expected
        for found in self._cutter.follow(chunk, _FOLLOWED, _QUIET):
            if isinstance(found, int):
                expected.received(found)
            else:
                expected.received(found.kind)
                self._note(found)
        self._passed = self._cutter.pending
        self._send_deferred()

    def _route(self) -> None:
        while self.expected.private or self._standing:
            piece = self._cutter.take(EVERY_KIND)
            if piece is None:
                return
            if isinstance(piece, Run):
                self._to_client(piece.data)
            else:
                self._route_message(piece)
            self._send_deferred()
        rest = self._cutter.rest()
        if rest:
            self._to_client(rest)
            self._follow(b"")

    def _send_deferred(self) -> None:
        if self._deferred and not self.inside_message:
            self._to_client(b"".join(self._deferred))
            self._deferred = ()

    def _route_message(self, message: Message) -> None:
        owner = self.expected.received(message.kind)
        passed, self._passed = self._passed, 0
        if message.frame.startswith(_FOLLOWED.get(message.kind, b""), HEADER_SIZE):
            self._note(message)
        if self._standing and not passed:
            self._warn_before(self._standing, message)
        if owner is None:
            self._to_client(message.frame[passed:])
            return
        exchange = cast(Exchange, owner)
        exchange.deliver(message)
        if message.kind == server.ERROR_RESPONSE and self._is_fatal(message):
            self._to_client(message.frame)
        if not exchange.outstanding and not exchange.done.done():
            exchange.done.set_result(None)

    def _warn_before(self, standing: Standing, message: Message) -> None:
        if warnings := standing.before(message):
            self._to_client(warnings)
        if not standing:
            self._standing = None

    def _note(self, message: Message) -> None:
        if message.kind == server.READY_FOR_QUERY:
            self.status = message.frame[-1:]
        elif message.kind == server.BACKEND_KEY_DATA:
            self._listener.backend_key(message.body)
        elif message.kind == server.PARAMETER_STATUS:
            self.codec = codec_for(server.read_parameter(message.body)[1])

    def _is_fatal(self, message: Message) -> bool:
        return server.read_fields(message.body, "latin-1").get("V") in ("FATAL", "PANIC")


def _discard(data: bytes) -> None:
    pass
