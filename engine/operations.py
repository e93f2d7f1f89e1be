"""What a user can ask of the engine: the table of contents of an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from engine import results
from engine.aws.account import Accounts
from engine.aws.patience import Patience
from engine.caller import Caller
from engine.database import install, journal, lock, upgrade
from engine.database.connection import Database
from engine.database.functions import OPERATIONS, Performs
from engine.drivers.by_resource import Drivers
from engine.execute.run import Execution
from engine.guard import execution, limits, permission, plan_id, policy
from engine.plan import columns, new_keys, sync
from engine.plan.apply import plan_apply
from engine.plan.model import Difference, Found, Key, Plan, Restore, Row, RowChange, Step
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror
from engine.read import actual
from engine.results import Record
from engine.rows import edits, read, write
from modules.catalogue import Catalogue
from modules.spec import Resource


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of an engine function, found in a statement.

    Attributes:
        function: unqualified name of the function, such as `iasql_apply`.
        arguments: its arguments, evaluated by Postgres.
    """

    function: str
    arguments: tuple[str | None, ...] = ()


#: Functions that the proxy hands to the engine. All others are ordinary SQL functions.
FUNCTIONS: frozenset[str] = frozenset(each.name for each in OPERATIONS)


class Engine:
    """Performs calls for any number of sessions at once."""

    def __init__(
        self, *, postgres_url: str, accounts: Accounts, catalogue: Catalogue, patience: Patience | None = None
    ) -> None:
        """
        Args:
            postgres_url: how the engine itself connects; it replaces the database in it.
            accounts: which account each database is connected to.
            catalogue: the modules that users can install.
        """
        self._database = Database(postgres_url)
        self._accounts = accounts
        self._catalogue = catalogue
        self._underway = lock.Underway()
        self._patience = patience or Patience()
        self._performs: Mapping[Performs, Callable[[Call, Caller], Awaitable[list[Record]]]] = {
            "install": self._install,
            "uninstall": self._uninstall,
            "apply": self._apply,
            "plan_apply": self._plan_apply,
            "diff": self._diff,
            "sync": self._sync,
            "plan_sync": self._plan_sync,
            "upgrade": self._upgrade,
        }

    async def prepare_database(self, database: str) -> None:
        """Make sure that the functions of this version exist in a database.

        Uses a connection of the engine's own. Cheap when nothing is missing.

        Raises:
            OperationError: they could not be created.
        """
        await self._database.prepare(database, self._catalogue)

    async def perform(self, call: Call, caller: Caller) -> None:
        """Perform one call and leave its rows where the function in the statement finds them.

        Raises:
            OperationError: the statement is to fail with this.
        """
        operation = await execution.check(caller, call.function, len(call.arguments))
        records = await self._performs[operation.performs](call, caller)
        await results.leave(caller, call.function, records)

    async def close(self) -> None:
        """Release AWS clients."""
        await self._accounts.close()

    # The operations -----------------------------------------------------------------------------------

    async def _install(self, call: Call, caller: Caller) -> list[Record]:
        wanted = install.requested(self._catalogue, call.arguments)
        await lock.to_end_of_transaction(caller)
        await self._underway.over(caller)
        installed = await install.installed(caller)
        new = [each for each in self._catalogue.with_dependencies(wanted) if each.name not in installed]
        resources = self._catalogue.resources_of([*installed, *(each.name for each in new)])
        if new:
            rows = await read.read(caller, self._catalogue.resources_of(installed))
            snapshot = await self._read(caller, resources, rows)
            await install.create_tables(caller, self._catalogue, new)
            async with self._database.vouching(caller):
                await install.record(caller, new)
            await self._import(
                caller, snapshot, resources, self._catalogue.resources_of(each.name for each in new)
            )
        return await install.created(caller, self._catalogue, wanted)

    async def _uninstall(self, call: Call, caller: Caller) -> list[Record]:
        wanted = install.requested(self._catalogue, call.arguments)
        await lock.to_end_of_transaction(caller)
        dropped = await install.drop_tables(caller, self._catalogue, wanted)
        async with self._database.vouching(caller):
            await install.forget(caller, wanted)
        return dropped

    async def _plan_apply(self, call: Call, caller: Caller) -> list[Record]:
        plan, _ = await self._planned(caller)
        return results.of_changes(plan.changes)

    async def _diff(self, call: Call, caller: Caller) -> list[Record]:
        return results.of_differences((await self._planned(caller))[1])

    async def _apply(self, call: Call, caller: Caller) -> list[Record]:
        async with lock.across_commits(caller), self._underway.change(caller):
            rows, snapshot = await self._snapshots(caller)
            plan = plan_apply(snapshot, rows)
            plan = await permission.permitted(caller, snapshot, plan, strict=True)
            await self._check(call, caller, snapshot, plan)
            _notify(caller, plan.restores)
            await self._put_right(caller, snapshot, rows, plan)
            await caller.commit()
            records = results.of_changes(plan.changes)
            made = {each.table for each in plan.changes if each.action in ("create", "replace")}
            steps, pairs = list(plan.steps), plan.pairs
            del plan, rows  # what is still needed of them goes step by step
            if steps:
                await self._execute(call, caller, snapshot, steps, pairs)
                await self._show_brought(caller, snapshot, made)
            return records

    async def _plan_sync(self, call: Call, caller: Caller) -> list[Record]:
        rows, snapshot = await self._snapshots(caller)
        return results.of_row_changes(sync.plan_sync(snapshot, rows))

    async def _sync(self, call: Call, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        await self._underway.over(caller)
        rows, snapshot = await self._snapshots(caller, in_one_transaction=True)
        resources = list(snapshot.resources.values())
        edited = await edits.since(caller, resources, rows)
        planned = sync.plan_sync(snapshot, edited.rows)
        changes = edits.leave(caller, planned, edited.keys)
        changes = await edits.claim(caller, resources, edited.rows, changes)
        await self._write(caller, resources, changes)
        return results.of_row_changes(changes)

    async def _upgrade(self, call: Call, caller: Caller) -> list[Record]:
        # Before the lock, whose taking reads tables of the bookkeeping that are altered here.
        await self._database.prepare(caller.database, self._catalogue)
        await lock.to_end_of_transaction(caller)
        await upgrade.complete(caller, self._catalogue, await install.installed(caller))
        return []

    # What they are made of ----------------------------------------------------------------------------

    async def _snapshots(
        self, caller: Caller, *, in_one_transaction: bool = False
    ) -> tuple[Mapping[str, Sequence[Row]], Snapshot]:
        """The rows and what AWS holds, of all installed modules.

        Args:
            in_one_transaction: keep what was read with what will be written, and the lock; otherwise nothing
                is held in Postgres while AWS is read.
        """
        resources = self._catalogue.resources_of(await install.whole(caller))
        rows = await read.read(caller, resources)
        if not in_one_transaction:
            await caller.commit()
        return rows, await self._read(caller, resources, rows)

    async def _planned(self, caller: Caller) -> tuple[Plan, list[Difference]]:
        """What an apply would do, made the session's last plan; and that column by column."""
        rows, snapshot = await self._snapshots(caller)
        plan = plan_apply(snapshot, rows)
        plan = await permission.permitted(caller, snapshot, plan, strict=False)
        details = columns.of_plan(snapshot.resources, plan)
        await policy.check(caller, lambda: details)
        await plan_id.remember(caller, details)
        _notify(caller, plan.restores)
        return plan, details

    async def _check(self, call: Call, caller: Caller, snapshot: Snapshot, plan: Plan) -> None:
        """Refuse what is not the plan that was asked for, or is not wanted, before anything is done."""
        details = cache(lambda: columns.of_plan(snapshot.resources, plan))
        if call.arguments:
            await plan_id.check(caller, call.arguments[0], details())
        await limits.check(caller, plan)
        await policy.check(caller, details)

    async def _read(
        self, caller: Caller, resources: Sequence[Resource], rows: Mapping[str, Sequence[Row]]
    ) -> Snapshot:
        snapshot = await actual.read(await self._drivers(caller), resources, rows, caller.stop)
        for each in snapshot.hidden:
            caller.notice(
                f"{each.table} {each.identity} is not shown and not changed: the table cannot hold it",
                severity="WARNING",
                detail="Another row has its key, or it lacks what the table requires.",
            )
        return snapshot

    async def _import(
        self, caller: Caller, snapshot: Snapshot, resources: Sequence[Resource], new: Iterable[Resource]
    ) -> None:
        """Add rows for what the new tables show, and for what that refers to; leave alone what is there.

        What else lacks a row in the other tables is to be deleted, or has not been synced: that stays.
        """
        rows = await read.read(caller, resources)
        wanted = sync.with_referred(snapshot, [each.table for each in new])
        changes = [
            each
            for each in sync.plan_sync(snapshot, rows, only_new=True)
            if (each.table, each.name) in wanted
        ]
        await self._write(caller, resources, changes)

    async def _put_right(
        self, caller: Caller, snapshot: Snapshot, rows: Mapping[str, Sequence[Row]], plan: Plan
    ) -> None:
        """Restore what is not the user's to change, and show what AWS has assigned since."""
        image = Mirror(snapshot, rows, plan.pairs)
        changes: list[RowChange] = list(sync.restored(image, plan.restores))
        changing = {(each.table, each.found.identity) for each in plan.changes if each.found}
        for table, some in rows.items():
            for row in some:
                found = plan.pairs.get((table, row.key))
                if found is not None and (table, found.identity) not in changing:
                    change = image.refreshed(snapshot.resources[table], row, found)
                    changes += [change] if change else []
        changes = await permission.writable(caller, snapshot.resources, changes)
        resources = list(snapshot.resources.values())
        await self._write(caller, resources, await edits.claim(caller, resources, rows, changes))

    async def _execute(
        self,
        call: Call,
        caller: Caller,
        snapshot: Snapshot,
        steps: list[Step],
        pairs: Mapping[tuple[str, Key], Found],
    ) -> None:
        """Carry out a plan's steps, letting go of each when it has ended."""
        worker_of = await (await self._drivers(caller)).workers(snapshot, steps, caller.stop)
        async with journal.operation(
            self._database, caller, call.function, call.arguments, len(steps)
        ) as entries:
            await Execution(steps, pairs, snapshot, caller, entries, worker_of).run()

    async def _show_brought(self, caller: Caller, snapshot: Snapshot, made: Iterable[str]) -> None:
        """Show what AWS has made of its own accord along with what was made in some tables."""
        brought = sync.tables_brought(snapshot.resources, made)
        if not brought:
            return
        resources = list(snapshot.resources.values())
        rows = await read.read(caller, resources)
        await caller.commit()
        fresh = await self._read(caller, resources, rows)
        rows = await read.read(caller, resources)
        changes = sync.brought(fresh, snapshot, rows, brought)
        await self._write(caller, resources, changes)
        await caller.commit()

    async def _drivers(self, caller: Caller) -> Drivers:
        return Drivers(await self._accounts.of(caller.database), self._patience)

    async def _write(
        self, caller: Caller, resources: Sequence[Resource], changes: Sequence[RowChange]
    ) -> None:
        """Make changes of rows, once new ones have their serial numbers."""
        numbers = await write.numbers(caller, new_keys.counted(changes))
        await write.write(caller, resources, new_keys.numbered(changes, numbers))


def _notify(caller: Caller, restores: Sequence[Restore]) -> None:
    for each in restores:
        caller.notice(each.why)
