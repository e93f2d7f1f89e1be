"""The tutorial in two regions of an account: the same SQL, and `search_path` says where."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from deploy import tutorial
from tests.drivers.flyway.project import LINES, FlywayProject, flyway
from tests.drivers.psql.client import rows, succeed
from tests.e2e.account import TUTORIAL, assert_holds, assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven

IRELAND = "eu-west-1"
#: What AWS has once for an account is seen from every region.
GLOBAL = {"role", "public_repository"}
IN_IRELAND = "SET search_path = eu_west_1, public;\n"


@pytest.fixture
def two_regions(database: Database) -> Database:
    """A database that has a second region."""
    assert rows(database, f"SELECT * FROM iasql_add_region('{IRELAND}')") == [f"{IRELAND}|eu_west_1"]
    return database


def nothing_regional(cloud: Cloud) -> None:
    assert_holds(cloud, {table: [] for table in TUTORIAL if table not in GLOBAL})


def test_the_tutorials_sql_runs_to_the_letter_in_another_region(
    two_regions: Database, simulator: Cloud
) -> None:
    printed = succeed(two_regions, IN_IRELAND + tutorial.migration(tutorial.V1))
    assert "eu_west_1.service_security_groups" in printed
    succeed(two_regions, IN_IRELAND + tutorial.migration(tutorial.V2))
    assert_holds_the_tutorial(simulator.at(IRELAND))
    nothing_regional(simulator)
    assert rows(two_regions, "SELECT * FROM iasql_plan_apply()") == []
    succeed(two_regions, IN_IRELAND + "SELECT delete_all_records();\nSELECT delete_all_records('*');")
    succeed(two_regions, "SELECT * FROM iasql_apply();")
    assert_is_empty(simulator)
    assert_is_empty(simulator.at(IRELAND))
    assert rows(two_regions, "SELECT * FROM iasql_plan_apply()") == []


@pytest.mark.parametrize("line", LINES[:1])
def test_flyway_migrates_each_region_by_its_schema(
    maven: Maven, two_regions: Database, simulator: Cloud, tmp_path: Path, line: str
) -> None:
    for region, schema in ((REGION, "public"), (IRELAND, "eu_west_1")):
        # The tutorial's role has the region in its name; roles are global, so each region has one of its own.
        said = {"flyway.schemas": schema, "flyway.placeholders.region": region}
        project = FlywayProject(tmp_path / schema, flyway(maven, line), two_regions, said)
        project.add_tutorial()
        assert f'Successfully applied 2 migrations to schema "{schema}"' in project.succeed("migrate")
    for cloud in (simulator, simulator.at(IRELAND)):
        assert_holds(cloud, TUTORIAL | {"role": [f"ecsTaskExecRole{each}" for each in (IRELAND, REGION)]})
    assert rows(two_regions, "SELECT * FROM iasql_plan_apply()") == []
    assert sorted(rows(two_regions, "SELECT region, name FROM iasql_all.service")) == [
        f"{IRELAND}|quickstart-service",
        f"{REGION}|quickstart-service",
    ]


def test_drivers_say_by_search_path_which_region_they_mean(two_regions: Database, simulator: Cloud) -> None:
    with psycopg.connect(
        two_regions.url, autocommit=True, options="-c search_path=eu_west_1,public"
    ) as there:
        there.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        there.execute("INSERT INTO log_group (log_group_name) VALUES (%s)", ["a"])
        assert there.execute("SELECT table_name FROM iasql_apply(region => %s)", [IRELAND]).fetchall() == [
            ("eu_west_1.log_group",)
        ]
        found = there.execute("SELECT log_group_arn FROM log_group").fetchone()
    assert found is not None
    assert f":{IRELAND}:" in found[0]
    nothing_regional(simulator)
