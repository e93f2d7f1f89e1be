"""Carries out a plan: each step as soon as those before it are done.

What only refers to a resource can be made as soon as AWS has named that, unless AWS says when it is ready;
what is within it has to wait for all the calls that make it.

A failed step stops what waits for it, and nothing else. What succeeded is written back at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

import structlog

from engine.database.journal import Journal
from engine.database.write_batches import Batches
from engine.drivers.by_resource import WorkerOf
from engine.drivers.driver import Progress, Stage, Worker
from engine.drivers.job import Job
from engine.errors import OperationError, Stopped
from engine.execute.made import Made
from engine.execute.schedule import Schedule
from engine.execute.step_errors import explained, line
from engine.observer import StepEnd, observer
from engine.plan import base, descriptions
from engine.plan.base import Base
from engine.plan.model import Desired, Found, Key, Row, RowChange, Step
from engine.plan.snapshot import Snapshot
from engine.read import recheck
from engine.rows import bases
from engine.rows.write import write
from engine.rows.writer import Writer
from engine.trail import Trail
from modules.spec import Resource

_log = structlog.get_logger()


#: How errors are called after which it is not known what AWS has done: it had a fault, or gave no answer.
_UNKNOWN = ("58000", "HV00N")
#: Steps of one service that are under way at once; most of their calls wait for their turn.
_AT_ONCE = 512
#: How many of the steps that were not begun an error names.
_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Written:
    """What is written in Postgres once a step has come so far.

    Attributes:
        row: the change of its row.
        kept: the new base, with AWS's answer.
        dropped: the resources whose bases go, by table and identity.
    """

    row: RowChange | None = None
    kept: tuple[Base, Found] | None = None
    dropped: tuple[tuple[str, str], ...] = ()


class Execution:
    """One plan under way. It lets go of each step that has ended.

    Attributes:
        failures: the errors of steps, in the order in which they came.
        skipped: what was not begun.
        doubtful: failed steps of which AWS may have done something.
    """

    def __init__(
        self,
        steps: list[Step],
        pairs: Mapping[tuple[str, Key], Found],
        snapshot: Snapshot,
        writer: Writer,
        journal: Journal,
        worker_of: WorkerOf,
        taken_along: Mapping[tuple[str, str], Sequence[tuple[str, str]]],
        replaced_before: Mapping[tuple[str, str], str] = MappingProxyType({}),
    ) -> None:
        """
        Args:
            steps: of the plan, in its order; the list is emptied.
            pairs: which row is which resource.
            worker_of: who works on a resource.
            taken_along: what AWS removes along with each resource, by table and identity.
            replaced_before: in whose place applies that were cut off have made what is to be changed.
        """
        self._taken_along = taken_along
        self._replaced_before = replaced_before
        self.snapshot = snapshot
        self.caller = writer.caller
        self._writer = writer
        self.journal = journal
        self.worker_of = worker_of
        self.failures: list[OperationError] = []
        self.skipped: list[str] = []
        self.doubtful: list[str] = []
        self._schedule = Schedule(steps, self._needs_end)
        self._count = len(steps)
        self._steps = {step.number: step for step in steps}
        steps.clear()
        self._tasks = asyncio.TaskGroup()
        self._queues: dict[str, deque[int]] = defaultdict(deque)
        self._under_way: Counter[str] = Counter()
        self._done = 0
        self._acted: set[int] = set()
        self._made = Made(snapshot, pairs)
        self._writes = Batches(self._write, separable=not writer.caller.in_transaction)

    async def run(self) -> None:
        """Carry the plan out.

        Raises:
            OperationError: a step failed, or a stop was requested; all that was begun is finished.
        """
        async with self._tasks:
            self._enqueue(self._schedule.first())
        if self.failures:
            raise self._failure()
        if self.caller.stop.requested:
            raise self._stopped()

    def _enqueue(self, numbers: Sequence[int]) -> None:
        """Begin steps, or let them wait until there is room for them."""
        services = [self._resource(self._steps[number]).service for number in numbers]
        for number, service in zip(numbers, services, strict=True):
            self._queues[service].append(number)
        for service in services:
            self._begin_next(service)

    def _begin_next(self, service: str) -> None:
        """Begin the next step of a service, and with it those that it waits for to share a call."""
        queue = self._queues[service]
        if not queue or self._under_way[service] >= _AT_ONCE:
            return
        first = queue.popleft()
        companions = self._worker(self._steps[first]).companions(first) - {first}
        for number in (first, *sorted(companions)):
            if number != first:
                queue.remove(number)
            self._under_way[service] += 1
            self._tasks.create_task(self._step(self._steps[number]))

    async def _step(self, step: Step) -> None:
        outcome, trail = "done", Trail()
        try:
            if self.caller.stop.requested:
                outcome = "skipped"
            else:
                await self._perform(step, trail)
        except OperationError as reason:
            # Asked to stop while it waited for its turn, say, it is none of which AWS has said no.
            stopped = reason is self.caller.stop.reason or isinstance(reason, Stopped)
            outcome = "skipped" if stopped else "failed"
            if step.number in self._acted or reason.sqlstate in _UNKNOWN:
                self.doubtful.append(str(step))
            if not stopped:
                self.failures.append(explained(reason, self._resource(step), step))
            text = f"{reason.message}: {reason.detail or ''}"
            # AWS has done what could not be shown: the next operation takes that for what it is.
            ended = "cut off" if step.number in self._acted else "failed"
            await self.journal.ended(step, ended, trail, message=text)
        except Exception as reason:
            # A fault of the engine's own stops what waits for this step, not what others have in flight.
            outcome = "failed"
            self.doubtful.append(str(step))
            _log.exception("step failed", table=step.change.table, kind=step.kind)
            self.failures.append(
                OperationError(
                    f"internal error in {step}: {type(reason).__name__}",
                    detail="The server's log has the details.",
                )
            )
        self._worker(step).withdraw(step.number)
        self._let_go(step, outcome)

    def _let_go(self, step: Step, outcome: str) -> None:
        """Let go of a step, and begin what waits for it or for its place."""
        self._observe(step, outcome)
        del self._steps[step.number]
        if step.change.desired is not None:
            self._made.forget_row(step.change.desired.row)
        if outcome == "done":
            self._enqueue(self._schedule.ended(step.number))
        else:
            for number in self._schedule.failed(step.number):
                self._observe(self._steps.pop(number), "skipped")
        service = self._resource(step).service
        self._under_way[service] -= 1
        self._begin_next(service)

    def _observe(self, step: Step, outcome: str) -> None:
        if outcome == "skipped":
            self.skipped.append(str(step))
        observer().stepped(StepEnd(action=step.kind, table=step.change.table, outcome=outcome))

    def _needs_end(self, step: Step, other: Step) -> bool:
        """Whether a step waits for all that another one before it does."""
        return "delete" in (step.kind, other.kind) or self._is_within(step, other)

    def _is_within(self, step: Step, other: Step) -> bool:
        resource = self._resource(step)
        reference = resource.column(resource.within).reference if resource.within else None
        return reference is not None and reference.table == other.change.table

    async def _perform(self, step: Step, trail: Trail) -> None:
        started, change = time.monotonic(), step.change
        resource = self._resource(step)
        before = descriptions.masked(resource, change.found.description) if change.found else None
        token = self.journal.token(step)
        await self.journal.started(step, before, token)
        job = self._job(step, token, trail)
        found = await self._PERFORM[step.kind](self, step, job)
        self._begin_following(step)
        after = found and replace(found, description=descriptions.masked(resource, found.description))
        await self.journal.ended(step, "done", trail, after=after)
        self._report(step, time.monotonic() - started)

    def _job(self, step: Step, token: str, trail: Trail) -> Job:
        """What a step has to do, now that all is known that it refers to."""
        change = step.change
        if change.desired is not None and step.kind != "delete":
            desired = self._made.nothing_pending(change.desired)
        else:
            assert change.found is not None
            desired = Desired(_NO_ROW, change.found.values, change.found.parts)
        return Job(
            number=step.number,
            resource=self._resource(step),
            change=change,
            desired=desired,
            token=token,
            trail=trail,
        )

    async def _create(self, step: Step, job: Job) -> Found | None:
        """Create a resource; its row shows it from AWS's first answer on."""
        found: Found | None = None
        writes: list[asyncio.Task[None]] = []
        try:
            async with aclosing(self._worker(step).create(job)) as reports:
                async for progress in reports:
                    change = self._advance(step, progress, new=progress.found is not found)
                    found = progress.found
                    if change is not None:
                        # What is left to do of the creation does not wait for that.
                        writes.append(asyncio.create_task(self._writes.add(Written(row=change))))
            self._acted.add(step.number)
            if found is not None:
                await self._writes.add(Written(kept=self._base(job, found)))
        except OperationError:
            if found is not None and step.number not in self._acted:
                # What is there so far is agreed; what the row asks for besides goes on being its change.
                await self._writes.add(Written(kept=self._begun(job, found)))
            raise
        finally:
            await asyncio.gather(*writes)
        return found

    def _begun(self, job: Job, found: Found) -> tuple[Base, Found]:
        """The base of a resource of which the creation failed half-way."""
        found = self.snapshot.resolved(job.resource, found, job.desired.row)
        return base.begun(job.resource, found), found

    def _base(self, job: Job, found: Found) -> tuple[Base, Found]:
        """What a row and AWS agree on, now that a step has been done."""
        found = self.snapshot.resolved(job.resource, found, job.desired.row)
        old = job.change.found
        before = old if job.change.action == "update" else None
        new = base.applied(job.resource, job.desired, found, before, job.change.changed)
        replaced = self._replaced_before.get((found.table, found.identity))
        if old is not None and job.change.action == "replace":
            replaced = old.identity
        return replace(new, replaces=replaced), found

    def _advance(self, step: Step, progress: Progress, *, new: bool) -> RowChange | None:
        """Begin what can begin now that a resource has come so far; what its row has to show.

        Args:
            new: AWS has described it anew.
        """
        desired = step.change.desired
        assert desired is not None
        change = self._made.add(self._resource(step), desired, progress.found) if new else None
        if progress.stage is not Stage.SHOWN and self._made.can_be_referred_to(desired.row):
            if progress.stage is Stage.NAMED:
                self._enqueue(self._schedule.named(step.number))
            else:
                self._begin_following(step)
        return change

    def _begin_following(self, step: Step) -> None:
        """Begin what waits for a step of which only AWS's getting ready is left, if that."""
        self._enqueue(self._schedule.ended(step.number))

    async def _change(self, step: Step, job: Job) -> Found:
        await self._check(step, job)
        found = await self._worker(step).change(job)
        self._acted.add(step.number)
        change = self._made.add(job.resource, job.desired, found)
        self._begin_following(step)
        await self._writes.add(Written(row=change, kept=self._base(job, found)))
        return found

    async def _remove(self, step: Step, job: Job) -> None:
        # AWS may not show what is there: what it does not show is deleted as well, and may be gone.
        await self._check(step, job)
        await self._worker(step).remove(job)
        self._acted.add(step.number)
        name = job.resource.table, job.found.identity
        await self._writes.add(Written(dropped=(name, *self._taken_along.get(name, ()))))

    async def _check(self, step: Step, job: Job) -> None:
        """See that a resource is still what the plan was made for."""
        stop = self.caller.stop
        await recheck.check(self._worker(step), self.snapshot, job.resource, job.found, stop)

    _PERFORM: ClassVar[Mapping[str, Callable[[Execution, Step, Job], Awaitable[Found | None]]]] = {
        "create": _create,
        "update": _change,
        "delete": _remove,
    }

    async def _write(self, some: list[Written]) -> None:
        """Write rows, and with them what they and AWS agree on now."""
        resources = list(self.snapshot.resources.values())
        rows = [each.row for each in some if each.row is not None]
        if rows:
            await write(self._writer, resources, rows)
        kept = [each.kept for each in some if each.kept is not None]
        dropped = [name for each in some for name in each.dropped]
        cause = bases.Cause("row", self.journal.operation)
        await bases.keep(self._writer, resources, kept, dropped, cause=cause)
        await self.caller.commit()

    def _resource(self, step: Step) -> Resource:
        return self.snapshot.resources[step.change.table]

    def _worker(self, step: Step) -> Worker:
        return self.worker_of(self._resource(step))

    def _report(self, step: Step, seconds: float) -> None:
        self._done += 1
        self.caller.notice(f"[{self._done}/{self._count}] {step}: {seconds:.1f} s")

    def _failure(self) -> OperationError:
        """One error for all: the first, with the others and what was not begun in its detail."""
        first, *others = self.failures
        lines = [first.detail or ""]
        lines += map(line, others)
        if self.skipped:
            reason = "a stop was requested" if self.caller.stop.requested else "what failed comes first"
            lines.append(f"Not begun, since {reason}: {self._names_of_skipped()}.")
        return OperationError(
            message=first.message,
            sqlstate=first.sqlstate,
            detail="\n".join(line for line in lines if line),
            hint=first.hint,
            schema=first.schema,
            table=first.table,
        )

    def _stopped(self) -> OperationError:
        """Why it ends before its end, and how far it has come."""
        reason = self.caller.stop.why
        detail = f"{self._done} of {self._count} steps are done."
        if self.skipped:
            detail += f" Not done: {self._names_of_skipped()}."
        hint = reason.hint or "The rows show what is done. Apply again to go on."
        return OperationError(reason.message, sqlstate=reason.sqlstate, detail=detail, hint=hint)

    def _names_of_skipped(self) -> str:
        more = f" and {len(self.skipped) - _NAMED} more" if len(self.skipped) > _NAMED else ""
        return ", ".join(self.skipped[:_NAMED]) + more


#: Stands for the row of what is removed, which has none.
_NO_ROW = Row(table="", key=(), values={})
