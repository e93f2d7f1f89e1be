"""The tutorial through psql, pgjdbc, asyncpg and psycopg 3: the same SQL, the same account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
import psycopg
import pytest

from deploy import tutorial
from tests.drivers.pgjdbc.client import jdbc
from tests.drivers.psql.client import rows, succeed
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven

Runner = Callable[[Database, list[str]], None]


def by_psql(database: Database, scripts: list[str]) -> None:
    for script in scripts:
        succeed(database, script)


def by_psycopg(database: Database, scripts: list[str]) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        for script in scripts:
            connection.execute(script.encode())


def by_asyncpg(database: Database, scripts: list[str]) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(database.url)
        for script in scripts:
            await connection.execute(script)
        await connection.close()

    asyncio.run(run())


@pytest.fixture(params=["psql", "psycopg", "asyncpg", "pgjdbc"])
def run(request: pytest.FixtureRequest) -> Runner:
    """Runs scripts of several statements by one of the clients."""
    if request.param == "pgjdbc":
        maven: Maven = request.getfixturevalue("maven")
        session = jdbc(maven)

        def by_pgjdbc(database: Database, scripts: list[str]) -> None:
            results = session(database, *[f"0:{script}" for script in scripts])
            assert not any(isinstance(result, dict) for result in results), results

        return by_pgjdbc
    return {"psql": by_psql, "psycopg": by_psycopg, "asyncpg": by_asyncpg}[request.param]


def test_the_tutorial_from_install_to_deletion(run: Runner, database: Database, simulator: Cloud) -> None:
    run(database, [tutorial.migration(tutorial.V1), tutorial.migration(tutorial.V2)])
    assert_holds_the_tutorial(simulator)
    uri = "SELECT repository_uri FROM repository WHERE repository_name = 'quickstart-repository'"
    assert rows(database, uri)[0].endswith("/quickstart-repository")
    name = "SELECT dns_name FROM load_balancer WHERE load_balancer_name = 'quickstart-load-balancer'"
    assert rows(database, name)[0].endswith(".elb.amazonaws.com")
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []

    run(database, ["SELECT delete_all_records()"])
    planned = rows(database, "SELECT * FROM iasql_plan_apply()")
    assert len(planned) == 12
    assert {line.split("|")[0] for line in planned} == {"delete"}
    run(database, ["SELECT * FROM iasql_sync()"])
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
    assert_holds_the_tutorial(simulator)

    run(database, ["SELECT delete_all_records()", "SELECT * FROM iasql_apply()"])
    assert_is_empty(simulator)
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
