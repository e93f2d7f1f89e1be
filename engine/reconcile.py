"""The operations that bring rows and AWS together: an apply, a sync, and what shows them beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from engine import left_over, merging, part, results, telling, undoing
from engine.caller import Caller, tell_that_it_stays
from engine.common import Common, left_out
from engine.database import journal, lock, write_function
from engine.errors import OperationError
from engine.execute.run import Execution
from engine.guard import elsewhere, limits, on_failure, ownership, permission, plan_id, policy, unusable_rows
from engine.merging import Merging
from engine.part import Part
from engine.plan import columns, labels, review, sync
from engine.plan.around import plan_around, plan_merged
from engine.plan.model import Difference, Found, Key, Plan, Restore, Row, RowChange, Step
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror
from engine.read import actual, replaced
from engine.request import Request, Scope
from engine.results import Record
from engine.rows import bases, edits, read, shape
from engine.rows.writer import Writer, writing
from engine.taking_back import Failed, take_back

#: What to do with what a ROLLBACK has not taken back.
_AFTER_A_ROLLBACK = (
    "iasql_plan_apply() names it. To keep it, apply: it gets rows. To take it back, apply, and then "
    "iasql_undo() that operation, and apply."
)


class Reconcile:
    """Plans, applies and syncs."""

    def __init__(self, common: Common) -> None:
        self._common = common

    async def plan_apply(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._common.scope(request, caller, whole=True)
        plan, _, _ = await self._planned(request, scope, caller)
        return scope.named(results.of_changes(plan.changes))

    async def plan_steps(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._common.scope(request, caller, whole=True)
        plan, _, _ = await self._planned(request, scope, caller)
        return scope.named(results.of_steps(plan.steps))

    async def diff(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._common.scope(request, caller, whole=True)
        _, details, _ = await self._planned(request, scope, caller)
        return scope.named(results.of_differences(details))

    async def review(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._common.scope(request, caller, whole=True)
        plan, details, snapshot = await self._planned(request, scope, caller)
        text = review.markdown(
            plan.changes,
            details,
            lambda table: results.shown_name(table, scope.layout.default.schema),
            title=str(request.arguments.get("title") or "Pending changes"),
            description=str(request.arguments.get("description") or ""),
            sql=telling.of_plan(scope, snapshot, plan),
        )
        return [{request.operation.columns.split(" ")[0]: text}]

    async def apply(self, request: Request, caller: Caller) -> list[Record]:
        plan_id.check_form(request.arguments)
        async with lock.across_commits(caller), self._common.underway.change(caller):
            scope = await self._common.settled(await self._common.scope(request, caller, whole=True), caller)
            undoes = await on_failure.undoes(caller)
            rows, snapshot, unusable = await self._usable(request, scope, caller)
            merged = merging.within(scope, await merging.merging(caller, snapshot, rows, unusable.keys()))
            asked = part.asked_for(request, scope, merged.meeting)
            functions = await write_function.find(caller, permission.tables_of(snapshot.resources.values()))
            async with writing(self._common.database, caller, functions) as writer:
                merged = await merging.numbered(writer, merged)
                plan, merged = self._asked_for(asked, scope, caller, snapshot, merged, unusable)
                complete = _is_all(scope, asked, snapshot, merged, plan)
                if refused := merging.refused(merged, {each.table for each in plan.changes}):
                    raise refused
                plan = await permission.permitted(caller, snapshot, plan, strict=True, followed=functions)
                await ownership.check(caller, snapshot, rows, plan, strict=True)
                plan = await self._completed(scope, caller, snapshot, plan)
                await self._check(request, scope, caller, merged, plan)
                await merging.tell(caller, merged)
                _tell_restores(caller, plan.restores, planned=False)
                new, replaced_before = await self._put_right(request, scope, writer, rows, merged, plan)
                await caller.commit()
                records = scope.named(results.of_changes(plan.changes))
                total = labels.applied(plan, complete=complete)
                made = {each.table for each in plan.changes if each.action in ("create", "replace")}
                if plan.steps:
                    tell_that_it_stays(caller, "applied", _AFTER_A_ROLLBACK)
                steps, pairs, taken_along = list(plan.steps), {**plan.pairs, **new}, plan.taken_along()
                before = rows if undoes else None
                del plan, rows, merged  # what is still needed of them goes step by step
                if steps:
                    number = await self._execute(
                        request, scope, writer, snapshot, steps, pairs, taken_along, before, replaced_before
                    )
                    await self._show_brought(scope, writer, snapshot, made, number)
            caller.notice(total)
            if snapshot.unread:
                raise left_out(scope.layout, snapshot)
            return records

    async def plan_sync(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._common.scope(request, caller, whole=True)
        rows, snapshot = await self._common.snapshots(scope, caller)
        agreed = await merging.agreeing(caller, scope, snapshot, rows, request.arguments.get("keep"))
        changes = self._about_rows(scope, caller, snapshot, agreed.plan())
        return scope.named(results.of_row_changes(changes, labels.of_rows(agreed.meeting)))

    async def sync(self, request: Request, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        await self._common.underway.over(caller)
        scope = await self._common.settled(await self._common.scope(request, caller, whole=True), caller)
        rows, snapshot = await self._common.snapshots(scope, caller, in_one_transaction=True)
        resources = list(snapshot.resources.values())
        edited = await edits.since(caller, resources, rows)
        agreed = await merging.agreeing(caller, scope, snapshot, edited.rows, request.arguments.get("keep"))
        planned = agreed.plan()
        changes = edits.leave(caller, self._about_rows(scope, caller, snapshot, planned), edited.keys)
        async with self._common.writing(caller, resources) as writer:
            changes = await edits.claim(writer, resources, edited.rows, changes)
            await self._common.write(writer, resources, changes, all_there=True)
            cause = await self._common.recorded(request, scope, writer)
            await merging.keep_synced(writer, scope, agreed, changes, cause)
        return scope.named(results.of_row_changes(changes, labels.of_rows(agreed.meeting)))

    async def drift(self, request: Request, caller: Caller) -> list[Record]:
        unusable: read.Unusable = {}
        scope = await self._common.scope(request, caller, whole=True)
        rows, snapshot = await self._common.snapshots(scope, caller, unusable=unusable)
        merged = await merging.merging(caller, snapshot, rows, unusable.keys(), drift=True)
        settled = merging.within(scope, merged).merged.settled
        return scope.named(results.of_drift(settled, scope.layout.region_of))

    async def undo(self, request: Request, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        await self._common.underway.over(caller)
        scope = await self._common.scope(request, caller, whole=True)
        operation = await undoing.meant(caller, request.arguments.get("operation"))
        resources = scope.layout.resources
        rows = await read.read(caller, resources)
        told = await bases.remembered(caller, resources, operation.number)
        known = await left_over.remembered(caller, told, operation)
        remembered = await undoing.recalled(caller, resources, known, operation)
        changes = undoing.changes(resources, rows, remembered, operation)
        async with writing(self._common.database, caller, {}) as writer:
            changes = await edits.claim(writer, resources, rows, changes)
            await self._common.write(writer, resources, changes, all_there=True)
            await self._common.recorded(request, scope, writer, reads=False)
        undoing.tell(caller, operation, changes)
        return scope.named(results.of_row_changes(changes, undoing.names(resources, rows, changes)))

    async def sql(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._common.scope(request, caller, whole=True)
        return [{"sql": each} for each in await telling.statements(caller, scope, request.arguments)]

    async def begin(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._common.scope(request, caller, whole=True)
        async with writing(self._common.database, caller, {}) as writer:
            cause = await self._common.recorded(request, scope, writer, reads=False)
        return [{"message": "begun", "transaction_id": str(cause.operation)}]

    async def rollback(self, request: Request, caller: Caller) -> list[Record]:
        await undoing.check_begun(caller, force=request.arguments.get("force") in ("true", "t"))
        return await self.sync(request, caller)

    # What they are made of ----------------------------------------------------------------------------

    async def _planned(
        self, request: Request, scope: Scope, caller: Caller
    ) -> tuple[Plan, list[Difference], Snapshot]:
        """What an apply would do, made the session's last plan; that column by column; what AWS holds."""
        unusable: read.Unusable = {}
        rows, snapshot = await self._common.snapshots(scope, caller, unusable=unusable)
        unusable |= shape.incomplete(snapshot.resources.values(), rows)
        merged = merging.within(scope, await merging.merging(caller, snapshot, rows, unusable.keys()))
        asked = part.asked_for(request, scope, merged.meeting)
        around = plan_around(snapshot, merged.merged, unusable.keys())
        plan = around.plan if asked is None else asked.of_plan(snapshot, around.plan)
        plan = self._about(scope, caller, snapshot, plan)
        if asked is not None:
            merged = asked.of_merging(merged, plan, around)
        await merging.tell(caller, merged)
        merging.warn(caller, merging.refused(merged, {each.table for each in plan.changes}))
        unusable_rows.tell(caller, around, unusable, merged.merged.conflicting)
        plan = await permission.permitted(caller, snapshot, plan, strict=False)
        await ownership.check(caller, snapshot, rows, plan, strict=False)
        plan = await self._completed(scope, caller, snapshot, plan)
        await replaced.check(caller, plan, strict=False)
        details = columns.of_plan(snapshot.resources, plan, merged.kept)
        await policy.check(caller, lambda: details)
        details = [*details, *columns.of_settled(merged.merged.settled)]
        await plan_id.remember(caller, details, scope.layout)
        _tell_restores(caller, plan.restores, planned=True)
        complete = _is_all(scope, asked, snapshot, merged, around.plan) and not unusable
        caller.notice(labels.planned(plan, complete=complete))
        return plan, details, snapshot

    async def _usable(
        self, request: Request, scope: Scope, caller: Caller
    ) -> tuple[Mapping[str, Sequence[Row]], Snapshot, read.Unusable]:
        """An apply's rows, and what AWS holds; if it is asked for in part, with the rows that cannot be used.

        Raises:
            OperationError: a row cannot be used, and all is to be applied.
        """
        in_part = "only" in request.arguments
        unusable: read.Unusable = {}
        rows, snapshot = await self._common.snapshots(scope, caller, unusable=unusable if in_part else None)
        unusable |= shape.incomplete(snapshot.resources.values(), rows)
        if unusable and not in_part:
            raise next(iter(unusable.values()))
        return rows, snapshot, unusable

    def _asked_for(
        self,
        asked: Part | None,
        scope: Scope,
        caller: Caller,
        snapshot: Snapshot,
        merged: Merging,
        unusable: read.Unusable,
    ) -> tuple[Plan, Merging]:
        """What an apply is to do, and what of a merge that is about.

        Raises:
            OperationError: a row of the part that is asked for cannot be used.
        """
        if asked is None:
            return self._about(scope, caller, snapshot, plan_merged(snapshot, merged.merged)), merged
        around = plan_around(snapshot, merged.merged, unusable.keys())
        asked.check(unusable, around)
        plan = self._about(scope, caller, snapshot, asked.of_plan(snapshot, around.plan))
        return plan, asked.of_merging(merged, plan, around)

    async def _completed(self, scope: Scope, caller: Caller, snapshot: Snapshot, plan: Plan) -> Plan:
        """A plan that knows what its replacements have to keep, and what they lose."""
        return await replaced.completed(lambda: self._common.drivers(scope.layout, caller), snapshot, plan)

    def _about(self, scope: Scope, caller: Caller, snapshot: Snapshot, plan: Plan) -> Plan:
        """What of a plan is to be done where it is asked for."""
        return elsewhere.spared(caller, scope.layout, snapshot, scope.of_plan(snapshot, plan))

    def _about_rows(
        self, scope: Scope, caller: Caller, snapshot: Snapshot, changes: Sequence[RowChange]
    ) -> list[RowChange]:
        """What of a sync is to be done where it is asked for."""
        return elsewhere.spared_rows(caller, scope.layout, snapshot, scope.of_rows(snapshot, changes))

    async def _check(
        self, request: Request, scope: Scope, caller: Caller, merged: Merging, plan: Plan
    ) -> None:
        """Refuse what is not the plan that was asked for, or is not wanted, before anything is done."""
        resources = merged.meeting.snapshot.resources
        details = cache(lambda: columns.of_plan(resources, plan, merged.kept))
        if "plan_id" in request.arguments:
            shown = [*details(), *columns.of_settled(merged.merged.settled)]
            await plan_id.check(caller, str(request.arguments["plan_id"]), shown, scope.layout)
        await limits.check(caller, plan)
        await replaced.check(caller, plan, strict=True)
        await policy.check(caller, details)

    async def _put_right(
        self,
        request: Request,
        scope: Scope,
        writer: Writer,
        rows: Mapping[str, Sequence[Row]],
        merged: Merging,
        plan: Plan,
    ) -> tuple[Mapping[tuple[str, Key], Found], Mapping[tuple[str, str], str]]:
        """Have rows follow AWS, restore what is not the user's to change, and show what AWS has assigned.

        Returns:
            Which new row is which resource; and in whose place applies that were cut off made what the plan
            goes on to change, by AWS's names.
        """
        snapshot = merged.meeting.snapshot
        image = Mirror(snapshot, merged.merged.rows, plan.pairs)
        changes: list[RowChange] = [*merged.merged.follows, *sync.restored(image, plan.restores)]
        changing = {(each.table, each.found.identity) for each in plan.changes if each.found}
        for table, some in merged.merged.rows.items():
            for row in some:
                found = plan.pairs.get((table, row.key))
                if found is not None and (table, found.identity) not in changing:
                    change = image.refreshed(snapshot.resources[table], row, found)
                    changes += [change] if change else []
        changes = await permission.writable(writer.caller, snapshot.resources, changes, writer.functions)
        resources = list(snapshot.resources.values())
        claimed = await edits.claim(writer, resources, rows, changes)
        written = await self._common.write(writer, resources, claimed, all_there=True)
        cause = bases.Cause("aws", function=request.call.function)
        replaced_before = await merging.keep_merged(writer, scope, merged, claimed, changing, cause)
        return sync.paired(snapshot, written), replaced_before

    async def _execute(
        self,
        request: Request,
        scope: Scope,
        writer: Writer,
        snapshot: Snapshot,
        steps: list[Step],
        pairs: Mapping[tuple[str, Key], Found],
        taken_along: Mapping[tuple[str, str], Sequence[tuple[str, str]]],
        before: Mapping[str, Sequence[Row]] | None,
        replaced_before: Mapping[tuple[str, str], str],
    ) -> int:
        """Carry out a plan's steps, letting go of each when it has ended; its number in the journal.

        Args:
            before: the rows, if what has been done is taken back when a step fails.
            replaced_before: in whose place applies that were cut off have made what is to be changed.
        """
        caller = writer.caller
        drivers = await self._common.drivers(scope.layout, caller, changing=True)
        await drivers.check_credentials(snapshot, steps)
        worker_of = await drivers.workers(snapshot, steps, caller.stop)
        function, written = request.call.function, request.call.written
        where = journal.Where.of(*await drivers.where(steps))
        execution: Execution | None = None
        try:
            async with (
                journal.operation(
                    self._common.database, caller, function, written, len(steps), where
                ) as entries,
                writer.voucher.on(entries.connection),
            ):
                execution = Execution(
                    steps, pairs, snapshot, writer, entries, worker_of, taken_along, replaced_before
                )
                await execution.run()
        except OperationError:
            if before is not None and execution is not None and not caller.stop.requested:
                failed = Failed(
                    operation=entries.operation,
                    rows=before,
                    resources=list(snapshot.resources.values()),
                    doubtful=execution.doubtful,
                )
                await take_back(self._common, scope, writer, failed)
            raise
        return entries.operation

    async def _show_brought(
        self, scope: Scope, writer: Writer, snapshot: Snapshot, made: Iterable[str], operation: int
    ) -> None:
        """Show what AWS has made of its own accord along with what was made in some tables."""
        caller = writer.caller
        brought = sync.tables_brought(snapshot.resources, made)
        if not brought:
            return
        concerned = brought | sync.tables_pointing(snapshot.resources.values(), brought)
        resources = actual.with_needed(list(snapshot.resources.values()), concerned)
        rows = await read.read(caller, resources)
        await caller.commit()
        fresh = await self._common.read(scope.layout, caller, resources, rows)
        rows = await read.read(caller, resources)
        changes = sync.brought(fresh, snapshot, rows, brought)
        await self._common.write(writer, resources, changes)
        cause = bases.Cause("aws", operation)
        await merging.keep_brought(writer, fresh, snapshot, brought, changes, cause)
        await caller.commit()


def _is_all(scope: Scope, asked: Part | None, snapshot: Snapshot, merged: Merging, plan: Plan) -> bool:
    """Whether rows and AWS are one: nothing is left out, follows, or is planned."""
    in_part = asked is not None or scope.tables is not None
    return not (in_part or snapshot.unread or merged.merged.settled or plan.changes)


def _tell_restores(caller: Caller, restores: Sequence[Restore], *, planned: bool) -> None:
    for each in restores:
        if each.why:
            caller.notice(each.notice(planned=planned))
