"""Policies and limits that the owner has set hold for everybody."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.e2e.permissions.conftest import APPLY, PLAN, Scene, failing, fetched
from tests.fixtures.databases import Database

MakeRole = Callable[..., Database]


@pytest.fixture
def operator(make_role: MakeRole) -> Database:
    """A role that may apply everything."""
    return make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply(), iasql_apply(text) TO ROLE",
    )


def test_a_session_makes_the_owners_limit_looser(scene: Scene, operator: Database) -> None:
    scene.execute("INSERT INTO iasql.guard (setting, value) VALUES ('max_deletes', '0')")
    with psycopg.connect(operator.url, autocommit=True) as connection, scene.nothing_happens():
        for setting in ("100", ""):
            connection.execute(f"SET iasql.max_deletes = '{setting}'".encode())
            with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as refused:
                connection.execute(APPLY)
            assert "iasql.guard says so for PUBLIC" in str(refused.value.diag.message_hint)
        shown = connection.execute("SELECT setting, value, source FROM iasql_guards()").fetchall()
        assert shown == [("max_deletes", "0", "PUBLIC")]


def test_a_session_makes_the_owners_limit_stricter(scene: Scene, operator: Database) -> None:
    scene.execute("INSERT INTO iasql.guard (setting, value) VALUES ('max_deletes', '10')")
    with psycopg.connect(operator.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("SET iasql.max_deletes = 0")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            connection.execute(APPLY)
        assert connection.execute("SELECT source FROM iasql_guards()").fetchall() == [("session",)]


def test_a_roles_limit_stands_in_the_place_of_publics(scene: Scene, operator: Database) -> None:
    scene.execute(
        "INSERT INTO iasql.guard (setting, value) VALUES ('max_deletes', '0')",
        f"INSERT INTO iasql.guard (role, setting, value) VALUES ('{operator.role}', 'max_deletes', '5')",
    )
    scene.refused(scene.owner, APPLY, state="53400")
    assert len(fetched(operator, APPLY)) == 1
    assert scene.groups() == ["/kept"]


def test_a_limit_of_changes_counts_creations(scene: Scene, operator: Database) -> None:
    scene.execute(
        "INSERT INTO iasql.guard (setting, value) VALUES ('max_changes', '1')",
        "INSERT INTO log_group (log_group_name) VALUES ('/new')",
    )
    error = scene.refused(operator, APPLY, state="53400")
    assert "change 2 resources" in str(error)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO iasql.guard (setting, value) VALUES ('max_deletes', '1000')",
        "DELETE FROM iasql.policy",
        "INSERT INTO iasql.policy (name, query) VALUES ('p', 'SELECT 1')",
    ],
)
def test_somebody_writes_what_is_the_owners(scene: Scene, operator: Database, statement: str) -> None:
    assert failing(operator, statement).diag.sqlstate == "42501"


def test_a_limit_that_is_no_number(scene: Scene) -> None:
    statement = "INSERT INTO iasql.guard (setting, value) VALUES ('max_deletes', 'few')"
    assert failing(scene.owner, statement).diag.sqlstate == "23514"


@pytest.mark.parametrize("statement", [PLAN, "SELECT * FROM iasql_diff()", APPLY])
def test_a_session_sets_a_limit_that_is_no_number(scene: Scene, reader: Database, statement: str) -> None:
    who = scene.owner if statement == APPLY else reader
    with psycopg.connect(who.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("SET iasql.max_deletes = 'x'")
        with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
            connection.execute(statement.encode())
        assert 'iasql.max_deletes is "x"' in str(refused.value)
        connection.execute("RESET iasql.max_deletes")
        connection.execute(PLAN.encode())


@pytest.mark.parametrize("role", ["nobody_by_this_name", "public", "Operator"])
def test_a_limit_for_a_role_that_is_not_there_is_refused_when_it_is_written(scene: Scene, role: str) -> None:
    insert = f"INSERT INTO iasql.guard (role, setting, value) VALUES ('{role}', 'max_deletes', '1')"
    error = failing(scene.owner, insert)
    assert error.diag.sqlstate == "42704"
    assert f'role "{role}" does not exist' in str(error)
    scene.execute("INSERT INTO iasql.guard (setting, value) VALUES ('max_deletes', '1')")
    update = f"UPDATE iasql.guard SET role = '{role}'"
    assert failing(scene.owner, update).diag.sqlstate == "42704"
    assert fetched(scene.owner, "SELECT role FROM iasql.guard") == [("PUBLIC",)]


def test_a_policy_that_the_caller_cannot_read_stands_against_its_apply(
    scene: Scene, operator: Database, reader: Database
) -> None:
    scene.execute(
        "CREATE TABLE secret (forbidden text)",
        "INSERT INTO secret VALUES ('log_group')",
        "INSERT INTO iasql.policy (name, query, advice) VALUES ('no deletes', "
        "'SELECT p.table_name FROM iasql.planned() AS p JOIN secret ON forbidden = p.table_name "
        "WHERE p.action = ''delete''', 'Ask us.')",
    )
    for who, call in ((operator, APPLY), (reader, PLAN)):
        error = scene.refused(who, call, state="23514")
        assert "no deletes" in str(error)
        assert error.diag.message_hint == "Ask us."


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("SELECT typo FROM log_group", "42703"),
        ("SELECT 1; DROP TABLE log_group", "42601"),
        ("SELECT 1) AS q; DROP TABLE log_group; SELECT (1", None),
        ("SELECT * FROM pg_authid", "42501"),
        ("nonsense", "42601"),
    ],
)
def test_a_broken_policy_is_refused_when_it_is_written(scene: Scene, query: str, state: str | None) -> None:
    error = failing(scene.owner, "INSERT INTO iasql.policy (name, query) VALUES ('broken', %s)", query)
    assert 'policy "broken" cannot be used' in str(error)
    assert state in (None, error.diag.sqlstate)
    assert fetched(scene.owner, "SELECT to_regclass('log_group') IS NOT NULL") == [(True,)]


def test_a_policy_that_broke_later_is_named(scene: Scene) -> None:
    scene.execute(
        "CREATE TABLE allowed (name text)",
        "INSERT INTO iasql.policy (name, query) VALUES ('listed', 'SELECT name FROM allowed')",
        "DROP TABLE allowed",
    )
    error = scene.refused(scene.owner, APPLY, state="42P01")
    assert 'the policy "listed" cannot be checked' in str(error)


def test_a_policy_that_takes_too_long_is_named(scene: Scene) -> None:
    scene.execute(
        "INSERT INTO iasql.policy (name, query) VALUES ('slow', 'SELECT pg_sleep(60)')",
    )
    with psycopg.connect(scene.owner.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("SET statement_timeout = '3s'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(APPLY)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("3s",)


def test_a_plan_leaves_the_sessions_settings_as_they_were(scene: Scene) -> None:
    scene.execute("INSERT INTO iasql.policy (name, query) VALUES ('fine', 'SELECT 1 WHERE false')")
    settings = (
        "SELECT current_setting('statement_timeout'), current_setting('transaction_read_only'), current_user"
    )
    with psycopg.connect(scene.owner.url) as connection:
        connection.execute("SET LOCAL statement_timeout = '90s'")
        before = connection.execute(settings.encode()).fetchone()
        connection.execute(PLAN.encode())
        assert connection.execute(settings.encode()).fetchone() == before
        connection.execute("INSERT INTO log_group (log_group_name) VALUES ('/still-writable')")
        connection.rollback()
