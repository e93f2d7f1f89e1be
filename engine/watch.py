"""The watch: looks at the accounts of all connected databases by itself, again and again.

One server of several does it: the one that holds an advisory lock in the database that servers connect to by
their URL. When it dies, PostgreSQL lets go of the lock, and another takes over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from engine.common import Common
from engine.database.lock import WATCH
from engine.errors import OperationError
from engine.look import Look, look
from engine.observer import CloudCall, LookEnd, StepEnd, WatchObserver, observed_by

#: Seconds between looks at who watches, and at which databases there are; less if the interval is shorter.
_TICK = 5.0
#: How many databases are looked at at once.
_AT_ONCE = 4

_log = structlog.get_logger("watch")


@dataclass
class _Watched:
    """A database that is looked at.

    Attributes:
        due: when next, on the clock of `time.monotonic`.
        task: the look that goes on, or the last one.
        trouble: what was wrong at the last look, as it was logged; None: nothing.
        unread: the same of the tables that could not be read.
    """

    due: float
    task: asyncio.Task[None] | None = None
    trouble: str | None = None
    unread: str | None = None

    @property
    def is_looked_at(self) -> bool:
        return self.task is not None and not self.task.done()


class Watch:
    """Looks at each database once an interval, and at them one after the other within it."""

    def __init__(self, common: Common, interval: float, observer: WatchObserver) -> None:
        """
        Args:
            interval: seconds from one look at a database to the next.
        """
        self._common = common
        self._interval = interval
        self._observer = observer
        self._tick = min(_TICK, interval / 4)
        self._watched: dict[str, _Watched] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._trouble: str | None = None

    async def run(self) -> None:
        """Watch until cancelled; whatever goes wrong is logged."""
        while True:
            try:
                async with self._common.database.connection() as connection:
                    self._said(None)
                    if await connection.fetchval(f"SELECT pg_try_advisory_lock({WATCH})"):
                        await self._watch(connection)
            except OperationError as error:
                self._said(error)
            except Exception:
                _log.exception("the watch failed")
            await asyncio.sleep(self._tick)

    async def _watch(self, connection: Any) -> None:
        """Look at databases for as long as the lock is held."""
        _log.info("this server watches", interval=self._interval)
        try:
            while True:
                await connection.execute("SELECT 1")  # fails when the lock is lost
                await self._find_databases()
                self._begin_looks()
                await asyncio.sleep(self._pause())
        finally:
            tasks = [each.task for each in self._watched.values() if each.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._forget(self._watched.keys())

    async def _find_databases(self) -> None:
        """Begin with databases that are new, at different times of the interval; leave those that went."""
        try:
            names = await self._common.accounts.databases()
        except OperationError as error:
            self._said(error)
            return
        self._said(None)
        self._forget(self._watched.keys() - set(names))
        new = [each for each in sorted(names) if each not in self._watched]
        for place, name in enumerate(new):
            due = time.monotonic() + self._interval * place / len(new)
            self._watched[name] = _Watched(due)

    def _forget(self, names: Any) -> None:
        for name in list(names):
            watched = self._watched.pop(name)
            if watched.task is not None:
                watched.task.cancel()
            self._observer.unwatched(name)

    def _begin_looks(self) -> None:
        now = time.monotonic()
        for name, watched in self._watched.items():
            if watched.due > now:
                continue
            while watched.due <= now:
                watched.due += self._interval
            if watched.is_looked_at:
                self._skipped(name, "the look before is still going on")
            else:
                watched.task = asyncio.create_task(self._look(name, watched))

    def _pause(self) -> float:
        due = min((each.due for each in self._watched.values()), default=float("inf"))
        return max(0.0, min(self._tick, due - time.monotonic()))

    async def _look(self, name: str, watched: _Watched) -> None:
        tally = _Tally(self._observer)
        async with self._turn:
            began, until = time.monotonic(), watched.due

            def more() -> bool:
                return time.monotonic() < until - self._tick

            try:
                with observed_by(tally):
                    result = await look(self._common, name, self._interval / 2, more)
            except OperationError as error:
                self._ended(name, "failed", began, tally)
                self._trouble_of(name, watched, error)
            except Exception as error:
                self._ended(name, "failed", began, tally)
                self._trouble_of(name, watched, OperationError(f"internal error: {error!r}"))
                _log.debug("a look crashed", database=name, exc_info=True)
            else:
                self._came_of(name, watched, result, began, tally)

    def _came_of(self, name: str, watched: _Watched, result: Look, began: float, tally: _Tally) -> None:
        match result.outcome:
            case "nothing":
                return
            case "early":
                watched.due = time.monotonic() + max(self._interval - result.ago, 0)
                return
            case "busy" | "overtaken":
                self._skipped(name, "an operation is under way")
                return
        self._trouble_of(name, watched, None)
        self._unread_of(name, watched, result)
        drifted = sum(result.drifted.values())
        seconds = self._ended(name, "done", began, tally, drifted)
        _log.info(
            "look",
            database=name,
            seconds=seconds,
            calls=tally.calls,
            drifted=drifted,
            new=result.new,
        )
        if result.new:
            tables = ", ".join(f"{table} {count}" for table, count in sorted(result.drifted.items()))
            _log.info("AWS has been changed", database=name, drifted=tables)

    def _ended(
        self, name: str, outcome: str, began: float, tally: _Tally, drifted: int | None = None
    ) -> float:
        seconds = round(time.monotonic() - began, 3)
        self._observer.looked(
            LookEnd(database=name, outcome=outcome, seconds=seconds, calls=tally.calls, drifted=drifted)
        )
        return seconds

    def _skipped(self, name: str, why: str) -> None:
        self._observer.looked(LookEnd(database=name, outcome="skipped", seconds=0))
        _log.info("a look is skipped", database=name, reason=why)

    # What is wrong, once --------------------------------------------------------------------------------

    def _trouble_of(self, name: str, watched: _Watched, error: OperationError | None) -> None:
        said = None if error is None else f"{error.sqlstate} {error.message}"
        if said == watched.trouble:
            return
        watched.trouble = said
        if error is None:
            _log.warning("the account can be looked at again", database=name)
        else:
            _log.warning("the account cannot be looked at", database=name, **_reason(error))

    def _unread_of(self, name: str, watched: _Watched, result: Look) -> None:
        said = ", ".join(sorted(result.unread)) or None
        if said == watched.unread:
            return
        watched.unread = said
        if said is None:
            _log.warning("all tables can be looked at again", database=name)
        else:
            error = next(iter(result.unread.values()))
            _log.warning("some tables cannot be looked at", database=name, tables=said, **_reason(error))

    def _said(self, error: OperationError | None) -> None:
        """The same of what keeps the watch from looking at any."""
        said = None if error is None else f"{error.sqlstate} {error.message}"
        if said == self._trouble:
            return
        self._trouble = said
        if error is None:
            _log.warning("the watch goes on")
        else:
            _log.warning("the watch cannot go on", **_reason(error))


def _reason(error: OperationError) -> dict[str, str | None]:
    return {"sqlstate": error.sqlstate, "error": error.message, "detail": error.detail, "hint": error.hint}


class _Tally:
    """Counts a look's calls, and passes them on."""

    def __init__(self, observer: WatchObserver) -> None:
        self._observer = observer
        self.calls = 0

    def called(self, call: CloudCall) -> None:
        self.calls += 1
        self._observer.called(call)

    def stepped(self, step: StepEnd) -> None:
        self._observer.stepped(step)


@asynccontextmanager
async def watching(common: Common, interval: float, observer: WatchObserver) -> AsyncIterator[None]:
    """Watch while something else is done."""
    task = asyncio.create_task(Watch(common, interval, observer).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
