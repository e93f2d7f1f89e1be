"""From the client's StartupMessage to the server's AuthenticationOk.

The server decides who may come in, and how: what it asks goes to the client, and what the
client answers to the server, message by message. Only SCRAM on an encrypted connection
cannot be passed on (`proxy/entry/sasl.py`).
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from engine.errors import OperationError
from proxy.entry import sasl
from proxy.entry.idle import Idle, IdleConnections, Lease
from proxy.entry.limits import Seat
from proxy.entry.side import Side
from proxy.errors import database_error, fields_of
from proxy.observer import Outcome
from proxy.records import Connection
from proxy.session.client import Session
from proxy.state import ProxyState
from proxy.transport.sockets import connect
from proxy.transport.tls import Identity
from proxy.wire import authentication, server
from proxy.wire.frames import HEADER_SIZE, FramingError, Message
from proxy.wire.scram import SCRAM_SHA_256
from proxy.wire.startup import StartupMessage

#: Seconds that a connection is given to end when that has been asked of it.
_FAREWELL = 5.0

_OK = authentication.request(authentication.OK)


class ConnectionEnded(Exception):
    """The client or the server has gone; whoever is left has been told what there was to tell."""


class Login:
    """One client's login.

    Args:
        transport: the connection to the client, from which it takes over.
        rest: what has come behind the StartupMessage.
        identity: what the client was shown, or None without TLS.
        opened: a connection to the server on which the StartupMessage was sent, as a descriptor, and what has
            come there since; None if one is to be made.

    Attributes:
        client, server: the two that talk to each other.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        rest: bytes,
        startup: StartupMessage,
        proxy: ProxyState,
        connection: Connection,
        identity: Identity | None,
        opened: tuple[int, bytes] | None = None,
    ) -> None:
        self._opened = opened
        self._proxy = proxy
        self._connection = connection
        self._news = asyncio.Event()
        self._asked = False
        self._server_asks = False
        self.startup = startup
        self.identity = identity
        self.client = Side(self._news, half_closes=True)
        self.client.connection_made(transport)
        transport.set_protocol(self.client)
        if rest:
            self.client.data_received(rest)
        self.server = Side(self._news)
        self._lease: Lease | None = None

    async def run(self, deadline: float) -> None:
        """Begin a session, or tell the client why there is none.

        Args:
            deadline: the loop's time at which it must have ended.
        """
        seat: Seat | None = None
        try:
            async with asyncio.timeout_at(deadline):
                seat = self._proxy.seats.take()
                await self._log_in()
            if self._begin_session(seat):
                seat = None
                return
        except ConnectionEnded:
            self._note_end()
        except TimeoutError:
            self._refuse(OperationError("canceling authentication due to timeout", "57014"))
        except FramingError as error:
            self._refuse(OperationError(str(error), "08P01"))
        except OperationError as error:
            self._refuse(error)
        except Exception:
            self._connection.log.exception("login crashed")
            self._refuse(OperationError("internal error in the proxy", "XX000"), Outcome.CRASHED)
        except asyncio.CancelledError:
            self._abort()
            self._connection.note(Outcome.TERMINATED)
            self._connection.end()
            raise
        finally:
            if seat is not None:
                seat.release()
            if self._opened is not None:
                os.close(self._opened[0])
        try:
            await self._end()
        finally:
            self._connection.end()

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(_FAREWELL):
                for side in (self.server, self.client):
                    side.close()
                while not (self.client.lost and self.server.lost):
                    await self._wait()
        except TimeoutError:
            self._abort()
        except asyncio.CancelledError:
            self._abort()
            raise

    def _abort(self) -> None:
        for side in (self.client, self.server):
            if side.transport is not None:
                side.transport.abort()

    # -- what is said

    async def from_server(self) -> Message:
        """The server's next message; what the client answers before goes to the server.

        Raises:
            ConnectionEnded: one of the two has gone.
        """
        while (message := self.server.take()) is None:
            self._check()
            if self._asked and (answer := self.client.take_answer()) is not None:
                self._asked = False
                self.server.write(answer)
                continue
            if self._asked and self.client.ended:
                self._asked = False
                self._pass_on_end()
            await self._wait()
        return message

    async def sasl_response(self) -> bytes:
        """The body of the client's next SASL message; what the server says before goes to the client.

        Raises:
            ConnectionEnded: one of the two has gone, as after a message that the server refuses.
            FramingError: it is no such message.
        """
        while (frame := self.client.take_answer()) is None:
            if (unasked := self.server.take()) is not None:
                self._pass_on(unasked)
                continue
            self._check()
            if self.client.ended:
                self._pass_on_end()
                await self.let_server_refuse(b"")
                raise ConnectionEnded
            await self._wait()
        if not authentication.is_sasl_response(frame):
            await self.let_server_refuse(frame)
            raise FramingError("expected SASL response")
        return frame[HEADER_SIZE:]

    def _pass_on_end(self) -> None:
        """The client ends instead of answering: Postgres may still say something to that."""
        if self._server_asks:
            self.server.write(self.client.take_end())
            self.server.end()

    async def let_server_refuse(self, words: bytes) -> None:
        """Let the server say what is wrong with what a client has answered, if it waits for that as well.

        Raises:
            ConnectionEnded: it has.
        """
        if self._server_asks:
            self.server.write(words)
            while True:
                self._pass_on(await self.from_server())

    async def request(self) -> tuple[int, bytes]:
        """The server's next authentication request; what else it says goes to the client.

        Raises:
            ConnectionEnded: one of the two has gone, as after an error.
        """
        while (message := await self.from_server()).kind != authentication.REQUEST:
            self._pass_on(message)
        return authentication.read_request(message.body)

    def _pass_on(self, message: Message) -> None:
        if message.kind == server.ERROR_RESPONSE:
            refusal = database_error(server.read_fields(message.body, "utf-8"))
            self._connection.note(Outcome.SERVER_REFUSED, refusal)
        self.client.write(message.frame)

    def _note_end(self) -> None:
        self._connection.note(Outcome.LOST if self.client.lost else Outcome.SERVER_CLOSED)

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _check(self) -> None:
        if self.server.lost or self.client.lost:
            raise ConnectionEnded

    # -- what happens

    async def _log_in(self) -> None:
        idle = self._proxy.idle
        if idle is not None and await self._take_kept(idle):
            return
        while idle is not None and (found := idle.take(self.startup.packet)) is not None:
            try:
                if await self._use(idle, found):
                    return
            finally:
                if self._lease is None:
                    found.transport.close()
        asked = await self._log_in_to_server()
        if idle is not None:
            await self._begin_lease(asked)

    async def _take_kept(self, idle: IdleConnections) -> bool:
        """Let the client in to a connection that compiled code has kept; False if there is none."""
        if idle.keeper is None:
            return False
        self._lease = await idle.keeper.take(self.startup.packet, self.server)
        if self._lease is None:
            return False
        if self.server.lost:
            self.server, self._lease = Side(self._news), None
            return False
        self.server.data_received(self._lease.said(self._lease.answers))
        return True

    async def _use(self, idle: IdleConnections, found: Idle) -> bool:
        """Let the client in to a connection that was another's; False if it cannot be used."""
        verifier = None
        if not found.lease.trusted:
            verifier = await idle.verifier(self.startup.user, self.startup.database)
        if found.lost or (verifier is None and not found.lease.trusted):
            return False
        self.server.connection_made(found.transport)
        found.transport.set_protocol(self.server)
        if verifier is not None:
            await sasl.authenticate_alone(self, verifier)
        self._lease = found.lease
        self.server.data_received(found.lease.said(found.lease.answers))
        return True

    async def _begin_lease(self, asked: Sequence[int]) -> None:
        """Have the server's answers complete, so that they can be said to the next client as well."""
        answers: list[Message] = []
        while not answers or answers[-1].kind != server.READY_FOR_QUERY:
            message = await self.from_server()
            if message.kind == server.ERROR_RESPONSE:
                self._pass_on(message)
            else:
                answers.append(message)
        if asked[:1] in ([], [authentication.SASL]) and "replication" not in self.startup.parameters:
            self._lease = Lease.of(self.startup.packet, not asked, answers)
        lease = self._lease
        said = b"".join(each.frame for each in answers) if lease is None else lease.said(answers)
        self.server.data_received(said)

    async def log_in_to_be_refused(self) -> None:
        """Let Postgres refuse a client that could not prove who it is, in its own words.

        Raises:
            ConnectionEnded: it has.
        """
        self.server.close()
        self.server = Side(self._news)
        await self._connect()
        request, data = await self.request()
        if request != authentication.SASL:
            raise OperationError(f'authentication failed for user "{self.startup.user}"', "28P01")
        await sasl.fail(self, authentication.read_mechanisms(data))

    async def _connect(self) -> None:
        if self._opened is not None:
            (descriptor, answer), self._opened = self._opened, None
            if answer:
                self.server.data_received(answer)
            await connect(descriptor, self.server)
            return
        await self._proxy.upstream.connect(lambda: self.server)
        self._check()
        if self._proxy.front is not None and self.server.transport is not None:
            self._proxy.front.reached(self.server.transport)
        self.server.write(self.startup.packet)

    async def _log_in_to_server(self) -> list[int]:
        """Pass on what the server asks and the client answers; returns what was asked."""
        await self._connect()
        asked: list[int] = []
        while True:
            request, data = await self.request()
            if request == authentication.OK:
                return asked
            asked.append(request)
            if request == authentication.SASL and self._encrypted:
                mechanisms = authentication.read_mechanisms(data)
                if SCRAM_SHA_256 in mechanisms:
                    await self._authenticate(mechanisms)
                    continue
            self.client.write(authentication.request(request, data))
            self._asked = self._server_asks = True

    async def _authenticate(self, mechanisms: Sequence[str]) -> None:
        self._server_asks = True
        verifiers = self._proxy.verifiers
        if verifiers is not None and await verifiers.readable():
            await sasl.authenticate(self, mechanisms, verifiers)
        else:
            await sasl.pass_on(self, mechanisms)

    @property
    def _encrypted(self) -> bool:
        """Whether SCRAM can be bound to one of the two connections."""
        transport = self.server.transport
        assert transport is not None
        return self.identity is not None or transport.get_extra_info("ssl_object") is not None

    def _begin_session(self, seat: Seat) -> bool:
        client, server_ = self.client, self.server
        try:
            seat.assign(self.startup.user, self.startup.database)
        except OperationError:
            client.write(_OK)
            raise
        # The client gets all that the server has said as one.
        rest, answers = client.hand_over(), _OK + server_.hand_over()
        if client.lost or server_.lost:
            client.write(answers)
            self._connection.note(Outcome.LOST if client.lost else Outcome.SERVER_REFUSED)
            return False
        assert client.transport is not None
        assert server_.transport is not None
        session = Session(client.transport, self.startup, self._proxy, self._connection, seat, self._lease)
        session.begin(server_.transport, answers, rest)
        if client.ended:
            session.eof_received()
        return True

    def _refuse(self, error: OperationError, outcome: Outcome = Outcome.REFUSED) -> None:
        self._connection.note(outcome, error)
        self.client.write(server.error_response(fields_of(error, "FATAL"), "utf-8"))
