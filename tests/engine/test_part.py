"""An apply of a part: what is asked for by `only`, what that needs, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_RULE = (
    "INSERT INTO security_group_rule (is_egress, ip_protocol, cidr_ipv4, security_group_id) "
    "SELECT false, '-1', '10.0.0.0/8', id FROM security_group WHERE group_name = 'web'"
)
_MADE = (
    "INSERT INTO log_group (log_group_name) VALUES ('/app'), ('/web');"
    "INSERT INTO repository (repository_name) VALUES ('one');"
    "INSERT INTO security_group (group_name, description) VALUES ('web', 'w');" + _RULE
)


@pytest.fixture
async def installed(session: Session) -> Session:
    await session("iasql_install", "aws_security_group", "aws_ecr", "aws_cloudwatch")
    return session


async def tables(session: Session, function: str, **named: str) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in await session(function, **named)}


async def test_one_table_is_applied_and_nothing_else(installed: Session, simulator: Cloud) -> None:
    await installed.execute(_MADE)
    assert len(await installed("iasql_plan_apply", only="log_group")) == 2
    assert len(await installed("iasql_apply", only="log_group")) == 2
    assert installed.notices[-1] == "2 created"
    assert {each["operation"] for each in simulator.calls(mutating=True)} == {"CreateLogGroup"}
    assert await installed("iasql_apply", only="log_group") == []
    assert installed.notices[-1] == "nothing to do in AWS"
    assert len(await installed("iasql_plan_apply")) == 3


async def test_one_row_is_applied_by_its_name(installed: Session) -> None:
    await installed.execute(_MADE)
    assert await installed("iasql_apply", only="log_group /app") == [("create", "log_group", None, "/app")]
    arn = await installed.value("SELECT log_group_arn FROM log_group WHERE log_group_name = '/app'")
    await installed.execute('UPDATE log_group SET tags = \'{"a": "b"}\'')
    for name in ("/app", arn):
        assert await installed("iasql_plan_apply", only=f"log_group {name}") == [
            ("update", "log_group", None, "/app")
        ]


async def test_what_it_needs_is_applied_with_it(installed: Session) -> None:
    await installed.execute(_MADE)
    made = {("create", "security_group"), ("create", "security_group_rule")}
    assert await tables(installed, "iasql_apply", only="security_group_rule") == made
    assert await tables(installed, "iasql_plan_apply") == {("create", "log_group"), ("create", "repository")}


async def test_what_has_to_go_before_goes_with_it(installed: Session) -> None:
    await installed.execute(_MADE)
    await installed.apply()
    await installed.execute(
        "DELETE FROM security_group_rule; DELETE FROM security_group WHERE group_name = 'web';"
        "DELETE FROM log_group"
    )
    gone = {("delete", "security_group"), ("delete", "security_group_rule")}
    assert await tables(installed, "iasql_apply", only="security_group web") == gone
    assert await tables(installed, "iasql_plan_apply") & {*gone, ("delete", "log_group")} >= {
        ("delete", "log_group")
    }


async def test_what_would_go_along_with_something_is_removed_by_itself(installed: Session, boto: Any) -> None:
    await installed.execute(_MADE)
    await installed.apply()
    await installed.execute(
        "DELETE FROM security_group_rule WHERE cidr_ipv4 = '10.0.0.0/8';"
        "DELETE FROM security_group_rule WHERE security_group_id = "
        "(SELECT id FROM security_group WHERE group_name = 'web');"
        "DELETE FROM security_group WHERE group_name = 'web'"
    )
    assert await tables(installed, "iasql_apply", only="security_group_rule") == {
        ("delete", "security_group_rule")
    }
    groups = boto("ec2").describe_security_groups()["SecurityGroups"]
    assert "web" in {each["GroupName"] for each in groups}
    assert await tables(installed, "iasql_apply") == {("delete", "security_group")}


async def test_a_replacement_takes_along_what_has_to_be_pointed_to_the_new_one(installed: Session) -> None:
    await installed.execute(_MADE)
    await installed.apply()
    await installed.execute(
        "UPDATE security_group SET description = 'other' WHERE group_name = 'web';"
        "UPDATE repository SET scan_on_push = true"
    )
    everything = await tables(installed, "iasql_plan_apply")
    assert await tables(installed, "iasql_apply", only="security_group web") == everything - {
        ("update", "repository")
    }
    assert await tables(installed, "iasql_plan_apply") == {("update", "repository")}


async def test_a_part_can_be_held_to_its_plan(installed: Session) -> None:
    await installed.execute(_MADE)
    await installed("iasql_plan_apply", only="log_group /app")
    seen = await installed.value("SELECT iasql_plan_id()")
    with pytest.raises(OperationError, match="have changed since the plan"):
        await installed("iasql_apply", only="log_group", plan_id=seen)
    assert len(await installed("iasql_apply", only="log_group /app", plan_id=seen)) == 1


async def test_what_is_in_conflict_elsewhere_does_not_keep_a_part_from_being_applied(
    installed: Session, boto: Any
) -> None:
    await installed.execute(_MADE)
    await installed.apply()
    logs = boto("logs")
    logs.tag_log_group(logGroupName="/web", tags={"a": "theirs"})
    logs.tag_log_group(logGroupName="/app", tags={"b": "theirs"})
    await installed.execute(
        "UPDATE log_group SET tags = '{\"a\": \"ours\"}' WHERE log_group_name = '/web';"
        "UPDATE repository SET scan_on_push = true"
    )
    with pytest.raises(OperationError) as refused:
        await installed.apply()
    assert refused.value.sqlstate == "40001"
    assert await tables(installed, "iasql_apply", only="repository") == {("update", "repository")}
    assert await installed.value("SELECT tags FROM log_group WHERE log_group_name = '/app'") in ("{}", None)
    assert await installed("iasql_apply", only="log_group /app") == []
    assert "theirs" in str(await installed.value("SELECT tags FROM log_group WHERE log_group_name = '/app'"))
    with pytest.raises(OperationError, match="log_group /web is in conflict") as refused:
        await installed("iasql_apply", only="log_group /web")
    assert refused.value.sqlstate == "40001"


async def test_an_incomplete_row_elsewhere_does_not_keep_a_part_from_being_applied(
    installed: Session,
) -> None:
    await installed.execute(_MADE)
    await installed.execute("INSERT INTO security_group (group_name) VALUES ('nameless')")
    with pytest.raises(OperationError):
        await installed("iasql_apply", only="security_group nameless")
    assert len(await installed("iasql_apply", only="log_group")) == 2


@pytest.mark.parametrize(
    ("only", "sqlstate", "said"),
    [
        ("log_gruop", "42P01", "Did you mean log_group?"),
        ("nothing_like_that", "42P01", "There are "),
        ("log_group /ap", "22023", "Did you mean /app"),
        ("repository zzz", "22023", "There are one."),
    ],
)
async def test_what_is_not_there_is_refused_with_what_is(
    installed: Session, only: str, sqlstate: str, said: str
) -> None:
    await installed.execute(_MADE)
    for function in ("iasql_apply", "iasql_plan_apply"):
        with pytest.raises(OperationError) as refused:
            await installed(function, only=only)
        assert refused.value.sqlstate == sqlstate
        assert (refused.value.detail or "").startswith(said)


async def test_a_table_of_parts_means_what_they_are_parts_of(session: Session) -> None:
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(
        "INSERT INTO cluster (cluster_name) VALUES ('c');"
        "INSERT INTO task_definition (family, cpu_memory) VALUES ('td', 'vCPU1-2GB');"
        "INSERT INTO container_definition (task_definition_id, name, essential, image) "
        "SELECT id, 'main', true, 'nginx' FROM task_definition"
    )
    assert await tables(session, "iasql_plan_apply", only="container_definition") == {
        ("create", "task_definition")
    }
