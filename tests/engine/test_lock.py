"""One change at a time: who comes second waits, under its own lock_timeout."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.errors import DatabaseError
from engine.operations import Engine
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database


@pytest.mark.parametrize("function", ["iasql_apply", "iasql_sync"])
async def test_a_second_change_waits_until_the_first_is_done(
    session: Session, engine: Engine, fresh_database: Database, simulator: Cloud, function: str
) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('one')")
    delay = {"operation": "DescribeRepositories", "service": "ecr", "nth": 1, "action": "delay", "seconds": 2}
    simulator.plan(delay)
    first = asyncio.create_task(session(function))
    begun: set[str] = set()
    while "DescribeRepositories" not in begun:
        begun = {call["operation"] for call in simulator.calls()}
        await asyncio.sleep(0.02)
    connection = await asyncpg.connect(fresh_database.url, statement_cache_size=0)
    other = Session(engine, DirectCaller(connection, fresh_database.name, fresh_database.role))
    await other.execute("SET lock_timeout = '200ms'")
    with pytest.raises(DatabaseError) as late:
        await other("iasql_apply")
    assert late.value.sqlstate == "55P03"
    assert not first.done()
    await first
    await other("iasql_apply")
    await connection.close()
