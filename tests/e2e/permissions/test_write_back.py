"""Rows that follow AWS are written by functions of the tables' owners, which only the engine can call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from engine.database import write_function
from engine.rows import statements
from tests.e2e.permissions.conftest import APPLY, Scene, failing, fetched
from tests.fixtures.databases import Database

MakeRole = Callable[..., Database]
EXECUTE = "GRANT EXECUTE ON FUNCTION iasql_apply(), iasql_sync() TO ROLE"
SELECT = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE"
MAY_CREATE = "GRANT INSERT (log_group_name), DELETE ON log_group TO ROLE"
NEW = "INSERT INTO log_group (log_group_name) VALUES ('/new')"
SHOWN = "SELECT log_group_name FROM log_group WHERE log_group_arn IS NOT NULL ORDER BY 1"
#: What a call would do if it were let do it.
RENAME = (
    '[{"do": "update", "schema": "public", "table": "log_group", "key": ["log_group_name"], '
    '"values": ["log_group_arn"], "fills": [], '
    '"records": [{"log_group_name": "/kept", "log_group_arn": "stolen"}]}]'
)


def test_an_apply_needs_no_privilege_for_what_aws_assigns(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(SELECT, EXECUTE, MAY_CREATE)
    scene.execute(NEW)
    assert [row[0] for row in fetched(who, "SELECT action FROM iasql_apply()")] == ["create", "delete"]
    assert scene.groups() == ["/kept", "/new"]
    assert fetched(scene.owner, SHOWN) == [("/kept",), ("/new",)]


def test_a_sync_needs_no_privilege_of_the_tables(scene: Scene, make_role: MakeRole) -> None:
    who = make_role(SELECT, EXECUTE)
    scene.execute(NEW)
    assert fetched(who, "SELECT action FROM iasql_sync() ORDER BY 1") == [("create",), ("delete",)]
    assert fetched(scene.owner, SHOWN) == [("/kept",), ("/precious",)]


def test_rows_with_other_keys_have_their_own_again(scene: Scene) -> None:
    rename = "UPDATE log_group SET log_group_name = '/other' WHERE log_group_name = '/kept'"
    scene.execute(rename)
    done = fetched(scene.owner, "SELECT action, description FROM iasql_sync() ORDER BY 1")
    assert done == [("create", "/precious"), ("update", "/kept")]
    assert fetched(scene.owner, SHOWN) == [("/kept",), ("/precious",)]
    scene.execute(rename)
    fetched(scene.owner, "SELECT action FROM iasql_apply()")
    assert [row[0] for row in fetched(scene.owner, "SELECT action FROM iasql_undo()")] == ["update"]
    assert ("/kept",) in fetched(scene.owner, "SELECT log_group_name FROM log_group")


def test_the_functions_do_all_that_is_done_to_rows() -> None:
    kinds = [each.do for each in vars(statements).values() if isinstance(getattr(each, "do", None), str)]
    assert "rename" in kinds
    source = Path(write_function.__file__).read_text()
    assert [each for each in kinds if f"WHEN '{each}' THEN" not in source] == []


def test_an_apply_in_a_transaction_is_written_and_rolled_back_with_it(
    scene: Scene, make_role: MakeRole
) -> None:
    who = make_role(SELECT, EXECUTE, MAY_CREATE)
    scene.execute(NEW)
    with psycopg.connect(who.url) as connection:
        connection.execute(APPLY)
        assert connection.execute(SHOWN.encode()).fetchall() == [("/kept",), ("/new",)]
        connection.rollback()
    assert fetched(scene.owner, SHOWN) == [("/kept",)]


def test_rows_of_others_follow_aws_too(scene: Scene, make_role: MakeRole) -> None:
    trust = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}"""
    scene.cloud.client("iam").create_role(RoleName="x", AssumeRolePolicyDocument=trust)
    scene.execute(f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('x', '{trust}')")
    who = make_role(SELECT, EXECUTE, MAY_CREATE)
    assert len(fetched(who, APPLY)) == 1
    assert fetched(scene.owner, "SELECT arn IS NOT NULL FROM role") == [(True,)]


def test_somebody_calls_the_function(scene: Scene, reader: Database) -> None:
    (function,) = scene.write_functions()
    call = f"SELECT * FROM {function.removesuffix('(jsonb)')}('{RENAME}')"
    superuser = replace(scene.owner, role="postgres", password=scene.server.superuser_password)
    for who in (reader, scene.owner, superuser):
        assert failing(who, call).diag.sqlstate == "42501"
        assert failing(who, call.replace(f"'{RENAME}'", "%s"), RENAME).diag.sqlstate == "42501"
    assert fetched(scene.owner, "SELECT count(*) FROM log_group WHERE log_group_arn = 'stolen'") == [(0,)]


def test_somebody_calls_the_function_as_the_engine_would_with_locks_of_ones_own(
    scene: Scene, reader: Database
) -> None:
    (function,) = scene.write_functions()
    with psycopg.connect(reader.url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock_shared(1767994231, pg_backend_pid())")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            # psycopg sends it as SELECT * FROM …($1), which is what the engine sends.
            connection.execute(
                f"SELECT * FROM public.{function.removesuffix('(jsonb)')}(%s)".encode(), [RENAME]
            )


def test_the_statement_that_applies_calls_the_function(scene: Scene, make_role: MakeRole) -> None:
    (function,) = scene.write_functions()
    who = make_role(SELECT, EXECUTE, MAY_CREATE)
    scene.execute(NEW)
    call = f"SELECT * FROM iasql_apply(), {function.removesuffix('(jsonb)')}('{RENAME}')"
    assert failing(who, call).diag.sqlstate == "42501"
    assert fetched(scene.owner, "SELECT count(*) FROM log_group WHERE log_group_arn = 'stolen'") == [(0,)]


@pytest.fixture
def other_installer(scene: Scene, make_role: MakeRole) -> Database:
    """A role that has installed a module of its own, and lets everybody read its tables."""
    installer = make_role(
        SELECT,
        "GRANT CREATE ON SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_install(text[]) TO ROLE",
    )
    fetched(installer, "SELECT count(*) FROM iasql_install('aws_sns')")
    with psycopg.connect(installer.url, autocommit=True) as connection:
        connection.execute("GRANT SELECT ON topic, subscription TO PUBLIC")
    return installer


def test_who_installs_gives_the_engine_a_function(scene: Scene, other_installer: Database) -> None:
    owners = fetched(
        scene.owner, "SELECT proowner::regrole::text FROM pg_proc WHERE proname ~ '^iasql_write_' ORDER BY 1"
    )
    assert owners == sorted([(scene.owner.role,), (other_installer.role,)])


@pytest.mark.parametrize("code", ["trigger", "check"])
def test_an_owner_of_tables_has_the_function_of_another_called_within_its_own(
    scene: Scene, other_installer: Database, make_role: MakeRole, code: str
) -> None:
    (function,) = (
        str(name)
        for (name,) in fetched(
            scene.owner,
            "SELECT 'public.' || proname FROM pg_proc WHERE proname ~ '^iasql_write_' "
            f"AND proowner::regrole::text = '{scene.owner.role}'",
        )
    )
    attach = {
        "trigger": "CREATE TRIGGER t BEFORE INSERT ON topic FOR EACH ROW EXECUTE FUNCTION steal()",
        "check": "ALTER TABLE topic ADD CHECK (steal_too(topic))",
    }
    with psycopg.connect(other_installer.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE caught (state text); GRANT ALL ON caught TO PUBLIC")
        body = f"BEGIN PERFORM {function}('{RENAME}'); RETURN %s; END"
        connection.execute(
            f"CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $${body % 'NEW'}$$;"
            "CREATE FUNCTION steal_too(topic) RETURNS boolean LANGUAGE plpgsql AS "
            f"$${body % 'true'}$$".encode()
        )
        connection.execute(attach[code].encode())
    scene.cloud.client("sns").create_topic(Name="theirs")
    error = failing(make_role(SELECT, EXECUTE), "SELECT * FROM iasql_sync()")
    assert error.diag.sqlstate == "42501"
    assert "only the iasql server" in str(error)
    assert fetched(scene.owner, "SELECT count(*) FROM log_group WHERE log_group_arn = 'stolen'") == [(0,)]


def test_somebody_with_trigger_has_code_run_as_the_tables_owner(scene: Scene, make_role: MakeRole) -> None:
    thief = make_role(
        SELECT,
        "GRANT ALL ON log_group TO ROLE",
        EXECUTE,
        "CREATE SCHEMA den",
        "GRANT ALL ON SCHEMA den TO ROLE",
    )
    with psycopg.connect(thief.url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE den.ran (as_whom text); GRANT ALL ON den.ran TO PUBLIC;"
            "CREATE FUNCTION den.look() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN INSERT INTO den.ran VALUES (current_user); RETURN NEW; END$$;"
            "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON log_group FOR EACH ROW EXECUTE FUNCTION den.look()"
        )
        connection.execute("INSERT INTO log_group (log_group_name) VALUES ('/new')")
        connection.execute(APPLY)
        assert connection.execute("SELECT DISTINCT as_whom FROM den.ran").fetchall() == [(thief.role,)]


def test_a_strangers_trigger_comes_between_check_and_write(scene: Scene) -> None:
    """The function looks for itself, when nobody can add a trigger any more."""
    body = fetched(scene.owner, "SELECT prosrc FROM pg_proc WHERE proname ~ '^iasql_write_'")[0][0]
    at_lock, at_check, at_write = (
        str(body).index(each) for each in ("IN ROW EXCLUSIVE MODE", "iasql.runs_others", "INSERT INTO")
    )
    assert at_lock < at_check < at_write


@pytest.mark.parametrize(
    "change",
    [
        "ALTER FUNCTION {} SECURITY INVOKER",
        "ALTER FUNCTION {} RESET ALL",
        "ALTER FUNCTION {} SET search_path = evil, pg_catalog",
        "REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC",
        "CREATE OR REPLACE FUNCTION {body}",
    ],
)
def test_the_owner_has_changed_its_function_which_is_then_not_used(
    scene: Scene, make_role: MakeRole, change: str
) -> None:
    who = make_role(SELECT, EXECUTE, MAY_CREATE)
    (function,) = scene.write_functions()
    named = function.replace("(jsonb)", "(operations jsonb)")
    body = (
        f"{named} RETURNS TABLE (place integer, one text, two text) LANGUAGE plpgsql SECURITY DEFINER SET "
        "search_path = pg_catalog, pg_temp SET row_security = off AS $$BEGIN RAISE 'evil'; END$$"
    )
    scene.execute(NEW, change.format(function, body=body))
    error = scene.refused(who, APPLY, state="42501")
    assert "GRANT UPDATE (" in str(error.diag.message_hint)


def test_somebody_elses_function_of_that_kind_is_not_used(scene: Scene, make_role: MakeRole) -> None:
    squatter = make_role(SELECT, EXECUTE, MAY_CREATE, "GRANT CREATE ON SCHEMA public TO ROLE")
    (function,) = scene.write_functions()
    definition = str(fetched(scene.owner, f"SELECT pg_get_functiondef('{function}'::regprocedure)")[0][0])
    mine = "iasql_write_0123456789abcdef"
    scene.without_write_functions()
    with psycopg.connect(squatter.url, autocommit=True) as connection:
        connection.execute(definition.replace(function.removesuffix("(jsonb)"), mine).encode())
    scene.execute(NEW)
    scene.refused(squatter, APPLY, state="42501")
    scene.execute("SELECT iasql_upgrade()")
    assert len(scene.write_functions()) == 2
    assert len(fetched(squatter, APPLY)) == 2


@pytest.mark.parametrize("upgrader", ["owner", "superuser"])
def test_an_upgrade_gives_the_function_to_a_database_that_was_installed_before(
    scene: Scene, make_role: MakeRole, upgrader: str
) -> None:
    who = make_role(SELECT, EXECUTE, MAY_CREATE)
    scene.without_write_functions()
    scene.execute(NEW)
    assert "UPDATE on log_group" in str(scene.refused(who, APPLY, state="42501"))
    superuser = replace(scene.owner, role="postgres", password=scene.server.superuser_password)
    with psycopg.connect(
        (scene.owner if upgrader == "owner" else superuser).url, autocommit=True
    ) as connection:
        connection.execute("SELECT iasql_upgrade()")
        connection.execute("SELECT iasql_upgrade()")
    assert len(scene.write_functions()) == 1
    assert len(fetched(who, APPLY)) == 2
    assert fetched(scene.owner, SHOWN) == [("/kept",), ("/new",)]


def test_the_owner_takes_execute_from_public_by_default(scene: Scene, make_role: MakeRole) -> None:
    scene.without_write_functions()
    scene.execute(
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", "SELECT iasql_upgrade()", NEW
    )
    who = make_role(SELECT, EXECUTE, MAY_CREATE)
    assert len(fetched(who, APPLY)) == 2


def test_the_function_goes_with_the_last_module(scene: Scene) -> None:
    scene.execute("SELECT iasql_uninstall('aws_cloudwatch')")
    assert len(scene.write_functions()) == 1
    scene.execute("SELECT iasql_uninstall('aws_iam', 'aws_account')")
    assert scene.write_functions() == []


def test_a_table_of_another_owner_is_written_with_the_callers_rights(
    scene: Scene, make_role: MakeRole
) -> None:
    who = make_role(SELECT, EXECUTE, "GRANT INSERT, DELETE ON log_group TO ROLE")
    scene.as_superuser(NEW, "ALTER TABLE log_group OWNER TO postgres")
    assert "UPDATE on log_group" in str(scene.refused(who, APPLY, state="42501"))
    scene.as_superuser(f"GRANT UPDATE ON log_group TO {who.role}")
    assert len(fetched(who, APPLY)) == 2
    assert scene.groups() == ["/kept", "/new"]
