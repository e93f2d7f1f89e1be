"""Reads what AWS holds: one call a page, in parallel wherever one listing does not need another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine import described
from engine.aws.calls import call, identity, pages
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.described import Account
from engine.model import Found, Row
from modules.spec import Detail, Per, Resource

_Params = Mapping[str, Any]


async def read(
    cloud: Cloud, resources: Sequence[Resource], rows: Mapping[str, Sequence[Row]], stop: Stop
) -> Account:
    """Everything of some tables that AWS holds.

    Args:
        resources: in reference order, with all that they refer to.
        rows: the rows that show some of it.
        stop: ends the reading at once when it is requested.

    Raises:
        CloudError: a listing failed; its table is named.
        OperationError: a stop was requested.
    """
    reader = _Reader(cloud, resources)
    reading = asyncio.ensure_future(reader.read())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            stop.check()
        await reading
    finally:
        for task in (reading, stopping):
            task.cancel()
        await asyncio.gather(reading, stopping, return_exceptions=True)
    return Account(resources, {table: task.result() for table, task in reader.tasks.items()}, rows)


class _Reader:
    def __init__(self, cloud: Cloud, resources: Sequence[Resource]) -> None:
        self.cloud = cloud
        self.resources = resources
        self.tasks: dict[str, asyncio.Task[list[Found]]] = {}
        self.names: dict[str, asyncio.Future[list[str]]] = {}

    async def read(self) -> None:
        """Start every table's listing, and wait for all."""
        try:
            async with asyncio.TaskGroup() as group:
                loop = asyncio.get_running_loop()
                self.names = {each.table: loop.create_future() for each in self.resources if each.describe}
                for resource in _parents_first(self.resources):
                    self.tasks[resource.table] = group.create_task(self._table(resource))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _table(self, resource: Resource) -> list[Found]:
        try:
            descriptions = await self._descriptions(resource)
            details = (self._detailed(resource, each) for each in descriptions)
            descriptions = await _all(details) if resource.details else descriptions
        except CloudError as error:
            if error.table is not None:
                raise
            error.message = f"could not read {resource.table} from AWS: {error.message}"
            error.table = resource.table
            raise
        return [
            described.found(resource, each)
            for each in descriptions
            if resource.where is None or resource.where(each)
        ]

    async def _descriptions(self, resource: Resource) -> list[dict[str, Any]]:
        per = resource.listing.per
        if per is None:
            return await self._listed(resource, {})
        scopes = await self._scopes(per)
        lists = await _all(self._listed(resource, scope) for scope in scopes)
        return [each for some in lists for each in some]

    async def _scopes(self, per: Per) -> list[dict[str, Any]]:
        """The parameters of a listing for each resource of the other table.

        Where that table's listing gives their identities, nothing more needs to be known of them.
        """
        parent = next(each for each in self.resources if each.table == per.table)
        if parent.describe is not None and set(per.params.values()) == {parent.identity}:
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

    async def _listed(self, resource: Resource, scope: _Params) -> list[dict[str, Any]]:
        listing = resource.listing
        items: list[Any] = []
        try:
            async for page in pages(
                self.cloud,
                resource.service,
                listing.operation,
                {**listing.params, **scope},
                resource.region,
            ):
                found = described.search(listing.items, page)
                items += [await self._located(found)] if listing.items == "@" else found or []
        except CloudError as error:
            if error.code in listing.absent:
                return []
            raise
        if resource.describe is None:
            return items
        if resource.listing.per is None:
            self.names[resource.table].set_result(items)
        return await self._described(resource, scope, items)

    async def _located(self, answer: dict[str, Any]) -> dict[str, Any]:
        """An answer that is one description, with the region, which AWS does not repeat."""
        return {**answer, "Region": (await identity(self.cloud)).region}

    async def _described(self, resource: Resource, scope: _Params, names: list[str]) -> list[dict[str, Any]]:
        describe = resource.describe
        assert describe is not None
        batches = [names[at : at + describe.batch] for at in range(0, len(names), describe.batch)]
        answers = await _all(
            call(
                self.cloud,
                resource.service,
                describe.operation,
                {
                    **describe.params,
                    **{name: scope[name] for name in describe.per_params},
                    describe.ids: batch if describe.batch > 1 else batch[0],
                },
                resource.region,
            )
            for batch in batches
        )
        results = [described.search(describe.items, answer) for answer in answers]
        return [each for some in results for each in (some if isinstance(some, list) else [some])]

    async def _detailed(self, resource: Resource, description: dict[str, Any]) -> dict[str, Any]:
        found = await _all(self._detail(resource, each, description) for each in resource.details)
        return {**description, **dict(found)}

    async def _detail(
        self, resource: Resource, detail: Detail, description: dict[str, Any]
    ) -> tuple[str, list[Any]]:
        params = {name: described.search(path, description) for name, path in detail.params.items()}
        items: list[Any] = []
        try:
            async for page in pages(self.cloud, resource.service, detail.operation, params, resource.region):
                items += described.search(detail.items, page) or []
        except CloudError as error:
            if error.code not in resource.absent:
                raise
        return detail.into, items


def _parents_first(resources: Sequence[Resource]) -> Iterable[Resource]:
    """Listings that need another after it."""
    return sorted(resources, key=lambda each: each.listing.per is not None)


async def _all(calls: Iterable[Any]) -> list[Any]:
    """All results, in order; the first failure ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
