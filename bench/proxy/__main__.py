"""`python -m bench.proxy`: measure, print, and keep the results."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import structlog
import uvloop

from bench.figures import Figure, keep, show
from bench.proxy import bulk, calls, idle, pgbench
from bench.proxy.contestants import DIRECT, PGBOUNCER, PROXY, contestants


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Rounds of which the median counts.")
@click.option("--seconds", default=2, show_default=True, help="Of each run of pgbench.")
def main(rounds: int, seconds: int) -> None:
    """Measure the proxy, print the figures, and keep them in bench/results/ and docs/performance.md."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found: list[Figure] = []

    def take(some: Iterable[Figure]) -> None:
        for each in some:
            found.append(each)
            show(each)

    with TemporaryDirectory(prefix="iasql-bench-") as name, contestants() as everyone:
        folder = Path(name)
        three = [each for each in everyone if each.name in (DIRECT, PGBOUNCER, PROXY)]
        pgbench.fill(three[0])
        take(uvloop.run(calls.figures(three[0])))
        take(idle.figures(three))
        take(pgbench.figures(three, rounds, seconds))
        take(pgbench.long_statements(three[1:], folder, rounds, seconds))
        take(pgbench.figures(three[1:], rounds, seconds, tls=True))
        take(pgbench.connecting(everyone, folder, rounds, seconds))
        take(bulk.figures(three, folder, rounds))
    keep("proxy", found)


if __name__ == "__main__":
    main()
