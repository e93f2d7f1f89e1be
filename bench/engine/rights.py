"""`python -m bench.engine.rights`: what it costs to ask beforehand whether a role may do what a plan does."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from statistics import median

import asyncpg
import click
import uvloop

from bench.engine.account import Account
from bench.engine.cloud import BenchCloud
from bench.engine.world import world
from engine.database import write_function
from engine.guard import permission
from engine.plan.apply import plan_apply
from engine.plan.layout import Installed, Layout
from engine.plan.model import Plan, Row
from engine.plan.snapshot import Snapshot
from modules.catalogue import find_modules
from tests.engine.direct import DirectCaller
from tests.fixtures.databases import PASSWORD, Database, PostgresServer, running_postgres

_MODULES = ("aws_cloudwatch", "aws_iam", "aws_ecr")
_SIZES = (20, 20_000)

#: Who asks, with the grants that let it do all of the plan.
_WHO = {
    "privileges of the tables": "INSERT",
    "privileges of the columns": "INSERT (log_group_name, tags)",
}


@click.command()
@click.option("--repeats", default=21, show_default=True, help="Runs of which the median counts.")
def main(repeats: int) -> None:
    """Measure the check of plans of different sizes, and print it."""
    with running_postgres() as server:
        uvloop.run(_measure(server, repeats))


async def _measure(server: PostgresServer, repeats: int) -> None:
    database = server.create()
    async with world(server, BenchCloud(Account()), database) as there:
        await there.session("iasql_install", *_MODULES)
    for who, grant in _WHO.items():
        for size in _SIZES:
            taken = await _milliseconds(server, database, grant, size, repeats)
            print(f"{who}, {size:,} changes: {taken:.2f} ms")


async def _milliseconds(
    server: PostgresServer, database: Database, grant: str, size: int, repeats: int
) -> float:
    name = f"someone_{secrets.token_hex(4)}"
    owner = await asyncpg.connect(database.url)
    superuser = await asyncpg.connect(server.url)
    await superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    await owner.execute(f"GRANT {grant} ON log_group TO {name}; GRANT SELECT ON log_group TO {name}")
    connection = await asyncpg.connect(database.url.replace(database.role, name, 1), statement_cache_size=0)
    caller = DirectCaller(connection, database.name, name)
    snapshot, plan = _planned(size)
    taken: list[float] = []
    for _ in range(repeats):
        began = time.perf_counter()
        functions = await write_function.find(caller, permission.tables_of(snapshot.resources.values()))
        await permission.permitted(caller, snapshot, plan, strict=True, followed=functions)
        taken.append(time.perf_counter() - began)
        await caller.commit()
    for each in (connection, owner, superuser):
        await each.close()
    return median(taken) * 1000


def _planned(size: int) -> tuple[Snapshot, Plan]:
    """A plan that creates log groups."""
    installed = frozenset(Installed("public", each) for each in _MODULES)
    resources = Layout(find_modules(), installed=installed).resources
    rows: Mapping[str, Sequence[Row]] = {
        "log_group": [_row(f"/group-{number}") for number in range(size)],
    }
    snapshot = Snapshot(resources, {}, rows)
    return snapshot, plan_apply(snapshot, rows)


def _row(name: str) -> Row:
    values = {"log_group_name": name, "log_group_arn": None, "creation_time": None}
    return Row(table="log_group", key=(name,), values=values)


if __name__ == "__main__":
    main()
