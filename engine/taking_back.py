"""Takes back what an apply has done of which a step has failed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.common import Common
from engine.database import journal
from engine.errors import OperationError, listed
from engine.execute.reverse import TakingBack
from engine.guard import guards
from engine.plan import excerpt, labels
from engine.plan.meet import Name, Place
from engine.plan.model import Row, RowChange
from engine.plan.reversal import Reversal, reversal
from engine.read import replaced
from engine.request import Scope
from engine.rows import bases, read
from engine.rows.write import write
from engine.rows.writer import Writer
from modules.spec import Resource

_SHOWN = 50
#: How often AWS is asked what it holds if it does not show yet what was done, and the seconds in between.
_LOOKS, _AGAIN = 5, 2.0


@dataclass(frozen=True, kw_only=True)
class Failed:
    """An apply of which a step has failed.

    Attributes:
        operation: in the journal.
        rows: as they were before it.
        resources: that it was about.
        doubtful: steps of which AWS may have done something that nobody knows of.
    """

    operation: int
    rows: Mapping[str, Sequence[Row]]
    resources: Sequence[Resource]
    doubtful: Sequence[str]


async def take_back(common: Common, scope: Scope, writer: Writer, failed: Failed) -> None:
    """Have AWS hold again what it held before, as far as that can be, and tell the client of the rest.

    The rows go on asking for what they ask for.
    """
    caller = writer.caller
    try:
        left = await _TakingBack(common, scope, writer, failed).run()
    except OperationError as error:
        caller.notice(
            f"what the apply had done could not be taken back: {error.message}",
            severity="WARNING",
            detail=error.detail,
            hint=f"It stands in AWS. SELECT * FROM iasql_undo({failed.operation}); and apply, takes it back.",
        )
        return
    if left:
        caller.notice(
            "not all that the apply had done is taken back",
            severity="WARNING",
            detail=listed(left, _SHOWN),
            hint="SELECT * FROM iasql_diff() shows how AWS differs from the rows.",
        )


class _TakingBack:
    def __init__(self, common: Common, scope: Scope, writer: Writer, failed: Failed) -> None:
        self._common = common
        self._scope = scope
        self._writer = writer
        self._caller = writer.caller
        self._failed = failed

    async def run(self) -> list[str]:
        """Take back what can be; what cannot, in words.

        Raises:
            OperationError: it could not be found out what AWS holds, or what was done.
        """
        caller, failed = self._caller, self._failed
        rows = await read.read(caller, failed.resources, {})
        remembered = list(await bases.remembered(caller, failed.resources, failed.operation))
        await caller.commit()
        for look in range(1, _LOOKS + 1):
            snapshot = await self._common.read(self._scope.layout, caller, failed.resources, rows)
            back = reversal(snapshot, remembered, failed.operation)
            if not back.unseen or look == _LOOKS:
                break
            await caller.stop.pause(_AGAIN)  # AWS may take a moment to show what was done
        known = list(snapshot.resources.values())
        left = [f"{each}: AWS may have done it" for each in failed.doubtful]
        left += [f"{table}: {error.message}" for table, error in snapshot.unread.items()]
        left += back.left
        plan = await replaced.completed(
            lambda: self._common.drivers(self._scope.layout, caller), snapshot, back.plan
        )
        if any(each.loses for each in plan.changes) and not await guards.allows(caller, "allow_loss"):
            left += [f"{each}: it would lose {'; '.join(each.loses)}" for each in plan.changes if each.loses]
            plan = excerpt.with_needed(snapshot, plan, lambda each: not each.loses, lambda each: False)
            if any(each.loses for each in plan.changes):
                return [*left, *map(str, plan.changes)]
        if not plan.steps:
            if left:
                await self._note(left)
            return left
        drivers = await self._common.drivers(self._scope.layout, caller, changing=True)
        worker_of = await drivers.workers(snapshot, plan.steps, caller.stop)
        where = journal.Where.of(*await drivers.where(plan.steps))
        await caller.commit()
        said = list(left)
        deleted = {
            (each.table, each.found.identity) for each in plan.changes if each.found and not each.desired
        }
        try:
            async with (
                journal.operation(
                    self._common.database, caller, _FUNCTION, self._arguments, len(plan.steps), where
                ) as entries,
                self._writer.voucher.on(entries.connection),
            ):
                execution = TakingBack(
                    list(plan.steps),
                    plan.pairs,
                    snapshot,
                    self._writer,
                    entries,
                    worker_of,
                    plan.taken_along(),
                    shown=_rows_shown(known, rows, back),
                )
                try:
                    await execution.run()
                except OperationError as error:
                    said += [error.message, *(error.detail or "").splitlines()]
                    raise
                finally:
                    await self._restore(known, rows, execution.removed & deleted)
                if left:
                    raise OperationError(_NOT_ALL, detail=listed(left, _SHOWN))
        except OperationError:
            if not said:
                raise
            return said
        caller.notice(f"what the apply had done is taken back: {labels.applied(plan)}")
        return []

    @property
    def _arguments(self) -> tuple[str | None, ...]:
        return (str(self._failed.operation),)

    async def _note(self, left: Sequence[str]) -> None:
        """Have the journal say what is not taken back, where there is nothing else to do."""
        drivers = await self._common.drivers(self._scope.layout, self._caller)
        where = journal.Where.of(*await drivers.where(()))
        try:
            async with journal.operation(
                self._common.database, self._caller, _FUNCTION, self._arguments, 0, where
            ):
                raise OperationError(_NOT_ALL, detail=listed(list(left), _SHOWN))
        except OperationError:
            pass

    async def _restore(
        self, resources: Sequence[Resource], rows: Mapping[str, Sequence[Row]], removed: Collection[Name]
    ) -> None:
        """Take out of rows what AWS had assigned to what is gone again."""
        changes = list(_without_assigned(resources, self._failed.rows, rows, removed))
        if changes:
            await write(self._writer, resources, changes)
            await self._caller.commit()


_FUNCTION = "iasql_undo"
_NOT_ALL = "not all that the apply had done is taken back"


def _rows_shown(
    resources: Sequence[Resource], rows: Mapping[str, Sequence[Row]], back: Reversal
) -> Mapping[Place, Row]:
    """The row of the tables for each row of a reversal's plan."""
    by_identity = {
        (each.table, str(row.values.get(each.identity))): row
        for each in resources
        if each.identity
        for row in rows[each.table]
    }
    return {
        place: row
        for place, identity in back.shown.items()
        if (row := by_identity.get((place[0], identity))) is not None
    }


def _without_assigned(
    resources: Sequence[Resource],
    before: Mapping[str, Sequence[Row]],
    rows: Mapping[str, Sequence[Row]],
    removed: Collection[Name],
) -> Iterator[RowChange]:
    """What gives rows of what was removed again the values that they had before it was made."""
    for resource in resources:
        name = resource.identity
        old = {row.key: row for row in before.get(resource.table, ())}
        for row in rows[resource.table] if name else ():
            was = old.get(row.key)
            if was is None or (resource.table, str(row.values.get(name or ""))) not in removed:
                continue
            values = {
                column.name: was.values.get(column.name)
                for column in resource.columns
                if (column.is_aws_to_say or column.left_to_aws)
                and was.values.get(column.name) != row.values.get(column.name)
                and not (column.not_null and was.values.get(column.name) is None)
            }
            if values:
                yield RowChange(
                    action="update",
                    table=resource.table,
                    key=row.key,
                    name=str(row.values.get(name or "")),
                    values=values,
                )
