"""Who may call an operation, and that nothing is done for a statement that would fail."""

from __future__ import annotations

import re
from collections.abc import Callable

import asyncpg
import psycopg
import pytest

from tests.drivers.psql import client as psql
from tests.e2e.permissions.conftest import APPLY, PLAN, Scene, failing, fetched
from tests.fixtures.databases import Database

CHANGING = [
    APPLY,
    "SELECT * FROM iasql_apply('00000000000000000000000000000000')",
    "SELECT * FROM iasql_sync()",
    "SELECT * FROM iasql_install('aws_ecr')",
    "SELECT * FROM iasql_uninstall('aws_cloudwatch')",
    "SELECT iasql_upgrade()",
    "SELECT delete_all_records()",
]


@pytest.mark.parametrize("statement", CHANGING)
def test_a_role_with_select_alone_calls_what_changes(scene: Scene, reader: Database, statement: str) -> None:
    error = scene.refused(reader, statement, state="42501")
    assert "permission denied for function" in str(error)
    if "delete_all_records" not in statement:
        assert "GRANT EXECUTE ON FUNCTION" in str(error.diag.message_hint)


def test_a_role_with_select_alone_gets_plans_and_lists(scene: Scene, reader: Database) -> None:
    with scene.nothing_happens():
        assert fetched(reader, PLAN) == [("delete", "log_group")]
        assert fetched(reader, "SELECT action FROM iasql_plan_sync()") == [("create",)]
        assert fetched(reader, "SELECT count(*) FROM iasql_diff()") != [(0,)]
        assert ("aws_cloudwatch",) in fetched(reader, "SELECT module_name FROM iasql_modules_installed()")


def test_the_grant_in_the_hint_is_enough(scene: Scene, reader: Database) -> None:
    hint = str(scene.refused(reader, APPLY, state="42501").diag.message_hint)
    scene.execute(
        hint.removeprefix("Its owner can grant it: "), f"GRANT DELETE ON log_group TO {reader.role}"
    )
    assert len(fetched(reader, APPLY)) == 1


@pytest.mark.parametrize(
    ("statement", "grant"),
    [
        ("SELECT * FROM iasql_plan_apply() JOIN ours ON true", "SELECT"),
        ("INSERT INTO ours SELECT action FROM iasql_plan_apply()", "INSERT"),
    ],
)
def test_a_table_of_the_statement_may_not_be_used(
    scene: Scene, reader: Database, statement: str, grant: str
) -> None:
    scene.execute("CREATE TABLE ours (action text)")
    error = scene.refused(reader, statement, state="42501")
    assert "permission denied for table ours" in str(error)
    hint = f'GRANT {grant} ON "ours" TO "{reader.role}";'
    assert str(error.diag.message_hint) == f"Its owner can grant it: {hint}"
    scene.execute(hint)
    fetched(reader, f"{statement} RETURNING 1" if grant == "INSERT" else statement)


def test_a_module_was_installed_after_the_grant(scene: Scene, reader: Database) -> None:
    scene.execute("SELECT iasql_install('aws_ecr')")
    error = scene.refused(reader, PLAN, state="42501")
    assert f'TO "{reader.role}";' in str(error.diag.message_hint)


@pytest.mark.parametrize("name", ["nonsense", "", "5D41402ABC4B2A76B9719D911017C592", "0" * 31, "0" * 33])
def test_what_is_no_name_of_a_plan_is_refused_before_aws_is_read(scene: Scene, name: str) -> None:
    error = scene.refused(scene.owner, f"SELECT * FROM iasql_apply('{name}')", state="22023")
    assert "32 hexadecimal digits" in str(error)
    assert "iasql_plan_id()" in str(error.diag.message_hint)


def test_a_plans_name_has_128_bits(scene: Scene) -> None:
    with psycopg.connect(scene.owner.url, autocommit=True) as connection:
        connection.execute(PLAN.encode())
        (name,) = connection.execute("SELECT iasql_plan_id()").fetchall()[0]
    assert re.fullmatch("[0-9a-f]{32}", name)


def test_execute_was_revoked_from_a_role_that_has_the_tables(
    scene: Scene, make_role: Callable[..., Database]
) -> None:
    operator = make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply() TO ROLE",
        "REVOKE EXECUTE ON FUNCTION iasql_apply() FROM ROLE",
    )
    assert "function iasql_apply" in str(scene.refused(operator, APPLY, state="42501"))


def test_the_owner_grants_the_apply_and_the_role_applies(
    scene: Scene, make_role: Callable[..., Database]
) -> None:
    operator = make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply() TO ROLE",
    )
    assert fetched(operator, "SELECT action FROM iasql_apply()") == [("delete",)]
    assert scene.groups() == ["/kept"]


STATEMENTS = [
    ("SELECT typo FROM iasql_apply()", "42703"),
    ("SELECT * FROM iasql_apply() JOIN nowhere USING (id)", "42P01"),
    ("SELECT id / 'x' FROM iasql_apply()", "22P02"),
    ("INSERT INTO nowhere SELECT action FROM iasql_apply()", "42P01"),
    ("CREATE TABLE log_group AS SELECT * FROM iasql_apply()", "42P07"),
    ("CREATE TABLE nowhere.made AS SELECT * FROM iasql_apply()", "3F000"),
    ("COPY (SELECT typo FROM iasql_apply()) TO STDOUT", "42703"),
    ("COPY (SELECT * FROM iasql_apply()) TO '/tmp/iasql-apply'", "0A000"),
    ("BEGIN; DECLARE c CURSOR FOR SELECT typo FROM iasql_apply()", "42703"),
    ("SELECT * FROM iasql_apply(1, 2)", "42883"),
]


@pytest.mark.parametrize(("statement", "state"), STATEMENTS)
def test_a_statement_that_cannot_be_run(scene: Scene, statement: str, state: str) -> None:
    with scene.nothing_happens():
        assert failing(scene.owner, statement).diag.sqlstate == state


def test_the_error_says_where_in_the_clients_own_text(scene: Scene) -> None:
    with scene.nothing_happens():
        direct = failing(scene.owner, "SELECT typo FROM iasql_version()").diag.statement_position
        assert failing(scene.owner, "SELECT typo FROM iasql_apply()").diag.statement_position == direct == "8"
        several = failing(scene.owner, "SELECT 1; SELECT typo FROM iasql_apply()")
        assert several.diag.statement_position == "18"


async def test_a_prepared_statement_that_cannot_be_run_through_asyncpg(
    scene: Scene, reader: Database, make_role: Callable[..., Database]
) -> None:
    operator = make_role("GRANT EXECUTE ON FUNCTION iasql_apply(text) TO ROLE")
    connection = await asyncpg.connect(operator.url)
    try:
        with scene.nothing_happens(), pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT a.* FROM iasql_apply($1) AS a, log_group WHERE id > $2", "x", 1)
    finally:
        await connection.close()


def test_psql_cannot_write_the_rows_where_the_role_may_not(
    scene: Scene, make_role: Callable[..., Database]
) -> None:
    operator = make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON log_group, role TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply() TO ROLE",
        "CREATE TABLE applied (action text)",
    )
    with scene.nothing_happens():
        assert "42501" in psql.fail(operator, "INSERT INTO applied SELECT action FROM iasql_apply();")
        assert "42501" in psql.fail(operator, f"CREATE TABLE mine AS {APPLY};")


@pytest.mark.parametrize(
    "setting", ["BEGIN READ ONLY", "SET default_transaction_read_only = on", "SET transaction_read_only = on"]
)
@pytest.mark.parametrize("operation", ["iasql_apply()", "iasql_sync()", "iasql_install('aws_ecr')"])
def test_a_read_only_transaction_changes_something(scene: Scene, setting: str, operation: str) -> None:
    begin = "BEGIN" if setting.startswith("SET transaction") else setting
    with psycopg.connect(scene.owner.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute(begin.encode())
        if begin != setting:
            connection.execute(setting.encode())
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute(f"SELECT * FROM {operation}".encode())


def test_a_read_only_transaction_shows_plans(scene: Scene) -> None:
    with psycopg.connect(scene.owner.url) as connection, scene.nothing_happens():
        connection.execute("SET TRANSACTION READ ONLY")
        assert connection.execute(PLAN.encode()).fetchall() == [("delete", "log_group")]


def test_an_overload_of_somebodys_stands_beside_ours(scene: Scene, reader: Database) -> None:
    scene.execute(
        "CREATE FUNCTION public.iasql_apply(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    )
    for who in (reader, scene.owner):
        error = scene.refused(who, "SELECT * FROM iasql_apply(1)", state="42725")
        assert "iasql_apply(integer)" in str(error.diag.message_detail)


def test_a_function_of_somebodys_hides_ours(scene: Scene) -> None:
    scene.execute(
        "CREATE SCHEMA first",
        "CREATE FUNCTION first.iasql_apply() RETURNS text LANGUAGE sql AS $$SELECT 'theirs'$$",
    )
    with psycopg.connect(scene.owner.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("SET search_path = first, public")
        assert connection.execute("SELECT iasql_apply()").fetchall() == [("theirs",)]


def test_the_owner_replaces_our_function_by_another(scene: Scene) -> None:
    scene.execute(
        "DROP FUNCTION public.iasql_apply()",
        "CREATE FUNCTION public.iasql_apply() RETURNS text LANGUAGE sql AS $$SELECT 'theirs'$$",
    )
    error = scene.refused(scene.owner, APPLY, state="42501")
    assert "public.iasql_apply() belongs to" in str(error.diag.message_detail)


def test_a_role_gives_itself_what_it_does_not_have(scene: Scene, reader: Database) -> None:
    error = failing(reader, f"GRANT EXECUTE ON FUNCTION iasql_apply() TO {reader.role}")
    assert error.diag.sqlstate == "42501"
    scene.refused(reader, APPLY, state="42501")


def test_the_database_has_another_owner(scene: Scene, make_role: Callable[..., Database]) -> None:
    heir = make_role()
    scene.as_superuser(f"ALTER DATABASE {scene.owner.name} OWNER TO {heir.role}")
    try:
        scene.refused(scene.owner, APPLY, state="42501")
        assert fetched(
            heir, "SELECT has_function_privilege('iasql_apply()', 'EXECUTE WITH GRANT OPTION')"
        ) == [(True,)]
    finally:
        scene.as_superuser(f"ALTER DATABASE {scene.owner.name} OWNER TO {scene.owner.role}")
