"""COPY out and in, by psql."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.figures import Figure
from bench.proxy.contestants import DIRECT, PGBOUNCER, PROXY, Contestant
from bench.proxy.rounds import measured

_MEGABYTE = 1 << 20

#: Tables by the bytes of a row: a wide one and a narrow one.
_TABLES = {1000: 50_000, 13: 1_000_000}

#: So many times as often as anything else is measured: it takes a third of a second, and varies by a third.
_MORE = 4


def figures(contestants: Sequence[Contestant], folder: Path, rounds: int) -> Iterator[Figure]:
    """Both directions, with long rows and with short ones."""
    direct = contestants[0]
    for size, count in _TABLES.items():
        table, file = f"bulk_{size}", folder / f"bulk_{size}.txt"
        _psql(direct, f"CREATE UNLOGGED TABLE {table} AS SELECT repeat('x', {size - 1}) AS text "
                      f"FROM generate_series(1, {count})")  # fmt: skip
        _psql(direct, f"COPY {table} TO STDOUT", output=file)
        _psql(direct, f"CREATE UNLOGGED TABLE {table}_in (text text)")
        out = measured(contestants, rounds * _MORE, _copying_out(table, file))
        into = measured(contestants, rounds * _MORE, _copying_in(table, file))
        for direction, found in (("out", out), ("in", into)):
            name, peer = f"COPY {direction}, rows of {size} bytes", f"{found.median(PGBOUNCER):.0f} MB/s"
            yield Figure(
                name=f"{name}, of pgbouncer's ({peer})",
                value=found.ratio(PROXY, PGBOUNCER),
                unit="×",
                aim=1.0,
                at_least=True,
            )
            yield Figure(name=f"{name}: of a direct connection's", value=found.ratio(PROXY, DIRECT), unit="×")
        _psql(direct, f"DROP TABLE {table}, {table}_in")
        file.unlink()


def _copying_out(table: str, file: Path) -> Callable[[Contestant], float]:
    def rate(contestant: Contestant) -> float:
        began = time.perf_counter()
        _psql(contestant, f"COPY {table} TO STDOUT")
        return file.stat().st_size / _MEGABYTE / (time.perf_counter() - began)

    return rate


def _copying_in(table: str, file: Path) -> Callable[[Contestant], float]:
    def rate(contestant: Contestant) -> float:
        _psql(contestant, f"TRUNCATE {table}_in")
        began = time.perf_counter()
        _psql(contestant, f"COPY {table}_in FROM STDIN", source=file)
        return file.stat().st_size / _MEGABYTE / (time.perf_counter() - began)

    return rate


def _psql(
    contestant: Contestant, sql: str, *, source: Path = Path(os.devnull), output: Path = Path(os.devnull)
) -> None:
    with source.open("rb") as given, output.open("wb") as taken:
        subprocess.run(
            ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--command", sql, *contestant.address],
            stdin=given,
            stdout=taken,
            env=os.environ | {"PGSSLMODE": "disable"},
            check=True,
        )
