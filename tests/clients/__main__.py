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
from tests.clients.report import Row, merged, read, render, row, written
from tests.clients.runner import Comparison, compare_sides
from tests.clients.servers import Served, serving
from tests.clients.suite import Server, Suite

_ROOT = Path(__file__).parents[2]
_REPORT = _ROOT / "docs" / "compatibility.md"
_RESULTS = _ROOT / "tests" / "clients" / "results.json"
_SERVERS: tuple[Server, ...] = ("packaged", "embedded")


@click.command()
@click.option("--suite", "names", multiple=True, help="Only this one; may be given more than once.")
def main(names: Sequence[str]) -> None:
    """Run clients' suites against Postgres itself and through the proxy, and write down how they compare.

    Ends with 1 if anything differs, or a suite could not be run.
    """
    wanted = [suite for suite in SUITES if not names or suite.name in names]
    if not wanted:
        raise click.BadParameter(f"the suites are: {', '.join(suite.name for suite in SUITES)}")
    made: list[Row] = []
    absent: list[str] = []
    for server in _SERVERS:
        if suites := [suite for suite in wanted if server in suite.servers]:
            for each in _on(server, suites, absent):
                made.append(each)
                _write_down(made)
    for reason in absent:
        click.echo(f"not run: {reason}")
    sys.exit(1 if absent or any(each.differences for each in made) else 0)


def _write_down(made: Sequence[Row]) -> None:
    before = read(_RESULTS.read_text()) if _RESULTS.exists() else []
    rows = merged(before, made, [suite.name for suite in SUITES])
    _RESULTS.write_text(written(rows))
    _REPORT.write_text(render(rows, {suite.name: suite.origin for suite in SUITES}))


def _on(server: Server, suites: Sequence[Suite], absent: list[str]) -> Iterator[Row]:
    try:
        with serving(server) as served, TemporaryDirectory(prefix="iasql-clients-") as folder:
            for suite in suites:
                yield from _run(suite, served, Path(folder), absent)
    except pytest.skip.Exception as reason:
        absent += [f"{suite.name}: {reason}" for suite in suites]


def _run(suite: Suite, served: Served, folder: Path, absent: list[str]) -> Iterator[Row]:
    ways = (False, True) if suite.tls and served.encrypted else (False,)
    for tls in ways:
        began = time.monotonic()
        try:
            comparison = compare_sides(suite, served, folder, tls=tls)
        except pytest.skip.Exception as reason:
            absent.append(f"{suite.name}: {reason}")
            return
        made = row(comparison, commit=_commit(), seconds=time.monotonic() - began)
        click.echo(
            f"{made.title}: {made.tests} tests, {made.direct} and {made.proxied} pass, {made.seconds} s"
        )
        _say(comparison)
        yield made


def _say(comparison: Comparison) -> None:
    for word, found in (("differs", comparison.differences), ("is unsteady", comparison.unsteady)):
        for each in found:
            click.echo(f"  {each.test} {word}: {each.direct.status}, {each.proxied.status}")
            for side in (each.direct, each.proxied):
                click.echo(f"    {side.shown or side.detail}")


def _commit() -> str:
    """The proxy's, with a mark if it has been changed since."""
    changed = _git("status", "--porcelain", "--", "proxy", "engine", "modules", "deploy")
    return _git("rev-parse", "--short=10", "HEAD") + ("-dirty" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()


if __name__ == "__main__":
    main()
