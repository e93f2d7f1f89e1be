"""The tutorial as printed, with both Flyway lines, against the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drivers.flyway.project import LINES, FlywayProject, flyway
from tests.drivers.psql.client import rows
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven


@pytest.fixture(params=LINES)
def project(
    request: pytest.FixtureRequest, maven: Maven, database: Database, tmp_path: Path
) -> FlywayProject:
    """The tutorial's project; only URL, user and password differ from its flyway.conf."""
    made = FlywayProject(tmp_path / "my_project", flyway(maven, request.param), database)
    made.add_tutorial()
    return made


def test_the_migrations_create_what_their_sql_says_and_a_second_run_does_nothing(
    project: FlywayProject, database: Database, simulator: Cloud
) -> None:
    printed = project.succeed("migrate")
    assert 'Successfully applied 2 migrations to schema "public"' in printed
    assert "aws_ecs_fargate@0.0.1" in printed
    assert "quickstart-load-balancer 8088" in printed
    assert_holds_the_tutorial(simulator)
    changes = len(simulator.calls(mutating=True))
    assert "No migration necessary" in project.succeed("migrate")
    assert rows(database, "SELECT * FROM iasql_plan_apply()") == []
    assert len(simulator.calls(mutating=True)) == changes
    assert "2\tinit\tSuccess" in project.succeed("info")
    project.succeed("validate")
    project.succeed("repair")
    assert "clean" in project.fail("clean").lower()


def test_a_migration_that_fails_half_way_leaves_no_module(
    project: FlywayProject, database: Database, simulator: Cloud
) -> None:
    (project.migrations / "V2__init.sql").unlink()
    with (project.migrations / "V1__install.sql").open("a") as script:
        script.write("SELECT 1 / 0;\n")
    assert "division by zero" in project.fail("migrate")
    assert rows(database, "SELECT to_regclass('security_group'), to_regclass('cluster')") == ["|"]
    assert rows(database, "SELECT * FROM iasql_modules_installed()") == []
    assert_is_empty(simulator)
