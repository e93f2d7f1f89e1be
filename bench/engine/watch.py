"""`python -m bench.engine.watch`: what a watch of 20,000 resources in five regions asks of AWS, and of us.

Each region has an account in memory, so the calls that count are those that are made and when. The time that
the process spends on being AWS is left out of the CPU.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import click
import uvloop

from bench.engine import latency
from bench.engine.account import REGION
from bench.engine.account import Account as MemoryAccount
from bench.engine.cloud import BenchCloud, _Client
from bench.engine.scale import filled
from bench.engine.world import MODULES
from engine.aws import limits
from engine.aws.account import Account, OneAccount
from engine.look import look
from engine.operations import Engine
from modules.catalogue import find_modules
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.databases import PostgresServer, running_postgres

REGIONS = (REGION, *(f"bench-region-{number}" for number in range(1, 5)))
#: Seconds from one look to the next.
INTERVAL = 300


class TimedCloud(BenchCloud):
    """A region that notes when it was asked what.

    Attributes:
        asked: the moments, by service and operation.
    """

    def __init__(self, account: MemoryAccount) -> None:
        super().__init__(account, latency=latency.seconds)
        self.recording = False
        self.asked: dict[tuple[str, str], list[float]] = defaultdict(list)

    async def answer(self, client: _Client, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked[client.service, operation].append(time.monotonic())
        return await super().answer(client, operation, params)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How often a look asks for an operation.

    Attributes:
        calls: in all regions.
        rate: of the region that is asked most often, calls a second from the first to the last.
        most: of calls in any second in a region.
        documented: what AWS documents that comes into the bucket each second; `sure`: or it is a guess.
    """

    service: str
    operation: str
    calls: int
    rate: float
    most: int
    documented: float
    sure: bool


def asked(clouds: dict[str, TimedCloud]) -> Iterator[Asked]:
    """What was asked, the operation of most calls first."""
    calls: Counter[tuple[str, str]] = Counter()
    for cloud in clouds.values():
        calls.update({name: len(moments) for name, moments in cloud.asked.items()})
    for (service, operation), count in calls.most_common():
        some = [sorted(cloud.asked[service, operation]) for cloud in clouds.values()]
        _, limit = min(limits.buckets(service, operation), key=lambda each: each[1].rate)
        yield Asked(
            service=service,
            operation=operation,
            calls=count,
            rate=max(_rate(moments) for moments in some),
            most=max(_most(moments) for moments in some),
            documented=limit.rate,
            sure=limit.sure,
        )


def _rate(moments: list[float]) -> float:
    return (len(moments) - 1) / (moments[-1] - moments[0]) if len(moments) > 1 else 0.0


def _most(moments: list[float]) -> int:
    return max((sum(at <= each < at + 1 for each in moments) for at in moments), default=0)


@asynccontextmanager
async def _watched(
    server: PostgresServer, clouds: dict[str, TimedCloud]
) -> AsyncIterator[tuple[Engine, str]]:
    """A database in which all of it is installed."""
    database = server.create()
    account = Account(lambda region: clouds[region or REGION], REGION)
    engine = Engine(postgres_url=server.url, accounts=OneAccount(account), catalogue=find_modules())
    await engine.prepare_database(database.name)
    own = await asyncpg.connect(server.superuser_url(database.name))
    for region in REGIONS[1:]:
        schema = region.replace("-", "_")
        await own.execute(f'CREATE SCHEMA "{schema}" AUTHORIZATION "{database.role}"')
        await own.execute("INSERT INTO iasql.place (schema, region) VALUES ($1, $2)", schema, region)
    connection = await asyncpg.connect(database.url, statement_cache_size=0)
    session = Session(engine, DirectCaller(connection, database.name, database.role))
    await session("iasql_install", "{" + ",".join(MODULES) + "}", region="*")
    await connection.close()
    try:
        yield engine, database.name
    finally:
        await own.close()
        await engine.close()
        server.drop(database)


async def _measure(server: PostgresServer, size: int) -> None:
    clouds = {region: TimedCloud(filled(size // len(REGIONS))) for region in REGIONS}
    async with _watched(server, clouds) as (engine, database):
        for cloud in clouds.values():
            cloud.asked.clear()
        cpu, own = time.process_time(), sum(each.own_cpu for each in clouds.values())
        began = time.monotonic()
        found = await look(engine._common, database, 0, lambda: False)
        seconds = time.monotonic() - began
        cpu = time.process_time() - cpu - (sum(each.own_cpu for each in clouds.values()) - own)
    assert (found.outcome, found.new, found.unread) == ("done", 0, {})
    lines = list(asked(clouds))
    click.echo(f"{size:,} resources in {len(REGIONS)} regions: {sum(each.calls for each in lines)} calls")
    click.echo(
        f"a look: {seconds:.0f} s of {INTERVAL}; CPU {cpu:.2f} s, {cpu / INTERVAL:.1%} of one; "
        f"{cpu / size * 1e6:.0f} µs a resource"
    )
    click.echo("| operation | calls | a second, at most | in any second | AWS' rate |")
    for each in lines:
        rate = f"{each.documented:g}" + ("" if each.sure else " (a guess)")
        click.echo(
            f"| {each.service} {each.operation} | {each.calls} | {each.rate:.2f} | {each.most} | {rate} |"
        )


@click.command()
@click.option("--size", default=20_000, show_default=True, help="Resources over five regions.")
def main(size: int) -> None:
    """Measure one look of `iasql up --watch 5min`."""
    with running_postgres() as server:
        uvloop.run(_measure(server, size))


if __name__ == "__main__":
    main()
