"""The operations that decide which tables a database has: modules, regions, and an older version's tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from engine import merging
from engine.aws import regions
from engine.caller import Caller
from engine.common import Common, left_out
from engine.database import all_regions, install, lock, places, upgrade, write_function
from engine.guard import policy
from engine.plan import sync
from engine.plan.around import plan_merged
from engine.plan.layout import Installed, Layout
from engine.plan.snapshot import Snapshot
from engine.request import Request, Scope
from engine.results import Record
from engine.rows import bases, read
from modules.spec import Resource
from modules.spec.names import schema_of


class Setup:
    """Installs and uninstalls modules, adds and removes regions, and upgrades."""

    def __init__(self, common: Common) -> None:
        self._common = common

    async def install(self, request: Request, caller: Caller) -> list[Record]:
        names = install.requested(self._common.catalogue, request.modules)
        await lock.to_end_of_transaction(caller)
        await self._common.underway.over(caller)
        scope = await self._common.scope(request, caller)
        wanted, layout = scope.layout.at(scope.places, names), scope.layout
        new = [each for each in layout.with_dependencies(wanted) if each not in layout.installed]
        if new:
            layout = await self._add_modules(request, scope, caller, new)
        return scope.named(await install.created(caller, layout, dict.fromkeys([*wanted, *new])))

    async def uninstall(self, request: Request, caller: Caller) -> list[Record]:
        names = install.requested(self._common.catalogue, request.modules)
        await lock.to_end_of_transaction(caller)
        scope = await self._common.scope(request, caller)
        wanted = scope.layout.at(scope.places, names)
        dropped = await self._drop_tables(caller, scope.layout, wanted)
        async with self._common.database.vouching(caller):
            await install.forget(caller, wanted)
        await write_function.drop_idle(caller)
        return scope.named(dropped)

    async def upgrade(self, request: Request, caller: Caller) -> list[Record]:
        # Before the lock, whose taking reads tables of the bookkeeping that are altered here.
        await self._common.database.prepare(caller.database, self._common.catalogue)
        await lock.to_end_of_transaction(caller)
        layout = await places.read(caller, self._common.catalogue, upgrading=True)
        # A module may need others since.
        needed = set(layout.with_dependencies(sorted(layout.installed))) - layout.installed
        layout = layout.with_installed(needed)
        new = await upgrade.missing(caller, layout.resources)
        await install.create_tables(caller, layout, new)
        added = await upgrade.complete(caller, layout.resources)
        if new:
            async with self._common.database.vouching(caller):
                await install.record(caller, needed)
                await install.record_completed(caller, layout.installed)
        await all_regions.bring_up_to_date(caller, layout)
        await write_function.complete(caller)
        if new or added or not await bases.are_kept(caller, layout.resources):
            await self._fill(request, Scope(layout, layout.places), caller, new, added)
        return []

    async def add_region(self, request: Request, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        account = await self._common.account(caller)
        layout = await regions.known(account, await places.read(caller, self._common.catalogue))
        place = places.new(layout, request.arguments)
        await regions.check(account.cloud(layout.default.region), str(place.region))
        made = await places.make_schema(caller, place)
        async with self._common.database.vouching(caller):
            await places.record(caller, layout.default)
            await places.record(caller, place, made=made)
        await self._show_places(caller, layout.with_place(place))
        await policy.tell_of_regions(caller)
        return [{"region_name": place.region, "schema_name": place.schema}]

    async def remove_region(self, request: Request, caller: Caller) -> list[Record]:
        await lock.to_end_of_transaction(caller)
        scope = await self._common.scope(request, caller, whole=True)
        place = places.removable(scope.layout, scope.places)
        there = [each for each in scope.layout.installed if each.schema == place.schema]
        if there:
            rows, snapshot = await self._common.snapshots(scope, caller, in_one_transaction=True)
            merged = (await merging.merging(caller, snapshot, rows)).merged
            places.check_applied(place, scope.of_plan(snapshot, plan_merged(snapshot, merged)))
        await self._drop_tables(caller, scope.layout, there, left=scope.layout.without_place(place))
        await places.drop_schema(caller, place)
        async with self._common.database.vouching(caller):
            await places.forget(caller, place)
        await self._show_places(caller, scope.layout.without_place(place))
        return [{"region_name": place.region, "schema_name": place.schema}]

    # What they are made of ----------------------------------------------------------------------------

    async def _add_modules(
        self, request: Request, scope: Scope, caller: Caller, new: Sequence[Installed]
    ) -> Layout:
        """Create and fill the tables of modules; what the database has then."""
        layout = scope.layout
        account = await self._common.account(caller)
        then = await regions.known(account, layout.with_installed(new))
        schemas = {each.schema for each in new}
        resources = then.resources_at([each for each in then.places if each.schema in schemas])
        fresh = [each for each in resources if each.table not in layout.tables]
        rows = await read.read(caller, [each for each in resources if each.table in layout.tables])
        snapshot = await self._common.read(then, caller, resources, rows)
        if snapshot.unread:
            raise left_out(then, snapshot)
        await places.check_schemas(caller, [each for each in then.places if each.schema in schemas])
        await install.create_tables(caller, then, fresh)
        if fresh:
            await write_function.make(caller, then.default.schema, schema_of(fresh[0].table))
        async with self._common.database.vouching(caller):
            await places.record(caller, then.default)
            await install.record(caller, new)
        await self._import(request, scope, caller, snapshot, resources, fresh)
        await all_regions.bring_up_to_date(caller, then)
        return then

    async def _show_places(self, caller: Caller, layout: Layout) -> None:
        """Show the places of a database in the views over all of them, and in the table of regions."""
        await all_regions.bring_up_to_date(caller, layout)
        rows = await read.read(caller, layout.telling_places)
        if changes := layout.shown(rows):
            await self._common.write_at_once(caller, layout.telling_places, changes)

    async def _fill(
        self,
        request: Request,
        scope: Scope,
        caller: Caller,
        new: Sequence[Resource],
        added: Mapping[str, Collection[str]],
    ) -> None:
        """Show what AWS has in new tables, and in columns that tables have not had before: else they would
        ask for nothing.

        What rows and AWS agree on is kept for tables of which it has not been.

        Raises:
            OperationError: a region cannot be read.
        """
        rows, snapshot = await self._common.snapshots(scope, caller, in_one_transaction=True)
        if snapshot.unread:
            raise left_out(scope.layout, snapshot)
        resources = list(snapshot.resources.values())
        if new:
            await self._import(request, scope, caller, snapshot, resources, new)
            rows = await read.read(caller, resources)
        await self._common.write_at_once(caller, resources, sync.filled(snapshot, rows, added))
        rows = await read.read(caller, resources)
        async with self._common.writing(caller, resources) as writer:
            await merging.keep_met(writer, snapshot, rows)

    async def _drop_tables(
        self, caller: Caller, layout: Layout, modules: Sequence[Installed], left: Layout | None = None
    ) -> list[Record]:
        """Drop the tables of modules, with the views that show them.

        Args:
            left: what the database has then, if that is not all but the modules.
        """
        there = [each for each in modules if each in layout.installed]
        left = left or layout.without(there)
        install.check_not_needed(layout, modules)
        await all_regions.bring_up_to_date(caller, left)  # they would keep the tables from being dropped
        return await install.drop_tables(caller, layout, modules)

    async def _import(
        self,
        request: Request,
        scope: Scope,
        caller: Caller,
        snapshot: Snapshot,
        resources: Sequence[Resource],
        new: Iterable[Resource],
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
        async with self._common.writing(caller, resources) as writer:
            await self._common.write(writer, resources, changes)
            cause = await self._common.recorded(request, scope, writer)
            await merging.keep_imported(writer, snapshot, changes, [each.table for each in new], cause)
