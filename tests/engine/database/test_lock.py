"""One change at a time: who comes second waits, under its own lock_timeout."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.database.lock import Underway
from engine.errors import DatabaseError, OperationError
from engine.operations import Engine
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer


class Waiting(DirectCaller):
    """A caller that needs no session."""

    def __init__(self) -> None:
        super().__init__(None, "database", "user")


@pytest.mark.parametrize("function", ["iasql_apply", "iasql_sync"])
async def test_a_second_change_waits_until_the_first_is_done(
    session: Session, engine: Engine, fresh_database: Database, simulator: Cloud, function: str
) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('one')")
    delay = {"operation": "DescribeRepositories", "service": "ecr", "nth": 1, "action": "delay", "seconds": 2}
    before = simulator.called("DescribeRepositories")
    simulator.plan(delay)
    first = asyncio.create_task(session(function))
    await simulator.until_called("DescribeRepositories", before + 1)
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


async def test_an_apply_waits_for_the_calls_of_one_whose_session_is_lost(
    session: Session,
    engine: Engine,
    fresh_database: Database,
    simulator: Cloud,
    postgres_server: PostgresServer,
) -> None:
    await session("iasql_install", "aws_vpc")
    await session.execute("INSERT INTO vpc (cidr_block) VALUES ('10.0.0.0/16')")
    connection = await asyncpg.connect(fresh_database.url, statement_cache_size=0)
    lost = Session(engine, DirectCaller(connection, fresh_database.name, fresh_database.role))
    simulator.plan({"operation": "CreateVpc", "action": "delay", "seconds": 2})
    losing = asyncio.create_task(lost("iasql_apply"))
    await simulator.until_called("CreateVpc", 1)
    own = await asyncpg.connect(postgres_server.superuser_url(fresh_database.name))
    await own.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
    await own.close()
    await session("iasql_apply")
    await asyncio.gather(losing, return_exceptions=True)
    await connection.close()
    vpcs = simulator.client("ec2").describe_vpcs()["Vpcs"]
    assert len([each for each in vpcs if each["CidrBlock"] == "10.0.0.0/16"]) == 1
    assert await session.value("SELECT count(*) FROM vpc WHERE vpc_id IS NOT NULL") == 2
    assert await session("iasql_plan_apply") == []


async def test_what_changes_aws_waits_for_what_a_crash_of_postgres_has_left_under_way() -> None:
    """Of which no lock and no session tells any more."""
    underway, caller = Underway(), Waiting()
    order: list[str] = []
    begun, leave = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with underway.change(caller):
            begun.set()
            await leave.wait()
            order.append("first")

    async def second() -> None:
        async with underway.change(caller):
            order.append("second")

    tasks = [asyncio.create_task(first())]
    await begun.wait()
    tasks.append(asyncio.create_task(second()))
    stopped = Waiting()
    stopped.stop.request(OperationError("stopped"))
    with pytest.raises(OperationError, match="stopped"):
        await underway.over(stopped)
    leave.set()
    await asyncio.gather(*tasks)
    await underway.over(caller)
    assert order == ["first", "second"]
