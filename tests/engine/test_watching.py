"""Which server looks, when, and what it says of looks that fail; what a look does is in `test_watch.py`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from engine.errors import OperationError
from engine.look import Look
from engine.observer import CloudCall, LookEnd, StepEnd
from engine.operations import Engine
from engine.watch import Watch

_SECONDS = 20


@dataclass
class Heard:
    """What an observer hears."""

    looks: asyncio.Queue[LookEnd] = field(default_factory=asyncio.Queue)
    left: list[str] = field(default_factory=list)

    def looked(self, look: LookEnd) -> None:
        self.looks.put_nowait(look)

    def unwatched(self, database: str) -> None:
        self.left.append(database)

    def called(self, call: CloudCall) -> None:
        pass

    def stepped(self, step: StepEnd) -> None:
        pass

    async def next(self, outcome: str) -> LookEnd:
        while (look := await asyncio.wait_for(self.looks.get(), _SECONDS)).outcome != outcome:
            pass
        return look


@dataclass
class Looks:
    """Looks that are none: which databases they were of, and when."""

    of: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    does: Callable[[], Awaitable[Look]] | None = None

    async def __call__(self, common: object, database: str, soonest: float, more: object) -> Look:
        self.of.append(database)
        self.at.append(time.monotonic())
        return await self.does() if self.does is not None else Look(outcome="done")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    looks = Looks()
    monkeypatch.setattr("engine.watch.look", looks)
    return looks


@pytest.fixture
def databases(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases that are connected."""
    names = ["a", "b"]

    async def connected() -> list[str]:
        return names

    monkeypatch.setattr(engine._common.accounts, "databases", connected)
    return names


def begin(engine: Engine, heard: Heard, interval: float) -> asyncio.Task[None]:
    return asyncio.create_task(Watch(engine._common, interval, heard).run())


async def end(*tasks: asyncio.Task[None]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_each_database_is_looked_at_once_an_interval_and_not_all_at_once(
    engine: Engine, looks: Looks, databases: list[str]
) -> None:
    heard = Heard()
    watch = begin(engine, heard, 1.0)
    for _ in range(6):
        await heard.next("done")
    await end(watch)
    assert looks.of[:6] == ["a", "b", "a", "b", "a", "b"]
    assert looks.at[1] - looks.at[0] >= 0.4
    assert looks.at[2] - looks.at[0] >= 0.9
    assert sorted(heard.left) == ["a", "b"]


async def test_databases_come_and_go(engine: Engine, looks: Looks, databases: list[str]) -> None:
    heard = Heard()
    watch = begin(engine, heard, 1.0)
    await heard.next("done")
    databases[:] = ["c"]
    while (await heard.next("done")).database != "c":
        pass
    assert sorted(heard.left) == ["a", "b"]
    await end(watch)


async def test_a_look_that_is_due_while_the_one_before_goes_on_is_skipped(
    engine: Engine, looks: Looks, databases: list[str]
) -> None:
    heard, going_on = Heard(), asyncio.Event()

    async def wait() -> Look:
        await going_on.wait()
        return Look(outcome="done")

    looks.does, databases[:] = wait, ["a"]
    with capture_logs() as logs:
        watch = begin(engine, heard, 0.3)
        await heard.next("skipped")
        assert looks.of == ["a"]
        going_on.set()
        await heard.next("done")
        await end(watch)
    reasons = {each["reason"] for each in logs if each["event"] == "a look is skipped"}
    assert reasons == {"the look before is still going on"}


async def test_what_is_wrong_is_said_once_and_tried_again(
    engine: Engine, looks: Looks, databases: list[str]
) -> None:
    heard = Heard()
    troubles: list[Exception | None] = [
        OperationError("refused"),
        OperationError("refused"),
        None,
        KeyError("x"),
    ]

    async def fail() -> Look:
        trouble = troubles.pop(0) if len(troubles) > 1 else troubles[0]
        if trouble is not None:
            raise trouble
        return Look(outcome="done", drifted={"role": 2})

    looks.does, databases[:] = fail, ["a"]
    with capture_logs() as logs:
        watch = begin(engine, heard, 0.2)
        await heard.next("failed")
        await heard.next("failed")
        assert (await heard.next("done")).drifted == 2
        await heard.next("failed")
        await heard.next("failed")
        await end(watch)
    said = [(each["event"], each.get("error")) for each in logs if each["log_level"] == "warning"]
    assert said == [
        ("the account cannot be looked at", "refused"),
        ("the account can be looked at again", None),
        ("the account cannot be looked at", "internal error: KeyError('x')"),
    ]


async def test_that_connections_cannot_be_listed_ends_nothing(
    engine: Engine, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, times = Heard(), 0

    async def connected() -> list[str]:
        nonlocal times
        times += 1
        if times <= 3:
            raise OperationError("no answer", sqlstate="58000")
        return ["a"]

    monkeypatch.setattr(engine._common.accounts, "databases", connected)
    with capture_logs() as logs:
        watch = begin(engine, heard, 0.2)
        await heard.next("done")
        await end(watch)
    assert [each["event"] for each in logs].count("the watch cannot go on") == 1


async def test_one_of_two_servers_looks_and_the_other_takes_over(
    engine: Engine, looks: Looks, databases: list[str]
) -> None:
    first, second = Heard(), Heard()
    watches = [begin(engine, first, 0.2)]
    await first.next("done")
    watches.append(begin(engine, second, 0.2))
    for _ in range(4):
        await first.next("done")
    assert second.looks.empty()
    await end(watches[0])
    await second.next("done")
    await end(watches[1])


async def test_who_loses_the_lock_stops_to_look_and_begins_again(
    engine: Engine, looks: Looks, databases: list[str]
) -> None:
    heard = Heard()
    watch = begin(engine, heard, 0.2)
    await heard.next("done")
    async with engine._common.database.connection() as own:
        ended = await own.fetchval(
            "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_locks "
            "WHERE locktype = 'advisory' AND classid = $1::int8::oid AND objid = 2 "
            "AND pid <> pg_backend_pid()",
            int.from_bytes(b"iasq", "big"),
        )
    assert ended
    while not heard.left:
        await heard.next("done")
    await heard.next("done")
    await end(watch)
