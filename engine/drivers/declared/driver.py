"""Lists resources by the calls that they declare, and hands out who makes, changes and removes them so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from engine.aws import calls
from engine.aws.patience import Patience
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.drivers.declared import looks
from engine.drivers.declared.listing import listed
from engine.drivers.declared.lookup import Lookup
from engine.drivers.declared.worker import DeclaredWorker
from engine.drivers.driver import Scope
from engine.plan.call_groups import sharing
from engine.plan.model import Found, Step
from engine.plan.snapshot import Snapshot
from modules.spec import Resource


class DeclaredDriver:
    """Makes declared calls in one account; a `Driver`."""

    def __init__(self, cloud: Cloud, patience: Patience) -> None:
        self._cloud = cloud
        self._patience = patience

    def names_first(self, resource: Resource) -> bool:
        return resource.describe is not None

    async def list_all(
        self, resource: Resource, scope: Scope, named: Callable[[list[str]], None]
    ) -> list[Found]:
        return await listed(self._cloud, resource, scope, named)

    async def replaceable(
        self, resource: Resource, found: Found, *, used_by: Collection[str], first: bool
    ) -> Found:
        identity = await calls.identity(self._cloud)
        return await looks.at_replaced(
            self._cloud, resource, found, identity.context, used_by=used_by, first=first
        )

    async def worker(self, snapshot: Snapshot, steps: Sequence[Step], stop: Stop) -> DeclaredWorker:
        identity = await calls.identity(self._cloud)
        shared = sharing(snapshot, steps, identity.context)
        lookup = Lookup(self._cloud, snapshot)
        return DeclaredWorker(self._cloud, identity.context, self._patience, stop, lookup, shared)
