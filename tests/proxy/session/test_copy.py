"""Bulk data in both directions, with bounded memory."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator

import asyncpg

from proxy.server import Proxy
from proxy.wire.frames import message
from tests.proxy.conftest import FakeEngine
from tests.proxy.raw import connected, kinds, query, rows

MEGABYTE = 1 << 20


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def test_fifty_megabytes_go_in_and_come_out(connection: asyncpg.Connection) -> None:
    line = b"x" * (64 * 1024 - 1) + b"\n"

    async def lines() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield line

    await connection.execute("CREATE TABLE bulk (text text)")
    before = peak()
    assert await connection.copy_to_table("bulk", source=lines(), format="text") == "COPY 800"
    received = 0

    async def receive(data: bytes) -> None:
        nonlocal received
        received += len(data)

    await connection.copy_from_table("bulk", output=receive, format="text")
    assert received == 800 * len(line)
    assert peak() - before < 40 * MEGABYTE


async def test_a_client_that_does_not_read_stops_the_server(
    proxy: Proxy, database: str, direct: asyncpg.Connection
) -> None:
    stopped = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'"
    async with connected(proxy.port, database) as raw:
        before = peak()
        raw.send(query("SELECT repeat('x', 100000) FROM generate_series(1, 2000)"))
        first = await raw.answer()
        assert first[0] == "T"
        async with asyncio.timeout(10):
            for _ in range(10):
                while not await direct.fetchval(stopped):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        assert peak() - before < 20 * MEGABYTE
        answers = await raw.ready()
        assert kinds(answers).count("D") == 2000
        assert peak() - before < 300 * MEGABYTE


async def test_one_huge_message_streams_through(proxy: Proxy, database: str) -> None:
    size = 80 * MEGABYTE
    async with connected(proxy.port, database) as raw:
        await raw.ask(query("CREATE TEMP TABLE big (text text)"))
        raw.send(query("COPY big FROM STDIN"))
        assert (await raw.answer())[0] == "G"
        before = peak()
        raw.send(b"d" + (size + 5).to_bytes(4, "big"))
        chunk = b"y" * MEGABYTE
        for _ in range(size // MEGABYTE):
            raw.send(chunk)
            await raw.writer.drain()
        raw.send(b"\n")
        raw.send(message(b"c"))
        assert kinds(await raw.ready()) == "CZ"
        assert peak() - before < 40 * MEGABYTE
        assert rows(await raw.ask(query("SELECT length(text) FROM big"))) == [(str(size),)]


async def test_the_rows_of_a_call_are_copied_out(connection: asyncpg.Connection, engine: FakeEngine) -> None:
    parts: list[bytes] = []

    async def receive(data: bytes) -> None:
        parts.append(data)

    await connection.copy_from_query("SELECT * FROM iasql_plan_apply()", output=receive)
    assert b"".join(parts) == b"create\tnote\t1\tone\ndelete\tnote\t2\t\\N\n"
    assert len(engine.calls) == 1
