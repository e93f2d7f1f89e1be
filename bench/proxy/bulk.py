"""COPY out and in, by psql."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Figure
from bench.proxy.contestants import DIRECT, PGBOUNCER, PROXY, Contestant
from bench.proxy.rounds import Rounds, in_turn

_MEGABYTE = 1 << 20
_NOTHING = Path(os.devnull)
_TIME = re.compile(r"^Time: ([0-9.]+) ms", re.MULTILINE)

#: Tables by the bytes of a row: a wide one and a narrow one.
_TABLES = {1000: 50_000, 13: 1_000_000}

#: Rounds for each that was asked for: one takes a third of a second, and varies by a third.
_ROUNDS = 4


def figures(contestants: Sequence[Contestant], folder: Path, rounds: int) -> Iterator[Figure]:
    """Both directions, with long rows and with short ones."""
    direct = contestants[0]
    for size, count in _TABLES.items():
        table, file = f"bulk_{size}", folder / f"bulk_{size}.txt"
        _psql(direct, f"CREATE UNLOGGED TABLE {table} AS SELECT repeat('x', {size - 1}) AS text "
                      f"FROM generate_series(1, {count})")  # fmt: skip
        _psql(direct, f"COPY {table} TO STDOUT", output=file)
        _psql(direct, f"CREATE UNLOGGED TABLE {table}_in (text text)")
        megabytes = file.stat().st_size / _MEGABYTE
        # What is done first loads what Postgres' process has to know of the table.
        for direction, first, copy, source in (
            ("out", f"SELECT FROM {table} LIMIT 1", f"COPY {table} TO STDOUT", _NOTHING),
            ("in", f"TRUNCATE {table}_in", f"COPY {table}_in FROM STDIN", file),
        ):
            rates, cpu = Rounds(), Rounds()
            for each in in_turn(contestants, rounds * _ROUNDS):
                before = each.cpu
                rates.add(each, megabytes / _seconds(each, first, copy, source))
                cpu.add(each, each.cpu - before)
            name, peer = f"COPY {direction}, rows of {size} bytes", f"{rates.median(PGBOUNCER):.0f} MB/s"
            yield Figure(
                name=f"{name}, of pgbouncer's ({peer})",
                value=rates.ratio(PROXY, PGBOUNCER),
                unit="×",
                aim=1.0,
                at_least=True,
            )
            yield Figure(name=f"{name}: of a direct connection's", value=rates.ratio(PROXY, DIRECT), unit="×")
            # Of all rounds, as CPU is counted in hundredths of a second.
            value = cpu.total(PROXY) / cpu.total(PGBOUNCER)
            yield Figure(name=f"{name}: CPU, of pgbouncer's", value=value, unit="×")
        _psql(direct, f"DROP TABLE {table}, {table}_in")
        file.unlink()


def _seconds(contestant: Contestant, first: str, copy: str, source: Path) -> float:
    """What a COPY takes alone: that pgbouncer has a connection ready is measured elsewhere."""
    printed = _psql(contestant, r"\timing on", first, copy, source=source)
    return float(_TIME.findall(printed)[-1]) / 1000


def _psql(contestant: Contestant, *commands: str, source: Path = _NOTHING, output: Path = _NOTHING) -> str:
    """What psql prints besides rows, which go to the output."""
    options = [f"--output={output}", *(f"--command={each}" for each in commands)]
    with source.open("rb") as given:
        return subprocess.run(
            ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", *options, *contestant.address],
            stdin=given,
            stdout=subprocess.PIPE,
            env=os.environ | {"PGSSLMODE": "disable"},
            text=True,
            check=True,
        ).stdout
