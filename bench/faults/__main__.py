"""`python -m bench.faults`: try every fault at every rate, print a table, and keep it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from statistics import median
from time import monotonic

import click
import uvloop

from bench.faults.table import Line, keep, show
from bench.faults.trial import Outcome, trial
from bench.faults.troubles import RATES, TROUBLES, Trouble
from deploy.simulator.process import SimulatorProcess
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer, running_postgres


@click.command()
@click.option("--runs", default=5, show_default=True, help="Trials of each fault at each rate.")
@click.option("--attempts", "attempts", multiple=True, default=(6, 1), show_default=True,
              help="How often the AWS client tries a call.")  # fmt: skip
@click.option("--seed", default=1, show_default=True)
def main(runs: int, attempts: tuple[int, ...], seed: int) -> None:
    """Make and delete the tutorial's stack while calls go wrong, and say what came of it."""
    lines: list[Line] = []
    # With the settings that `iasql up` gives it: what it commits is on disk.
    with running_postgres() as server, SimulatorProcess() as process:
        account = Cloud(process.endpoint)
        for tries in attempts:
            for line in _lines(server, account, tries, runs, seed):
                show(line)
                lines.append(line)
    keep(lines, runs, seed)


def _lines(server: PostgresServer, account: Cloud, tries: int, runs: int, seed: int) -> Iterator[Line]:
    for trouble in TROUBLES:
        for rate in RATES:
            yield _line(server, account, trouble, rate, tries, range(seed, seed + runs))


def _line(
    server: PostgresServer, account: Cloud, trouble: Trouble, rate: float, tries: int, seeds: range
) -> Line:
    outcomes: list[Outcome] = []
    seconds: list[float] = []
    os.environ["AWS_MAX_ATTEMPTS"] = str(tries)
    wrong: list[str] = []
    for seed in seeds:
        start = monotonic()
        try:
            outcomes += uvloop.run(trial(server, account, trouble, rate, seed, all_calls=tries > 1))
        except AssertionError as failure:
            wrong.append(f"seed {seed}: {failure}")
        seconds.append(monotonic() - start)
    return Line(
        fault=trouble.name,
        rate=rate,
        tries=tries,
        applies=len(outcomes),
        struck=sum(each.struck for each in outcomes),
        at_once=sum(each.applies == 1 for each in outcomes),
        most=max((each.applies for each in outcomes), default=0),
        seconds=median(seconds),
        wrong=tuple(wrong),
    )


if __name__ == "__main__":
    main()
