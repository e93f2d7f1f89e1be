"""What a suite is: something that is run against a target, and says what its tests came to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.clients.outcomes import Outcomes
from tests.clients.target import Target

#: `packaged` is this machine's, which has TLS; `embedded` is PostgreSQL 18 without it.
Server = Literal["packaged", "embedded"]

#: Runs the named tests, or all; a suite that cannot choose runs all.
Run = Callable[[Target, Path, Collection[str]], Outcomes]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A client's suite.

    Attributes:
        name: as in the report.
        version: of the client.
        run: given a target, a folder for whatever it keeps, and the tests that are wanted (none: all).
        origin: whose tests these are.
        servers: which servers it is run against.
        tls: whether it is run with TLS too, where the server has it.
        quick: whether the tests of this project run it, in at most some seconds.
    """

    name: str
    version: Callable[[], str]
    run: Run
    origin: str
    servers: tuple[Server, ...] = ("packaged",)
    tls: bool = True
    quick: bool = True
