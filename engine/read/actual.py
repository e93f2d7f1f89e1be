"""Reads what AWS holds: in parallel wherever one listing does not need another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.caller import Stop
from engine.drivers.by_resource import Drivers
from engine.errors import OperationError
from engine.plan.model import Found, Row
from engine.plan.snapshot import Snapshot
from engine.tasks import all_of
from modules.spec import Per, Resource
from modules.spec.names import schema_of


async def read(
    drivers: Drivers, resources: Sequence[Resource], rows: Mapping[str, Sequence[Row]], stop: Stop
) -> Snapshot:
    """Everything of some tables that AWS holds.

    Args:
        resources: in reference order, with all that they refer to.
        rows: the rows that show some of it.
        stop: ends the reading at once when it is requested.

    A place of which a listing fails is left out, and the others go on.

    Raises:
        CloudError: a listing of what is global failed, or one of the only place; its table is named.
        OperationError: a stop was requested.
    """
    began = time.monotonic()
    readers = {
        schema: _Reader(drivers, [each for each in resources if _place(each) == schema])
        for schema in dict.fromkeys(map(_place, resources))
    }
    reading = asyncio.ensure_future(_read_all(readers))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            stop.check()
        unread = await reading
    finally:
        for task in (reading, stopping):
            task.cancel()
        await asyncio.gather(reading, stopping, return_exceptions=True)
    return Snapshot(
        [each for each in resources if _place(each) not in unread],
        {
            table: task.result()
            for schema, reader in readers.items()
            if schema not in unread
            for table, task in reader.tasks.items()
        },
        rows,
        began,
        unread,
    )


#: What is global is in no place.
_GLOBAL = ""


def _place(resource: Resource) -> str:
    return _GLOBAL if resource.is_global else schema_of(resource.table)


async def _read_all(readers: Mapping[str, _Reader]) -> dict[str, OperationError]:
    """The places that cannot be read, with the reasons.

    Raises:
        OperationError: none of them can be, or what is global cannot.
    """
    found = await asyncio.gather(*(each.read() for each in readers.values()), return_exceptions=True)
    failed = {schema: error for schema, error in zip(readers, found, strict=True) if error is not None}
    some = [schema for schema in readers if schema != _GLOBAL]
    for schema, error in failed.items():
        if schema == _GLOBAL or not isinstance(error, OperationError) or len(failed) >= len(some):
            raise error
    return {schema: error for schema, error in failed.items() if isinstance(error, OperationError)}


class _Reader:
    def __init__(self, drivers: Drivers, resources: Sequence[Resource]) -> None:
        self.drivers = drivers
        self.resources = resources
        self.tasks: dict[str, asyncio.Task[list[Found]]] = {}
        self.names: dict[str, asyncio.Future[list[str]]] = {}

    async def read(self) -> None:
        """Start every table's listing, and wait for all."""
        try:
            async with asyncio.TaskGroup() as group:
                loop = asyncio.get_running_loop()
                first = [each for each in self.resources if self.drivers.of(each).names_first(each)]
                self.names = {each.table: loop.create_future() for each in first}
                for resource in _parents_first(self.resources):
                    self.tasks[resource.table] = group.create_task(self._table(resource))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _table(self, resource: Resource) -> list[Found]:
        driver, per = self.drivers.of(resource), resource.listing.per
        if per is None:
            return self._placed(resource, await driver.list_all(resource, {}, self._named(resource)))
        scopes = await self._scopes(per)
        lists = await all_of(driver.list_all(resource, scope, lambda names: None) for scope in scopes)
        return [each for some in lists for each in some]

    def _placed(self, resource: Resource, found: list[Found]) -> list[Found]:
        """What was found, with what the database and not AWS tells of it: the schema of a region."""
        columns = [(each.name, each.place_of) for each in resource.columns if each.place_of]
        if not columns:
            return found
        schemas = {region: schema for schema, region in self.drivers.regions.items()}
        return [
            replace(
                each, values={**each.values, **{name: schemas.get(each.values[of]) for name, of in columns}}
            )
            for each in found
        ]

    def _named(self, resource: Resource) -> Callable[[list[str]], None]:
        name = self.names.get(resource.table)
        return name.set_result if name is not None else lambda names: None

    async def _scopes(self, per: Per) -> list[dict[str, Any]]:
        """The parameters of a listing for each resource of the other table.

        Where that table's listing gives their identities, nothing more needs to be known of them.
        """
        parent = next(each for each in self.resources if each.table == per.table)
        if per.table in self.names and set(per.params.values()) == {parent.identity}:
            names = await self._names_of(per.table)
            return [dict.fromkeys(per.params, name) for name in names]
        found = await self.tasks[per.table]
        return [{name: each.values[column] for name, column in per.params.items()} for each in found]

    async def _names_of(self, table: str) -> list[str]:
        """What a table's listing gives; what ends the listing ends the wait for it."""
        names = self.names[table]
        either: tuple[asyncio.Future[Any], ...] = (names, self.tasks[table])
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not names.done():
            await self.tasks[table]
        return names.result() if names.done() else []


def _parents_first(resources: Sequence[Resource]) -> Iterable[Resource]:
    """Listings that need another after it."""
    return sorted(resources, key=lambda each: each.listing.per is not None)
