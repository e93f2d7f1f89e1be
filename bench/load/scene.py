"""Postgres, the proxy and its clients, and what the proxy's process holds while they work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg

from bench.figures import Figure
from bench.load.clients import LEDGER, Work, answers, busy, idle
from bench.proxy.contestants import DATABASE, PROXY, USER, Contestant, postgres, proxy
from tests.fixtures.certificates import Authority

_SAMPLE_SECONDS = 1.0
_SAMPLES_TO_REST = 10


@dataclass(frozen=True)
class Held:
    """What the proxy's process holds.

    Attributes:
        memory: bytes.
        descriptors: files and sockets that are open.
    """

    memory: int
    descriptors: int

    @classmethod
    def by(cls, process: Contestant) -> Held:
        return cls(process.memory, sum(1 for _ in Path(f"/proc/{process.pid}/fd").iterdir()))


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Contestant, str]]:
    """A proxy in front of a Postgres with an empty ledger; the URL of that."""
    async with AsyncExitStack() as stack:
        port = stack.enter_context(postgres(folder))
        certificate = Authority(folder).issue("listener")
        it = stack.enter_context(proxy(PROXY, folder, port, certificate))
        url = f"postgresql://{USER}@127.0.0.1:{it.port}/{DATABASE}"
        connection = await asyncpg.connect(url)
        await connection.execute(LEDGER)
        await connection.fetch("SELECT * FROM iasql_plan_apply()")
        await connection.close()
        yield it, url


async def figures(folder: Path, waiting: int, working: int, seconds: float) -> Iterator[Figure]:
    """Let some connections wait and others work for some time; every second of those is encrypted."""
    async with served(folder) as (it, url):
        before = await _at_rest(it)
        async with AsyncExitStack() as stack:
            those = [await idle(it.port, USER, DATABASE, stack) for _ in range(waiting)]
            works, samples = await _at_work(it, url, working, seconds)
            alive = sum([await answers(each) for each in those])
        lost = sum(work.entries for work in works) - await _entries(url)
        after = await _at_rest(it)
    return _figures(works, samples, waiting - alive, lost, after.descriptors - before.descriptors)


async def _at_work(
    it: Contestant, url: str, working: int, seconds: float
) -> tuple[Sequence[Work], Sequence[Held]]:
    stopped = asyncio.Event()
    works = [Work() for _ in range(working)]
    urls = [f"{url}?sslmode={'require' if number % 2 else 'disable'}" for number in range(working)]
    tasks = [
        asyncio.ensure_future(busy(each, number, work, stopped))
        for number, (each, work) in enumerate(zip(urls, works, strict=True))
    ]
    samples: list[Held] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(_SAMPLE_SECONDS)
        samples.append(Held.by(it))
    stopped.set()
    await asyncio.gather(*tasks)
    return works, samples


async def _entries(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM ledger"))
    finally:
        await connection.close()


async def _at_rest(it: Contestant) -> Held:
    """What is held when all have gone, which takes a moment: until nothing is closed any more."""
    held = Held.by(it)
    for _ in range(_SAMPLES_TO_REST):
        await asyncio.sleep(_SAMPLE_SECONDS)
        last, held = held, Held.by(it)
        if held.descriptors == last.descriptors:
            break
    return held


def _figures(
    works: Sequence[Work], samples: Sequence[Held], unanswered: int, lost: int, descriptors: int
) -> Iterator[Figure]:
    minute = max(1, len(samples) // 10)
    first, last = (
        median(each.memory for each in part) / 1024
        for part in (samples[minute : 2 * minute] or samples, samples[-minute:])
    )
    yield Figure(name="statements that were answered", value=sum(work.statements for work in works), unit="")
    yield Figure(name="errors, and wrong answers", value=sum(work.faults for work in works), unit="", aim=0)
    yield Figure(name="committed rows that were lost", value=lost, unit="", aim=0)
    yield Figure(name="idle connections that did not answer in the end", value=unanswered, unit="", aim=0)
    yield Figure(name="memory after a tenth of the time", value=first, unit="KiB")
    yield Figure(name="memory in the end, of that", value=last / first, unit="×", aim=1.02)
    yield Figure(name="descriptors that are left", value=descriptors, unit="", aim=0)
