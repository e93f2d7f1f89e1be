"""Ways to more rights in Postgres than one has, each tried by whoever could."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from tests.e2e.permissions.conftest import APPLY, PLAN, Scene, failing, fetched
from tests.fixtures.databases import Database, PostgresServer
from tests.fixtures.proxies import IasqlProcess

MakeRole = Callable[..., Database]
BECOMES_SUPERUSER = """
    CREATE FUNCTION {schema}.ladder() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE 'ALTER ROLE {role} SUPERUSER';
      RETURN NEW;
    END $$
"""


def is_superuser(server: PostgresServer, role: str) -> bool:
    with psycopg.connect(server.url) as connection:
        found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    assert found is not None
    return bool(found[0])


def superuser(scene: Scene) -> Database:
    """The scene's database, as a superuser reaches it through the proxy."""
    return replace(scene.owner, role="postgres", password=scene.server.superuser_password)


def script(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_schema_with_a_trigger_is_there_before_the_engine_comes(
    iasql: IasqlProcess, fresh_database: Database, postgres_server: PostgresServer
) -> None:
    """The owner of a database makes what the engine, a superuser, would write to."""
    script(
        fresh_database.url,
        "CREATE SCHEMA iasql",
        "CREATE TABLE iasql.setting (name text PRIMARY KEY, value text NOT NULL)",
        BECOMES_SUPERUSER.format(schema="iasql", role=fresh_database.role),
        "CREATE TRIGGER ladder BEFORE INSERT ON iasql.setting FOR EACH ROW EXECUTE FUNCTION iasql.ladder()",
    )
    error = failing(iasql.serves(fresh_database), "SELECT * FROM iasql_install('aws_vpc')")
    assert error.diag.sqlstate == "42501"
    assert "the schema iasql belongs to" in str(error.diag.message_detail)
    assert not is_superuser(postgres_server, fresh_database.role)


def test_a_view_in_the_place_of_a_table_is_there_before_the_engine_reads_it(
    iasql: IasqlProcess, fresh_database: Database, postgres_server: PostgresServer
) -> None:
    role = fresh_database.role
    script(
        fresh_database.url,
        "CREATE SCHEMA iasql",
        f"""CREATE FUNCTION iasql.ladder() RETURNS text LANGUAGE plpgsql AS $$
            BEGIN EXECUTE 'ALTER ROLE {role} SUPERUSER'; RETURN ''; END $$""",
        "CREATE VIEW iasql.setting AS SELECT 'fingerprint' AS name, iasql.ladder() AS value",
    )
    assert failing(iasql.serves(fresh_database), "SELECT * FROM iasql_version()").diag.sqlstate == "42501"
    assert not is_superuser(postgres_server, role)


def test_functions_that_are_ours_by_name_are_there_before_the_engine_comes(
    iasql: IasqlProcess, fresh_database: Database
) -> None:
    script(
        fresh_database.url,
        "CREATE FUNCTION public.iasql_get_errors() RETURNS TABLE (ts timestamptz, message text) "
        "LANGUAGE sql AS $$SELECT now(), 'theirs'$$",
    )
    error = failing(iasql.serves(fresh_database), "SELECT * FROM iasql_version()")
    assert error.diag.sqlstate == "42501"
    assert "iasql_get_errors() belongs to" in str(error.diag.message_detail)


def test_the_database_sets_a_search_path_for_the_engine(
    iasql: IasqlProcess, fresh_database: Database, postgres_server: PostgresServer
) -> None:
    role = fresh_database.role
    script(
        fresh_database.url,
        "CREATE SCHEMA evil",
        f"""CREATE FUNCTION evil.to_regprocedure(text) RETURNS regprocedure LANGUAGE plpgsql AS $$
            BEGIN EXECUTE 'ALTER ROLE {role} SUPERUSER'; RETURN NULL; END $$""",
        f"ALTER DATABASE {fresh_database.name} SET search_path = evil, pg_catalog, public",
        f"ALTER DATABASE {fresh_database.name} SET default_transaction_read_only = on",
    )
    assert fetched(iasql.serves(fresh_database), "SELECT count(*) FROM public.iasql_modules_list()") != [(0,)]
    assert not is_superuser(postgres_server, role)


def test_a_policy_runs_when_a_superuser_plans(scene: Scene, make_role: MakeRole) -> None:
    writer = make_role(
        "CREATE SCHEMA evil",
        "GRANT ALL ON SCHEMA evil TO ROLE",
        "GRANT INSERT, SELECT ON iasql.policy TO ROLE",
    )
    script(
        writer.url,
        f"""CREATE FUNCTION evil.ladder() RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
            BEGIN EXECUTE 'ALTER ROLE {writer.role} SUPERUSER'; RETURN false; END $$""",
        "INSERT INTO iasql.policy (name, query) VALUES ('ladder', 'SELECT 1 WHERE evil.ladder()')",
    )
    error = scene.refused(superuser(scene), APPLY, state="0LP01")
    assert "superuser's session" in str(error)
    error = scene.refused(scene.owner, APPLY, state="25006")
    assert 'policy "ladder"' in str(error)
    assert not is_superuser(scene.server, writer.role)


def test_a_policy_asks_who_it_is(scene: Scene, make_role: MakeRole) -> None:
    planner = make_role("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE")
    scene.execute("INSERT INTO iasql.policy (name, query) VALUES ('who', 'SELECT current_user::text AS who')")
    error = scene.refused(planner, PLAN, state="23514")
    assert f'"who":"{scene.owner.role}"' in str(error.diag.message_detail)


def test_the_database_sets_a_role_for_the_engine(
    iasql: IasqlProcess, fresh_database: Database, postgres_server: PostgresServer
) -> None:
    role = fresh_database.role
    script(fresh_database.url, f"ALTER DATABASE {fresh_database.name} SET role = '{role}'")
    through = iasql.serves(fresh_database)
    fetched(through, "SELECT count(*) FROM iasql_modules_list()")
    owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'iasql'"
    assert fetched(through, owner) == [("postgres",)]
    assert not is_superuser(postgres_server, role)


def test_a_policy_leaves_a_search_path_behind(scene: Scene, make_role: MakeRole) -> None:
    writer = make_role(
        "CREATE SCHEMA evil",
        "GRANT ALL ON SCHEMA evil TO ROLE",
        "GRANT INSERT, SELECT ON iasql.policy TO ROLE",
    )
    script(
        writer.url,
        """CREATE FUNCTION evil.go() RETURNS text LANGUAGE sql AS
            $$ SELECT pg_catalog.set_config('search_path', 'evil, pg_catalog, public', false) $$""",
        "GRANT USAGE ON SCHEMA evil TO PUBLIC",
        "INSERT INTO iasql.policy (name, query) VALUES ('p', 'SELECT 1 WHERE evil.go() IS NULL')",
    )
    with psycopg.connect(scene.owner.url, autocommit=True) as connection:
        before = connection.execute("SHOW search_path").fetchall()
        connection.execute(PLAN.encode())
        assert connection.execute("SHOW search_path").fetchall() == before


def test_a_policy_queues_a_trigger_that_fires_as_the_owner(scene: Scene, make_role: MakeRole) -> None:
    writer = make_role(
        "GRANT INSERT, SELECT ON iasql.policy TO ROLE", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE"
    )
    with psycopg.connect(writer.url, autocommit=True) as connection, scene.nothing_happens():
        for statement in (
            "CREATE TEMP TABLE bait (x integer)",
            f"""CREATE FUNCTION pg_temp.boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                EXECUTE 'GRANT EXECUTE ON FUNCTION public.iasql_apply() TO {writer.role}';
                RETURN NULL; END $$""",
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON bait DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION pg_temp.boom()",
            "GRANT ALL ON bait TO PUBLIC",
            """CREATE FUNCTION pg_temp.go() RETURNS integer LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO pg_temp.bait VALUES (1); RETURN 1; END $$""",
            """CREATE FUNCTION pg_temp.imm() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
                $$ BEGIN RETURN pg_temp.go(); END $$""",
        ):
            connection.execute(statement.encode())
        for statement in (
            "INSERT INTO iasql.policy (name, query) VALUES ('p', 'SELECT pg_temp.imm() WHERE false')",
            PLAN,
        ):
            with suppress(psycopg.Error):
                connection.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(APPLY.encode())


def test_somebody_makes_an_operator_that_the_engine_or_a_policy_could_mean(
    scene: Scene, make_role: MakeRole
) -> None:
    maker = make_role("GRANT CREATE ON SCHEMA public TO ROLE")
    script(
        maker.url,
        """CREATE FUNCTION public.equal(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the operator was used'; END $$""",
        "CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.equal)",
    )
    scene.execute("INSERT INTO log_group (log_group_name) VALUES ('/new')")
    assert len(fetched(scene.owner, APPLY)) == 2
    assert scene.groups() == ["/kept", "/new"]
    error = failing(
        scene.owner, "INSERT INTO iasql.policy (name, query) VALUES ('p', 'SELECT 1 WHERE false')"
    )
    assert error.diag.sqlstate == "0LP01"
    assert "operator public.=(character varying,character varying)" in str(error.diag.message_detail)


@pytest.mark.parametrize("setting", ["standard_conforming_strings = off", "datestyle = 'german'"])
def test_a_session_sets_what_a_policys_query_means(scene: Scene, setting: str) -> None:
    scene.execute(
        "INSERT INTO iasql.policy (name, query) VALUES ('p', "
        r"$$SELECT 1 WHERE '/kept' ~ '^/\w+$' AND '2026-01-02'::date::text ~ '^2026-'$$)"
    )
    with psycopg.connect(scene.owner.url, autocommit=True) as connection:
        connection.execute(f"SET {setting}".encode())
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(PLAN.encode())


def test_a_view_or_somebody_elses_table_stands_in_for_a_module_table(
    scene: Scene, make_role: MakeRole
) -> None:
    scene.execute("ALTER TABLE log_group RENAME TO log_group_real")
    scene.execute("CREATE VIEW log_group AS SELECT *, 1 AS xmin FROM log_group_real WHERE false")
    scene.refused(scene.owner, APPLY, state="42P01")
    scene.execute("DROP VIEW log_group")
    maker = make_role("GRANT CREATE ON SCHEMA public TO ROLE")
    script(
        maker.url,
        "CREATE TABLE public.log_group (log_group_name varchar)",
        "GRANT ALL ON log_group TO PUBLIC",
    )
    scene.refused(scene.owner, APPLY, state="42P01")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER FUNCTION iasql.against() SECURITY INVOKER",
        "ALTER FUNCTION iasql.against() RESET ALL",
        "ALTER FUNCTION iasql.against() SET search_path = evil, pg_catalog",
    ],
)
def test_the_owner_takes_from_the_policies_function_what_holds_it(scene: Scene, change: str) -> None:
    owner = scene.owner.role
    scene.execute(
        "CREATE SCHEMA evil",
        f"""CREATE FUNCTION evil.ladder() RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
            BEGIN EXECUTE 'ALTER ROLE {owner} SUPERUSER'; RETURN false; END $$""",
        "INSERT INTO iasql.policy (name, query) VALUES ('ladder', 'SELECT 1 WHERE evil.ladder()')",
    )
    script(scene.owner.url, change)
    with scene.nothing_happens():
        assert failing(superuser(scene), APPLY).diag.sqlstate in ("0LP01", "25006")
    assert not is_superuser(scene.server, owner)


def test_a_policy_writes(scene: Scene) -> None:
    scene.execute(
        "CREATE TABLE written (at timestamptz)",
        "CREATE FUNCTION public.writes() RETURNS boolean VOLATILE LANGUAGE sql AS "
        "$$INSERT INTO written VALUES (now()); SELECT false$$",
        "INSERT INTO iasql.policy (name, query) VALUES ('writes', 'SELECT 1 WHERE public.writes()')",
    )
    scene.refused(scene.owner, APPLY, state="25006")
    assert fetched(scene.owner, "SELECT count(*) FROM written") == [(0,)]


def test_a_policy_says_that_it_may_write(scene: Scene) -> None:
    scene.execute(
        "INSERT INTO iasql.policy (name, query) VALUES ('writes', "
        "'SELECT set_config(''transaction_read_only'', ''off'', true)')",
    )
    assert failing(scene.owner, APPLY).diag.sqlstate not in (None, "23514")
    assert scene.groups() == ["/kept", "/precious"]


def test_a_temporary_table_switches_a_policy_off(scene: Scene) -> None:
    scene.execute(
        "INSERT INTO iasql.policy (name, query) VALUES ('keep', 'SELECT * FROM log_group')",
    )
    with psycopg.connect(scene.owner.url, autocommit=True) as connection, scene.nothing_happens():
        connection.execute("CREATE TEMP TABLE log_group (LIKE public.log_group)")
        connection.execute("SET search_path = pg_temp, public")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(APPLY)


@pytest.mark.parametrize(
    "call",
    [
        "iasql.record_installed('public', ARRAY['aws_ecr'])",
        "iasql.record_uninstalled('public', ARRAY['aws_iam'])",
        "iasql.record_completed(ARRAY['aws_iam'])",
        "iasql.record_place('pg_temp', 'eu-west-1', false)",
        "iasql.forget_place('public')",
    ],
)
def test_somebody_tells_the_engine_what_is_installed(scene: Scene, reader: Database, call: str) -> None:
    before = fetched(scene.owner, "SELECT * FROM iasql_modules_installed()")
    for who in (reader, scene.owner):
        with psycopg.connect(who.url, autocommit=True) as connection:
            pid = connection.execute("SELECT pg_advisory_lock(1767994221, pg_backend_pid())")
            assert pid is not None
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT {call}".encode())
    assert fetched(scene.owner, "SELECT * FROM iasql_modules_installed()") == before


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO iasql.setting VALUES ('version', '999')",
        "DELETE FROM iasql.installed_module",
        "UPDATE iasql.iasql_operation SET outcome = 'done'",
        "CREATE TRIGGER t BEFORE INSERT ON iasql.policy FOR EACH ROW EXECUTE FUNCTION iasql.check_policy()",
        "CREATE TABLE iasql.mine ()",
        "CREATE OR REPLACE FUNCTION iasql.against() RETURNS TABLE (name text, advice text, line text) "
        "LANGUAGE sql AS $$SELECT '', '', '' WHERE false$$",
        "DROP SCHEMA iasql CASCADE",
    ],
)
def test_the_owner_writes_the_engines_bookkeeping(scene: Scene, statement: str) -> None:
    assert failing(scene.owner, statement).diag.sqlstate == "42501"


@pytest.mark.parametrize(
    "table", ["iasql.policy", "iasql.guard", "iasql.iasql_operation", "iasql.iasql_step"]
)
def test_somebody_reads_what_is_the_owners(
    scene: Scene, make_role: MakeRole, reader: Database, table: str
) -> None:
    assert failing(reader, f"SELECT * FROM {table}").diag.sqlstate == "42501"
    granted = make_role(f"GRANT SELECT ON {table} TO ROLE")
    fetched(granted, f"SELECT * FROM {table}")


def test_a_newer_server_has_prepared_the_database(scene: Scene) -> None:
    scene.as_superuser("UPDATE iasql.setting SET value = '999.1' WHERE name = 'version'")
    scene.as_superuser("UPDATE iasql.setting SET value = 'newer' WHERE name = 'fingerprint'")
    error = scene.refused(scene.owner, PLAN, state="55000")
    assert "999.1" in str(error)
    with psycopg.connect(scene.server.superuser_url(scene.owner.name)) as connection:
        found = connection.execute("SELECT value FROM iasql.setting WHERE name = 'fingerprint'").fetchone()
    assert found == ("newer",)
