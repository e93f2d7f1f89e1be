"""A schema is a place: the tables in it are those of one region of the account."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from engine.errors import DatabaseError, OperationError
from modules.catalogue import find_modules
from tests.engine.direct import Session
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import PostgresServer

IRELAND = "eu-west-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
DENIED = {"code": "AccessDeniedException", "status": 400}


def log_groups(boto: Any, region: str) -> list[str]:
    return [each["logGroupName"] for each in boto("logs", region).describe_log_groups()["logGroups"]]


async def test_what_is_installed_in_a_place_shows_its_region_alone(session: Session, boto: Any) -> None:
    boto("logs").create_log_group(logGroupName="here")
    boto("logs", IRELAND).create_log_group(logGroupName="there")
    await session("iasql_install", "aws_cloudwatch")
    assert await session("iasql_add_region", IRELAND) == [(IRELAND, "eu_west_1")]
    await session.execute("SET search_path = eu_west_1, public")
    assert await session("iasql_install", "aws_cloudwatch") == [
        ("aws_cloudwatch@0.0.1", "eu_west_1.log_group", 1),
        ("aws_cloudwatch@0.0.1", "eu_west_1.metric_alarm", 0),
        ("aws_cloudwatch@0.0.1", "eu_west_1.composite_alarm", 0),
        ("aws_account@0.0.1", "eu_west_1.aws_account", 1),
    ]
    assert await session.rows("SELECT log_group_name FROM log_group") == [("there",)]
    assert await session.rows("SELECT log_group_name FROM public.log_group") == [("here",)]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_an_apply_makes_each_row_in_the_region_of_its_table(session: Session, boto: Any) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_cloudwatch", region="*")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('a')")
    await session.execute("INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('b'), ('c')")
    assert sorted(await session.apply()) == [
        ("create", "eu_west_1.log_group", None, "b"),
        ("create", "eu_west_1.log_group", None, "c"),
        ("create", "log_group", None, "a"),
    ]
    assert log_groups(boto, REGION) == ["a"]
    assert log_groups(boto, IRELAND) == ["b", "c"]


async def test_one_region_is_planned_applied_and_synced_alone(session: Session, boto: Any) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_cloudwatch", region="*")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('a')")
    await session.execute("INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('b')")
    there = [("create", "eu_west_1.log_group", None, "b")]
    assert await session("iasql_plan_apply", region=IRELAND) == there
    assert await session("iasql_apply", region=IRELAND) == there
    assert log_groups(boto, REGION) == []
    assert log_groups(boto, IRELAND) == ["b"]
    boto("logs", IRELAND).create_log_group(logGroupName="x")
    boto("logs").create_log_group(logGroupName="y")
    assert await session("iasql_sync", region=IRELAND) == [("create", "eu_west_1.log_group", None, "x")]
    assert await session("iasql_plan_apply", region=REGION) == [
        ("create", "log_group", None, "a"),
    ]
    assert any("log_group y has appeared in AWS" in each for each in session.notices)


async def test_what_goes_along_with_something_is_in_a_regions_plan(session: Session, boto: Any) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_security_group", region=IRELAND)
    await session.execute("SET search_path = eu_west_1, public")
    await session.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('g', 'g');"
        "INSERT INTO security_group_rule (is_egress, ip_protocol, from_port, to_port, cidr_ipv4, "
        "security_group_id) SELECT false, 'tcp', 22, 22, '10.0.0.0/8', id FROM security_group "
        "WHERE group_name = 'g'"
    )
    await session("iasql_apply", region=IRELAND)
    await session.execute(
        "DELETE FROM security_group_rule WHERE from_port = 22;"
        "DELETE FROM security_group WHERE group_name = 'g'"
    )
    assert await session("iasql_plan_apply", region=IRELAND) == await session("iasql_plan_apply")
    assert len(await session("iasql_apply", region=IRELAND)) == 2


async def test_what_a_region_needs_of_what_is_global_is_made_with_it(session: Session, boto: Any) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_ecs_fargate", region=IRELAND)
    await session.execute("SET search_path = eu_west_1, public")
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document) "
        f"SELECT name, '{json.dumps(TRUST)}' FROM (VALUES ('tasks'), ('other')) AS r (name);"
        "INSERT INTO task_definition (family, task_role_name, execution_role_name, cpu_memory) "
        "VALUES ('web', 'tasks', 'tasks', 'vCPU2-8GB');"
        "INSERT INTO container_definition "
        "(name, image, tag, task_definition_id, essential, memory_reservation) "
        "VALUES ('web', 'nginx', 'latest', (SELECT id FROM task_definition), true, 512)"
    )
    planned = await session("iasql_plan_apply", region=IRELAND)
    assert [(action, table, name) for action, table, _, name in planned] == [
        ("create", "role", "tasks"),
        ("create", "eu_west_1.task_definition", "web"),
    ]
    await session("iasql_apply", region=IRELAND)
    (arn,) = boto("ecs", IRELAND).list_task_definitions()["taskDefinitionArns"]
    assert f":{IRELAND}:" in arn
    assert boto("ecs").list_task_definitions()["taskDefinitionArns"] == []
    assert [each["RoleName"] for each in boto("iam").list_roles()["Roles"]] == ["tasks"]


async def test_what_is_global_has_one_table_in_the_default_place(session: Session, boto: Any) -> None:
    await session("iasql_add_region", IRELAND)
    await session.execute("SET search_path = eu_west_1, public")
    [iam] = [each for each in find_modules().modules if each.name == "aws_iam"]
    assert [table for _, table, _ in await session("iasql_install", "aws_iam", "aws_ecr")] == [
        *iam.tables,
        "public_repository",
        "eu_west_1.repository",
        "eu_west_1.repository_policy",
        "eu_west_1.repository_image",
        "aws_account",
        "eu_west_1.aws_account",
    ]
    assert await session.rows("SELECT name, schema FROM iasql.installed_module ORDER BY 1, 2") == [
        ("aws_account", "eu_west_1"),
        ("aws_account", "public"),
        ("aws_ecr", "eu_west_1"),
        ("aws_iam", "public"),
    ]
    await session.execute("SET search_path = public")
    await session("iasql_install", "aws_ecr")
    with pytest.raises(OperationError) as refused:
        await session("iasql_uninstall", "aws_account", region=IRELAND)
    assert refused.value.sqlstate == "2BP01"
    assert [table for _, table, _ in await session("iasql_uninstall", "aws_ecr", region=IRELAND)] == [
        "eu_west_1.repository",
        "eu_west_1.repository_policy",
        "eu_west_1.repository_image",
    ]
    assert await session.rows("SELECT count(*) FROM public_repository") == [(0,)]


async def test_what_another_region_needs_is_named_with_that_region(session: Session) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_ecs_fargate", region=IRELAND)
    with pytest.raises(OperationError, match=f"aws_ecs_fargate in {IRELAND} needs it") as refused:
        await session("iasql_uninstall", "aws_iam")
    assert refused.value.sqlstate == "2BP01"


async def test_a_region_that_cannot_be_read_is_left_out_and_the_others_go_on(
    session: Session, simulator: Cloud, boto: Any
) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_cloudwatch", region="*")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('a')")
    await session.execute("INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('b')")
    simulator.plan({"action": "error", "region": IRELAND, "service": "logs", "times": 0} | DENIED)
    assert await session("iasql_plan_apply") == [("create", "log_group", None, "a")]
    assert any(each.startswith("eu_west_1.log_group is left out") for each in session.notices)
    with pytest.raises(OperationError, match=r"nothing was done about eu_west_1\.log_group:"):
        await session("iasql_apply")
    assert log_groups(boto, REGION) == ["a"]
    simulator.cancel_faults()
    assert await session.rows("SELECT log_group_name FROM eu_west_1.log_group") == [("b",)]
    assert await session("iasql_apply") == [("create", "eu_west_1.log_group", None, "b")]


async def tasks_of_one_role(session: Session) -> None:
    """A task definition in each of two regions, which share a role."""
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_ecs_fargate", region="*")
    await session.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('tasks', '{json.dumps(TRUST)}')"
    )
    for schema in ("public", "eu_west_1"):
        await session.execute(
            f"SET search_path = {schema}, public;"
            "INSERT INTO task_definition (family, task_role_name, execution_role_name, cpu_memory) "
            "VALUES ('web', 'tasks', 'tasks', 'vCPU2-8GB');"
            "INSERT INTO container_definition "
            "(name, image, tag, task_definition_id, essential, memory_reservation) "
            "VALUES ('web', 'nginx', 'latest', (SELECT id FROM task_definition), true, 512)"
        )
    await session("iasql_apply")


async def test_what_another_region_may_use_is_not_removed_unseen(
    session: Session, simulator: Cloud, boto: Any
) -> None:
    await tasks_of_one_role(session)
    for schema in ("public", "eu_west_1"):
        await session.execute(
            f"DELETE FROM {schema}.container_definition; DELETE FROM {schema}.task_definition"
        )
    await session.execute("DELETE FROM role")
    assert await session("iasql_plan_apply", region=REGION) == [
        ("delete", "task_definition", None, "web (web:1)")
    ]
    simulator.plan({"action": "error", "region": IRELAND, "service": "ecs", "times": 0} | DENIED)
    with pytest.raises(OperationError, match=r"nothing was done about eu_west_1\.cluster"):
        await session("iasql_apply")
    simulator.cancel_faults()
    assert [each["RoleName"] for each in boto("iam").list_roles()["Roles"]] == ["tasks"]
    assert len(boto("ecs", IRELAND).list_task_definitions()["taskDefinitionArns"]) == 1
    assert any("which other regions may use" in each for each in session.notices)
    await session.apply()
    assert boto("iam").list_roles()["Roles"] == []


async def test_what_needs_a_replacement_of_what_another_region_may_use_is_applied_with_it(
    session: Session,
) -> None:
    await tasks_of_one_role(session)
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document) "
        "SELECT 'kept', assume_role_policy_document FROM role;"
        "UPDATE public.task_definition SET task_role_name = 'kept', execution_role_name = 'kept';"
        "UPDATE eu_west_1.task_definition SET task_role_name = 'kept', execution_role_name = 'kept';"
        "UPDATE role SET role_name = 'new' WHERE role_name = 'tasks';"
        "UPDATE eu_west_1.task_definition SET task_role_name = 'new'"
    )
    for function in ("iasql_plan_apply", "iasql_apply"):
        with pytest.raises(OperationError, match="needs a change of what other regions may use") as refused:
            await session(function, region=IRELAND)
        assert refused.value.sqlstate == "55000"
    await session.apply()


async def test_a_row_that_rows_of_another_region_refer_to_outlives_a_sync_without_that_region(
    session: Session, simulator: Cloud, boto: Any
) -> None:
    await tasks_of_one_role(session)
    boto("iam").delete_role(RoleName="tasks")
    simulator.plan({"action": "error", "region": IRELAND, "service": "ecs", "times": 0} | DENIED)
    assert [each[1] for each in await session("iasql_sync")] == ["task_definition"]
    simulator.cancel_faults()
    assert await session("iasql_sync", region=REGION) == []
    assert [each[1] for each in await session("iasql_sync")] == ["eu_west_1.task_definition", "role"]


async def test_a_plan_is_not_applied_in_another_region_that_has_its_schema_now(
    session: Session, boto: Any
) -> None:
    await session("iasql_add_region", IRELAND, "place")
    await session("iasql_install", "aws_cloudwatch", region=IRELAND)
    await session.execute("INSERT INTO place.log_group (log_group_name) VALUES ('a')")
    await session("iasql_plan_apply")
    plan = await session.value("SELECT iasql_plan_id()")
    await session("iasql_sync")
    await session("iasql_remove_region", IRELAND)
    await session("iasql_add_region", "eu-west-2", "place")
    await session("iasql_install", "aws_cloudwatch", region="eu-west-2")
    await session.execute("INSERT INTO place.log_group (log_group_name) VALUES ('a')")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply", plan)
    assert refused.value.sqlstate == "40001"
    assert log_groups(boto, "eu-west-2") == []


async def test_a_region_is_removed_with_its_tables_and_aws_keeps_what_it_has(
    session: Session, boto: Any
) -> None:
    boto("logs", IRELAND).create_log_group(logGroupName="there")
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_cloudwatch", region=IRELAND)
    await session.execute("DELETE FROM eu_west_1.log_group")
    with pytest.raises(OperationError) as refused:
        await session("iasql_remove_region", IRELAND)
    assert refused.value.sqlstate == "55000"
    await session("iasql_sync", region=IRELAND)
    assert await session("iasql_remove_region", IRELAND) == [(IRELAND, "eu_west_1")]
    assert await session.rows("SELECT to_regnamespace('eu_west_1')") == [(None,)]
    assert log_groups(boto, IRELAND) == ["there"]
    assert await session("iasql_plan_apply") == []


async def test_regions_are_removed_one_by_one(session: Session) -> None:
    await session("iasql_add_region", IRELAND)
    with pytest.raises(OperationError) as refused:
        await session("iasql_remove_region", "*")
    assert refused.value.sqlstate == "22023"


async def test_a_region_whose_schema_was_dropped_can_be_removed_and_is_named_by_an_install(
    session: Session,
) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_ecr", region=IRELAND)  # of which a part is global
    await session.execute("DROP SCHEMA eu_west_1 CASCADE")
    assert await session("iasql_plan_apply") == []
    with pytest.raises(OperationError, match="eu-west-1 has no schema eu_west_1 any more") as refused:
        await session("iasql_install", "aws_cloudwatch", region=IRELAND)
    assert refused.value.sqlstate == "3F000"
    assert "iasql_remove_region('eu-west-1')" in str(refused.value.hint)
    assert await session("iasql_remove_region", IRELAND) == [(IRELAND, "eu_west_1")]
    assert await session.rows("SELECT schema FROM iasql.place") == [("public",)]


async def test_the_name_of_no_region_is_not_proposed_to_be_added(session: Session) -> None:
    for name in ("", "eu_west_1", "EU-WEST-1"):
        with pytest.raises(OperationError) as refused:
            await session("iasql_plan_apply", region=name)
        assert refused.value.hint == "The names of regions look like eu-west-1; '*' means all."


@pytest.mark.parametrize(
    ("arguments", "sqlstate"),
    [
        (("mars-north-1",), "42704"),
        ((IRELAND, "public"), "42P06"),
        ((IRELAND, "pg_mine"), "42602"),
        ((IRELAND, "iasql"), "42602"),
        ((IRELAND, 'a"b'), "42602"),
        ((REGION,), "42710"),
    ],
)
async def test_a_region_that_cannot_be_added_is_refused(
    session: Session, arguments: tuple[str, ...], sqlstate: str
) -> None:
    with pytest.raises(OperationError) as refused:
        await session("iasql_add_region", *arguments)
    assert refused.value.sqlstate == sqlstate
    assert await session.rows("SELECT schema FROM iasql.place") == [("public",)]


async def test_a_region_that_is_not_there_is_named_with_those_that_are(session: Session) -> None:
    with pytest.raises(OperationError) as refused:
        await session("iasql_plan_apply", region=IRELAND)
    assert refused.value.sqlstate == "42704"
    assert REGION in str(refused.value.detail)
    assert "iasql_add_region('eu-west-1')" in str(refused.value.hint)


async def test_a_table_of_the_users_own_refers_to_one_of_any_place(session: Session) -> None:
    await session("iasql_add_region", IRELAND, "aws_eu")
    await session("iasql_install", "aws_cloudwatch", region=IRELAND)
    await session.execute(
        "CREATE TABLE kept (name varchar REFERENCES aws_eu.log_group);"
        "INSERT INTO aws_eu.log_group (log_group_name) VALUES ('a');"
        "INSERT INTO kept VALUES ('a')"
    )
    await session("iasql_apply")
    assert await session("iasql_plan_apply") == []


async def test_deleting_all_records_is_about_the_place_of_the_session(session: Session) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_cloudwatch", region="*")
    for schema in ("public", "eu_west_1"):
        await session.execute(f"INSERT INTO {schema}.log_group (log_group_name) VALUES ('a')")
    counts = "SELECT (SELECT count(*) FROM public.log_group), (SELECT count(*) FROM eu_west_1.log_group)"
    await session.execute("SET search_path = eu_west_1, public")
    await session.execute("SELECT delete_all_records()")
    assert await session.rows(counts) == [(1, 0)]
    await session.execute("SELECT delete_all_records('*')")
    assert await session.rows(counts) == [(0, 0)]


async def test_no_region_is_not_all_regions(session: Session) -> None:
    await session("iasql_install", "aws_cloudwatch")
    with pytest.raises(asyncpg.PostgresError) as error:
        await session.execute("SELECT delete_all_records(NULL)")
    assert error.value.sqlstate == "22004"
    for modules in ("{}", "{aws_sqs,NULL}"):
        with pytest.raises(OperationError) as refused:
            await session("iasql_install", modules, region="*")
        assert refused.value.sqlstate == "22004"


async def test_all_regions_can_be_read_at_once_and_only_by_whom_the_tables_let(
    session: Session, postgres_server: PostgresServer, boto: Any
) -> None:
    await session("iasql_install", "aws_cloudwatch", "aws_iam", "aws_ecr")
    assert await session.rows("SELECT to_regnamespace('iasql_all')") == [(None,)]
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "{aws_cloudwatch,aws_ecr}", region=IRELAND)
    await session.execute(
        "INSERT INTO log_group (log_group_name) VALUES ('a');"
        "INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('b');"
        "INSERT INTO eu_west_1.repository (repository_name) VALUES ('c')"
    )
    assert await session.rows(
        "SELECT region, log_group_name, log_group_arn FROM iasql_all.log_group ORDER BY 1"
    ) == [(IRELAND, "b", None), (REGION, "a", None)]
    assert await session.rows("SELECT region, image_tag_mutability FROM iasql_all.repository") == [
        (IRELAND, "MUTABLE")
    ]
    assert await session.rows("SELECT DISTINCT region FROM iasql_all.role") == []
    reader = await asyncpg.connect(postgres_server.superuser_url(session.caller.database))
    await reader.execute("CREATE ROLE all_reader; GRANT USAGE ON SCHEMA eu_west_1 TO all_reader")
    try:
        await reader.execute("SET ROLE all_reader")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch("TABLE iasql_all.log_group")
        await reader.execute("RESET ROLE; GRANT SELECT ON log_group, eu_west_1.log_group TO all_reader")
        await reader.execute("SET ROLE all_reader")
        assert len(await reader.fetch("TABLE iasql_all.log_group")) == 2
    finally:
        await reader.execute("RESET ROLE; DROP OWNED BY all_reader; DROP ROLE all_reader")
        await reader.close()


async def test_what_shows_all_regions_goes_with_what_it_shows(session: Session) -> None:
    views = "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('iasql_all') ORDER BY 1"
    await session("iasql_install", "aws_cloudwatch")
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "{aws_cloudwatch,aws_sqs}", region=IRELAND)
    alarms = [("composite_alarm",), ("log_group",), ("metric_alarm",)]
    assert await session.rows(views) == [("aws_account",), *alarms, ("queue",)]
    await session("iasql_uninstall", "aws_sqs", region=IRELAND)
    assert await session.rows(views) == [("aws_account",), *alarms]
    await session("iasql_uninstall", "aws_cloudwatch", region=IRELAND)
    assert await session.rows("SELECT DISTINCT region FROM iasql_all.aws_account ORDER BY 1") == [
        (IRELAND,),
        (REGION,),
    ]
    await session("iasql_remove_region", IRELAND)
    assert await session.rows(views) == []
    await session.execute("ALTER TABLE log_group ALTER COLUMN log_group_name TYPE text")


async def test_what_a_user_has_made_beside_the_views_of_all_regions_stays(session: Session) -> None:
    await session("iasql_add_region", IRELAND)
    await session("iasql_install", "aws_cloudwatch", region="*")
    await session.execute(
        "CREATE VIEW iasql_all.mine AS SELECT region, count(*) FROM iasql_all.log_group GROUP BY region;"
        "CREATE TABLE iasql_all.also_mine (id serial PRIMARY KEY);"
        "REVOKE SELECT ON iasql_all.log_group FROM PUBLIC"
    )
    await session("iasql_install", "aws_sqs", region="*")
    await session("iasql_uninstall", "aws_cloudwatch", region=IRELAND)
    assert await session.rows("TABLE iasql_all.mine") == []
    assert await session.rows("TABLE iasql_all.also_mine") == []
    assert await session.rows("SELECT has_table_privilege('public', 'iasql_all.log_group', 'SELECT')") == [
        (False,)
    ]
    with pytest.raises(DatabaseError) as refused:
        await session("iasql_uninstall", "aws_cloudwatch", region=REGION)
    assert refused.value.sqlstate == "2BP01"


async def test_operators_of_others_are_not_in_the_constraints_of_tables(session: Session) -> None:
    await session.execute(
        "CREATE SCHEMA strange;"
        "CREATE FUNCTION strange.like(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE OPERATOR strange.~~ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = strange.like);"
        "CREATE DOMAIN strange.jsonb AS pg_catalog.text;"
        "SET search_path = strange, pg_catalog, public"
    )
    await session("iasql_install", "aws_sqs")
    assert await session.value("SHOW search_path") == "strange, pg_catalog, public"
    assert (
        await session.rows(
            "SELECT DISTINCT refobjid::regoperator::text FROM pg_depend "
            "WHERE refclassid = 'pg_operator'::regclass AND refobjid IN "
            "(SELECT oid FROM pg_operator WHERE oprnamespace = 'strange'::regnamespace) "
            "AND classid = 'pg_constraint'::regclass"
        )
        == []
    )
    assert (
        await session.value(
            "SELECT atttypid::regtype::text FROM pg_attribute "
            "WHERE attrelid = 'public.queue'::regclass AND attname = 'tags'"
        )
        == "pg_catalog.jsonb"
    )
