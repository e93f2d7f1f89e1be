"""What the tests of a suite came to, and where two runs differ. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """What a test came to.

    Attributes:
        shown: what it printed, if that has to be the same too.
        detail: why it failed or was skipped; not compared, since it may name a port or a process.
    """

    status: Status
    shown: str = ""
    detail: str = field(default="", compare=False)


#: By the test's name within its suite.
Outcomes = Mapping[str, Outcome]

#: Of a test that one side did not get to.
ABSENT = Outcome("failed", "did not run")


@dataclass(frozen=True)
class Difference:
    """A test whose outcome depends on whether there is a proxy."""

    test: str
    direct: Outcome
    proxied: Outcome


def compare(direct: Outcomes, proxied: Outcomes) -> tuple[Difference, ...]:
    """The tests that did not come to the same, by name."""
    found = (
        Difference(test, direct.get(test, ABSENT), proxied.get(test, ABSENT))
        for test in sorted(direct.keys() | proxied.keys())
    )
    return tuple(each for each in found if each.direct != each.proxied)


def passed(outcomes: Outcomes) -> int:
    """How many tests passed."""
    return sum(outcome.status == "passed" for outcome in outcomes.values())


def of_output(shown: str, detail: str = "", *, failed: bool = False) -> Outcome:
    """The outcome of a program that is compared by what it prints."""
    return Outcome("failed" if failed else "passed", shown, detail)
