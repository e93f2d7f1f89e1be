"""`python -m bench.foreign`: install all modules into an account of 2,000 resources, and plan there.

The account is the one of `tests/e2e/test_foreign_account.py`, simulated on the same machine, whose time is no
measure of AWS's. What iasql adds to AWS's latencies is at most what its server and Postgres compute.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import psycopg

from bench.figures import Figure, keep, show
from bench.processes import Stat, cpu
from deploy.simulator.process import SimulatorProcess
from modules.catalogue import find_modules
from tests.e2e import foreign
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer, running_postgres
from tests.fixtures.proxies import IasqlProcess, launch


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What a statement took: seconds, seconds of the processor of the server and Postgres, calls of AWS."""

    seconds: float
    cpu: float
    calls: int
    rows: int


@click.command()
@click.option("--repeats", default=3, show_default=True, help="Runs of which the median counts.")
def main(repeats: int) -> None:
    """Measure, print the figures, and keep them in bench/results/ and docs/performance.md."""
    with running_postgres() as server, SimulatorProcess() as process, TemporaryDirectory() as logs:
        cloud = Cloud(process.endpoint)
        cloud.reset()
        foreign.make(cloud)
        proxy = launch(Path(logs) / "iasql.log", server, cloud)
        try:
            runs = [_run(server, proxy, cloud) for _ in range(repeats)]
        finally:
            proxy.stop()
    figures = []
    for name, aim, some in zip(("install", "plan"), (10.0, None), zip(*runs, strict=True), strict=True):
        called = f"all {len(find_modules().modules)} modules, an account of {some[0].rows:,} rows: {name}"
        figures += [
            Figure(name=called, value=median(each.seconds for each in some), unit="s"),
            Figure(
                name=f"{called}, CPU of server and Postgres",
                value=median(each.cpu for each in some),
                unit="s",
                aim=aim,
            ),
            Figure(name=f"{called}, calls of AWS", value=median(each.calls for each in some), unit=""),
        ]
    for each in figures:
        show(each)
    keep("foreign", figures)


def _run(server: PostgresServer, proxy: IasqlProcess, cloud: Cloud) -> tuple[Measure, Measure]:
    """An install of everything into a fresh database, and a plan that finds nothing."""
    database = server.create()
    try:
        with psycopg.connect(proxy.serves(database).url, autocommit=True) as client:
            names = sorted(each.name for each in find_modules().modules)
            listed = ", ".join(f"'{name}'" for name in names)
            installed = _measured(client, server, proxy, cloud, f"SELECT * FROM iasql_install({listed})")
            planned = _measured(client, server, proxy, cloud, "SELECT * FROM iasql_plan_apply()")
        return installed, Measure(**{**vars(planned), "rows": installed.rows})
    finally:
        server.drop(database)


def _measured(
    client: psycopg.Connection[tuple[object, ...]],
    server: PostgresServer,
    proxy: IasqlProcess,
    cloud: Cloud,
    statement: str,
) -> Measure:
    calls, cpu, begun = len(cloud.calls()), _cpu(server, proxy), time.perf_counter()
    rows = client.execute(statement).fetchall()
    seconds = time.perf_counter() - begun
    return Measure(
        seconds=seconds,
        cpu=_cpu(server, proxy) - cpu,
        calls=len(cloud.calls()) - calls,
        rows=sum(int(str(row[-1])) for row in rows),
    )


def _cpu(server: PostgresServer, proxy: IasqlProcess) -> float:
    """Seconds that the server and all processes of Postgres have used so far."""
    with psycopg.connect(server.url) as connection:
        return cpu(Stat.of(connection.info.backend_pid).parent) + cpu(proxy.pid)


if __name__ == "__main__":
    main()
