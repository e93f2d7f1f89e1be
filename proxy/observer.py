"""What the proxy tells whoever watches it, beside what the engine tells (`engine/observer.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from engine import observer


class Outcome(StrEnum):
    """How a client's connection ended."""

    CLOSED = "closed"  #: by the client
    LOST = "lost"  #: the way to the client broke
    SERVER_CLOSED = "server_closed"
    TERMINATED = "terminated"  #: the proxy stopped
    VIOLATION = "protocol_violation"
    CRASHED = "crashed"  #: by a fault of the proxy's own
    REFUSED = "refused"  #: no session: the proxy would not
    SERVER_REFUSED = "server_refused"  #: no session: Postgres would not
    CANCEL_REQUEST = "cancel_request"
    NO_REQUEST = "no_request"  #: the client never said what it wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionEnd:
    """A client's connection that has ended.

    Attributes:
        client: its address and port, or `unix`.
        user, database, application_name: what the client asked for; None if it did not.
        tls: the version of TLS, or None.
        logged_in: whether there was a session.
        sqlstate: of the error that ended it, as far as the proxy knows.
        bytes_in: what the session's client has sent.
        bytes_out: what Postgres has sent in the session.
    """

    client: str
    user: str | None
    database: str | None
    application_name: str | None
    tls: str | None
    logged_in: bool
    outcome: Outcome
    sqlstate: str | None
    seconds: float
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationEnd:
    """An operation that has ended.

    Attributes:
        function: such as `iasql_apply`.
        outcome: `done`, `failed`, `stopped` (cancelled, too long, client lost, shut down) or `crashed`.
        steps: how many steps of its plan were begun.
        calls: how many calls of AWS it made.
    """

    function: str
    outcome: str
    sqlstate: str | None
    seconds: float
    steps: int
    calls: int


class Observer(observer.Observer, Protocol):
    """Hears of what happens, and must neither wait nor fail."""

    def connected(self) -> None:
        """A client's connection has been accepted."""

    def logged_in(self, seconds: float) -> None:
        """A session has begun, so long after the connection."""

    def disconnected(self, end: ConnectionEnd) -> None:
        """A client's connection has ended."""

    def performed(self, end: OperationEnd) -> None:
        """An operation has ended."""


class Nobody(observer.Nobody):
    """Hears, and does nothing."""

    def connected(self) -> None:
        pass

    def logged_in(self, seconds: float) -> None:
        pass

    def disconnected(self, end: ConnectionEnd) -> None:
        pass

    def performed(self, end: OperationEnd) -> None:
        pass
