"""What all sessions of a proxy share."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Protocol

from engine.errors import OperationError
from engine.operations import Engine
from proxy.entry.idle import IdleConnections
from proxy.entry.limits import Limits, Seats
from proxy.entry.verifiers import Verifiers
from proxy.native.relay import Relay
from proxy.observer import Nobody, Observer
from proxy.session.backend import Backend
from proxy.session.cancel import Keys
from proxy.session.conversation import Operation
from proxy.transport.tls import ListenerTLS
from proxy.transport.upstream import Upstream


@dataclass
class Traffic:
    """Bytes of sessions.

    Attributes:
        from_clients, from_server: what has been received.
    """

    from_clients: int = 0
    from_server: int = 0

    def add(self, from_clients: int, from_server: int) -> None:
        """Count a session's."""
        self.from_clients += from_clients
        self.from_server += from_server


class Connected(Protocol):
    """A session, as far as the proxy as a whole deals with it.

    Attributes:
        received: bytes that have come from the client.
        backend: its connection to PostgreSQL.
        operation: the call that is being performed.
    """

    received: int
    backend: Backend
    operation: Operation | None

    def shut_down(self, reason: OperationError) -> asyncio.Task[None] | None:
        """End the session after its operation has come to a safe point; the task to wait for, if any."""

    def close(self, reason: OperationError) -> None:
        """End the session now."""

    def abort(self) -> None:
        """End the session without waiting for anyone."""


class Undecided(Protocol):
    """A connection of which it is not known yet what its client wants."""

    def close(self) -> None:
        """End it."""


class Entrance(Protocol):
    """What lets clients in that need nothing of Python.

    Attributes:
        empty: whether nobody is in.
        visitors: how many are in.
        kept: how many connections wait for a client.
    """

    @property
    def empty(self) -> bool: ...

    @property
    def visitors(self) -> int: ...

    @property
    def kept(self) -> int: ...

    def listen(self, listening: socket.socket) -> None:
        """Accept from a socket that is bound."""

    def unlisten(self) -> None:
        """Accept nobody more."""

    def reached(self, transport: asyncio.BaseTransport) -> None:
        """Hear where Python has reached PostgreSQL."""

    async def recall(self) -> None:
        """Give everybody to Python."""

    def close(self) -> None:
        """Let nobody in any more."""


@dataclass
class ProxyState:
    """Where the server is, what performs calls, and who is connected.

    Attributes:
        tls: TLS for clients, or None if there is none to be had.
        verifiers: what clients' passwords are checked against, or None to leave that to Postgres alone.
        seats: what is left of the limits.
        observer: hears of connections and operations.
        idle: server connections for the next clients, or None if each has one of its own.
        keys: for CancelRequest.
        relay: serves sessions at rest, or None if it is not to be had.
        front: lets clients in that need nothing of Python; None if all do.
        greetings: connections of which it is not known yet what they want.
        left: set when a session, or what was to become one, has ended.
        traffic: of the sessions that have ended.
    """

    upstream: Upstream
    engine: Engine
    tls: ListenerTLS | None = None
    verifiers: Verifiers | None = None
    limits: Limits = field(default_factory=Limits)
    observer: Observer = field(default_factory=Nobody)
    seats: Seats = field(init=False)
    idle: IdleConnections | None = None
    relay: Relay | None = None
    front: Entrance | None = None
    keys: Keys = field(default_factory=Keys)
    sessions: set[Connected] = field(default_factory=set)
    greetings: set[Undecided] = field(default_factory=set)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    traffic: Traffic = field(default_factory=Traffic)

    def dismiss(self, greeting: Undecided) -> None:
        """It is known what a client wants, or it has gone."""
        self.greetings.discard(greeting)
        self.left.set()

    def leave(self, session: Connected) -> None:
        """A session has ended, and its connections with it."""
        if session in self.sessions:
            self.sessions.discard(session)
            self.traffic.add(session.received, session.backend.received)
        self.left.set()

    async def until_empty(self) -> None:
        """Return when nobody is connected."""
        while self.sessions or self.greetings or (self.front is not None and not self.front.empty):
            self.left.clear()
            await self.left.wait()

    def __post_init__(self) -> None:
        self.seats = Seats(self.limits)
