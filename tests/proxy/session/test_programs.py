"""psql and psycopg, as people use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import psycopg
import pytest

from engine.caller import Caller
from engine.errors import OperationError
from engine.request import Call
from tests.proxy.conftest import FakeEngine, Server

APPLY = "SELECT action FROM iasql_apply()"


@pytest.fixture
async def client(dsn: str) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as made:
        yield made


async def psql(server: Server, dsn: str, *arguments: str, text: str = "") -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        str(server.programs / "psql"),
        "-X",
        "-At",
        dsn,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(text.encode())
    return process.returncode or 0, out.decode(), err.decode()


async def test_psql_prints_rows_and_notices(server: Server, dsn: str) -> None:
    code, out, err = await psql(server, dsn, "-c", "SELECT * FROM iasql_apply()")
    assert (code, out) == (0, "create|note|1|one\ndelete|note|2|\n")
    assert "NOTICE:  performing iasql_apply" in err


async def test_psql_runs_a_script(server: Server, dsn: str, engine: FakeEngine) -> None:
    script = f"""
    BEGIN;
    {APPLY};
    COMMIT;
    COPY ({APPLY}) TO STDOUT;
    COPY note (text) FROM STDIN;
from psql
\\.
    SELECT count(*) FROM note \\; {APPLY} \\; SELECT 'end';
    {APPLY} \\bind \\g
    """
    code, out, err = await psql(server, dsn, "-q", text=script)
    assert code == 0, err
    assert " ".join(out.split()) == "create delete create delete 3 create delete end create delete"
    assert len(engine.calls) == 4


async def test_psql_as_one_transaction_undoes_all(
    server: Server, dsn: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    code, _, err = await psql(server, dsn, "-1", "-v", "ON_ERROR_STOP=1", "-c", APPLY, "-c", "SELECT 1/0")
    assert code != 0
    assert "division by zero" in err
    assert await direct.fetchval("SELECT count(*) FROM performed") == 0


async def test_psycopg_in_a_thread_commits_and_rolls_back(dsn: str, engine: FakeEngine) -> None:
    def work() -> list[int]:
        counts = []
        with psycopg.connect(dsn) as connection:
            assert connection.execute(APPLY).fetchall() == [("create",), ("delete",)]
            connection.rollback()
            counts.append(_count(connection))
            connection.execute("SELECT * FROM iasql_install(%s, %s)", ["a", "b"])
            connection.commit()
            counts.append(_count(connection))
        return counts

    assert await asyncio.to_thread(work) == [0, 1]
    assert engine.calls[1].arguments == ("a", "b")
    assert all(caller.in_transaction for caller in engine.callers)


def _count(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM performed").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_pipeline_performs_the_call_in_its_place(
    client: psycopg.AsyncConnection, engine: FakeEngine
) -> None:
    async with client.pipeline():
        first = await client.execute("INSERT INTO note (text) VALUES ('first') RETURNING id")
        second = await client.execute("SELECT count(*) FROM note, iasql_install(%s)", ["x"])
        third = await client.execute("SELECT count(*) FROM note")
        assert await first.fetchone() == (1,)
        assert await second.fetchone() == (4,)
        assert await third.fetchone() == (2,)
    assert engine.callers[0].in_transaction


async def test_a_pipeline_is_aborted_by_a_failed_operation(
    client: psycopg.AsyncConnection, engine: FakeEngine
) -> None:
    async def fail(call: Call, caller: Caller) -> None:
        raise OperationError("no", "58000")

    engine.behave = fail

    async def send_all() -> None:
        async with client.pipeline():
            await client.execute("INSERT INTO note (text) VALUES ('first')")
            await client.execute(APPLY)
            await client.execute("INSERT INTO note (text) VALUES ('last')")

    with pytest.raises(psycopg.errors.SystemError):
        await send_all()
    engine.behave = None
    cursor = await client.execute("SELECT count(*) FROM note")
    assert await cursor.fetchone() == (0,)
    assert len(await (await client.execute(APPLY)).fetchall()) == 2


async def test_a_server_side_cursor_reads_the_rows(
    client: psycopg.AsyncConnection, engine: FakeEngine
) -> None:
    async with client.transaction(), client.cursor("named") as cursor:
        await cursor.execute(APPLY)
        assert await cursor.fetchone() == ("create",)
        assert await cursor.fetchall() == [("delete",)]
    assert len(engine.calls) == 1


async def test_binary_results_and_prepared_statements_work(
    client: psycopg.AsyncConnection, engine: FakeEngine
) -> None:
    for number in range(6):
        cursor = await client.execute(
            "SELECT id FROM iasql_install(%s)", [str(number)], prepare=True, binary=True
        )
        assert await cursor.fetchall() == [(1,), (2,)]
    assert [call.arguments for call in engine.calls] == [(str(number),) for number in range(6)]


async def test_cancel_from_psycopg_stops_the_operation(
    client: psycopg.AsyncConnection, engine: FakeEngine
) -> None:
    async def wait(call: Call, caller: Caller) -> None:
        await caller.stop.wait()
        caller.stop.check()

    engine.behave = wait
    running = asyncio.create_task(client.execute(APPLY))
    await engine.began.wait()
    await client.cancel_safe()
    with pytest.raises(psycopg.errors.QueryCanceled):
        await running
