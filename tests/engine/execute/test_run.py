"""Carrying out a plan with a driver that is not today's: one that says step by step how far AWS has come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, cast

import pytest

from engine.caller import Row as SqlRow
from engine.caller import Stop
from engine.database.journal import Journal
from engine.database.vouching import Voucher
from engine.drivers.driver import Progress, Stage
from engine.drivers.job import Job
from engine.errors import OperationError
from engine.execute.run import Execution
from engine.plan.model import Found, Row, Step
from engine.rows.writer import Writer
from engine.trail import Trail
from modules.spec import Resource, ref
from tests.engine.plan.tiny import found, plan, resource, row, snapshot

_NET = resource("net")
_HOST = resource("host", ref("net", "net", "net"))
_GATE = resource("gate", ref("net", "net", "net"), within="net")
_ALL = (_NET, _HOST, _GATE)


class _Worker:
    """Makes a resource in stages, as a service does that is asked again and again how far it is.

    Attributes:
        seen: what has happened, in words.
        fails: the tables whose resources cannot be made.
        stops: the table before whose resources a stop is requested.
    """

    def __init__(self, fails: Sequence[str] = (), stops: str = "") -> None:
        self.seen: list[str] = []
        self.fails = fails
        self.stops = stops
        self.stop = Stop()

    def companions(self, number: int) -> frozenset[int]:
        return frozenset()

    def withdraw(self, number: int) -> None:
        self.seen.append(f"withdraw {number}")

    async def look(self, resource: Resource, planned: Found) -> Found | None:
        return planned

    async def create(self, job: Job) -> AsyncGenerator[Progress, None]:
        table = job.resource.table
        self.seen.append(f"create {table}")
        if table == self.stops:
            self.stop.request(OperationError("stop it", sqlstate="57014"))
        self.stop.check()
        if table in self.fails:
            raise OperationError("no", sqlstate="38000")
        values = {**job.desired.values, "arn": f"{table}-1"}
        there = found(job.resource, **values)
        for stage in Stage:
            yield Progress(there, stage)
            for _ in range(20):  # lets begin what can begin now
                await asyncio.sleep(0)
            self.seen.append(f"{table} {stage.name}")

    async def change(self, job: Job) -> Found:
        raise AssertionError

    async def remove(self, job: Job) -> None:
        self.seen.append(f"remove {job.found.identity}")


class _Journal:
    """Writes nothing down."""

    operation = 1

    def token(self, step: Step) -> str:
        return "token"

    async def started(self, step: Step, before: Mapping[str, Any] | None, token: str) -> None:
        pass

    async def ended(self, step: Step, outcome: str, trail: Trail, **more: Any) -> None:
        pass


class _Caller:
    """A session in which nothing is read, and every write succeeds."""

    database, user, in_transaction = "d", "u", False
    address: str | None = None
    cancel_key: bytes | None = None

    def __init__(self) -> None:
        self.stop = Stop()
        self.written: list[str] = []

    async def query(self, sql: str, *arguments: str | None) -> list[SqlRow]:
        if "keep_bases" not in sql:
            self.written.append(f"{sql.split()[0]} {arguments[0]}")
        return []

    async def commit(self) -> None:
        pass

    def notice(self, message: str, **more: Any) -> None:
        pass

    def warn_if_rolled_back(self, message: str, *, hint: str) -> None:
        pass


class _Voucher:
    async def vouch(self) -> None:
        pass


async def _carry_out(worker: _Worker, finds: Sequence[Found], rows: Sequence[Row]) -> _Caller:
    planned, caller = plan(_ALL, finds, rows), _Caller()
    caller.stop = worker.stop
    steps, there = list(planned.steps), snapshot(_ALL, finds, rows)
    journal = cast(Journal, _Journal())
    writer = Writer(caller, cast(Voucher, _Voucher()))
    await Execution(steps, planned.pairs, there, writer, journal, lambda resource: worker, {}).run()
    return caller


_ROWS = [row("net", 1, name="n"), row("host", 2, name="h", net=1), row("gate", 3, name="g", net=1)]


def _without_withdrawals(worker: _Worker) -> list[str]:
    return [each for each in worker.seen if not each.startswith("withdraw")]


async def test_what_refers_to_a_resource_begins_when_it_is_named_and_what_is_within_when_it_is_made() -> None:
    worker = _Worker()
    await _carry_out(worker, [], _ROWS)
    seen = _without_withdrawals(worker)
    assert seen[:3] == ["create net", "net SHOWN", "create host"]
    assert seen.index("create host") < seen.index("net NAMED") < seen.index("create gate")
    assert seen[-1] in ("gate MADE", "host MADE")


async def test_a_row_shows_what_aws_has_assigned_once() -> None:
    caller = await _carry_out(_Worker(), [], _ROWS[:1])
    assert caller.written == ['WITH [{"id": 1, "arn": "net-1"}]']


async def test_what_waits_for_a_failed_step_is_not_begun_and_said() -> None:
    worker = _Worker(fails=["net"])
    with pytest.raises(OperationError, match="could not create net n: no") as failed:
        await _carry_out(worker, [], _ROWS)
    assert _without_withdrawals(worker) == ["create net"]
    assert "Not begun" in (failed.value.detail or "")


async def test_a_stop_says_how_far_it_has_come_and_that_aws_has_refused_nothing() -> None:
    with pytest.raises(OperationError, match="stop it") as stopped:
        await _carry_out(_Worker(stops="host"), [], _ROWS)
    assert stopped.value.sqlstate == "57014"
    assert stopped.value.detail == "1 of 3 steps are done. Not done: create host h, create gate g."


async def test_nobody_waits_for_a_step_that_has_ended() -> None:
    worker = _Worker(fails=["host"])
    with pytest.raises(OperationError):
        await _carry_out(worker, [], _ROWS)
    assert sum(each.startswith("withdraw") for each in worker.seen) == 3


async def test_what_is_removed_is_removed_by_its_driver() -> None:
    worker = _Worker()
    await _carry_out(worker, [found(_NET, "n1", name="n")], [])
    assert _without_withdrawals(worker) == ["remove n1"]
