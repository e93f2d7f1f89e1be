"""Connections to the server whose clients have gone, for clients that say the same to begin with.

A connection is only used again by a client whose StartupMessage is the same to the byte, so never across
roles or databases, and only if that client proves who it is, or Postgres had asked for no proof.
In between Postgres forgets, with DISCARD ALL, what the last client has left.
https://www.postgresql.org/docs/current/sql-discard.html
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from proxy.wire import server
from proxy.wire.frames import Cutter, Message, message
from proxy.wire.scram import Verifier

#: Seconds after which a connection is not used for another client any more.
LIFETIME = 3600.0

_DISCARD_ALL = message(b"Q", b"DISCARD ALL\0")
_FOLLOWED = dict.fromkeys((server.READY_FOR_QUERY, server.ERROR_RESPONSE, server.PARAMETER_STATUS), b"")

#: What the server says to each client, however its connection was begun.
_SAID_AGAIN = frozenset({server.BACKEND_KEY_DATA, server.PARAMETER_STATUS, server.READY_FOR_QUERY})

#: BackendKeyData begins with the process ID, which clients compare with pg_backend_pid().
_PROCESS_ID = 4


@dataclass(frozen=True)
class Lease:
    """How a connection was begun, so that it can be begun again.

    Attributes:
        packet: the client's StartupMessage.
        trusted: Postgres has asked for no proof; else it was SCRAM.
        answers: what the server has said after AuthenticationOk, up to ReadyForQuery.
        key: the body of the server's BackendKeyData.
        began: when, on the clock of time.monotonic().
    """

    packet: bytes
    trusted: bool
    answers: Sequence[Message]
    key: bytes
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, packet: bytes, trusted: bool, answers: Sequence[Message]) -> Lease | None:
        """A connection that has just been begun; None if the server has told it no key."""
        keys = [each.body for each in answers if each.kind == server.BACKEND_KEY_DATA]
        if not keys:
            return None
        again = [each for each in answers if each.kind in _SAID_AGAIN]
        return cls(packet, trusted, again, keys[-1])

    @property
    def secret(self) -> int:
        """Bytes of the secret in its key."""
        return len(self.key) - _PROCESS_ID

    @property
    def is_old(self) -> bool:
        """Whether it has served long enough: a server process keeps memory that it once needed."""
        return time.monotonic() - self.began > LIFETIME

    def told(self, parameter: Message) -> Lease:
        """The same, with another value of a setting that clients are told."""
        name = server.read_parameter(parameter.body)[0]
        answers = [
            parameter
            if each.kind == server.PARAMETER_STATUS and server.read_parameter(each.body)[0] == name
            else each
            for each in self.answers
        ]
        return replace(self, answers=answers)

    def said(self, answers: Sequence[Message]) -> bytes:
        """Answers as a client gets them: with a key that the clients before do not know."""
        secret = secrets.token_bytes(self.secret)
        own = message(bytes([server.BACKEND_KEY_DATA]), self.key[:_PROCESS_ID] + secret)
        return b"".join(own if each.kind == server.BACKEND_KEY_DATA else each.frame for each in answers)


class Passwords(Protocol):
    """Reads pg_authid (`engine.passwords.KeptPasswords`)."""

    async def current(self, role: str, database: str) -> str | None:
        """What is kept for a role that may log in to a database now."""


@dataclass(frozen=True)
class Reuse:
    """Whether and how connections are used again.

    Attributes:
        seconds: how long one waits at most.
        passwords: for clients that have to prove who they are; None if only those are served that need not.
    """

    seconds: float
    passwords: Passwords | None = None


class Keeper(Protocol):
    """Keeps connections as well, for clients that Python need not see to (`proxy.entry.front.Front`)."""

    @property
    def kept(self) -> int:
        """How many it has."""

    def keep(self, transport: asyncio.Transport, lease: Lease) -> bool:
        """Keep a connection, of which the transport is then to be closed; False if it is none of its kind."""

    async def take(self, packet: bytes, protocol: asyncio.Protocol) -> Lease | None:
        """Give a protocol a connection for a client that says this; None if there is none."""


class IdleConnections:
    """Connections that wait for a client.

    Attributes:
        keeper: takes those that it can, once they have forgotten their clients.
    """

    def __init__(self, reuse: Reuse) -> None:
        self.reuse = reuse
        self.keeper: Keeper | None = None
        self._clean: dict[bytes, list[Idle]] = {}
        self._all: set[Idle] = set()

    def __len__(self) -> int:
        return sum(map(len, self._clean.values())) + (self.keeper.kept if self.keeper is not None else 0)

    def park(self, transport: asyncio.Transport, lease: Lease) -> None:
        """Keep a connection on which everything has been answered, outside of a transaction."""
        self._all.add(Idle(self, transport, lease))

    def offer(self, idle: Idle) -> None:
        """It has forgotten its last client."""
        if self.keeper is not None and self.keeper.keep(idle.transport, idle.lease):
            idle.transport.close()
            return
        self._clean.setdefault(idle.lease.packet, []).append(idle)

    async def verifier(self, role: str, database: str) -> Verifier | None:
        """What a client's proof is checked against; None if Postgres is to do that.

        Raises:
            OperationError: Postgres cannot be asked.
        """
        if self.reuse.passwords is None:
            return None
        kept = await self.reuse.passwords.current(role, database)
        return None if kept is None else Verifier.read(kept)

    def take(self, packet: bytes) -> Idle | None:
        """The connection that came last for a client that says this; None if there is none."""
        if not (clean := self._clean.get(packet)):
            return None
        self.remove(idle := clean[-1])
        idle.take()
        return idle

    def remove(self, idle: Idle) -> None:
        """It is used, or has gone."""
        self._all.discard(idle)
        clean = self._clean.get(idle.lease.packet, [])
        if idle in clean:
            clean.remove(idle)
            if not clean:
                del self._clean[idle.lease.packet]

    def close(self) -> None:
        """Close all."""
        for each in tuple(self._all):
            each.transport.close()


class Idle(asyncio.Protocol):
    """One connection, from its last client's Terminate to the next client's login.

    Attributes:
        lost: whether the server has ended it.
    """

    def __init__(self, home: IdleConnections, transport: asyncio.Transport, lease: Lease) -> None:
        self._home = home
        self._cutter = Cutter()
        self._resetting = True
        self._timer = asyncio.get_running_loop().call_later(home.reuse.seconds, transport.close)
        self.transport = transport
        self.lease = lease
        self.lost = False
        transport.set_protocol(self)
        transport.write(_DISCARD_ALL)

    def take(self) -> None:
        """Somebody else uses it from now on."""
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        for found in self._cutter.follow(data, _FOLLOWED, frozenset()):
            if isinstance(found, Message):
                self._follow(found)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._timer.cancel()
        self._home.remove(self)

    def _follow(self, found: Message) -> None:
        if self._resetting and found.kind == server.READY_FOR_QUERY and found.body == server.IDLE:
            self._resetting = False
            self._home.offer(self)
        elif found.kind == server.PARAMETER_STATUS:
            self.lease = self.lease.told(found)
        else:
            # It could not forget its client, or the server ends it.
            self.transport.abort()
