"""Flyway behaves through the proxy as it does with Postgres itself.

Each test runs with both lines, directly and through the proxy; the tutorial is in `tests/e2e`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from tests.drivers.flyway.project import LINES, FlywayProject, flyway
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven

TABLES = """
-- two statements, one with a body of its own
CREATE TABLE t (a integer PRIMARY KEY, b text);
CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'from f'; RETURN 7; END $$;
"""
ROWS = """
BEGIN;
  INSERT INTO t VALUES (1, 'a;b'), (2, '${project_name}');
COMMIT;
SELECT a, b, f() AS seven FROM t ORDER BY a;
"""


class Project(Protocol):
    """Makes a Flyway project over a fresh database."""

    def __call__(self, configuration: Mapping[str, str] | None = None) -> FlywayProject: ...


@pytest.fixture(params=LINES)
def project(request: pytest.FixtureRequest, maven: Maven, served: Database, tmp_path: Path) -> Project:
    """Makes a project of each line."""
    program = flyway(maven, request.param)
    return lambda configuration=None: FlywayProject(tmp_path / "project", program, served, configuration)


@pytest.fixture
def query(served: Database) -> Callable[[str], list[tuple[object, ...]]]:
    """Asks the database what Flyway left in it."""

    def ask(statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(served.url) as connection:
            return connection.execute(statement.encode()).fetchall()

    return ask


def test_a_project_is_migrated_once_and_then_up_to_date(
    project: Project, query: Callable[[str], list[tuple[object, ...]]]
) -> None:
    flyway = project()
    flyway.add("V1__tables.sql", TABLES)
    flyway.add("V2__rows.sql", ROWS)
    printed = flyway.succeed("migrate")
    assert 'Successfully applied 2 migrations to schema "public"' in printed
    assert "quickstart" in printed
    assert "DB: from f" in printed
    assert query("SELECT b FROM t ORDER BY a") == [("a;b",), ("quickstart",)]
    assert "No migration necessary" in flyway.succeed("migrate")
    assert "2\trows\tSuccess" in flyway.succeed("info")
    assert "Successfully validated" in flyway.succeed("validate")


def test_a_failing_migration_leaves_nothing(
    project: Project, query: Callable[[str], list[tuple[object, ...]]]
) -> None:
    flyway = project()
    flyway.add("V1__tables.sql", TABLES)
    flyway.add("V2__fails.sql", "CREATE TABLE u (a integer); SELECT 1 / 0;")
    assert "division by zero" in flyway.fail("migrate")
    assert query("SELECT to_regclass('t')::text, to_regclass('u')::text") == [("t", None)]
    assert query("SELECT version FROM flyway_schema_history WHERE version <> '0.0'") == [("1",)]


def test_a_changed_migration_is_found_and_repaired(project: Project) -> None:
    flyway = project()
    flyway.add("V1__tables.sql", TABLES)
    flyway.succeed("migrate")
    flyway.add("V1__tables.sql", TABLES + "-- changed\n")
    assert "checksum mismatch" in flyway.fail("validate")
    flyway.succeed("repair")
    flyway.succeed("validate")


def test_clean_is_disabled_unless_it_is_allowed(
    project: Project, query: Callable[[str], list[tuple[object, ...]]]
) -> None:
    flyway = project()
    flyway.add("V1__tables.sql", TABLES)
    flyway.succeed("migrate")
    assert "clean" in flyway.fail("clean").lower()
    assert query("SELECT to_regclass('t')::text") == [("t",)]


def test_an_allowed_clean_empties_the_schema(
    project: Project, query: Callable[[str], list[tuple[object, ...]]]
) -> None:
    flyway = project({"flyway.cleanDisabled": "false"})
    flyway.add("V1__tables.sql", TABLES)
    flyway.succeed("migrate")
    flyway.succeed("clean")
    assert query("SELECT to_regclass('t')::text") == [(None,)]


def test_one_connection_is_enough_with_a_session_lock(project: Project) -> None:
    flyway = project({"flyway.postgresql.transactional.lock": "false"})
    flyway.add("V1__tables.sql", TABLES)
    flyway.add("V2__index.sql", "CREATE INDEX CONCURRENTLY i ON t (b);")
    assert "Successfully applied 2 migrations" in flyway.succeed("migrate")
