"""What the operations are made of: what they are about, what is read for them, and how rows are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from engine.aws import regions
from engine.aws.account import Account, Accounts
from engine.aws.calls import identity
from engine.aws.patience import Patience
from engine.caller import Caller
from engine.database import journal, lock, places, write_function
from engine.database.connection import Database
from engine.drivers.by_resource import Drivers
from engine.errors import OperationError
from engine.guard import ignoring, permission
from engine.plan import new_keys
from engine.plan.ignored import both
from engine.plan.layout import Layout
from engine.plan.model import Row, RowChange
from engine.plan.snapshot import Snapshot
from engine.read import actual
from engine.request import Request, Scope
from engine.rows import bases, read, write
from engine.rows.writer import Writer, writing
from modules.catalogue import Catalogue
from modules.spec import Resource
from modules.spec.names import schema_of


class Common:
    """Serves all operations of an engine.

    Attributes:
        database: how the engine itself connects.
        accounts: which account each database is connected to.
        catalogue: the modules that users can install.
        underway: the operations that change AWS now.
    """

    def __init__(
        self, database: Database, accounts: Accounts, catalogue: Catalogue, patience: Patience
    ) -> None:
        self.database = database
        self.accounts = accounts
        self.catalogue = catalogue
        self.underway = lock.Underway()
        self._patience = patience

    async def scope(self, request: Request, caller: Caller, *, whole: bool = False) -> Scope:
        """What a call is about, as things are now.

        Args:
            whole: refuse modules of which tables are missing: their resources would look deleted.
        """
        layout = await places.read(caller, self.catalogue, whole=whole)
        if "region" in request.arguments:
            layout = await regions.known(await self.account(caller), layout)
        return Scope(layout, await places.meant(caller, layout, request.operation, request.arguments))

    async def settled(self, scope: Scope, caller: Caller) -> Scope:
        """The same, once it is recorded of which region the tables of the default place are.

        An older version's database does not say; from then on no other region can take that one's place.
        Only a call that names no region comes without one here, and such a call is about all places.
        """
        if scope.layout.default.region is not None:
            return scope
        layout = await regions.known(await self.account(caller), scope.layout)
        async with self.database.vouching(caller):
            await places.record(caller, layout.default)
        return Scope(layout, layout.places)

    async def snapshots(
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
        snapshot = await self.read(scope.layout, caller, resources, rows)
        for what, verb, error in _unread(scope.layout, resources, snapshot):
            caller.notice(
                f"{what} {verb} left out: {error.message}",
                severity="WARNING",
                detail=error.detail,
                hint=error.hint,
            )
        rows = {table: some for table, some in rows.items() if table in snapshot.resources}
        snapshot.ignored = both(await ignoring.columns(caller, snapshot, rows), snapshot.set_by_others())
        return rows, snapshot

    async def read(
        self,
        layout: Layout,
        caller: Caller,
        resources: Sequence[Resource],
        rows: Mapping[str, Sequence[Row]],
    ) -> Snapshot:
        snapshot = await actual.read(await self.drivers(layout, caller), resources, rows, caller.stop)
        for each in snapshot.hidden:
            caller.notice(
                f"{each.table} {each.identity} is not shown and not changed: the table cannot hold it",
                severity="WARNING",
                detail="Another row has its key, or it lacks what the table requires.",
            )
        return snapshot

    async def drivers(self, layout: Layout, caller: Caller, *, changing: bool = False) -> Drivers:
        return self.drivers_of(await self.account(caller, changing=changing), layout)

    def drivers_of(self, account: Account, layout: Layout) -> Drivers:
        return Drivers(account, layout.regions, self._patience)

    async def account(self, caller: Caller, *, changing: bool = False) -> Account:
        return await self.accounts.of(caller.database, user=caller.user, changing=changing)

    async def recorded(
        self, request: Request, scope: Scope, writer: Writer, *, reads: bool = True
    ) -> bases.Cause:
        """Record in the journal an operation that changes rows, and nothing in AWS.

        Args:
            reads: whether it reads AWS, so that it is known who it is there.
        """
        call, where = request.call, None
        if reads:
            who = await identity((await self.account(writer.caller)).cloud())
            regions = sorted({each.region or who.region for each in scope.places})
            where = journal.Where.of(who, regions)
        number = await journal.record(writer.voucher, writer.caller, call.function, call.written, where)
        return bases.Cause("aws", number, call.function)

    @asynccontextmanager
    async def writing(self, caller: Caller, resources: Sequence[Resource]) -> AsyncIterator[Writer]:
        functions = await write_function.find(caller, permission.tables_of(resources))
        async with writing(self.database, caller, functions) as writer:
            yield writer

    async def write_at_once(
        self, caller: Caller, resources: Sequence[Resource], changes: Sequence[RowChange]
    ) -> None:
        """Make changes of rows that nobody can have changed since they were read."""
        async with self.writing(caller, resources) as writer:
            await self.write(writer, resources, changes)

    async def write(
        self,
        writer: Writer,
        resources: Sequence[Resource],
        changes: Sequence[RowChange],
        *,
        all_there: bool = False,
    ) -> list[RowChange]:
        """Make changes of rows, once new ones have their serial numbers.

        Args:
            all_there: the rows that change are locked, so that none can have gone.

        Returns:
            The changes, with these numbers.
        """
        numbers = await write.numbers(writer, new_keys.counted(changes))
        numbered = new_keys.numbered(changes, numbers)
        await write.write(writer, resources, numbered, all_there=all_there)
        return numbered


def left_out(layout: Layout, snapshot: Snapshot) -> OperationError:
    """That some tables or regions could not be read, once all that could be done is done."""
    resources = [
        *snapshot.resources.values(),
        *(each for each in layout.resources if each.table in snapshot.unread),
    ]
    some = _unread(layout, resources, snapshot)
    _, _, first = some[0]
    return OperationError(
        f"nothing was done about {', '.join(what for what, _, _ in some)}: AWS could not be read there",
        sqlstate=first.sqlstate,
        detail="\n".join(f"{what}: {error.message}" for what, _, error in some),
        hint=first.hint or "All else was done. Call it again when AWS answers.",
        table=first.table,
    )


def _unread(
    layout: Layout, resources: Iterable[Resource], snapshot: Snapshot
) -> list[tuple[str, str, OperationError]]:
    """What could not be read, as the subject of a sentence, with its verb and the reason."""
    places: dict[str, set[str]] = defaultdict(set)
    for each in resources:
        if not each.is_global:
            places[schema_of(each.table)].add(each.table)
    result: list[tuple[str, str, OperationError]] = []
    said: set[str] = set()
    for schema, tables in places.items():
        if len(places) > 1 and tables <= snapshot.unread.keys():
            result.append((f"region {layout.regions[schema]}", "is", snapshot.unread[min(tables)]))
            said |= tables
    by_reason: dict[int, list[str]] = defaultdict(list)
    for table, error in snapshot.unread.items():
        if table not in said:
            by_reason[id(error)].append(table)
    for some in by_reason.values():
        first, *others = some
        what = f"{first} and what needs it ({', '.join(others)})" if others else first
        result.append((what, "are" if others else "is", snapshot.unread[first]))
    return result
