"""Clients that compiled code lets in, and what Python has to know of them.

The relay's thread (`proxy/native/_front.pyx`) sees to the plainest of logins by itself. It hands everything
else over, with what has been said so far. Of who has come and gone it tells Python later, of many at once.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from typing import Any, cast

import structlog

from proxy.entry.greeting import Greeting, Said
from proxy.entry.idle import LIFETIME, Lease
from proxy.native.records import Departure, Leased, State, Visit
from proxy.native.relay import Relay
from proxy.observer import Outcome
from proxy.records import Connection, address_of
from proxy.session.client import Session
from proxy.state import ProxyState
from proxy.transport.sockets import connect
from proxy.wire import authentication, server
from proxy.wire.frames import EVERY_KIND, Cutter, Message, message
from proxy.wire.startup import GSSENCRequest, SSLRequest, Startup, StartupMessage, read_startup

_log = structlog.get_logger("proxy")

#: Seconds after which it is written down who has come and gone.
_LATER = 0.02

_OK = authentication.request(authentication.OK)


#: How a connection has ended, as compiled code counts.
_OUTCOMES = (None, Outcome.LOST, Outcome.CLOSED)

#: Which encryption a client has asked for already, as compiled code counts.
_ASKED: tuple[tuple[int, type[Startup]], ...] = ((1, SSLRequest), (2, GSSENCRequest))


class Front:
    """Lets clients in, in the relay's thread."""

    def __init__(self, proxy: ProxyState, relay: Relay) -> None:
        self._proxy = proxy
        self._relay = relay
        self._native = relay.native
        self._arriving: set[asyncio.Task[None]] = set()
        self._later: asyncio.TimerHandle | None = None
        relay.visits = self

    @property
    def visitors(self) -> int:
        """How many have been let in, of whom there is no session."""
        return self._native.visitors

    @property
    def kept(self) -> int:
        """How many connections to the server wait for a client."""
        return self._native.kept

    @property
    def empty(self) -> bool:
        """Whether nobody is here, nor on the way to Python."""
        return not (self._native.visitors or self._native.greeted or self._arriving)

    def listen(self, listening: socket.socket) -> None:
        """Let in whoever comes by a socket, which stays the caller's.

        Raises:
            OSError: it cannot be watched.
        """
        tls = None if listening.family == socket.AF_UNIX else self._proxy.tls
        self._native.listen(listening.fileno(), tls is None or not tls.required, tls is None)

    def unlisten(self) -> None:
        """Let nobody in any more."""
        self._native.unlisten()

    def reached(self, transport: asyncio.BaseTransport) -> None:
        """The server has just been reached; clients that come now can reach it there as well."""
        made, peer = (transport.get_extra_info(name) for name in ("socket", "peername"))
        # The server may have ended it already.
        if transport.get_extra_info("ssl_object") is None and made is not None and peer:
            self._native.reach(_packed(made.family, peer))

    def own_key(self, key: bytes) -> bytes | None:
        """The server's own key for the connection of a client that was told this one; None if none was."""
        return self._native.own_key(key)

    async def recall(self) -> None:
        """Have Python go on with everybody who is here."""
        self._native.recall_guests()
        self._relay.collect()
        while self._arriving:
            await asyncio.wait(self._arriving)

    def close(self) -> None:
        """Write down what has not been, and close what waits for clients."""
        self._hear()
        self._native.close()

    # -- connections that are kept

    def keep(self, transport: asyncio.Transport, lease: Lease) -> bool:
        """Keep a connection for a client that says the same as the last one; False if it cannot be.

        On True the transport is still the caller's, to be closed: the connection stays.
        """
        if not lease.trusted or transport.get_extra_info("ssl_object") is not None:
            return False
        said, secret_at = _OK, 0
        for each in lease.answers:
            if each.kind == server.BACKEND_KEY_DATA:
                secret_at = len(said) + len(each.frame) - lease.secret
            said += each.frame
        kept = os.dup(transport.get_extra_info("socket").fileno())
        try:
            self._native.keep(kept, lease.packet, lease.key, said, secret_at, lease.began + LIFETIME)
        except OSError:
            os.close(kept)
            return False
        return True

    async def take(self, packet: bytes, protocol: asyncio.Protocol) -> Lease | None:
        """Let a client of Python's have a connection that is kept; None if there is none for it."""
        found = self._native.take(packet)
        if found is None:
            return None
        descriptor, leased = found
        await connect(descriptor, protocol)
        return _lease(packet, leased)

    # -- what compiled code says

    def arrived(self, state: State | None, visit: Visit) -> None:
        """Somebody is handed over.

        Args:
            state: how far both directions have come; None if the client has not been let in.
        """
        begun = self._take_over(visit) if state is None else self._continue(state, visit)
        task = asyncio.get_running_loop().create_task(begun)
        self._arriving.add(task)
        task.add_done_callback(self._settle)

    def happened(self) -> None:
        """Somebody has come or gone."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(_LATER, self._hear)

    def _hear(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        observer = self._proxy.observer
        logins, ends = self._native.happened()
        for seconds in logins:
            observer.connected()
            observer.logged_in(seconds)
        for each in ends:
            self._write_down(each)
        self._proxy.left.set()

    def _write_down(self, gone: Departure) -> None:
        connection = self._connection(gone.peer, gone.began, gone.logged_in, _startup(gone.packet))
        if (found := _OUTCOMES[gone.outcome]) is not None:
            connection.note(found)
        connection.end(bytes_in=gone.from_client, bytes_out=gone.from_server, at=gone.ended)

    def _connection(
        self, peer: bytes, began: float, logged_in: float, startup: StartupMessage | None
    ) -> Connection:
        observer = self._proxy.observer
        connection = Connection(address_of(_unpacked(peer)), observer, began=began, logged_in=logged_in > 0)
        connection.startup = startup
        return connection

    def _settle(self, task: asyncio.Task[None]) -> None:
        self._arriving.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a client was lost on its way", exc_info=error)
        self._proxy.left.set()

    # -- who is handed over

    async def _take_over(self, visit: Visit) -> None:
        """Go on with a client that has not been let in."""
        asked = {kind for bit, kind in _ASKED if visit.asked & bit}
        opened = None if visit.server < 0 else (visit.server, visit.answer)
        greeting = Greeting(self._proxy, Said(visit.said, asked, opened, visit.began))
        try:
            await connect(visit.client, greeting)
        except BaseException:
            if opened is not None:
                os.close(opened[0])
            raise

    async def _continue(self, state: State, visit: Visit) -> None:
        """Go on with a session."""
        client, backend = _Waiting(half_closes=True), _Waiting()
        try:
            await connect(visit.client, client)
        except BaseException:
            os.close(visit.server)
            raise
        await connect(visit.server, backend)
        startup = _startup(visit.said)
        assert startup is not None
        connection = self._connection(visit.peer, visit.began, visit.logged_in, startup)
        if client.lost or backend.lost:
            gone = Outcome.SERVER_CLOSED if visit.logged_in else Outcome.SERVER_REFUSED
            connection.note(Outcome.LOST if client.lost else gone)
            self._end(client, backend, state, connection)
            return
        seat = self._proxy.seats.take()
        seat.assign(startup.user, startup.database)
        lease = None if visit.lease is None else _lease(startup.packet, visit.lease)
        session = Session(client.transport, startup, self._proxy, connection, seat, lease)
        session.resume(backend.transport, state, visit.key)
        if backend.data:
            session.backend.data_received(backend.data)
        if client.data:
            session.data_received(client.data)
        if client.ended:
            session.eof_received()

    def _end(self, client: _Waiting, backend: _Waiting, state: State, connection: Connection) -> None:
        """End a session of which one side has gone already; the client gets what the server has said last."""
        if not client.lost:
            client.transport.write(state.to_client.unsent + backend.data)
            client.transport.close()
        if not backend.lost:
            backend.transport.close()
        received = state.to_client.received + len(backend.data)
        self._proxy.traffic.add(state.to_server.received, received)
        connection.end(bytes_in=state.to_server.received, bytes_out=received)


class _Waiting(asyncio.Protocol):
    """A connection until its session is there.

    Attributes:
        data: what has come meanwhile.
        ended: whether nothing more comes, but somebody may still want to hear.
        lost: whether it has gone.
    """

    transport: asyncio.Transport

    def __init__(self, *, half_closes: bool = False) -> None:
        self._half_closes = half_closes
        self.data = b""
        self.ended = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.transport.pause_reading()

    def eof_received(self) -> bool:
        self.ended = True
        return self._half_closes

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def _startup(packet: bytes) -> StartupMessage | None:
    found = read_startup(packet) if packet else None
    return found[0] if found is not None and isinstance(found[0], StartupMessage) else None


def _lease(packet: bytes, leased: Leased) -> Lease:
    cutter = Cutter()
    cutter.feed(leased.answers[len(_OK) :])
    answers: list[Message] = []
    while isinstance(piece := cutter.take(EVERY_KIND), Message):
        if piece.kind == server.BACKEND_KEY_DATA:
            piece = Message(piece.kind, message(b"K", leased.key))
        answers.append(piece)
    return Lease(packet, True, answers, leased.key, leased.until - LIFETIME)


def _packed(family: int, address: Any) -> bytes:
    """An address as the system's `struct sockaddr` has it."""
    head = struct.pack("=H", family)
    if family == socket.AF_UNIX:
        return head + os.fsencode(address) + b"\0"
    host, port, *rest = address
    number = struct.pack(">H", port)
    if family == socket.AF_INET:
        return head + number + socket.inet_pton(family, host) + bytes(8)
    flow, scope = (*rest, 0, 0)[:2]
    inner = socket.inet_pton(family, host.partition("%")[0])
    return head + number + struct.pack(">I", flow) + inner + struct.pack("=I", scope)


def _unpacked(packed: bytes) -> tuple[str, int] | None:
    """A client's host and port; None if it came by a Unix-domain socket."""
    family = int.from_bytes(packed[:2], sys.byteorder)
    port = int.from_bytes(packed[2:4], "big")
    if family == socket.AF_INET:
        return socket.inet_ntop(family, packed[4:8]), port
    if family == socket.AF_INET6:
        return socket.inet_ntop(family, packed[8:24]), port
    return None
