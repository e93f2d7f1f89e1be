"""Runs a suite on both sides, and again where they differ."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.clients.outcomes import Difference, Outcome, Outcomes, compare
from tests.clients.servers import Served
from tests.clients.suite import Suite

#: How often a test that differs is run, on both sides, before it counts.
ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A suite's two runs.

    Attributes:
        differences: the tests that differed in every round.
        unsteady: those that differed in one and not in another.
    """

    suite: Suite
    server: str
    tls: bool
    direct: Outcomes
    proxied: Outcomes
    differences: tuple[Difference, ...]
    unsteady: tuple[Difference, ...]


def compare_sides(suite: Suite, served: Served, folder: Path, *, tls: bool) -> Comparison:
    """Run a suite directly and through the proxy.

    Raises:
        pytest.skip.Exception: a tool that it needs is not there.
    """
    direct, proxied = _run_both(suite, served, folder, (), tls=tls)
    found = first = compare(direct, proxied)
    for _ in range(ROUNDS - 1):
        if not found:
            break
        wanted = {difference.test for difference in found}
        again = _run_both(suite, served, folder, wanted, tls=tls)
        found = tuple(each for each in compare(*again) if each.test in wanted)
        direct, proxied = dict(direct) | _only(again[0], wanted), dict(proxied) | _only(again[1], wanted)
    left = {difference.test for difference in found}
    return Comparison(
        suite=suite,
        server=served.version,
        tls=tls,
        direct=direct,
        proxied=proxied,
        differences=found,
        unsteady=tuple(each for each in first if each.test not in left),
    )


def _only(outcomes: Outcomes, wanted: Collection[str]) -> dict[str, Outcome]:
    return {test: outcome for test, outcome in outcomes.items() if test in wanted}


def _run_both(
    suite: Suite, served: Served, folder: Path, wanted: Collection[str], *, tls: bool
) -> tuple[Outcomes, Outcomes]:
    sides = []
    for target in served.sides(tls=tls):
        served.empty()
        sides.append(suite.run(target, folder, wanted))
    return sides[0], sides[1]
