"""How many may be connected, and how long they may take to say who they are.

What is refused is refused in PostgreSQL's own words: too many in all before the client
has said who it is, too many of a role or for a database when that is proved.
https://www.postgresql.org/docs/current/runtime-config-connection.html
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.errors import OperationError


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that is allowed; None is as many as Postgres allows.

    Attributes:
        connections: sessions at once.
        per_user, per_database: of them, those of one role, and for one database.
        authentication_timeout: seconds within which a client must have logged in.
        held: bytes of a Query, Parse or Bind that are held to be looked at. A longer one streams through
            unseen; a call in it fails in Postgres, which says why.
    """

    connections: int | None = None
    per_user: int | None = None
    per_database: int | None = None
    authentication_timeout: float = 60.0
    held: int = 64 << 20

    @property
    def counted(self) -> bool:
        """Whether anybody's connections have to be counted."""
        return any(most is not None for most in (self.connections, self.per_user, self.per_database))

    @property
    def sockets(self) -> int | None:
        """Connections at once, with those of which it is not known yet what they want."""
        return None if self.connections is None else 2 * self.connections + 16


class TooManyConnectionsError(OperationError):
    """One connection more than is allowed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "53300")


class Seats:
    """Counts who is connected."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken = 0
        self._users: Counter[str] = Counter()
        self._databases: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many seats are taken."""
        return self._taken

    def take(self) -> Seat:
        """Take a seat for someone who has not proved yet who it is.

        Raises:
            TooManyConnectionsError: there is none left.
        """
        if self._limits.connections is not None and self._taken >= self._limits.connections:
            raise TooManyConnectionsError("sorry, too many clients already")
        self._taken += 1
        return Seat(self)

    def assign(self, user: str, database: str) -> None:
        """Count a session for its role and its database; see `Seat.assign`."""
        limits = self._limits
        if limits.per_user is not None and self._users[user] >= limits.per_user:
            raise TooManyConnectionsError(f'too many connections for role "{user}"')
        if limits.per_database is not None and self._databases[database] >= limits.per_database:
            raise TooManyConnectionsError(f'too many connections for database "{database}"')
        self._users[user] += 1
        self._databases[database] += 1

    def release(self, user: str | None, database: str | None) -> None:
        """Count someone no more; see `Seat.release`."""
        self._taken -= 1
        for counter, name in ((self._users, user), (self._databases, database)):
            if name is not None:
                counter[name] -= 1
                if not counter[name]:
                    del counter[name]


class Seat:
    """What one connection takes of the limits, from its StartupMessage to its end."""

    __slots__ = ("_database", "_seats", "_user")

    def __init__(self, seats: Seats) -> None:
        self._seats: Seats | None = seats
        self._user: str | None = None
        self._database: str | None = None

    def assign(self, user: str, database: str) -> None:
        """Say who has proved to be here.

        Raises:
            TooManyConnectionsError: the role or the database has too many connections.
        """
        assert self._seats is not None
        self._seats.assign(user, database)
        self._user, self._database = user, database

    def release(self) -> None:
        """Give the seat back; harmless when that was done."""
        seats, self._seats = self._seats, None
        if seats is not None:
            seats.release(self._user, self._database)
