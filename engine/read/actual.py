"""Reads what AWS holds: in parallel wherever one listing does not need another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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

    A table of which a listing fails is left out, with those that need it; the others go on.

    Args:
        resources: in reference order, with all that they refer to.
        rows: the rows that show some of it.
        stop: ends the reading at once when it is requested.

    Raises:
        CloudError: every listing failed; the first one's table is named.
        OperationError: a stop was requested.
    """
    began = time.monotonic()
    readers = [
        _Reader(drivers, [each for each in resources if _place(each) == place])
        for place in dict.fromkeys(map(_place, resources))
    ]
    reading = asyncio.gather(*(each.read() for each in readers))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        either: tuple[asyncio.Future[Any], ...] = (reading, stopping)
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            stop.check()
        found = await reading
    finally:
        reading.cancel()
        stopping.cancel()
        await asyncio.gather(reading, stopping, return_exceptions=True)
    listed = {table: some for each in found for table, some in each.items()}
    unread = needing(
        resources, {table: some for table, some in listed.items() if isinstance(some, OperationError)}
    )
    if unread and len(unread) == len(resources):
        raise next(iter(unread.values()))
    return Snapshot(
        [each for each in resources if each.table not in unread],
        {table: some for table, some in listed.items() if not isinstance(some, OperationError)},
        rows,
        began,
        unread,
    )


def _place(resource: Resource) -> str:
    """The schema that a table is in; what is global is in no place."""
    return "" if resource.is_global else schema_of(resource.table)


def needing(resources: Iterable[Resource], failed: Mapping[str, OperationError]) -> dict[str, OperationError]:
    """Tables that could not be read, and those that need one of them, each with the reason.

    Args:
        resources: in reference order.
    """
    unread: dict[str, OperationError] = {}
    for each in resources:
        reason = next((unread[table] for table in _needed(each) if table in unread), failed.get(each.table))
        if reason is not None:
            unread[each.table] = reason
    return unread


def with_needed(resources: Sequence[Resource], tables: Collection[str]) -> list[Resource]:
    """Some tables with those without which nothing can be said of their rows.

    Args:
        resources: in reference order.
    """
    wanted = set(tables)
    for each in reversed(resources):
        if each.table in wanted:
            wanted.update(_needed(each))
    return [each for each in resources if each.table in wanted]


def _needed(resource: Resource) -> Iterable[str]:
    """The tables without which nothing can be said of a resource's rows."""
    tables = [each.reference.table for each in resource.references if each.reference is not None]
    tables += [each.refers for each in resource.columns if each.refers is not None]
    tables += [each.chosen.table for each in resource.columns if each.chosen is not None]
    tables += [each.chosen.table for each in resource.parts if each.chosen is not None]
    if resource.listing.per is not None:
        tables.append(resource.listing.per.table)
    return (table for table in tables if table != resource.table)


class _Reader:
    def __init__(self, drivers: Drivers, resources: Sequence[Resource]) -> None:
        self.drivers = drivers
        self.resources = resources
        self.tasks: dict[str, asyncio.Task[list[Found]]] = {}
        self.names: dict[str, asyncio.Future[list[str]]] = {}

    async def read(self) -> dict[str, list[Found] | OperationError]:
        """What was found of each table, or why that cannot be said."""
        loop = asyncio.get_running_loop()
        first = [each for each in self.resources if self.drivers.of(each).names_first(each)]
        self.names = {each.table: loop.create_future() for each in first}
        for resource in _parents_first(self.resources):
            self.tasks[resource.table] = loop.create_task(self._table(resource))
        try:
            found = await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        finally:
            for task in self.tasks.values():
                task.cancel()
        result: dict[str, list[Found] | OperationError] = {}
        for table, each in zip(self.tasks, found, strict=True):
            if isinstance(each, BaseException) and not isinstance(each, OperationError):
                raise each
            result[table] = each
        return result

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
        """What a listing has to know of each resource of the other table.

        Where that table's listing gives their identities, nothing more needs to be known of them.
        """
        parent = next(each for each in self.resources if each.table == per.table)
        if per.table in self.names and set(per.scope.values()) == {parent.identity}:
            names = await self._names_of(per.table)
            return [dict.fromkeys(per.scope, name) for name in names]
        found = await self.tasks[per.table]
        return [{name: each.values[column] for name, column in per.scope.items()} for each in found]

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
