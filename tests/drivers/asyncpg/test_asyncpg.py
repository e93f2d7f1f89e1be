"""asyncpg's binary protocol works through the proxy as it does without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.fixtures.databases import Database


@pytest.fixture
async def connection(served: Database) -> AsyncIterator[Any]:
    """A connection, closed in the end."""
    opened = await asyncpg.connect(served.url)
    yield opened
    await opened.close()


async def test_values_travel_in_binary_both_ways(connection: Any) -> None:
    row = await connection.fetchrow(
        "SELECT $1::int8 AS a, $2::text AS b, $3::bytea AS c, $4::int4[] AS d, $5::text AS e",
        2**40, "ü", b"\x00\xff", [1, None, 3], None,
    )  # fmt: skip
    assert tuple(row) == (2**40, "ü", b"\x00\xff", [1, None, 3], None)


async def test_a_prepared_statement_is_executed_again_and_again(connection: Any) -> None:
    statement = await connection.prepare("SELECT $1::int4 + 1")
    assert [await statement.fetchval(number) for number in range(20)] == list(range(1, 21))


async def test_a_cursor_reads_in_portions(connection: Any) -> None:
    async with connection.transaction():
        numbers = [row[0] async for row in connection.cursor("SELECT generate_series(1, 101)", prefetch=10)]
    assert numbers == list(range(1, 102))


async def test_many_rows_are_sent_at_once_and_copied_in_and_out(connection: Any) -> None:
    await connection.execute("CREATE TABLE t (a int4, b text)")
    await connection.executemany("INSERT INTO t VALUES ($1, $2)", [(number, "x") for number in range(500)])
    await connection.copy_records_to_table("t", records=[(number, "y") for number in range(5000)])
    assert await connection.fetchval("SELECT count(*) FROM t") == 5500


async def test_a_timeout_cancels_the_statement_and_the_session_goes_on(connection: Any) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await connection.fetchval("SELECT pg_sleep(30)", timeout=0.2)
    assert await connection.fetchval("SELECT 1") == 1


async def test_an_error_has_its_class_and_leaves_the_session_usable(connection: Any) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await connection.fetch("SELECT * FROM nowhere")
    assert await connection.fetchval("SELECT 1") == 1


async def test_notifications_and_notices_arrive(connection: Any) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    await connection.add_listener("c", lambda *arguments: heard.put_nowait(arguments[3]))
    connection.add_log_listener(lambda _, message: heard.put_nowait(message.message))
    await connection.execute("NOTIFY c, 'payload'; DO $$ BEGIN RAISE NOTICE 'hello'; END $$")
    said = {await asyncio.wait_for(heard.get(), 10) for _ in range(2)}
    assert said == {"payload", "hello"}
