"""Looks again at what AWS holds while an apply runs: for what a call has made whose answer was lost, and at
what is to be changed or deleted.

Who wants to look at the same table at the same time shares one listing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from engine.aws.session import Cloud
from engine.drivers.declared.listing import listed
from engine.drivers.driver import Scope
from engine.plan import diff
from engine.plan.model import Desired, Found, Row
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot
from modules.spec import Column, Resource

_Key = tuple[str, tuple[tuple[str, Any], ...]]


class Lookup:
    """Looks at one snapshot, as it was read and as it is now."""

    def __init__(self, cloud: Cloud, snapshot: Snapshot) -> None:
        self._cloud = cloud
        self._snapshot = snapshot
        self._next: dict[_Key, asyncio.Future[list[Found]]] = {}
        self._turns: dict[_Key, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._picked: set[tuple[str, str]] = set()

    async def find_made(self, resource: Resource, desired: Desired) -> Found | None:
        """What is there now that a row asks for, and was not there before; no other row gets it.

        Args:
            desired: the row, with nothing pending.

        Raises:
            CloudError: AWS cannot be read.
        """
        shown = await self._listed(resource, self._scope(resource, desired))
        return self.pick(resource, shown, desired)

    def pick(self, resource: Resource, shown: Iterable[Found], desired: Desired) -> Found | None:
        """The one of some resources, as AWS describes them, that a row asks for; no other row gets it."""
        for each in shown:
            found = self._snapshot.resolved(resource, each)
            if self._is_for(resource, desired, found):
                self._picked.add((resource.table, found.identity))
                return found
        return None

    def referred(self, column: Column, value: Any) -> tuple[Resource, Found] | None:
        """What a foreign key's value means, as it was read or made, if it is there."""
        assert column.reference is not None
        found = self._snapshot.by(column.reference.table, column.reference.by, value)
        return (self._snapshot.resources[column.reference.table], found) if found else None

    def give(self, found: Found) -> None:
        """Let no other row get what a row has got otherwise."""
        self._picked.add((found.table, found.identity))

    async def now(self, resource: Resource, planned: Found) -> Found | None:
        """A resource as AWS describes it now, None if AWS does not show it.

        Raises:
            CloudError: AWS cannot be read.
        """
        desired = Desired(Row(table=resource.table, key=(), values={}), planned.values, planned.parts)
        shown = await self._listed(resource, self._scope(resource, desired))
        return next((each for each in shown if each.identity == planned.identity), None)

    def _is_for(self, resource: Resource, desired: Desired, found: Found) -> bool:
        known = self._snapshot.by(resource.table, None, found.identity) is not None
        if (resource.table, found.identity) in self._picked or (known and not resource.unique_in_aws):
            return False
        if resource.newborn is not None:
            return resource.newborn(desired.values, found.values)
        return natural_key(resource, found.values) == natural_key(
            resource, desired.values
        ) and not diff.replaces(resource, diff.changed(resource, desired, found))

    def _scope(self, resource: Resource, desired: Desired) -> Scope:
        """The parameters of the listing in which a row's resource would be."""
        per = resource.listing.per
        for column in resource.columns if per else ():
            if per and column.reference and column.reference.table == per.table:
                value = desired.values[column.name]
                parent = self._snapshot.by(per.table, column.reference.by, value)
                if parent is not None:
                    return {name: parent.values[of] for name, of in per.scope.items()}
        return {}

    async def _listed(self, resource: Resource, scope: Scope) -> list[Found]:
        key = resource.table, tuple(sorted(scope.items()))
        if key not in self._next:
            self._next[key] = asyncio.ensure_future(self._in_turn(key, resource, scope))
        return await asyncio.shield(self._next[key])

    async def _in_turn(self, key: _Key, resource: Resource, scope: Scope) -> list[Found]:
        """A listing that begins now, or when the one has ended that others wait for already."""
        async with self._turns[key]:
            del self._next[key]
            return await listed(self._cloud, resource, scope)
