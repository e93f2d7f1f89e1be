"""Many regions: a plan over all of them against one region's own, and what thousands of resources cost.

Each of the larger measurements is made in a process of its own, as in `bench.engine.scale`.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from statistics import median

import asyncpg
import uvloop

from bench.engine.account import REGION
from bench.engine.account import Account as MemoryAccount
from bench.engine.cloud import BenchCloud
from bench.engine.scale import filled, forget_peak, memory
from bench.engine.world import MODULES
from bench.figures import Figure
from engine.aws.account import Account, OneAccount
from engine.operations import Engine
from modules.catalogue import find_modules
from tests.engine.direct import Session, session_in
from tests.fixtures.databases import Database, PostgresServer

#: The default one and sixteen others, as many as a new account has.
REGIONS = (REGION, *(f"bench-region-{number}" for number in range(1, 17)))


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What an install in all regions and a plan over them took.

    Attributes:
        install, plan: seconds.
        cpu: of this process in the plan, without what the accounts in memory used.
        memory: by how many bytes the process grew to its peak in the plan.
    """

    size: int
    install: float
    plan: float
    cpu: float
    memory: int


def figures(server: PostgresServer, sizes: tuple[int, ...], repeats: int) -> Iterator[Figure]:
    """Of plans over all regions."""
    ratio, listing = uvloop.run(_latencies(server, repeats))
    many = len(REGIONS)
    yield Figure(
        name=f"{many} regions: a plan against the slowest region's own", value=ratio, unit="×", aim=1.2
    )
    yield Figure(
        name=f"{many} regions: installing all modules beside AWS's latencies", value=listing, unit="s"
    )
    measures = [_apart(server, size) for size in sizes]
    for each in measures:
        name = f"{each.size:,} resources in {many} regions"
        yield Figure(name=f"{name}: install", value=each.install, unit="s")
        yield Figure(name=f"{name}: plan", value=each.plan, unit="s")
        yield Figure(
            name=f"{name}: the plan's CPU a resource", value=each.cpu / each.size * 1e6, unit="µs", aim=100
        )
        yield Figure(
            name=f"{name}: the plan's peak memory a resource",
            value=each.memory / each.size / 1024,
            unit="KB",
            aim=4,
        )
    small, large = measures[0], measures[-1]
    yield Figure(
        name=f"{many} regions: time a resource at {large.size:,} against {small.size:,}",
        value=large.plan / large.size / (small.plan / small.size),
        unit="×",
        aim=1.2,
    )


async def _latencies(server: PostgresServer, repeats: int) -> tuple[float, float]:
    """How often the slowest region's plan one over all takes; seconds that an install in all takes."""
    clouds = {region: BenchCloud(filled(100)) for region in REGIONS}
    async with _session(server, clouds) as session:
        start = time.perf_counter()
        await _install(session)
        installed = time.perf_counter() - start
        ratios: list[float] = []
        for _ in range(repeats):
            alone = [await _beside(clouds, session, region=region) for region in REGIONS]
            ratios.append(await _beside(clouds, session) / max(alone))
        return median(ratios), installed


async def _beside(clouds: dict[str, BenchCloud], session: Session, **region: str) -> float:
    """Seconds that a plan takes, without those in which this process was busy being AWS."""
    before = _own_cpu(clouds)
    return await _timed(session, **region) - (_own_cpu(clouds) - before)


async def _timed(session: Session, **region: str) -> float:
    start = time.perf_counter()
    assert await session("iasql_plan_apply", **region) == []
    return time.perf_counter() - start


async def _install(session: Session) -> None:
    await session("iasql_install", "{" + ",".join(MODULES) + "}", region="*")


@asynccontextmanager
async def _session(server: PostgresServer, clouds: dict[str, BenchCloud]) -> AsyncIterator[Session]:
    """A client's session in a database that has a place for each region."""
    database = server.create()
    account = Account(lambda region: clouds[region or REGION], REGION)
    engine = Engine(postgres_url=server.url, accounts=OneAccount(account), catalogue=find_modules())
    try:
        async with session_in(engine, database) as session:
            await _add_regions(server, database)
            yield session
    finally:
        await engine.close()
        server.drop(database)


async def _add_regions(server: PostgresServer, database: Database) -> None:
    """Add the places as the engine would: the account in memory does not tell which regions there are."""
    own = await asyncpg.connect(server.superuser_url(database.name))
    for region in REGIONS[1:]:
        schema = region.replace("-", "_")
        await own.execute(f'CREATE SCHEMA "{schema}" AUTHORIZATION "{database.role}"')
        await own.execute("INSERT INTO iasql.place (schema, region) VALUES ($1, $2)", schema, region)
    await own.close()


def _apart(server: PostgresServer, size: int) -> Measure:
    """Measure in a new process."""
    output = subprocess.run(
        [sys.executable, "-m", "bench.engine.regions"],
        input=json.dumps({"server": vars(server), "size": size}, default=str).encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return Measure(**json.loads(output))


async def _measure(server: PostgresServer, size: int) -> Measure:
    clouds = {region: _quiet(filled(size // len(REGIONS) // 20 * 20)) for region in REGIONS}
    async with _session(server, clouds) as session:
        start = time.perf_counter()
        await _install(session)
        installed = time.perf_counter() - start
        gc.collect()
        forget_peak()
        before, cpu, own = memory("VmRSS"), time.process_time(), _own_cpu(clouds)
        plan = await _timed(session)
        return Measure(
            size=size,
            install=installed,
            plan=plan,
            cpu=time.process_time() - cpu - (_own_cpu(clouds) - own),
            memory=memory("VmHWM") - before,
        )


def _quiet(account: MemoryAccount) -> BenchCloud:
    cloud = BenchCloud(account, latency=lambda operation: 0.0)
    cloud.recording = False
    return cloud


def _own_cpu(clouds: dict[str, BenchCloud]) -> float:
    return sum(each.own_cpu for each in clouds.values())


def _main() -> None:
    given = json.load(sys.stdin)
    server = PostgresServer(**given["server"])
    print(json.dumps(asdict(uvloop.run(_measure(server, given["size"])))))


if __name__ == "__main__":
    _main()
