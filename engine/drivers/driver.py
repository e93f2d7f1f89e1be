"""The seam between the engine and whatever lists, reads, makes, changes and removes resources.

What reads and executes knows these protocols and nothing else. A driver is behind them: today's makes the
calls that a resource declares. One that asks AWS for any type of resource by a token, and then how far it has
come, fits them as well.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from engine.caller import Stop
from engine.drivers.job import Job
from engine.plan.model import Found, Step
from engine.plan.snapshot import Snapshot
from modules.spec import Resource

#: The parameters that say for which resource of another table a listing is made.
Scope = Mapping[str, Any]


class Stage(Enum):
    """How far a new resource is, and so what can begin."""

    SHOWN = "its row can show it; nothing can begin"
    NAMED = "what refers to it can begin"
    MADE = "all calls that make it have been made: what is within it can begin as well"


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a resource that is being made.

    Attributes:
        found: the resource as AWS describes it so far, references as AWS gives them; the object of the report
            before if AWS has not described it anew.
    """

    found: Found
    stage: Stage


class Driver(Protocol):
    """Lists the resources of some tables, for any number of operations at once."""

    def names_first(self, resource: Resource) -> bool:
        """Whether a listing gives identities before it describes what has them."""

    async def list_all(
        self, resource: Resource, scope: Scope, named: Callable[[list[str]], None]
    ) -> list[Found]:
        """What AWS holds of a table; references as AWS gives them.

        Args:
            scope: of which resource of another table, where listings are made for each.
            named: is called with the identities before they are described, if they come first.

        Raises:
            CloudError: AWS cannot be read; the table is named.
        """

    async def replaceable(
        self, resource: Resource, found: Found, *, used_by: Collection[str], first: bool
    ) -> Found:
        """A resource with all that its replacement has to know of it.

        Args:
            used_by: the tables of which a resource refers to it.
            first: it has to go before the new one can be made.

        Raises:
            CloudError: AWS cannot be read.
            OperationError: 2BP01, AWS would not delete it, so that it cannot be replaced.
        """

    async def worker(self, snapshot: Snapshot, steps: Sequence[Step], stop: Stop) -> Worker:
        """Who carries out some steps of a plan.

        Args:
            snapshot: what the plan was made from; what is made is added to it meanwhile.
            steps: those for resources of this driver.
            stop: ends what waits for AWS.

        Raises:
            CloudError: AWS does not say who the engine is to it.
        """


class Worker(Protocol):
    """Carries out the steps of one plan."""

    def companions(self, number: int) -> frozenset[int]:
        """The steps that one shares a call with, itself included; they have to begin together."""

    def withdraw(self, number: int) -> None:
        """Let nobody wait for a step that has ended, or will not begin."""

    async def look(self, resource: Resource, planned: Found) -> Found | None:
        """A resource as it is now, None if AWS does not show it; references as AWS gives them.

        Args:
            planned: as it was when the plan was made.

        Raises:
            CloudError: AWS cannot be read.
        """

    def create(self, job: Job) -> AsyncGenerator[Progress, None]:
        """Make a resource, once, also if an answer of AWS's is lost or the step was begun before.

        Yields:
            how far it is, at least once; the last time, it is all there.

        Raises:
            CloudError: AWS refused.
            OperationError: a stop was requested.
        """

    async def change(self, job: Job) -> Found:
        """Change a resource in place, and return it as it is then.

        Raises:
            CloudError: AWS refused.
        """

    async def remove(self, job: Job) -> None:
        """Delete a resource and wait until it is gone. One that is gone already is no error.

        Raises:
            CloudError: AWS refused.
        """
