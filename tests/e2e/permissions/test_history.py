"""History and undo show and change no more than the tables let a role see and change."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from tests.e2e.permissions.conftest import APPLY, Scene, failing, fetched
from tests.fixtures.databases import Database

MakeRole = Callable[..., Database]
_SELECT = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE"
_GROUPS = "SELECT DISTINCT log_group_name FROM iasql_history.log_group ORDER BY 1"
_RAW = "iasql.history WHERE public.peek(state::text)"
_ROLES = "SELECT count(*) > 0 FROM iasql_history.role"


def test_a_role_sees_the_history_of_the_tables_that_it_may_read(scene: Scene, make_role: MakeRole) -> None:
    reader, one, none = make_role(_SELECT), make_role("GRANT SELECT ON log_group TO ROLE"), make_role()
    assert fetched(reader, _GROUPS) == fetched(one, _GROUPS) == [("/kept",), ("/precious",)]
    assert fetched(reader, _ROLES) == fetched(scene.owner, _ROLES)
    assert fetched(one, _ROLES) == [(False,)]
    assert fetched(none, _GROUPS) == []
    assert fetched(none, "SELECT count(*) FROM iasql.history") == [(0,)]


def test_a_column_that_a_role_may_not_read_hides_the_history(scene: Scene, make_role: MakeRole) -> None:
    some = make_role("GRANT SELECT (log_group_name) ON log_group TO ROLE")
    assert fetched(some, "SELECT log_group_name FROM log_group") == [("/kept",)]
    assert fetched(some, _GROUPS) == []


def test_row_security_hides_the_history(scene: Scene, make_role: MakeRole) -> None:
    reader = make_role(_SELECT)
    scene.execute(
        "ALTER TABLE log_group ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY one ON log_group USING (log_group_name = '/kept')",
    )
    assert fetched(reader, "SELECT log_group_name FROM log_group") == [("/kept",)]
    assert fetched(reader, _GROUPS) == []
    assert fetched(scene.owner, _GROUPS) == [("/kept",), ("/precious",)]


def test_a_function_in_a_condition_sees_no_more(scene: Scene, make_role: MakeRole) -> None:
    spy = make_role("GRANT CREATE ON SCHEMA public TO ROLE", by_superuser=True)
    with psycopg.connect(spy.url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION public.peek(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
            "$$ BEGIN RAISE EXCEPTION 'seen: %', $1; END $$"
        )
        for condition in ("iasql_history.log_group WHERE public.peek(log_group_name)", _RAW):
            assert connection.execute(f"SELECT * FROM {condition}".encode()).fetchall() == []
    assert "seen: " in str(failing(scene.owner, f"SELECT * FROM {_RAW}"))


def test_an_undo_takes_execute_and_the_rights_on_all_that_it_changes(
    scene: Scene, make_role: MakeRole
) -> None:
    scene.execute(APPLY)  # deletes /precious
    ((number,),) = fetched(scene.owner, "SELECT max(id) FROM iasql.iasql_operation")
    undo = f"SELECT action, table_name FROM iasql_undo({number})"
    execute = "GRANT EXECUTE ON FUNCTION iasql_undo(bigint) TO ROLE"
    assert failing(make_role(_SELECT), undo).diag.sqlstate == "42501"
    error = failing(make_role("GRANT SELECT ON role TO ROLE", execute), undo)
    assert error.diag.sqlstate == "42501"
    assert failing(make_role(_SELECT, execute), undo).diag.sqlstate == "42501"
    assert fetched(scene.owner, "SELECT log_group_name FROM log_group") == [("/kept",)]
    writer = make_role(_SELECT, execute, "GRANT INSERT ON log_group TO ROLE")
    assert fetched(writer, undo) == [("create", "log_group")]


def test_values_are_forgotten_by_the_owner_alone(scene: Scene, make_role: MakeRole) -> None:
    error = scene.refused(make_role(_SELECT), "SELECT iasql_forget('log_group')", state="42501")
    assert "permission denied" in str(error)


def test_sql_says_no_more_than_a_role_may_read(scene: Scene, make_role: MakeRole) -> None:
    ((moment,),) = fetched(scene.owner, "SELECT clock_timestamp()::text")
    scene.execute(APPLY)  # deletes /precious
    ((number,),) = fetched(scene.owner, "SELECT max(id) FROM iasql.iasql_operation")
    said = [("DELETE FROM log_group WHERE log_group_name = '/precious';",)]
    statements = (
        f"SELECT sql FROM iasql_sql({number})",
        f"SELECT sql FROM iasql_sql(since => '{moment}')",
        f"SELECT sql FROM iasql_sql('{moment}'::timestamptz)",
        f"SELECT sql FROM iasql_get_sql_since('{moment}')",
    )
    some = make_role("GRANT SELECT (log_group_name) ON log_group TO ROLE", "GRANT SELECT ON role TO ROLE")
    reader = make_role(_SELECT)
    for statement in statements:
        assert fetched(scene.owner, statement) == fetched(reader, statement) == said
        error = scene.refused(some, statement, state="42501")
        assert "that this role may not read: log_group" in str(error)
        assert "/precious" not in str(error)
    scene.execute(
        "ALTER TABLE log_group ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY one ON log_group USING (log_group_name = '/kept')",
    )
    for statement in statements:
        assert "/precious" not in str(scene.refused(reader, statement, state="42501"))
        assert fetched(scene.owner, statement) == said
