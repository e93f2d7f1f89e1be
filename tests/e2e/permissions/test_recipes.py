"""The recipes of docs/permissions.md, as they are printed there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.e2e.permissions.conftest import APPLY, PLAN, Scene, failing, fetched
from tests.fixtures.databases import PASSWORD, Database, PostgresServer

_DOCUMENT = Path(__file__).parents[3] / "docs" / "permissions.md"
_ROLES = ("analyst", "ci", "operator", "web_team")


def recipe(heading: str, number: int = 0) -> list[str]:
    """The statements of a block of SQL below a heading."""
    section = _DOCUMENT.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    block = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)[number]
    return [each.strip() for each in block.replace("change me", PASSWORD).split(";\n") if each.strip()]


@pytest.fixture
def owned(scene: Scene, postgres_server: PostgresServer) -> Iterator[Scene]:
    """The scene, whose owner may make roles as `admin` may on the embedded server."""
    scene.as_superuser(f"ALTER ROLE {scene.owner.role} CREATEROLE")
    yield scene
    postgres_server.drop(scene.owner)
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        for role in _ROLES:
            connection.execute(f"DROP ROLE IF EXISTS {role}".encode())


def follow(scene: Scene, heading: str, role: str) -> Database:
    """The database as a role reaches it whom the owner has made by a recipe."""
    scene.execute(*recipe(heading))
    return replace(scene.owner, role=role)


def test_the_analyst_reads_and_plans_and_changes_nothing(owned: Scene) -> None:
    analyst = follow(owned, "Analyst", "analyst")
    assert fetched(analyst, "SELECT log_group_name FROM log_group") == [("/kept",)]
    assert fetched(analyst, PLAN) == [("delete", "log_group")]
    owned.refused(analyst, APPLY, state="42501")
    owned.refused(analyst, "DELETE FROM log_group", state="42501")
    owned.execute("SELECT iasql_install('aws_ecr')")
    assert fetched(analyst, "SELECT count(*) FROM repository") == [(0,)]
    assert fetched(analyst, PLAN) == [("delete", "log_group")]


def test_a_limit_of_a_role_is_not_that_of_the_owner_who_made_it(owned: Scene) -> None:
    follow(owned, "Operator", "operator")
    owned.execute("INSERT INTO iasql.guard (setting, value) VALUES ('max_deletes', '1')")
    assert fetched(owned.owner, "SELECT value, source FROM iasql_guards()") == [("1", "PUBLIC")]


def test_ci_plans_its_own_rows_and_cannot_apply_them(owned: Scene) -> None:
    ci = follow(owned, "CI that plans", "ci")
    begin, insert, plan, rollback = recipe("CI that plans", 1)
    with psycopg.connect(ci.url, autocommit=True) as connection, owned.nothing_happens():
        connection.execute(begin.encode())
        connection.execute(insert.encode())
        actions = [row[0] for row in connection.execute(plan.encode()).fetchall()]
        assert actions == ["create", "delete"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(APPLY)
        connection.execute(rollback.encode())
    owned.refused(ci, "SELECT delete_all_records()", state="42501")
    owned.execute("SELECT iasql_install('aws_vpc')")
    with psycopg.connect(ci.url, autocommit=True) as connection, owned.nothing_happens():
        connection.execute(begin.encode())
        connection.execute("INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16')")
        connection.execute(plan.encode())
        connection.execute(rollback.encode())


def test_the_operator_applies_within_its_limit_and_installs_nothing(owned: Scene) -> None:
    operator = follow(owned, "Operator", "operator")
    owned.execute("INSERT INTO log_group (log_group_name) VALUES ('/new')")
    owned.refused(operator, "SELECT iasql_install('aws_ecr')", state="42501")
    assert fetched(operator, "SELECT setting, value, source FROM iasql_guards()") == [
        ("max_deletes", "5", "role operator")
    ]
    assert [row[0] for row in fetched(operator, APPLY)] == ["create", "delete"]
    assert owned.groups() == ["/kept", "/new"]
    assert fetched(operator, "SELECT count(*) FROM iasql_sync()") == [(0,)]
    owned.execute(
        "SELECT iasql_install('aws_ecr')", "INSERT INTO repository (repository_name) VALUES ('images')"
    )
    assert fetched(operator, "SELECT action, table_name FROM iasql_apply()") == [("create", "repository")]
    assert fetched(owned.owner, "SELECT repository_arn IS NOT NULL FROM repository") == [(True,)]
    assert failing(operator, "UPDATE iasql.guard SET value = '9'").diag.sqlstate == "42501"


def test_the_team_applies_its_tables_and_not_those_of_others(owned: Scene) -> None:
    team = follow(owned, "A team that owns some tables", "web_team")
    fetched(team, "INSERT INTO log_group (log_group_name) VALUES ('/new') RETURNING 1")
    assert len(fetched(team, APPLY)) == 2
    assert owned.groups() == ["/kept", "/new"]
    owned.execute("INSERT INTO role (role_name, assume_role_policy_document) VALUES ('x', '{}')")
    assert "INSERT on role" in str(owned.refused(team, APPLY, state="42501"))
    (only_mine,) = recipe("A team that owns some tables", 1)
    with psycopg.connect(team.url, autocommit=True) as connection:
        connection.execute(only_mine.encode())
        assert connection.execute(APPLY).fetchall() == []
    with psycopg.connect(f"{team.url}?options=-c%20iasql.only_mine%3Don", autocommit=True) as connection:
        assert connection.execute(APPLY).fetchall() == []
    assert owned.cloud.client("iam").list_roles()["Roles"] == []
    owned.execute("SELECT iasql_install('aws_ecr')")
    fetched(team, PLAN)


def test_the_team_applies_its_tables_in_one_region(owned: Scene) -> None:
    team = follow(owned, "A team that owns some tables", "web_team")
    owned.execute(
        "SELECT iasql_add_region('eu-west-1')",
        "SELECT iasql_install('aws_cloudwatch', region => 'eu-west-1')",
        *recipe("Regions"),
    )
    fetched(team, "INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('/there') RETURNING 1")
    applied = fetched(team, "SELECT table_name FROM iasql_apply(region => 'eu-west-1')")
    assert applied == [("eu_west_1.log_group",)]
    owned.refused(team, "DELETE FROM eu_west_1.aws_account", state="42501")


def test_the_journal_says_who_it_was_and_from_where(owned: Scene) -> None:
    operator = follow(owned, "Operator", "operator")
    with psycopg.connect(operator.url, autocommit=True, application_name="the night shift") as connection:
        connection.execute(APPLY)
    found = fetched(
        owned.owner,
        "SELECT username, role, application_name, address FROM iasql.iasql_operation "
        "WHERE function = 'iasql_apply'",
    )
    assert [row[:3] for row in found] == [("operator", "operator", "the night shift")]
    assert str(found[0][3]).startswith("127.0.0.1:")
