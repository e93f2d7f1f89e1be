"""What both can be asked for: some of the tutorial's stacks, in an account of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from bench.peer.commands import Ended
from deploy.simulator.process import SimulatorProcess
from tests.e2e.account import inventory
from tests.fixtures.cloud import Cloud

#: What is wanted of a command: its name in tables.
OPERATIONS = ("create", "plan", "change", "destroy")


class Contestant(Protocol):
    """A tool with an account, and nothing in it yet.

    Attributes:
        servers: processes that work for its commands and outlive them.
        postgres: of them, the one that is Postgres.
    """

    @property
    def servers(self) -> Sequence[int]: ...

    @property
    def postgres(self) -> int | None: ...

    def prepare(self) -> Ended:
        """What a user does once, before anything else."""
        ...

    def run(self, operation: str) -> Ended:
        """Do one of `OPERATIONS`; `create` is also what makes things right again."""
        ...

    def start(self, operation: str) -> subprocess.Popen[str]:
        """The same, without waiting."""
        ...

    def killed(self, process: subprocess.Popen[str]) -> int:
        """The process that a `kill -9` in the middle of a command is for."""
        ...

    def recover(self, process: subprocess.Popen[str]) -> None:
        """End what a kill has left of a command, and start again what that needs."""
        ...

    def finds_nothing(self, plan: Ended) -> bool:
        """Whether a plan says that there is nothing to do."""
        ...

    def tells(self, plan: Ended) -> str:
        """What a plan says in short, in its own words."""
        ...

    def stop(self) -> None:
        """End everything that was started."""
        ...


class Starting(Protocol):
    """Begins with a tool, on an account."""

    def __call__(self, cloud: Cloud, stacks: int) -> Contestant: ...


@contextmanager
def begun(start: Starting, stacks: int) -> Iterator[tuple[Contestant, Cloud, SimulatorProcess]]:
    """A tool that is prepared, on a new account; both end with the context.

    Raises:
        AssertionError: it could not be prepared.
    """
    with SimulatorProcess() as simulator:
        cloud = Cloud(simulator.endpoint)
        inventory(cloud)  # the simulator reads a service's code at its first call
        tool = start(cloud, stacks)
        try:
            prepared = tool.prepare()
            assert prepared.status == 0, prepared.said
            yield tool, cloud, simulator
        finally:
            tool.stop()
