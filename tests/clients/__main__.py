"""`python -m tests.clients`: runs the suites on both sides, and writes docs/compatibility.md."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest

from tests.clients.catalogue import SUITES
from tests.clients.outcomes import passed
from tests.clients.report import Made, render
from tests.clients.runner import Comparison, compare_sides
from tests.clients.servers import Served, serving
from tests.clients.suite import Server, Suite

_ROOT = Path(__file__).parents[2]
_SERVERS: tuple[Server, ...] = ("packaged", "embedded")


@click.command()
@click.option("--suite", "names", multiple=True, help="Only this one; may be given more than once.")
@click.option("--report", type=click.Path(path_type=Path), help="Where to write the table.")
def main(names: Sequence[str], report: Path | None) -> None:
    """Run clients' suites against Postgres itself and through the proxy.

    Ends with 1 if anything differs. The table is written if all suites are run, or where --report says.
    """
    wanted = [suite for suite in SUITES if not names or suite.name in names]
    if not wanted:
        raise click.BadParameter(f"the suites are: {', '.join(suite.name for suite in SUITES)}")
    began = time.monotonic()
    comparisons: list[Comparison] = []
    absent: list[tuple[str, str]] = []
    for server in _SERVERS:
        if suites := [suite for suite in wanted if server in suite.servers]:
            comparisons += _on(server, suites, absent)
    made = Made(command="make test-clients", commit=_commit(), seconds=time.monotonic() - began)
    comparisons.sort(key=lambda each: SUITES.index(each.suite))
    document = render(comparisons, absent, made)
    if report is not None or not names:
        (report or _ROOT / "docs" / "compatibility.md").write_text(document)
    sys.exit(1 if any(comparison.differences for comparison in comparisons) else 0)


def _on(server: Server, suites: Sequence[Suite], absent: list[tuple[str, str]]) -> Iterator[Comparison]:
    try:
        with serving(server) as served, TemporaryDirectory(prefix="iasql-clients-") as folder:
            for suite in suites:
                yield from _run(suite, served, Path(folder), absent)
    except pytest.skip.Exception as reason:
        absent += [(suite.name, str(reason)) for suite in suites]


def _run(suite: Suite, served: Served, folder: Path, absent: list[tuple[str, str]]) -> Iterator[Comparison]:
    ways = (False, True) if suite.tls and served.encrypted else (False,)
    for tls in ways:
        began = time.monotonic()
        try:
            comparison = compare_sides(suite, served, folder, tls=tls)
        except pytest.skip.Exception as reason:
            absent.append((suite.name, str(reason)))
            return
        _say(comparison, time.monotonic() - began)
        yield comparison


def _say(comparison: Comparison, seconds: float) -> None:
    suite = comparison.suite
    counts = (
        f"{len(comparison.direct)} tests, {passed(comparison.direct)} and {passed(comparison.proxied)} pass"
    )
    way = f"PostgreSQL {comparison.server}{', TLS' if comparison.tls else ''}"
    click.echo(f"{suite.name} {suite.version()} ({way}): {counts}, {seconds:.0f} s")
    for word, found in (("differs", comparison.differences), ("is unsteady", comparison.unsteady)):
        for each in found:
            click.echo(f"  {each.test} {word}: {each.direct.status}, {each.proxied.status}")
            for side in (each.direct, each.proxied):
                click.echo(f"    {side.shown or side.detail}")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main()
