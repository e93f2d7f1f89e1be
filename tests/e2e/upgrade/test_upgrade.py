"""A database of an earlier version is brought over, and what users built on its tables is kept.

`version_0_1_0.sql` is a dump of one in which version 0.1.0 has deployed the tutorial. Beside that it has a
view and a table of the user's on module tables, and a view that calls a plan.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import asyncpg
import psycopg
import pytest

from engine.errors import OperationError
from engine.operations import Engine
from modules.catalogue import find_modules
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import PSQL, Database, PostgresServer

DUMP = Path(__file__).with_name("version_0_1_0.sql")
#: The roles of the dump: the one that the server worked with, and the one that owned the database.
ENGINE_ROLE, OWNER = "admin", "iasql"
#: What it had, and what of it is the user's.
COUNTS = {
    "aws_account": 1,
    "cluster": 1,
    "container_definition": 1,
    "listener": 1,
    "load_balancer": 1,
    "repository": 1,
    "security_group": 2,
    "service": 1,
    "owner_of": 1,
    "groups_of": 2,
}


@pytest.fixture
def older(fresh_database: Database, postgres_server: PostgresServer) -> Database:
    """A database as version 0.1.0 left it."""
    text = DUMP.read_text().replace(f"OWNER TO {OWNER};", f"OWNER TO {fresh_database.role};")
    text = re.sub(rf"(OWNER TO|\bTO|FROM) {ENGINE_ROLE};", r"\1 postgres;", text)
    restored = subprocess.run(
        [PSQL, "-qX", "-v", "ON_ERROR_STOP=1", postgres_server.superuser_url(fresh_database.name)],
        input=text,
        capture_output=True,
        text=True,
    )
    assert restored.returncode == 0, restored.stderr
    return fresh_database


async def test_a_database_of_0_1_0_keeps_what_it_has(engine: Engine, older: Database) -> None:
    connection = await asyncpg.connect(older.url, statement_cache_size=0)
    session = Session(engine, DirectCaller(connection, older.name, older.role))
    columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
    columns += "ORDER BY table_name, ordinal_position"
    before = await session.rows(columns)
    rows = {table: await session.rows(f"TABLE {table}") for table in COUNTS}
    assert {table: len(some) for table, some in rows.items()} == COUNTS
    await engine.prepare_database(older.name)
    await session("iasql_upgrade")
    after = await session.rows(columns)
    assert set(before) <= set(after)
    for table, some in rows.items():
        names = ", ".join(f'"{column}"' for each, column in before if each == table)
        assert await session.rows(f"SELECT {names} FROM {table}") == some
    declared = {
        (each.table, column.name) for each in find_modules().resources.values() for column in each.columns
    }
    there = {table for table, _ in before}
    assert {each for each in declared if each[0] in there} <= set(after)
    # What one of its modules needs since has come along.
    installed = {name for name, *_ in await session.rows("SELECT * FROM iasql_modules_installed()")}
    assert {"aws_elb", "aws_acm"} <= installed
    assert ("certificate", "arn") in after
    await connection.close()


async def test_a_database_of_0_1_0_works_on_in_its_default_region(engine: Engine, older: Database) -> None:
    connection = await asyncpg.connect(older.url, statement_cache_size=0)
    session = Session(engine, DirectCaller(connection, older.name, older.role))
    await engine.prepare_database(older.name)
    await session("iasql_upgrade")
    await session.execute("DROP TABLE owner_of")
    await session("iasql_sync")  # the account is another one, and empty
    assert await session.rows("SELECT schema, region FROM iasql.place") == [("public", REGION)]
    await session("iasql_add_region", "eu-west-1")
    assert await session.rows("SELECT schema, is_default FROM iasql.place ORDER BY 2 DESC") == [
        ("public", True),
        ("eu_west_1", False),
    ]
    assert await session("iasql_plan_apply") == []
    assert await session.rows("SELECT count(*) FROM iasql_all.security_group") == [(1,)]
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('a')")
    assert [each[1] for each in await session.apply()] == ["log_group"]
    await connection.close()


async def test_a_module_of_an_older_version_gets_the_tables_that_are_new(
    session: Session, simulator: Cloud, fresh_database: Database, postgres_server: PostgresServer
) -> None:
    """As if a version without internet gateways and subnets had installed the module."""
    await session("iasql_install", "aws_vpc")
    ec2 = simulator.client("ec2")
    ec2.create_internet_gateway()
    with psycopg.connect(postgres_server.superuser_url(fresh_database.name), autocommit=True) as superuser:
        superuser.execute(
            "DROP TABLE public.internet_gateway, public.subnet CASCADE;"
            "ALTER TABLE public.vpc DROP COLUMN enable_dns_hostnames;"
            "DROP TYPE public.subnet_state_enum;"
            "UPDATE iasql.installed_module "
            "SET tables = array_remove(array_remove(tables, 'subnet'), 'internet_gateway') "
            "WHERE name = 'aws_vpc'"
        )
    for call in ("iasql_plan_apply", "iasql_sync"):
        with pytest.raises(OperationError) as refused:
            await session(call)
        assert refused.value.sqlstate == "42P01"
        assert "internet_gateway, subnet" in refused.value.message
        assert "iasql_upgrade()" in (refused.value.hint or "")
    await session("iasql_upgrade")
    assert await session.value("SELECT count(*) FROM internet_gateway") == 1
    assert await session.value("SELECT count(*) FROM subnet") == len(ec2.describe_subnets()["Subnets"])
    assert await session.value("SELECT enable_dns_hostnames FROM vpc") is True
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    assert await session("iasql_upgrade") == []


async def test_a_table_of_the_users_that_has_the_name_of_a_new_one_has_to_be_renamed(
    session: Session, fresh_database: Database, postgres_server: PostgresServer
) -> None:
    await session("iasql_install", "aws_vpc")
    with psycopg.connect(postgres_server.superuser_url(fresh_database.name), autocommit=True) as superuser:
        superuser.execute("DROP TABLE public.internet_gateway CASCADE; CREATE ROLE somebody_else")
        superuser.execute("CREATE TABLE public.internet_gateway (mine text)")
        superuser.execute("ALTER TABLE public.internet_gateway OWNER TO somebody_else")
        superuser.execute(
            "UPDATE iasql.installed_module SET tables = array_remove(tables, 'internet_gateway')"
        )
        with pytest.raises(OperationError) as refused:
            await session("iasql_plan_apply")
        assert (refused.value.sqlstate, refused.value.table) == ("42P01", "internet_gateway")
        superuser.execute("ALTER TABLE public.internet_gateway RENAME TO of_mine")
    await session("iasql_upgrade")
    assert await session("iasql_plan_apply") == []
    with psycopg.connect(postgres_server.superuser_url(fresh_database.name), autocommit=True) as superuser:
        superuser.execute("DROP TABLE public.of_mine; DROP ROLE somebody_else")
