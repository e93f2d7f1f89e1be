"""What a user can ask of the engine: the table of contents of an operation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache

from engine import results
from engine.aws import regions
from engine.aws.account import Account, Accounts
from engine.aws.attribution import acting
from engine.aws.patience import Patience
from engine.caller import Caller
from engine.database import all_regions, install, journal, lock, places, upgrade, write_function
from engine.database.connection import Database
from engine.database.functions import OPERATIONS, Performs
from engine.drivers.by_resource import Drivers
from engine.errors import OperationError
from engine.execute.run import Execution
from engine.guard import execution, limits, permission, plan_id, policy, unusable_rows
from engine.plan import columns, new_keys, sync
from engine.plan.apply import plan_apply
from engine.plan.around import plan_around
from engine.plan.layout import Installed, Layout
from engine.plan.model import Difference, Found, Key, Plan, Restore, Row, RowChange, Step
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror
from engine.read import actual, replaced
from engine.request import Call, Request, Scope
from engine.results import Record
from engine.rows import edits, read, write
from engine.rows.writer import Writer, writing
from modules.catalogue import Catalogue
from modules.spec import Resource
from modules.spec.names import schema_of

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
        self._performs: Mapping[Performs, Callable[[Request, Caller], Awaitable[list[Record]]]] = {
            "install": self._install,
            "uninstall": self._uninstall,
            "apply": self._apply,
            "plan_apply": self._plan_apply,
            "diff": self._diff,
            "sync": self._sync,
            "plan_sync": self._plan_sync,
            "upgrade": self._upgrade,
            "add_region": self._add_region,
            "remove_region": self._remove_region,
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
        operation, arguments = await execution.check(caller, call.function, call.arguments, call.named)
        request = Request(call, operation, arguments)
        with acting(call.function, caller.database):
            # Whatever is called, a database without an account is refused.
            await self._account(caller)
            records = await self._performs[operation.performs](request, caller)
        await results.leave(caller, call.function, records)

    async def close(self) -> None:
        """Release AWS clients."""
        await self._accounts.close()

    # The operations -----------------------------------------------------------------------------------

    async def _install(self, request: Request, caller: Caller) -> list[Record]:
        names = install.requested(self._catalogue, request.modules)
        await lock.to_end_of_transaction(caller)
        await self._underway.over(caller)
        scope = await self._scope(request, caller)
        wanted, layout = scope.layout.at(scope.places, names), scope.layout
        new = [each for each in layout.with_dependencies(wanted) if each not in layout.installed]
        if new:
            layout = await self._add_modules(caller, layout, new)
        return scope.named(await install.created(caller, layout, wanted))

    async def _uninstall(self, request: Request, caller: Caller) -> list[Record]:
        names = install.requested(self._catalogue, request.modules)
        await lock.to_end_of_transaction(caller)
        scope = await self._scope(request, caller)
        wanted = scope.layout.at(scope.places, names)
        dropped = await self._drop_tables(caller, scope.layout, wanted)
        async with self._database.vouching(caller):
            await install.forget(caller, wanted)
        await write_function.drop_idle(caller)
        return scope.named(dropped)

    async def _plan_apply(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._scope(request, caller, whole=True)
        plan, _ = await self._planned(scope, caller)
        return scope.named(results.of_changes(plan.changes))

    async def _diff(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._scope(request, caller, whole=True)
        _, details = await self._planned(scope, caller)
        return scope.named(results.of_differences(details))

    async def _apply(self, request: Request, caller: Caller) -> list[Record]:
        plan_id.check_form(request.arguments)
        async with lock.across_commits(caller), self._underway.change(caller):
            scope = await self._scope(request, caller, whole=True)
            rows, snapshot = await self._snapshots(scope, caller)
            plan = scope.of_plan(snapshot, plan_apply(snapshot, rows))
            functions = await write_function.find(caller, permission.tables_of(snapshot.resources.values()))
            plan = await permission.permitted(caller, snapshot, plan, strict=True, followed=functions)
            plan = await replaced.completed(await self._drivers(scope.layout, caller), snapshot, plan)
            await self._check(request, caller, snapshot, plan)
            _notify(caller, plan.restores)
            async with writing(self._database, caller, functions) as writer:
                await self._put_right(writer, snapshot, rows, plan)
                await caller.commit()
                records = scope.named(results.of_changes(plan.changes))
                made = {each.table for each in plan.changes if each.action in ("create", "replace")}
                steps, pairs = list(plan.steps), plan.pairs
                del plan, rows  # what is still needed of them goes step by step
                if steps:
                    await self._execute(request, scope, writer, snapshot, steps, pairs)
                    await self._show_brought(scope, writer, snapshot, made)
            if snapshot.unread:
                raise _left_out(scope.layout, snapshot)
            return records

    async def _plan_sync(self, request: Request, caller: Caller) -> list[Record]:
        scope = await self._scope(request, caller, whole=True)
        rows, snapshot = await self._snapshots(scope, caller)
        changes = scope.of_rows(snapshot, sync.plan_sync(snapshot, rows))
        return scope.named(results.of_row_changes(changes))

    async def _sync(self, request: Request, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        await self._underway.over(caller)
        scope = await self._scope(request, caller, whole=True)
        rows, snapshot = await self._snapshots(scope, caller, in_one_transaction=True)
        resources = list(snapshot.resources.values())
        edited = await edits.since(caller, resources, rows)
        planned = scope.of_rows(snapshot, sync.plan_sync(snapshot, edited.rows))
        changes = edits.leave(caller, planned, edited.keys)
        async with self._writing(caller, resources) as writer:
            changes = await edits.claim(writer, resources, edited.rows, changes)
            await self._write(writer, resources, changes)
        return scope.named(results.of_row_changes(changes))

    async def _upgrade(self, request: Request, caller: Caller) -> list[Record]:
        # Before the lock, whose taking reads tables of the bookkeeping that are altered here.
        await self._database.prepare(caller.database, self._catalogue)
        await lock.to_end_of_transaction(caller)
        layout = await places.read(caller, self._catalogue)
        added = await upgrade.complete(caller, layout.resources)
        await all_regions.bring_up_to_date(caller, layout)
        await write_function.complete(caller)
        if added:
            await self._fill(Scope(layout, layout.places), caller, added)
        return []

    async def _add_region(self, request: Request, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        account = await self._account(caller)
        layout = await regions.known(account, await places.read(caller, self._catalogue))
        place = places.new(layout, request.arguments)
        await regions.check(account.cloud(layout.default.region), str(place.region))
        made = await places.make_schema(caller, place)
        async with self._database.vouching(caller):
            await places.record(caller, layout.default)
            await places.record(caller, place, made=made)
        await self._show_places(caller, layout.with_place(place))
        return [{"region_name": place.region, "schema_name": place.schema}]

    async def _remove_region(self, request: Request, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        scope = await self._scope(request, caller, whole=True)
        (place,) = scope.places
        places.check_removable(scope.layout, place)
        there = [each for each in scope.layout.installed if each.schema == place.schema]
        if there:
            rows, snapshot = await self._snapshots(scope, caller, in_one_transaction=True)
            places.check_applied(place, scope.of_plan(snapshot, plan_apply(snapshot, rows)))
        await self._drop_tables(caller, scope.layout, there, left=scope.layout.without_place(place))
        await places.drop_schema(caller, place)
        async with self._database.vouching(caller):
            await places.forget(caller, place)
        await self._show_places(caller, scope.layout.without_place(place))
        return [{"region_name": place.region, "schema_name": place.schema}]

    # What they are made of ----------------------------------------------------------------------------

    async def _scope(self, request: Request, caller: Caller, *, whole: bool = False) -> Scope:
        """What a call is about, as things are now.

        Args:
            whole: refuse modules of which tables are missing: their resources would look deleted.
        """
        layout = await places.read(caller, self._catalogue, whole=whole)
        if "region" in request.arguments:
            layout = await regions.known(await self._account(caller), layout)
        return Scope(layout, await places.meant(caller, layout, request.operation, request.arguments))

    async def _snapshots(
        self,
        scope: Scope,
        caller: Caller,
        *,
        in_one_transaction: bool = False,
        unusable: read.Unusable | None = None,
    ) -> tuple[Mapping[str, Sequence[Row]], Snapshot]:
        """The rows of the places that are meant and what AWS holds there, with all that is global.

        Args:
            unusable: takes the rows that cannot be used, instead of an error.
            in_one_transaction: keep what was read with what will be written, and the lock; otherwise nothing
                is held in Postgres while AWS is read.
        """
        resources = scope.layout.resources_at(scope.places)
        rows = await read.read(caller, resources, unusable)
        if not in_one_transaction:
            await caller.commit()
        snapshot = await self._read(scope.layout, caller, resources, rows)
        for schema, error in snapshot.unread.items():
            caller.notice(
                f"region {scope.layout.regions[schema]} is left out: {error.message}",
                severity="WARNING",
                detail=error.detail,
                hint=error.hint,
            )
        return {table: some for table, some in rows.items() if table in snapshot.resources}, snapshot

    async def _planned(self, scope: Scope, caller: Caller) -> tuple[Plan, list[Difference]]:
        """What an apply would do, made the session's last plan; and that column by column."""
        unusable: read.Unusable = {}
        rows, snapshot = await self._snapshots(scope, caller, unusable=unusable)
        around = plan_around(snapshot, rows, unusable.keys())
        unusable_rows.tell(caller, around, unusable)
        plan = scope.of_plan(snapshot, around.plan)
        plan = await permission.permitted(caller, snapshot, plan, strict=False)
        plan = await replaced.completed(await self._drivers(scope.layout, caller), snapshot, plan)
        await replaced.check(caller, plan, strict=False)
        details = columns.of_plan(snapshot.resources, plan)
        await policy.check(caller, lambda: details)
        await plan_id.remember(caller, details)
        _notify(caller, plan.restores)
        return plan, details

    async def _check(self, request: Request, caller: Caller, snapshot: Snapshot, plan: Plan) -> None:
        """Refuse what is not the plan that was asked for, or is not wanted, before anything is done."""
        details = cache(lambda: columns.of_plan(snapshot.resources, plan))
        if "plan_id" in request.arguments:
            await plan_id.check(caller, str(request.arguments["plan_id"]), details())
        await limits.check(caller, plan)
        await replaced.check(caller, plan, strict=True)
        await policy.check(caller, details)

    async def _read(
        self,
        layout: Layout,
        caller: Caller,
        resources: Sequence[Resource],
        rows: Mapping[str, Sequence[Row]],
    ) -> Snapshot:
        snapshot = await actual.read(await self._drivers(layout, caller), resources, rows, caller.stop)
        for each in snapshot.hidden:
            caller.notice(
                f"{each.table} {each.identity} is not shown and not changed: the table cannot hold it",
                severity="WARNING",
                detail="Another row has its key, or it lacks what the table requires.",
            )
        return snapshot

    async def _add_modules(self, caller: Caller, layout: Layout, new: Sequence[Installed]) -> Layout:
        """Create and fill the tables of modules; what the database has then."""
        account = await self._account(caller)
        then = await regions.known(account, layout.with_installed(new))
        schemas = {each.schema for each in new}
        resources = then.resources_at([each for each in then.places if each.schema in schemas])
        fresh = [each for each in resources if each.table not in layout.tables]
        rows = await read.read(caller, [each for each in resources if each.table in layout.tables])
        snapshot = await self._read(then, caller, resources, rows)
        if snapshot.unread:
            raise _left_out(then, snapshot)
        await install.create_tables(caller, then, fresh)
        if fresh:
            await write_function.make(caller, then.default.schema, schema_of(fresh[0].table))
        async with self._database.vouching(caller):
            await places.record(caller, then.default)
            await install.record(caller, new)
        await self._import(caller, snapshot, resources, fresh)
        await all_regions.bring_up_to_date(caller, then)
        return then

    async def _show_places(self, caller: Caller, layout: Layout) -> None:
        """Show the places of a database in the views over all of them, and in the table of regions."""
        await all_regions.bring_up_to_date(caller, layout)
        rows = await read.read(caller, layout.telling_places)
        if changes := layout.shown(rows):
            async with self._writing(caller, layout.telling_places) as writer:
                await self._write(writer, layout.telling_places, changes)

    async def _fill(self, scope: Scope, caller: Caller, added: Mapping[str, Collection[str]]) -> None:
        """Show in columns that tables have not had before what AWS has: else they would ask for nothing.

        Raises:
            OperationError: a region cannot be read.
        """
        rows, snapshot = await self._snapshots(scope, caller, in_one_transaction=True)
        if snapshot.unread:
            raise _left_out(scope.layout, snapshot)
        resources = list(snapshot.resources.values())
        async with self._writing(caller, resources) as writer:
            await self._write(writer, resources, sync.filled(snapshot, rows, added))

    async def _drop_tables(
        self, caller: Caller, layout: Layout, modules: Sequence[Installed], left: Layout | None = None
    ) -> list[Record]:
        """Drop the tables of modules, with the views that show them.

        Args:
            left: what the database has then, if that is not all but the modules.
        """
        there = [each for each in modules if each in layout.installed]
        left = left or layout.without(there)
        if layout.others:
            await all_regions.drop_views(caller, set(layout.tables) - set(left.tables))
        dropped = await install.drop_tables(caller, layout, modules)
        await all_regions.bring_up_to_date(caller, left)
        return dropped

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
        async with self._writing(caller, resources) as writer:
            await self._write(writer, resources, changes)

    async def _put_right(
        self, writer: Writer, snapshot: Snapshot, rows: Mapping[str, Sequence[Row]], plan: Plan
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
        changes = await permission.writable(writer.caller, snapshot.resources, changes, writer.functions)
        resources = list(snapshot.resources.values())
        await self._write(writer, resources, await edits.claim(writer, resources, rows, changes))

    async def _execute(
        self,
        request: Request,
        scope: Scope,
        writer: Writer,
        snapshot: Snapshot,
        steps: list[Step],
        pairs: Mapping[tuple[str, Key], Found],
    ) -> None:
        """Carry out a plan's steps, letting go of each when it has ended."""
        caller = writer.caller
        drivers = await self._drivers(scope.layout, caller, changing=True)
        worker_of = await drivers.workers(snapshot, steps, caller.stop)
        function, written = request.call.function, request.call.written
        who, regions_of_steps = await drivers.where(steps)
        where = journal.Where(account=who.account, regions=regions_of_steps, arn=who.arn)
        async with (
            journal.operation(self._database, caller, function, written, len(steps), where) as entries,
            writer.voucher.on(entries.connection),
        ):
            await Execution(steps, pairs, snapshot, writer, entries, worker_of).run()

    async def _show_brought(
        self, scope: Scope, writer: Writer, snapshot: Snapshot, made: Iterable[str]
    ) -> None:
        """Show what AWS has made of its own accord along with what was made in some tables."""
        caller = writer.caller
        brought = sync.tables_brought(snapshot.resources, made)
        if not brought:
            return
        resources = list(snapshot.resources.values())
        rows = await read.read(caller, resources)
        await caller.commit()
        fresh = await self._read(scope.layout, caller, resources, rows)
        rows = await read.read(caller, resources)
        changes = sync.brought(fresh, snapshot, rows, brought)
        await self._write(writer, resources, changes)
        await caller.commit()

    async def _drivers(self, layout: Layout, caller: Caller, *, changing: bool = False) -> Drivers:
        account = await self._account(caller, changing=changing)
        return Drivers(account, layout.regions, self._patience)

    async def _account(self, caller: Caller, *, changing: bool = False) -> Account:
        return await self._accounts.of(caller.database, user=caller.user, changing=changing)

    @asynccontextmanager
    async def _writing(self, caller: Caller, resources: Sequence[Resource]) -> AsyncIterator[Writer]:
        functions = await write_function.find(caller, permission.tables_of(resources))
        async with writing(self._database, caller, functions) as writer:
            yield writer

    async def _write(
        self, writer: Writer, resources: Sequence[Resource], changes: Sequence[RowChange]
    ) -> None:
        """Make changes of rows, once new ones have their serial numbers."""
        numbers = await write.numbers(writer, new_keys.counted(changes))
        await write.write(writer, resources, new_keys.numbered(changes, numbers))


def _left_out(layout: Layout, snapshot: Snapshot) -> OperationError:
    """That some regions could not be read, once all that could be done is done."""
    names = {layout.regions[schema]: error for schema, error in snapshot.unread.items()}
    first = next(iter(names.values()))
    return OperationError(
        f"nothing was done in {', '.join(map(str, names))}: AWS could not be read there",
        sqlstate=first.sqlstate,
        detail="\n".join(f"{region}: {error.message}" for region, error in names.items()),
        hint=first.hint or "What concerns other regions was done. Call it again when AWS answers there.",
    )


def _notify(caller: Caller, restores: Sequence[Restore]) -> None:
    for each in restores:
        caller.notice(each.why)
