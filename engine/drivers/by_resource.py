"""Which driver is whose: the one place that chooses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from engine.aws.account import Account
from engine.aws.calls import identity
from engine.aws.patience import Patience
from engine.aws.session import Identity
from engine.caller import Stop
from engine.drivers.declared.driver import DeclaredDriver
from engine.drivers.driver import Driver, Worker
from engine.errors import OperationError
from engine.plan.model import Step
from engine.plan.snapshot import Snapshot
from modules.spec import Resource
from modules.spec.names import schema_of

#: What the calls of a plan may take, beside what AWS is waited for.
_CALLS_SECONDS = 60

#: Who works on a resource.
WorkerOf = Callable[[Resource], Worker]


class Drivers:
    """The drivers of one account, for a database with some places.

    Attributes:
        regions: the region of each schema.
    """

    def __init__(self, account: Account, regions: Mapping[str, str | None], patience: Patience) -> None:
        """
        Args:
            regions: the region of each schema; None for the account's default one.
        """
        self.regions = regions
        self._account = account
        self._patience = patience
        self._declared: dict[str | None, DeclaredDriver] = {}

    def of(self, resource: Resource) -> Driver:
        """The driver of a resource: all declare their calls, which go to the region of the table's schema."""
        region = self.regions[schema_of(resource.table)]
        if region not in self._declared:
            self._declared[region] = DeclaredDriver(self._account.cloud(region), self._patience)
        return self._declared[region]

    async def where(self, steps: Sequence[Step]) -> tuple[Identity, Sequence[str]]:
        """Who changes AWS by some steps, and the regions of these.

        Raises:
            CloudError: AWS does not say who the engine is to it.
        """
        who = await identity(self._account.cloud())
        regions = {self.regions[schema_of(each.change.table)] or who.region for each in steps}
        return who, sorted(regions)

    async def check_credentials(self, snapshot: Snapshot, steps: Sequence[Step]) -> None:
        """Refuse to begin what the credentials would not see the end of.

        Raises:
            OperationError: 28000, they end before the slowest of the steps may, and are not renewed.
        """
        resources = {each.table: each for each in (snapshot.resources[step.change.table] for step in steps)}
        waiters = [waiter for each in resources.values() for waiter in each.waiters]
        needed = _CALLS_SECONDS + max((each.seconds for each in waiters), default=0)
        if not await self._account.cloud().lasts(needed):
            raise OperationError(
                "the AWS credentials end before the plan may",
                sqlstate="28000",
                detail=f"It may take {needed} seconds. Nothing has been done.",
                hint="Start the server with new ones, or with some that are renewed: a role, a profile.",
            )

    async def workers(self, snapshot: Snapshot, steps: Sequence[Step], stop: Stop) -> WorkerOf:
        """Who carries out the steps of a plan, each driver those of its own resources.

        Raises:
            CloudError: AWS does not say who the engine is to it.
        """
        tables = {step.change.table for step in steps}
        drivers = {table: self.of(snapshot.resources[table]) for table in tables}
        by_driver: dict[Driver, list[Step]] = defaultdict(list)
        for step in steps:
            by_driver[drivers[step.change.table]].append(step)
        workers = {each: await each.worker(snapshot, some, stop) for each, some in by_driver.items()}
        return lambda resource: workers[drivers[resource.table]]
