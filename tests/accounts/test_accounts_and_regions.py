"""Regions of connected accounts: from nothing to the applied tutorial, by what `iasql connect` prints."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from tests.accounts.conftest import ONE, OTHER, OWN, Commands, at
from tests.drivers.flyway.project import LINES, FlywayProject, flyway
from tests.e2e.account import TUTORIAL, assert_holds, assert_is_empty
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven

IRELAND, TOKYO = "eu-west-1", "ap-northeast-1"
PLACES = "SELECT region, schema, is_default FROM iasql.place ORDER BY is_default DESC, schema"


def reached(url: str) -> Database:
    """The database of a connection string."""
    parts = urlsplit(url)
    return Database(
        name=parts.path[1:],
        role=parts.username or "",
        password=unquote(parts.password or ""),
        host=parts.hostname or "",
        port=parts.port or 0,
    )


def fetched(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute(statement.encode()).fetchall()


def test_the_tutorial_in_two_accounts_and_two_regions_of_each_at_the_same_time(
    commands: Commands, simulator: Cloud, maven: Maven, tmp_path: Path
) -> None:
    program = flyway(maven, LINES[0])
    iasql = commands.up()
    urls = {
        account: at(iasql, commands.connect(name, "--region", IRELAND, account=account).url)
        for name, account in (("prod", ONE), ("dev", OTHER))
    }

    def migrate(account: str, region: str, schema: str) -> str:
        # The tutorial's role has the region in its name; roles are global, so each region has one of its own.
        said = {"flyway.schemas": schema, "flyway.placeholders.region": region}
        folder = tmp_path / f"{account}-{region}"
        project = FlywayProject(folder, program, reached(urls[account]), said)
        project.add_tutorial()
        return project.succeed("migrate")

    where = [(account, *place) for account in urls for place in ((REGION, "public"), (IRELAND, "eu_west_1"))]
    with ThreadPoolExecutor(len(where)) as pool:
        for printed in pool.map(lambda each: migrate(*each), where):
            assert "Successfully applied 2 migrations" in printed
    roles = [f"ecsTaskExecRole{region}" for region in (IRELAND, REGION)]
    for account, region, _ in where:
        assert_holds(simulator.at(region, account=account), TUTORIAL | {"role": roles})
    for account, region in ((OWN, REGION), (OWN, IRELAND)):
        assert_is_empty(simulator.at(region, account=account))
    for account, url in urls.items():
        assert_holds(
            simulator.at(TOKYO, account=account),
            {table: [] for table in TUTORIAL if table not in ("role", "public_repository")},
        )
        assert fetched(url, "SELECT * FROM iasql_plan_apply()") == []


def test_connecting_makes_a_place_of_each_region(commands: Commands) -> None:
    iasql = commands.up()
    url = at(iasql, commands.connect("one", "--region", IRELAND).url)
    assert fetched(url, PLACES) == [(REGION, "public", True), (IRELAND, "eu_west_1", False)]
    with psycopg.connect(url, autocommit=True, options="-c search_path=eu_west_1,public") as session:
        found = session.execute("SELECT created_table_name FROM iasql_install('aws_cloudwatch')").fetchall()
    assert found[0] == ("eu_west_1.log_group",)
    assert found[-1] == ("eu_west_1.aws_account",)


def test_a_database_with_tables_of_such_names_has_the_default_region_in_another_schema(
    commands: Commands, simulator: Cloud
) -> None:
    iasql = commands.up()
    url = at(iasql, commands.connect("one", "--schema", "aws").url)
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("CREATE TABLE log_group (mine text)")
        session.execute("INSERT INTO log_group VALUES ('kept')")
        made = session.execute("SELECT created_table_name FROM iasql_install('aws_cloudwatch')").fetchall()
        assert (made[0], made[-1]) == (("log_group",), ("aws_account",))
        session.execute("INSERT INTO aws.log_group (log_group_name) VALUES ('/a')")
        applied = session.execute("SELECT action, table_name FROM iasql_apply()").fetchall()
        assert applied == [("create", "log_group")]
        assert session.execute("TABLE log_group").fetchall() == [("kept",)]
        assert session.execute("SELECT * FROM iasql_plan_apply()").fetchall() == []
    groups = simulator.at(REGION, account=ONE).client("logs").describe_log_groups()["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["/a"]


def test_a_schema_of_somebody_else_in_an_existing_database_is_not_made_a_place(commands: Commands) -> None:
    with psycopg.connect(commands.server.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE owner_of_it")
        admin.execute("CREATE ROLE stranger")
        admin.execute("CREATE DATABASE mine OWNER owner_of_it")
    with psycopg.connect(commands.server.superuser_url("mine"), autocommit=True) as inside:
        inside.execute("CREATE SCHEMA aws AUTHORIZATION stranger")
    result = commands.connect("one", "--existing", "mine", "--schema", "aws")
    assert result.status == 1
    assert "the schema aws belongs to stranger" in result.err
    assert commands.accounts() == []


@pytest.mark.parametrize("schema", ["pg_catalog", "iasql", "Ünfit", "a.b"])
def test_a_schema_that_cannot_be_a_place_leaves_nothing_behind(commands: Commands, schema: str) -> None:
    result = commands.connect("one", "--schema", schema)
    assert result.status == 1
    assert "cannot be the schema of a region" in result.err
    assert commands.accounts() == []
