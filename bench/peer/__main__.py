"""`python -m bench.peer`: measure both, print what was seen, and keep it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial

import click

from bench.figures import commit, machine
from bench.peer import table
from bench.peer.contestant import Starting
from bench.peer.iasql import Iasql
from bench.peer.race import Line, race
from bench.peer.terraform import MissingError, Terraform, versions
from bench.peer.trouble import Seen
from bench.peer.troubles import troubles
from deploy.simulator.conditions import Conditions
from tests.fixtures.databases import running_postgres

#: AWS's latencies, and nothing else of what makes it slow.
_CONDITIONS = Conditions(latency=1.0)
#: Of so many stacks one run has to be enough.
_MANY = 50
_WIDE = 64
_ENFORCE = {"iasql.apply_mode": "enforce", "iasql.delete_unknown": "on"}


@click.command()
@click.option("--stacks", "sizes", multiple=True, default=(1, 10, _MANY), show_default=True)
@click.option("--repeats", default=3, show_default=True, help=f"Runs of fewer than {_MANY} stacks.")
@click.option("--race/--no-race", "racing", default=True, help="Measure time, CPU, calls, memory.")
@click.option("--troubles/--no-troubles", "troubled", default=True, help="Try edits, kills, lost answers.")
def main(sizes: tuple[int, ...], repeats: int, racing: bool, troubled: bool) -> None:
    """Measure iasql and Terraform or OpenTofu; what was is kept in bench/results/ and docs/performance.md."""
    try:
        said = versions()
    except MissingError as missing:
        sys.exit(f"bench.peer: {missing}")
    name, about = said.partition(" ")[0], {"machine": machine(), "commit": commit(), "versions": said}
    lines: list[Line] = []
    seen: list[Seen] = []
    # With the settings that `iasql up` gives it: what it commits is on disk.
    with running_postgres() as server:
        tools: dict[str, Starting] = {"iasql": partial(Iasql, server), name: Terraform}
        wide: dict[str, Starting] = {f"{name}, {_WIDE} at once": partial(Terraform, parallelism=_WIDE)}
        enforcing: dict[str, Starting] = {"iasql, enforce": partial(Iasql, server, settings=_ENFORCE)}
        for stacks in sizes if racing else ():
            lines += shown(race(tools, stacks, 1 if stacks >= _MANY else repeats, _CONDITIONS))
            if stacks > 1:
                lines += shown(race(wide, stacks, 1, _CONDITIONS))
        for each in troubles(tools, enforcing) if troubled else ():
            seen.append(each)
            table.show(table.told(each))
    table.keep(lines, seen, about)


def shown(lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines, each printed as soon as there is one."""
    for each in lines:
        table.show(table.cells(each))
        yield each


if __name__ == "__main__":
    main()
