"""One change at a time per database: an advisory lock on the caller's own session.

It dies with the session. An apply may still have calls in flight then, whose results another one must see:
so it is waited for as well. The two-number space keeps the lock apart from the one-number locks of migration
tools.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from engine.caller import Caller

#: "iasq" and a number of the engine's.
KEY = f"{int.from_bytes(b'iasq', 'big')}, 1"
#: The same of the server that watches, on a connection of its own.
WATCH = f"{int.from_bytes(b'iasq', 'big')}, 2"


@asynccontextmanager
async def across_commits(caller: Caller) -> AsyncIterator[None]:
    """Hold the lock while the operation commits now and then; in an open transaction, to its end.

    Raises:
        DatabaseError: 55P03 after the session's `lock_timeout`.
    """
    if caller.in_transaction:
        await to_end_of_transaction(caller)
        yield
        return
    await caller.query(f"SELECT pg_catalog.pg_advisory_lock({KEY})")
    try:
        await _alone(caller)
        yield
    finally:
        await caller.query(f"SELECT pg_catalog.pg_advisory_unlock({KEY})")


async def to_end_of_transaction(caller: Caller) -> None:
    """Hold the lock until the transaction ends that the operation and the statement run in.

    Raises:
        DatabaseError: 55P03 after the session's `lock_timeout`.
    """
    await caller.query(f"SELECT pg_catalog.pg_advisory_xact_lock({KEY})")
    await _alone(caller)


async def _alone(caller: Caller) -> None:
    """Wait until no operation is under way whose session is lost.

    Raises:
        OperationError: a stop was requested.
    """
    while await caller.query("SELECT iasql.running()"):
        await caller.stop.pause(_POLL)
        caller.stop.check()


class Underway:
    """The operations of this process that change AWS. When Postgres has crashed, no lock tells of them."""

    def __init__(self) -> None:
        self._ends: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def change(self, caller: Caller) -> AsyncIterator[None]:
        """Be under way, when no other of the database is.

        Raises:
            OperationError: a stop was requested.
        """
        await self.over(caller)
        end = self._ends[caller.database] = asyncio.Event()
        try:
            yield
        finally:
            del self._ends[caller.database]
            end.set()

    async def over(self, caller: Caller) -> None:
        """Wait until none of the database is under way.

        Raises:
            OperationError: a stop was requested.
        """
        while end := self._ends.get(caller.database):
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), _POLL)
            caller.stop.check()


#: Seconds between looks at whether an operation has ended.
_POLL = 0.2
