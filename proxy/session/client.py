"""One client connection, and how its bytes flow.

What becomes of a message that has to be looked at is decided in `proxy/session/dispatch.py`. Whatever needs
to wait for the server or the engine runs as a task, during which the client's next messages are held back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from engine.errors import OperationError, Stopped
from proxy.entry.idle import Lease
from proxy.entry.limits import Seat
from proxy.errors import BackendLostError, fields_of
from proxy.native.relay import LARGEST_HELD, Start, State
from proxy.observer import Outcome
from proxy.records import Connection
from proxy.session.backend import Backend
from proxy.session.cancel import forward
from proxy.session.conversation import Operation
from proxy.session.dispatch import dispatch
from proxy.session.flow import Flow
from proxy.session.statements import Statements
from proxy.sql.intercept import NEEDLE
from proxy.state import ProxyState
from proxy.transport.encryption import EncryptedTransport
from proxy.wire import client, server
from proxy.wire.frames import Cutter, FramingError, Message, Run
from proxy.wire.startup import StartupMessage, cancel_request

#: Bytes that may wait for the slower side before the faster one is paused.
HIGH_WATER = 1 << 20

#: Bytes of a waiting client that are read, so that its end is noticed.
LARGEST_BACKLOG = 1 << 20

#: Seconds that a client has to stay before the relay serves it: many ask one thing, and go.
SETTLED = 0.02

_QUIET = frozenset({client.COPY_DATA})
_TEXTS = frozenset({client.QUERY, client.PARSE})
_SEEN = _TEXTS | {client.TERMINATE}
_WITH_CALLS = _SEEN | {client.BIND, client.EXECUTE, client.CLOSE}
_COPY_ENDS = frozenset({client.COPY_DONE, client.COPY_FAIL})

#: What a session that is lent has instead of its own.
_NO_BYTES, _NO_STATEMENTS = Cutter(), Statements()


class Session(asyncio.Protocol):
    """The client's side of a session, and its state.

    Attributes:
        startup: the client's StartupMessage.
        backend: the connection to the backing PostgreSQL.
        statements: the client's prepared statements and portals with calls.
        operation: the call that is being performed.
        prepared: whether the database is known to have our functions.
        received: how many bytes have come from the client.
        connection: what is written down of it.
    """

    __slots__ = (
        "_cancelling",
        "_client_lost",
        "_copying",
        "_cutter",
        "_ending",
        "_farewell",
        "_flow",
        "_held",
        "_lease",
        "_loan",
        "_proxy",
        "_relay",
        "_resting",
        "_seat",
        "_sides",
        "_task",
        "_transport",
        "_unframed",
        "_write_limit",
        "backend",
        "cancel_key",
        "connection",
        "engine",
        "observer",
        "operation",
        "prepared",
        "received",
        "startup",
        "statements",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        startup: StartupMessage,
        proxy: ProxyState,
        connection: Connection,
        seat: Seat,
        lease: Lease | None = None,
    ) -> None:
        self._proxy = proxy
        self._seat = seat
        self._lease = lease
        self._cancelling = 0
        self._transport = transport
        self._relay = proxy.relay
        self._cutter = self._new_cutter()
        self._held = True
        self._copying = False
        self._flow = Flow(transport)
        self._unframed = False
        self._client_lost = False
        self._ending = False
        self._resting = False
        self._loan: int | None = None
        self._sides = 2
        self.prepared = False
        self._task: asyncio.Task[None] | None = None
        self.cancel_key: bytes | None = None
        self._farewell: OperationError | None = None
        self.startup = startup
        self.backend = Backend(self, transport.write)
        self.engine = proxy.engine
        self.observer = proxy.observer
        self.statements = Statements()
        self.operation: Operation | None = None
        self.received = 0
        self.connection = connection

    def begin(self, server_transport: asyncio.Transport, answers: bytes, rest: bytes) -> None:
        """Take over from the login, and let the bytes flow.

        Args:
            answers: what the server has said since AuthenticationOk.
            rest: what the client has sent meanwhile.
        """
        self._enter(server_transport)
        # The first ReadyForQuery answers the StartupMessage.
        self.backend.expected.sent(client.SYNC)
        if answers:
            self.backend.data_received(answers)
        if rest:
            self.received += len(rest)
            self._cutter.feed(rest)
        self._release()

    def resume(self, server_transport: asyncio.Transport, state: State, key: bytes) -> None:
        """Take over from compiled code that has let the client in; both transports are paused.

        Args:
            state: where it has stopped.
            key: the body of the BackendKeyData that the client was told; nothing if it was told none yet.
        """
        self._enter(server_transport)
        if key:
            self.cancel_key = key
            self._proxy.keys.add(key, self)
        self._held = False
        self.take_back(state)

    def _enter(self, server_transport: asyncio.Transport) -> None:
        self._proxy.sessions.add(self)
        encrypted = isinstance(self._transport, EncryptedTransport)
        if encrypted and self._relay is not None and not self._relay.encrypts:
            self._relay = None
        if server_transport.get_extra_info("ssl_object") is not None:
            self._relay = None
        self._transport.set_protocol(self)
        server_transport.set_protocol(self.backend)
        self.backend.connection_made(server_transport)
        self._set_write_buffer_limits(HIGH_WATER)

    # -- the client's connection

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self._unframed:
            self.backend.forward_run(Run(data, []))
            return
        if not self._held and not self.statements:
            kinds = self._cutter.whole(data, _QUIET)
            quiet = kinds is not None and client.TERMINATE not in kinds
            if kinds is not None and quiet and (_TEXTS.isdisjoint(kinds) or NEEDLE not in data.lower()):
                self.backend.forward_run(Run(data, kinds))
                return
        self._cutter.feed(data)
        if not self._held:
            self._pump()
        elif self._copying:
            self._pump_copy()
        elif self._cutter.pending > LARGEST_BACKLOG:
            self._flow.pause("backlog")

    def eof_received(self) -> bool:
        self._ending = True
        self.connection.note(Outcome.CLOSED)
        if self._held:
            self._lose_client()
        else:
            # Like Postgres: what was asked before is still answered, and a part of a message heard.
            if self._cutter.pending and not self.backend.lost and self.backend.transport.can_write_eof():
                self.backend.forward_run(Run(self._cutter.take_rest(), []))
            self._end_backend()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.note(Outcome.LOST if exc is not None else Outcome.CLOSED)
        self._lose_client()
        self._lose_side()

    def pause_writing(self) -> None:
        if not self.backend.lost:
            self.backend.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.backend.lost:
            self.backend.transport.resume_reading()
            self._lend_if_sent()

    # -- the client's messages

    def _pump(self) -> None:
        take = self._cutter.take
        try:
            while not self._held:
                piece = take(_WITH_CALLS if self.statements else _SEEN, _QUIET)
                if piece is None:
                    self._check_kind()
                    return
                if isinstance(piece, Message):
                    if (work := dispatch(self, piece)) is not None:
                        self._hold(work)
                    continue
                if self.statements and not _WITH_CALLS.isdisjoint(piece.kinds):
                    # Too long to be held: which statements and portals there are is no longer known.
                    self.statements = Statements()
                self.backend.forward_run(piece)
        except FramingError as error:
            self._stop_framing(error)

    def _new_cutter(self) -> Cutter:
        held = self._proxy.limits.held
        return Cutter(largest_held=held, short=client.SHORT, largest_short=client.LARGEST_SHORT)

    def _check_kind(self) -> None:
        """Postgres refuses a message of an unknown type before it has heard how long it is."""
        kinds = client.KINDS_IN_COPY if self.backend.expected.copying else client.KINDS
        kind = self._cutter.next_kind
        if kind is not None and kind not in kinds:
            raise FramingError(f"invalid frontend message type {kind}")

    def _stop_framing(self, error: FramingError) -> None:
        """Let the server hear what cannot be understood: it ends the session, and says why if it wants."""
        self.connection.note(Outcome.VIOLATION, OperationError(str(error), "08P01"))
        self._unframed = True
        self.backend.forward_run(Run(self._cutter.take_rest(), []))

    # -- what the tasks use

    def forward(self, message: Message) -> None:
        """Send a client's message on, as it came."""
        self.backend.forward(message.kind, message.frame)

    def is_discarding(self, *, executed: bool) -> bool:
        """Whether Postgres will not execute anything now, and has or will have said why."""
        failed = self.backend.status == server.FAILED and not executed
        return self.backend.expected.skipping or failed

    async def prepare_database(self) -> None:
        """Make sure, once in a session, that our functions exist in its database.

        Raises:
            OperationError: they could not be created.
        """
        if self.prepared:
            return
        try:
            await self.engine.prepare_database(self.startup.database)
        except OperationError:
            raise
        except Exception as error:
            self.connection.log.exception("preparing the database crashed")
            raise OperationError("internal error in preparing the database") from error
        self.prepared = True

    async def cancel_backend(self) -> None:
        """Cancel what the server is doing for this session."""
        key = self.cancel_key if self._lease is None else self._lease.key
        if key is None or self.backend.lost:
            return
        self._cancelling += 1
        try:
            await forward(cancel_request(key), self._proxy.upstream)
        finally:
            self._cancelling -= 1

    def begin_copy(self) -> None:
        """Let the client's COPY data through, although its other messages are held back."""
        self._copying = True
        self._flow.resume("backlog")
        self._pump_copy()

    def end_copy(self) -> None:
        """Hold everything back again."""
        self._copying = False

    def _pump_copy(self) -> None:
        try:
            while self._copying and (piece := self._cutter.take(_COPY_ENDS, _QUIET)) is not None:
                if isinstance(piece, Run):
                    self.backend.forward_run(piece)
                else:
                    self._copying = False
                    self.forward(piece)
                    # The one that was sent with the statement was ignored, as part of the data.
                    self.backend.forward(client.FLUSH, client.FLUSH_FRAME)
            if self._copying:
                self._check_kind()
        except FramingError as error:
            self._stop_framing(error)

    # -- at rest

    def leaves_connection(self) -> bool:
        """At the client's end: whether the server's connection is kept for the next one."""
        idle, lease = self._proxy.idle, self._lease
        busy = self._cancelling or not self.backend.at_rest or self.backend.status != server.IDLE
        if idle is None or lease is None or lease.is_old or busy:
            return False
        self._held = self._ending = True
        self.connection.note(Outcome.CLOSED)
        idle.park(self.backend.leave(), lease)
        self.backend_lost()
        return True

    def backend_at_rest(self) -> None:
        if self._resting or self._relay is None:
            return
        self._resting = True
        loop = asyncio.get_running_loop()
        wait = self.connection.began + SETTLED - loop.time()
        if wait > 0:
            loop.call_later(wait, self._lend)
        else:
            # What was written in this turn of the loop is sent in its end.
            loop.call_soon(self._lend)

    def _lend(self) -> None:
        """Let the relay serve both connections, if there is nothing that has to be looked at."""
        self._resting = False
        busy = self._held or self.statements or self._ending or self._unframed or self._loan is not None
        log = self.backend.log
        ways = self._transport, self.backend.transport
        if self._relay is None or busy or log is None or any(way.is_closing() for way in ways):
            return
        to_server, to_client = self._cutter.place, self.backend.place
        if max(len(to_server.held), len(to_client.held)) > LARGEST_HELD:
            return
        if any(way.get_write_buffer_size() for way in ways):
            if log:
                # Much is under way: nothing more is read until it has been sent, and then lent.
                self._set_write_buffer_limits(0)
            return
        tls = self._transport.addresses if isinstance(self._transport, EncryptedTransport) else None
        client_socket, server_socket = (way.get_extra_info("socket").fileno() for way in ways)
        start = Start(
            client_socket,
            server_socket,
            status=self.backend.status,
            log=log,
            to_server=to_server,
            to_client=to_client,
            tls=tls,
        )
        try:
            self._loan = self._relay.lend(self, start)
        except OSError as error:
            self.connection.log.warning("the relay is not used", error=str(error))
            self._relay = None
            return
        self._transport.pause_reading()
        self.backend.lend()
        self._cutter, self.statements = _NO_BYTES, _NO_STATEMENTS

    def _lend_if_sent(self) -> None:
        """Something has been sent that had to wait."""
        if self._write_limit == 0:
            asyncio.get_running_loop().call_soon(self._lend)

    def _set_write_buffer_limits(self, high: int) -> None:
        self._write_limit = high
        for way in (self._transport, self.backend.transport):
            way.set_write_buffer_limits(high)

    def _recall(self) -> None:
        if self._relay is not None and self._loan is not None:
            self._relay.recall(self._loan)

    def take_back(self, state: State) -> None:
        """Go on where the relay has stopped."""
        self._loan = None
        if self._write_limit != HIGH_WATER:
            self._set_write_buffer_limits(HIGH_WATER)
        self._cutter, self.statements = self._new_cutter(), Statements()
        self.received += state.to_server.received
        if isinstance(self._transport, EncryptedTransport):
            self._transport.take_back(state.to_client.unsent)
        elif state.to_client.unsent:
            self._transport.write(state.to_client.unsent)
        self._transport.resume_reading()
        self.backend.catch_up(state, self._transport.write)
        self._cutter.restore(state.to_server.skip, state.to_server.held)
        self._pump()

    # -- waiting

    def _hold(self, work: Coroutine[Any, Any, None]) -> None:
        self._held = True
        self._task = asyncio.get_running_loop().create_task(self._work(work))

    async def _work(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except FramingError as error:
            self._violated(error)
        except Exception:
            if not self.backend.lost:
                self.connection.log.exception("session crashed")
                self._farewell = OperationError("internal error in the proxy", "XX000")
                self.connection.note(Outcome.CRASHED, self._farewell)
        finally:
            self._copying = False
            self._task = None
        if self._farewell is not None:
            self.close(self._farewell)
        elif self._client_lost:
            self._end_backend()
        else:
            self._release()

    def _release(self) -> None:
        self._held = False
        self._flow.resume("backlog")
        if self._client_lost:
            self._end_backend()
        elif not self.backend.lost:
            self._pump()
            self.backend_at_rest()

    # -- news of the server's connection

    def backend_key(self, key: bytes) -> None:
        self.connection.logged_in()
        self.cancel_key = key
        self._proxy.keys.add(key, self)

    def backend_lost(self) -> None:
        refused = Outcome.SERVER_REFUSED if self.cancel_key is None else Outcome.SERVER_CLOSED
        self.connection.note(Outcome.CLOSED if self.backend.expected.terminated else refused)
        self._seat.release()
        if self.cancel_key is not None:
            self._proxy.keys.remove(self.cancel_key)
        self.stop_operation(BackendLostError())
        self._transport.close()
        self._lose_side()

    def backend_full(self, full: bool) -> None:
        if full:
            self._flow.pause("server")
        else:
            self._flow.resume("server")
            self._lend_if_sent()

    # -- the end

    def stop_operation(self, reason: OperationError) -> bool:
        """Ask the running operation to stop; False if there is none."""
        if self.operation is None:
            return False
        self.operation.stop.request(reason)
        return True

    def shut_down(self, reason: OperationError) -> asyncio.Task[None] | None:
        """End the session, after its operation has come to a safe point.

        Returns:
            The task to wait for, or None if the session has ended.
        """
        self.connection.note(Outcome.TERMINATED, reason)
        if self._task is None:
            self.close(reason)
            return None
        self._farewell = reason
        self.stop_operation(reason)
        return self._task

    def close(self, reason: OperationError) -> None:
        """End the session now."""
        self._recall()
        self._say_farewell(reason)
        self._held = True
        self._transport.close()
        if not self.backend.lost:
            self.backend.transport.close()

    def abort(self) -> None:
        """End the session without waiting for anyone."""
        self._recall()
        self._transport.abort()
        if not self.backend.lost:
            self.backend.transport.abort()

    def _lose_side(self) -> None:
        self._sides -= 1
        if not self._sides:
            self._proxy.leave(self)
            self.connection.end(bytes_in=self.received, bytes_out=self.backend.received)

    def _violated(self, error: FramingError) -> None:
        reason = OperationError(str(error), "08P01")
        self.connection.note(Outcome.VIOLATION, reason)
        self.close(reason)

    def _say_farewell(self, reason: OperationError) -> None:
        if not self._client_lost and not self.backend.inside_message:
            self._transport.write(server.error_response(fields_of(reason, "FATAL"), self.backend.codec))

    def _lose_client(self) -> None:
        if self._client_lost:
            return
        self._client_lost = True
        self.backend.detach_client()
        self.stop_operation(Stopped("the connection to the client was lost", "08006"))
        if self._task is None:
            self._end_backend()

    def _end_backend(self) -> None:
        if self.backend.lost:
            self._transport.close()
        else:
            self.backend.finish(wanted=not self._client_lost, inside_message=self._cutter.inside_message)
