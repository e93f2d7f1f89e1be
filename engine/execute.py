"""Carries out a plan: each step as soon as those before it are done.

What only refers to a resource can be made as soon as AWS has named that, unless AWS says when it is ready;
what is within it has to wait for all the calls that make it.

A failed step stops what waits for it, and nothing else. What succeeded is written back at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import structlog

from engine.batches import Batches
from engine.caller import Caller
from engine.described import Account
from engine.errors import OperationError
from engine.explained import explained
from engine.job import Job
from engine.journal import Journal
from engine.mirror import Mirror
from engine.model import Desired, Found, Key, Pending, Plan, Row, RowChange, Step
from engine.observer import StepEnd, observer
from engine.steps import Worker
from engine.writeback import write
from modules.spec import Resource

_log = structlog.get_logger()


class _Skipped(Exception):
    """A step that was not begun because one before it failed, or a stop was requested."""


class Execution:
    """One plan under way.

    Attributes:
        failures: the errors of steps, in the order in which they came.
        skipped: the steps that were not begun.
    """

    def __init__(
        self, plan: Plan, account: Account, caller: Caller, journal: Journal, worker: Worker, mirror: Mirror
    ) -> None:
        self.plan = plan
        self.account = account
        self.caller = caller
        self.journal = journal
        self.worker = worker
        self.mirror = mirror
        self.failures: list[OperationError] = []
        self.skipped: list[Step] = []
        self._done = 0
        self._made: dict[tuple[str, Key], Found] = {}
        self._rows: dict[tuple[str, Key], Row] = {}
        self._named: list[asyncio.Future[None]] = []
        self._finished: list[asyncio.Future[None]] = []
        self._writes = Batches(self._write, separable=not caller.in_transaction)
        self._used_by = _used_by(account)

    async def run(self) -> None:
        """Carry the plan out.

        Raises:
            OperationError: a step failed, or a stop was requested; all that was begun is finished.
        """
        loop = asyncio.get_running_loop()
        self._named = [loop.create_future() for _ in self.plan.steps]
        self._finished = [loop.create_future() for _ in self.plan.steps]
        await asyncio.gather(*(self._step(step) for step in self.plan.steps))
        if self.failures:
            raise self._failure()
        self.caller.stop.check()

    async def _step(self, step: Step) -> None:
        error: Exception | None = None
        outcome = "done"
        job = Job(
            resource=self._resource(step),
            change=step.change,
            number=step.number,
            token=self.journal.token(step),
        )
        try:
            for number in step.after:
                await asyncio.shield(self._needed(step, number))
            if self.caller.stop.requested:
                raise _Skipped
            await self._begin(step, job)
        except _Skipped:
            self.skipped.append(step)
            error, outcome = _Skipped(), "skipped"
        except OperationError as reason:
            self.failures.append(explained(reason, job.resource, step.kind, step.change.description))
            text = f"{reason.message}: {reason.detail or ''}"
            await self.journal.ended(step, "failed", job.trail, message=text)
            error, outcome = _Skipped(), "failed"
        except Exception as reason:
            # A fault of the engine's own stops what waits for this step, not what others have in flight.
            _log.exception("step failed", table=step.change.table, kind=step.kind)
            self.failures.append(
                OperationError(
                    f"internal error in {step.kind} {step.change.table}: {type(reason).__name__}",
                    detail="The server's log has the details.",
                )
            )
            error, outcome = _Skipped(), "failed"
        self.worker.together.leave(step.number)
        for each in (self._named[step.number], self._finished[step.number]):
            _settle(each, error)
        action, table = _ACTIONS[step.kind], step.change.table
        observer().stepped(StepEnd(action=action, table=table, outcome=outcome))

    def _needed(self, step: Step, number: int) -> asyncio.Future[None]:
        """What a step waits for of one that is before it."""
        other = self.plan.steps[number]
        if "remove" in (step.kind, other.kind) or self._is_within(step, other):
            return self._finished[number]
        return self._named[number]

    def _is_within(self, step: Step, other: Step) -> bool:
        resource = self._resource(step)
        reference = resource.column(resource.within).reference if resource.within else None
        return reference is not None and reference.table == other.change.table

    async def _begin(self, step: Step, job: Job) -> None:
        started = time.monotonic()
        change = step.change
        before = change.found.description if change.found else None
        await self.journal.started(step, before, job.token)
        if change.desired is not None:
            job = replace(job, desired=self._nothing_pending(change.desired))
        found = await self._PERFORM[step.kind](self, step, job)
        self._finish(step)
        await self.journal.ended(step, "done", job.trail, after=found.description if found else None)
        self._report(step, time.monotonic() - started)

    async def _make(self, step: Step, job: Job) -> Found:
        """Create a resource; its row shows it from AWS's first answer on."""
        resource = job.resource
        facts, made = await self.worker.create(job)
        usable = False
        if made is not None:
            made = await self._write_back(step, made)
            usable = self._can_be_used(resource, made)
        if usable:
            _settle(self._named[step.number])
        await self.worker.complete(job, facts)
        if usable:
            self._finish(step)
        made = await self._write_back(step, await self.worker.describe(job, facts, made))
        if resource.ready is not None:
            if not resource.ready.blocks:
                self._finish(step)
            made = await self._write_back(step, await self.worker.settle(job, made))
        return made

    def _finish(self, step: Step) -> None:
        _settle(self._named[step.number])
        _settle(self._finished[step.number])

    def _can_be_used(self, resource: Resource, made: Found) -> bool:
        """Whether all is known by which others refer to a resource, and AWS need not get it ready first."""
        blocks = resource.ready is not None and resource.ready.blocks
        return not blocks and all(made.values[name] is not None for name in self._used_by[resource.table])

    async def _change(self, step: Step, job: Job) -> Found:
        return await self._write_back(step, await self.worker.change(job))

    async def _remove(self, step: Step, job: Job) -> None:
        await self.worker.remove(job)

    _PERFORM: ClassVar[Mapping[str, Callable[[Execution, Step, Job], Awaitable[Found | None]]]] = {
        "make": _make,
        "change": _change,
        "remove": _remove,
    }

    async def _write_back(self, step: Step, found: Found) -> Found:
        """Show in the row what AWS assigned, and let others refer to it."""
        resource, desired = self._resource(step), step.change.desired
        assert desired is not None
        row = self._rows.get((resource.table, desired.row.key), desired.row)
        found = self.account.add(resource, found)
        self.mirror.keys[resource.table, found.identity] = row.key
        self._made[resource.table, row.key] = found
        change = self.mirror.refreshed(resource, row, found, reset=True)
        if change is not None:
            self._rows[resource.table, row.key] = replace(
                row,
                values={**row.values, **change.values, **change.fills},
                parts={**row.parts, **change.filled},
            )
            await self._writes.add(change)
        return found

    async def _write(self, changes: list[RowChange]) -> None:
        await write(self.caller, list(self.account.resources.values()), changes)
        await self.caller.commit()

    def _resource(self, step: Step) -> Resource:
        return self.account.resources[step.change.table]

    def _nothing_pending(self, desired: Desired) -> Desired:
        return Desired(desired.row, self._filled(desired.values), self._filled(desired.parts))

    def _filled(self, value: Any) -> Any:
        if isinstance(value, Pending):
            return self._name(value)
        if isinstance(value, Mapping):
            return {name: self._filled(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._filled(each) for each in value)
        return value

    def _name(self, value: Pending) -> Any:
        found = self._made.get((value.table, value.key)) or self.plan.pairs.get((value.table, value.key))
        if found is None:
            raise OperationError(
                f"the {value.table} that it refers to has not been made",
                sqlstate="55000",
                hint="Apply again after that has been put right.",
            )
        return found.values[value.column] if value.column else found.identity

    def _report(self, step: Step, seconds: float) -> None:
        self._done += 1
        change = step.change
        verb = _ACTIONS[step.kind]
        verb = change.action if change.action == "replace" and step.kind == "make" else verb
        place = f"[{self._done}/{len(self.plan.steps)}]"
        self.caller.notice(f"{place} {verb} {change.table} {change.description}: {seconds:.1f} s")

    def _failure(self) -> OperationError:
        """One error for all: the first, with the others and what was not begun in its detail."""
        first, *others = self.failures
        lines = [first.detail or ""]
        lines += [f"Also: {each.message} ({each.detail})" for each in others]
        if self.skipped:
            names = ", ".join(f"{each.change.table} {each.change.description}" for each in self.skipped)
            lines.append(f"Not begun, since it depends on that or a stop was requested: {names}.")
        return OperationError(
            message=first.message,
            sqlstate=first.sqlstate,
            detail="\n".join(line for line in lines if line),
            hint=first.hint,
            schema=first.schema,
            table=first.table,
        )


_ACTIONS = {"make": "create", "change": "update", "remove": "delete"}


def _settle(future: asyncio.Future[None], error: Exception | None = None) -> None:
    """Say that what a future stands for is so, or will not be; the first word counts."""
    if not future.done():
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
            future.exception()  # looked at, whether a step waits for this one or not


def _used_by(account: Account) -> dict[str, set[str]]:
    """The columns by which others refer to the resources of each table, besides the identity."""
    used: dict[str, set[str]] = {table: set() for table in account.resources}
    for resource in account.resources.values():
        for column in resource.references:
            if column.reference and column.reference.by:
                used[column.reference.table].add(column.reference.by)
    return used
