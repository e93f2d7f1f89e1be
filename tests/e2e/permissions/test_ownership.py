"""What somebody else owns, or the database's owner protects, is left alone; and who says so, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.e2e.permissions.conftest import APPLY, PLAN, Scene, failing, fetched
from tests.fixtures.databases import Database

_DOCUMENT = Path(__file__).parents[3] / "docs" / "ownership.md"
MakeRole = Callable[..., Database]
STACK = {"aws:cloudformation:stack-name": "net"}
RULES = ("owned", "protected", "ignored")
#: A row of each table of rules, all of it but the condition.
ROW = {
    "owned": "INSERT INTO iasql.owned (table_name, condition) VALUES ('log_group', %s)",
    "protected": "INSERT INTO iasql.protected (table_name, condition) VALUES ('log_group', %s)",
    "ignored": "INSERT INTO iasql.ignored (table_name, columns, condition) "
    "VALUES ('log_group', '{tags}', %s)",
}


def tag(scene: Scene, name: str, tags: dict[str, str]) -> None:
    logs = scene.cloud.client("logs")
    [group] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    logs.tag_resource(resourceArn=group["logGroupArn"], tags=tags)


def tags(scene: Scene, name: str) -> dict[str, str]:
    logs = scene.cloud.client("logs")
    [group] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return dict(logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"])


@pytest.fixture
def stacked(scene: Scene) -> Scene:
    """The scene, in which a stack owns `/kept`, and `/precious` has its row again."""
    tag(scene, "/kept", STACK)
    scene.execute("SELECT iasql_sync()")
    return scene


def test_what_a_stack_owns_is_not_changed_and_the_refusal_names_it(stacked: Scene) -> None:
    stacked.execute("UPDATE log_group SET tags = tags || '{\"team\": \"x\"}' WHERE log_group_name = '/kept'")
    error = stacked.refused(stacked.owner, APPLY, state="42501")
    assert "CloudFormation stack net manages it" in str(error.diag.message_primary)
    assert "update log_group" in str(error.diag.message_detail)
    assert error.diag.table_name == "log_group"
    hint = str(error.diag.message_hint)
    stacked.execute(hint[hint.index("INSERT INTO") :])
    assert fetched(stacked.owner, "SELECT action FROM iasql_apply()") == [("update",)]
    assert tags(stacked, "/kept") == {**STACK, "team": "x"}
    assert fetched(stacked.owner, "SELECT managed_by FROM log_group WHERE log_group_name = '/kept'") == [
        ("CloudFormation stack net",)
    ]
    assert fetched(stacked.owner, PLAN) == []
    assert fetched(stacked.owner, "SELECT * FROM iasql_plan_sync()") == []


def test_what_a_stack_owns_is_not_deleted_unless_it_is_owned(stacked: Scene) -> None:
    stacked.execute("DELETE FROM log_group")
    error = stacked.refused(stacked.owner, APPLY, state="42501")
    assert "CloudFormation stack net" in str(error)
    assert fetched(stacked.owner, "SELECT count(*) FROM iasql_plan_apply()") == [(2,)]
    stacked.execute("INSERT INTO iasql.owned (table_name, condition) VALUES ('log_group', 'false')")
    stacked.refused(stacked.owner, APPLY, state="42501")
    stacked.execute(
        "INSERT INTO iasql.owned (table_name, condition) VALUES "
        "('log_group', 'managed_by LIKE ''CloudFormation stack %'' AND tags ->> ''team'' IS NULL')"
    )
    stacked.execute(APPLY)
    assert stacked.groups() == []


def test_a_plan_warns_and_shows_all_the_same(stacked: Scene) -> None:
    stacked.execute("DELETE FROM log_group WHERE log_group_name = '/kept'")
    with psycopg.connect(stacked.owner.url, autocommit=True) as connection:
        told: list[tuple[str | None, ...]] = []
        connection.add_notice_handler(
            lambda each: told.append((each.severity, each.message_primary, each.message_detail))
        )
        assert connection.execute(PLAN.encode()).fetchall() == [("delete", "log_group")]
    [(severity, message, detail), total] = told
    assert total == ("NOTICE", "1 to delete", None)
    assert severity == "WARNING"
    assert "CloudFormation stack net manages it" in str(message)
    assert str(detail).startswith("An apply is refused.")


def test_what_a_stack_owns_stops_nothing_while_nobody_touches_its_row(stacked: Scene) -> None:
    stacked.execute("DELETE FROM log_group WHERE log_group_name = '/precious'", APPLY)
    assert stacked.groups() == ["/kept"]


def test_a_role_that_may_write_rows_is_not_the_one_who_lets_through(
    stacked: Scene, make_role: MakeRole
) -> None:
    writer = make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply() TO ROLE",
    )
    stacked.execute("DELETE FROM log_group WHERE log_group_name = '/kept'")
    stacked.refused(writer, APPLY, state="42501")
    for kind in RULES:
        assert failing(writer, ROW[kind], "true").diag.sqlstate == "42501"
        assert failing(writer, f"SELECT * FROM iasql.{kind}").diag.sqlstate == "42501"
        assert failing(writer, f"DELETE FROM iasql.{kind}").diag.sqlstate == "42501"
        assert failing(writer, f"SELECT * FROM iasql.rules('{kind}')").diag.sqlstate == "42501"
    stacked.execute("INSERT INTO iasql.owned (table_name) VALUES ('log_group')")
    assert fetched(writer, "SELECT action FROM iasql_apply()") == [("delete",)]


def test_what_is_protected_is_not_deleted(scene: Scene) -> None:
    scene.execute(ROW["protected"].replace("%s", "'log_group_name = ''/precious'''"))
    error = scene.refused(scene.owner, APPLY, state="42501")
    assert "iasql.protected has it" in str(error)
    scene.execute("SELECT iasql_sync()", "DELETE FROM log_group WHERE log_group_name = '/kept'", APPLY)
    assert scene.groups() == ["/precious"]


def test_a_protection_is_not_taken_off_by_the_apply_that_deletes(scene: Scene) -> None:
    tag(scene, "/kept", {"protect": "yes"})
    scene.execute(
        "SELECT iasql_sync()",
        ROW["protected"].replace("%s", "'tags ->> ''protect'' = ''yes'''"),
        "UPDATE log_group SET tags = '{}', log_group_name = '/renamed' WHERE log_group_name = '/kept'",
    )
    scene.refused(scene.owner, APPLY, state="42501")
    scene.execute(
        "UPDATE log_group SET log_group_name = '/kept' WHERE log_group_name = '/renamed'",
        "DELETE FROM log_group WHERE log_group_name = '/precious'",
        APPLY,
        "DELETE FROM log_group WHERE log_group_name = '/kept'",
        APPLY,
    )
    assert scene.groups() == []


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ("typo = 1", "42703"),
        ("log_group_name", "42804"),
        ("true) ; DROP TABLE log_group; SELECT (true", "42601"),
        ("EXISTS (SELECT FROM pg_authid)", "42501"),
        ("nonsense and", "42601"),
    ],
)
def test_a_broken_condition_is_refused_when_it_is_written(
    scene: Scene, kind: str, condition: str, state: str
) -> None:
    error = failing(scene.owner, ROW[kind], condition)
    assert "the condition cannot be used" in str(error)
    assert error.diag.sqlstate == state
    assert fetched(scene.owner, "SELECT to_regclass('log_group') IS NOT NULL") == [(True,)]


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize(
    "table", ["nothing", "pg_authid", "iasql.policy", "repository", "elsewhere.log_group"]
)
def test_a_rule_for_what_is_no_table_of_a_module_is_refused(scene: Scene, kind: str, table: str) -> None:
    statement = ROW[kind].replace("'log_group'", f"'{table}'")
    assert failing(scene.owner, statement, "true").diag.sqlstate == "42P01"


def test_a_rule_for_columns_that_are_not_there_is_refused(scene: Scene) -> None:
    statement = "INSERT INTO iasql.ignored (table_name, columns) VALUES ('log_group', '{tags,typo}')"
    error = failing(scene.owner, statement)
    assert error.diag.sqlstate == "42703"
    assert '"typo"' in str(error)


@pytest.mark.parametrize(("kind", "deleted"), [("owned", "/kept"), ("protected", "/precious")])
def test_a_condition_can_write_nothing_and_leaves_nothing(stacked: Scene, kind: str, deleted: str) -> None:
    stacked.execute(
        "CREATE TABLE witness (what text)",
        "CREATE FUNCTION writes() RETURNS boolean VOLATILE LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO witness VALUES ('x'); RETURN true; END $$",
        ROW[kind].replace("%s", "'writes()'"),
        f"DELETE FROM log_group WHERE log_group_name = '{deleted}'",
    )
    error = stacked.refused(stacked.owner, APPLY, state="25006")
    assert f"a condition of iasql.{kind} cannot be checked" in str(error)
    assert fetched(stacked.owner, "SELECT * FROM witness") == []


def test_a_condition_that_sets_something_leaves_the_session_as_it_was(stacked: Scene) -> None:
    stacked.execute(
        ROW["owned"].replace("%s", "'set_config(''iasql.max_deletes'', ''9'', false) IS NULL'"),
        "DELETE FROM log_group WHERE log_group_name = '/kept'",
    )
    with psycopg.connect(stacked.owner.url) as connection:
        connection.execute(PLAN.encode())
        shown = connection.execute("SELECT current_setting('iasql.max_deletes', true)").fetchone()
        assert shown in ((None,), ("",))
        connection.execute("CREATE TABLE still_writable ()")
        connection.rollback()


def test_a_condition_that_takes_too_long_is_named(stacked: Scene) -> None:
    stacked.execute(
        ROW["owned"].replace("%s", "'pg_sleep(60) IS NULL'"),
        "DELETE FROM log_group WHERE log_group_name = '/kept'",
    )
    with psycopg.connect(stacked.owner.url, autocommit=True) as connection, stacked.nothing_happens():
        connection.execute("SET statement_timeout = '2s'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(APPLY)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("2s",)


def test_conditions_do_not_run_in_a_superusers_session(stacked: Scene) -> None:
    stacked.execute(
        "INSERT INTO iasql.owned (table_name) VALUES ('log_group')",
        "DELETE FROM log_group WHERE log_group_name = '/kept'",
    )
    superuser = replace(stacked.owner, role="postgres", password=stacked.server.superuser_password)
    error = stacked.refused(superuser, APPLY, state="0LP01")
    assert "superuser's session" in str(error)


def test_a_condition_reads_what_the_owner_may_read_and_the_caller_may_not(
    stacked: Scene, make_role: MakeRole
) -> None:
    operator = make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply() TO ROLE",
    )
    stacked.execute(
        "CREATE TABLE allowed (name text)",
        "INSERT INTO allowed VALUES ('/kept')",
        ROW["owned"].replace("%s", "'log_group_name IN (SELECT name FROM allowed)'"),
        "DELETE FROM log_group WHERE log_group_name = '/kept'",
    )
    assert failing(operator, "SELECT * FROM allowed").diag.sqlstate == "42501"
    operator_applied = fetched(operator, "SELECT action FROM iasql_apply()")
    assert operator_applied == [("delete",)]


def test_a_column_of_somebodys_own_type_runs_nothing(stacked: Scene) -> None:
    """Whoever owns a table could add a column whose domain runs a check of theirs."""
    stacked.execute(
        "CREATE FUNCTION checks(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$",
        "CREATE DOMAIN trap AS text CHECK (checks(VALUE))",
        "ALTER TABLE log_group ADD COLUMN mine trap",
        "CREATE OR REPLACE FUNCTION checks(text) RETURNS boolean LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'it ran'; END $$",
        "INSERT INTO iasql.owned (table_name) VALUES ('log_group')",
        "DELETE FROM log_group WHERE log_group_name = '/kept'",
        APPLY,
    )
    assert stacked.groups() == ["/precious"]


@pytest.mark.parametrize(
    ("function", "columns"),
    [("check_condition", "table_name text, condition text"), ("check_policy", "name text, query text")],
)
def test_a_trigger_of_the_rules_is_not_run_on_a_table_of_ones_own(
    scene: Scene, make_role: MakeRole, function: str, columns: str
) -> None:
    """It runs as the database's owner, and planning evaluates what seems to be constant."""
    mallory = make_role("CREATE SCHEMA evil", "GRANT ALL ON SCHEMA evil TO ROLE")
    for statement in (
        f"CREATE TABLE evil.mine ({columns})",
        f"CREATE TRIGGER mine BEFORE INSERT ON evil.mine FOR EACH ROW EXECUTE FUNCTION iasql.{function}()",
        "CREATE FUNCTION evil.who() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'it ran as %', current_user; END $$",
    ):
        with psycopg.connect(mallory.url, autocommit=True) as connection:
            connection.execute(statement.encode())
    for condition in ("evil.who()", "SELECT evil.who()"):
        error = failing(mallory, "INSERT INTO evil.mine VALUES ('log_group', %s)", condition)
        assert "it ran" not in f"{error} {error.diag.message_detail}"
        assert error.diag.sqlstate == "42501"


def test_others_tags_are_ignored_by_plan_sync_and_apply(scene: Scene) -> None:
    scene.execute("SELECT iasql_sync()", ROW["ignored"].replace("%s", "'true'"))
    tag(scene, "/kept", {"costs": "theirs"})
    scene.execute("UPDATE log_group SET tags = '{\"team\": \"x\"}' WHERE log_group_name = '/kept'")
    assert fetched(scene.owner, PLAN) == []
    assert fetched(scene.owner, "SELECT * FROM iasql_plan_sync()") == []
    with scene.nothing_happens():
        scene.execute(APPLY, "SELECT iasql_sync()")
    mine = "SELECT tags ->> 'team' FROM log_group WHERE log_group_name = '/kept'"
    assert fetched(scene.owner, mine) == [("x",)]
    assert tags(scene, "/kept") == {"costs": "theirs"}
    scene.execute("INSERT INTO log_group (log_group_name, tags) VALUES ('/new', '{\"team\": \"x\"}')", APPLY)
    assert tags(scene, "/new") == {"team": "x"}
    scene.execute("UPDATE iasql.ignored SET condition = 'log_group_name = ''/new'''")
    assert fetched(scene.owner, PLAN) == [("update", "log_group")]


def test_a_rule_is_about_a_table_in_all_regions_or_in_one(scene: Scene) -> None:
    scene.execute(
        "SELECT iasql_sync()",
        "SELECT * FROM iasql_add_region('eu-west-1')",
        "SELECT iasql_install('aws_cloudwatch', region => 'eu-west-1')",
        "INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('/ireland')",
        APPLY,
        "DELETE FROM eu_west_1.log_group",
        "INSERT INTO iasql.protected (table_name) VALUES ('public.log_group')",
    )
    assert fetched(scene.owner, PLAN) == [("delete", "eu_west_1.log_group")]
    for name in ("log_group", "eu_west_1.log_group"):
        scene.execute(f"UPDATE iasql.protected SET table_name = '{name}'")
        scene.refused(scene.owner, APPLY, state="42501")
    scene.execute("UPDATE iasql.protected SET table_name = 'public.log_group'", APPLY)
    assert fetched(scene.owner, PLAN) == []


def recipe(heading: str) -> str:
    """The statement below a heading of docs/ownership.md."""
    section = _DOCUMENT.read_text().split(f"{heading}\n", 1)[1]
    return section.split("```sql\n")[1].split("```")[0]


def test_the_page_shows_who_owns_what(scene: Scene) -> None:
    scene.execute("SELECT iasql_install('aws_security_group')")
    assert fetched(scene.owner, recipe("# Whose it is")) == []


def test_the_page_lets_an_apply_change_what_an_old_stack_has_left(scene: Scene) -> None:
    tag(scene, "/kept", {"aws:cloudformation:stack-name": "old"})
    scene.execute("SELECT iasql_sync()", "DELETE FROM log_group WHERE log_group_name = '/kept'")
    scene.refused(scene.owner, APPLY, state="42501")
    scene.execute(recipe("## What is ours all the same"), APPLY)
    assert scene.groups() == ["/precious"]


def test_the_page_protects_by_a_tag_a_whole_table_and_what_is_in_others(scene: Scene) -> None:
    tag(scene, "/precious", {"stage": "production"})
    scene.cloud.client("ecr").create_repository(repositoryName="app")
    ec2 = scene.cloud.client("ec2")
    group = ec2.create_security_group(GroupName="cluster", Description="d")["GroupId"]
    ec2.create_tags(Resources=[group], Tags=[{"Key": "aws:eks:cluster-name", "Value": "prod"}])
    scene.execute("SELECT iasql_install('aws_ecr', 'aws_security_group')", recipe("## What is never deleted"))
    scene.refused(scene.owner, APPLY, state="42501")
    of_group = f"WHERE security_group_id = (SELECT id FROM security_group WHERE group_id = '{group}')"
    for deletion in ("DELETE FROM repository", f"DELETE FROM security_group_rule {of_group}"):
        scene.execute("SELECT iasql_sync()", APPLY, deletion)
        assert "iasql.protected has it" in str(scene.refused(scene.owner, APPLY, state="42501"))


def test_a_condition_that_broke_later_is_named(scene: Scene) -> None:
    scene.execute(
        "CREATE TABLE kept (name text)",
        ROW["protected"].replace("%s", "'log_group_name IN (SELECT name FROM kept)'"),
        "DROP TABLE kept",
    )
    error = scene.refused(scene.owner, APPLY, state="42P01")
    assert "a condition of iasql.protected cannot be checked" in str(error)
    assert "log_group_name IN (SELECT name FROM kept)" in str(error.diag.message_detail)


def test_the_page_leaves_columns_to_others(scene: Scene) -> None:
    scene.execute(
        "SELECT iasql_install('aws_ecs_fargate')", "SELECT iasql_sync()", recipe("## What is left to others")
    )
    tag(scene, "/kept", {"costs": "theirs"})
    assert fetched(scene.owner, PLAN) == []
    assert fetched(scene.owner, "SELECT * FROM iasql_plan_sync()") == []
