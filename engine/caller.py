"""What the engine needs of the session whose statement called an operation.

The proxy implements this over the client's own backend connection; tests
implement it over a driver. Statements run inside whatever transaction the client
has open, with the client's role, and leave its prepared statements, portals and
settings alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from engine.errors import OperationError, Stopped

Row = tuple[str | None, ...]


class Stop:
    """A request to stop at the next safe point: start nothing new, finish what is in flight."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._listening: set[Callable[[], None]] = set()
        self.reason: OperationError | None = None

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self, reason: OperationError) -> None:
        """Ask for the stop; the first reason is the one the client is told."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()
            for each in tuple(self._listening):
                each()

    @contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call somebody when a stop is requested within; thousands may wait, and a task for each is dear."""
        self._listening.add(listener)
        try:
            yield
        finally:
            self._listening.discard(listener)

    async def wait(self) -> None:
        """Return when a stop has been requested."""
        await self._event.wait()

    async def pause(self, seconds: float) -> None:
        """Wait, but not longer than until a stop is requested."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)

    @property
    def why(self) -> OperationError:
        """What a client is told of a stop."""
        return self.reason or Stopped("canceling statement due to user request")

    def check(self) -> None:
        """Raise the reason if a stop has been requested."""
        if self._event.is_set():
            raise self.why


class Caller(Protocol):
    """The caller's session.

    Attributes:
        database: name of the database the session is connected to.
        user: name of the role that is logged in (the journal's "who").
        address: where the client is, None if that is not known.
        cancel_key: what the client sends in a CancelRequest, None if it cannot send one.
        in_transaction: whether the client has a transaction open, so that nothing
            the operation writes may be committed before the client says so.
        stop: set when the client cancelled, vanished, or ran out of time.
    """

    database: str
    user: str
    address: str | None
    cancel_key: bytes | None
    in_transaction: bool
    stop: Stop

    async def query(self, sql: str, *arguments: str | None) -> list[Row]:
        """Run one statement in the session and return its rows as text.

        Args:
            sql: one statement; parameters are $1, $2, … of types that Postgres infers.
            arguments: the parameters in text form, None for NULL.

        Raises:
            DatabaseError: Postgres refused it. In an open transaction every later
                statement then fails too; otherwise the work since the last commit
                is rolled back and the session goes on.
        """

    async def commit(self) -> None:
        """Make what was written so far durable; does nothing while `in_transaction`."""

    def notice(
        self, message: str, *, severity: str = "NOTICE", detail: str | None = None, hint: str | None = None
    ) -> None:
        """Tell the client something now, subject to its `client_min_messages`.

        Args:
            severity: DEBUG1, LOG, INFO, NOTICE or WARNING.
        """

    def warn_if_rolled_back(self, message: str, *, hint: str) -> None:
        """Warn the client if the transaction is rolled back that it has open."""


def tell_that_it_stays(caller: Caller, done: str, hint: str) -> None:
    """Tell a client that has a transaction open that a ROLLBACK does not reach AWS: now, and if there is one.

    Args:
        done: applied or called.
        hint: what to do after a ROLLBACK.
    """
    if caller.in_transaction:
        caller.notice(f"a ROLLBACK of this transaction does not reach AWS: what is {done} stays")
        stands = f"the ROLLBACK has not reached AWS: what was {done} stands there"
        caller.warn_if_rolled_back(stands, hint=hint)
