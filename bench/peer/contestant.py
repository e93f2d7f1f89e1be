"""What both can be asked for: some of the tutorial's stacks, in an account of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Protocol

from bench.peer.processes import Ended
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
