"""Looks again at what AWS holds while an apply runs: for what a call has made whose answer was lost, and
whether what is to be changed or deleted is still what the plan was made for.

Who wants to look at the same table at the same time shares one listing.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from engine.aws.session import Cloud
from engine.errors import OperationError
from engine.plan import diff
from engine.plan.model import Desired, Found, Row
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot
from engine.read.listing import Scope, listed
from engine.waiting import Attempts
from modules.spec import Resource

#: Seconds for which what was read counts as what is.
_FRESH = 1.0
#: Seconds after which AWS is asked again if something seems to have been changed.
_SETTLING = 1.0
_Key = tuple[str, tuple[tuple[str, Any], ...]]


class Lookup:
    """Looks at one snapshot, as it was read and as it is now."""

    def __init__(self, cloud: Cloud, snapshot: Snapshot) -> None:
        self._cloud = cloud
        self._snapshot = snapshot
        self._next: dict[_Key, asyncio.Future[list[Found]]] = {}
        self._turns: dict[_Key, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._taken: set[tuple[str, str]] = set()

    async def made_for(self, resource: Resource, desired: Desired) -> Found | None:
        """What is there now that a row asks for, and was not there before; no other row gets it.

        Args:
            desired: the row, with nothing pending.

        Raises:
            CloudError: AWS cannot be read.
        """
        shown = await self._listed(resource, self._scope(resource, desired))
        return self.among(resource, shown, desired)

    def among(self, resource: Resource, shown: Iterable[Found], desired: Desired) -> Found | None:
        """The one of some resources, as AWS describes them, that a row asks for; no other row gets it."""
        for each in shown:
            found = self._snapshot.resolved(resource, each)
            if self._is_for(resource, desired, found):
                self._taken.add((resource.table, found.identity))
                return found
        return None

    async def check(self, resource: Resource, planned: Found) -> None:
        """See that a resource is as it was when the plan was made, if AWS shows it.

        What was read a moment ago is not read again.

        Raises:
            OperationError: 40001, it is another than the user was shown.
            CloudError: AWS cannot be read.
        """
        if time.monotonic() - self._snapshot.read_at < _FRESH:
            return
        differing: list[str] = []
        async for _ in Attempts(lambda attempt: _SETTLING, count=2):  # AWS may show what was a moment ago
            found = await self._now(resource, planned)
            differing = diff.between(resource, planned, found) if found else []
            if not differing:
                return
        raise OperationError(
            f"{resource.table} has been changed in AWS since the plan was made",
            sqlstate="40001",
            detail="; ".join(differing),
            hint="SELECT * FROM iasql_diff() shows what it is now. Apply again if that is what you want.",
        )

    async def gone(self, resource: Resource, planned: Found) -> bool:
        """Whether a resource is there no more.

        AWS has no common word for refusing to delete what a call has deleted whose answer was lost.

        Raises:
            CloudError: AWS cannot be read.
        """
        return await self._now(resource, planned) is None

    async def _now(self, resource: Resource, planned: Found) -> Found | None:
        desired = Desired(Row(table=resource.table, key=(), values={}), planned.values, planned.parts)
        for each in await self._listed(resource, self._scope(resource, desired)):
            if each.identity == planned.identity:
                return self._snapshot.resolved(resource, each)
        return None

    def _is_for(self, resource: Resource, desired: Desired, found: Found) -> bool:
        known = self._snapshot.by(resource.table, None, found.identity) is not None
        if (resource.table, found.identity) in self._taken or (known and not resource.unique_in_aws):
            return False
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
                    return {name: parent.values[of] for name, of in per.params.items()}
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
