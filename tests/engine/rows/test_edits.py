"""Edits that another session commits while an operation reads AWS or applies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from engine.plan.model import Found
from engine.read import recheck
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

Edit = Callable[[str], Awaitable[None]]


@pytest.fixture
async def other(fresh_database: Database, session: Session) -> AsyncIterator[Edit]:
    """Runs SQL in another session."""
    connection = await asyncpg.connect(fresh_database.url, statement_cache_size=0)

    async def edit(sql: str) -> None:
        await connection.execute(sql)

    yield edit
    await connection.close()


async def meanwhile(
    session: Session, simulator: Cloud, function: str, operation: str, edit: Callable[[], Awaitable[Any]]
) -> list[tuple[Any, ...]]:
    """Perform an operation, and something else while a call of it takes its time."""
    before = simulator.called(operation)
    simulator.plan({"operation": operation, "action": "delay", "seconds": 1.5})
    performing = asyncio.create_task(session(function))
    await simulator.until_called(operation, before + 1)
    await edit()
    return await performing


async def _changed_in_aws(session: Session, simulator: Cloud, *names: str) -> None:
    """Repositories that are scanned in AWS, whose rows do not show it yet."""
    await session("iasql_install", "aws_ecr")
    for name in names:
        simulator.client("ecr").create_repository(repositoryName=name)
    await session("iasql_sync")
    for name in names:
        simulator.client("ecr").put_image_scanning_configuration(
            repositoryName=name, imageScanningConfiguration={"scanOnPush": True}
        )


async def test_a_row_that_is_changed_while_a_sync_reads_aws_keeps_the_change(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await _changed_in_aws(session, simulator, "one", "two")
    edit = "UPDATE repository SET image_tag_mutability = 'IMMUTABLE' WHERE repository_name = 'one'"
    synced = await meanwhile(session, simulator, "iasql_sync", "DescribeRepositories", lambda: other(edit))
    assert [each[:2] for each in synced] == [("update", "repository")]
    found = await session.rows(
        "SELECT repository_name, image_tag_mutability::text, scan_on_push FROM repository ORDER BY 1"
    )
    assert found == [("one", "IMMUTABLE", False), ("two", "MUTABLE", True)]
    assert any("repository/one was changed by another session" in each for each in session.notices)
    assert {row[4] for row in await session("iasql_diff")} == {"image_tag_mutability", "scan_on_push"}


async def test_a_row_that_is_deleted_while_a_sync_reads_aws_stays_deleted(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await _changed_in_aws(session, simulator, "one")
    await meanwhile(
        session, simulator, "iasql_sync", "DescribeRepositories", lambda: other("DELETE FROM repository")
    )
    assert await session.value("SELECT count(*) FROM repository") == 0
    assert [row[0] for row in await session("iasql_plan_apply")] == ["delete"]


async def test_a_row_that_a_sync_would_delete_stays_if_it_is_changed_meanwhile(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('one'), ('two')")
    edit = "UPDATE repository SET scan_on_push = true WHERE repository_name = 'one'"
    synced = await meanwhile(session, simulator, "iasql_sync", "DescribeRepositories", lambda: other(edit))
    assert [(each[0], each[3]) for each in synced] == [("delete", "two")]
    assert await session.rows("SELECT repository_name FROM repository") == [("one",)]


async def test_a_row_that_is_added_while_a_sync_reads_aws_is_not_added_twice(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await session("iasql_install", "aws_security_group")
    ec2 = simulator.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_security_group(GroupName="web", Description="w", VpcId=vpc)
    edit = "INSERT INTO security_group (group_name, description) VALUES ('web', 'w'), ('new', 'n')"
    await meanwhile(session, simulator, "iasql_sync", "DescribeSecurityGroups", lambda: other(edit))
    names = await session.rows("SELECT group_name FROM security_group ORDER BY 1")
    assert names == [("default",), ("new",), ("web",)]
    assert [(row[0], row[3].split()[0]) for row in await session("iasql_plan_apply")] == [("create", "new")]


async def test_a_container_that_is_changed_while_a_sync_reads_aws_keeps_the_change(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(
        "INSERT INTO task_definition (family, cpu_memory) VALUES ('td', 'vCPU1-2GB');"
        "INSERT INTO container_definition (task_definition_id, name, essential, image) "
        "SELECT id, 'main', true, 'nginx' FROM task_definition"
    )
    await session.apply()
    await session.execute("UPDATE task_definition SET cpu_memory = 'vCPU2-4GB'")
    edit = "UPDATE container_definition SET tag = 'v2'"
    assert await meanwhile(session, simulator, "iasql_sync", "ListTaskDefinitions", lambda: other(edit)) == []
    assert await session.value("SELECT tag FROM container_definition") == "v2"
    assert await session.value("SELECT cpu_memory::text FROM task_definition") == "vCPU2-4GB"


async def test_what_is_changed_added_and_deleted_while_an_apply_runs_is_there_for_the_next(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('kept'), ('changed'), ('gone')")
    edit = (
        "UPDATE repository SET scan_on_push = true WHERE repository_name = 'changed';"
        "DELETE FROM repository WHERE repository_name = 'gone';"
        "INSERT INTO repository (repository_name) VALUES ('added')"
    )
    await meanwhile(session, simulator, "iasql_apply", "CreateRepository", lambda: other(edit))
    found = await session.rows(
        "SELECT repository_name, scan_on_push, repository_arn IS NULL FROM repository ORDER BY 1"
    )
    assert found == [("added", False, True), ("changed", True, False), ("kept", False, False)]
    left = {(row[0], row[3].rpartition("/")[2]) for row in await session("iasql_plan_apply")}
    assert left == {("create", "added"), ("update", "changed"), ("delete", "gone")}


async def test_what_aws_chooses_does_not_take_the_place_of_what_somebody_chose_meanwhile(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await session("iasql_install", "aws_elb")
    await session.execute(
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
        "VALUES ('one', 'internal', 'application', 'ipv4'), ('gone', 'internal', 'application', 'ipv4');"
        "INSERT INTO security_group (group_name, description) VALUES ('web', 'w')"
    )
    edit = (
        "UPDATE load_balancer SET subnets = (SELECT array_agg(subnet_id ORDER BY subnet_id DESC) FROM "
        "(SELECT subnet_id FROM subnet ORDER BY 1 LIMIT 2)) WHERE load_balancer_name = 'one';"
        "INSERT INTO load_balancer_security_groups (load_balancer_name, security_group_id) "
        "SELECT 'one', id FROM security_group WHERE group_name = 'web';"
        "DELETE FROM load_balancer WHERE load_balancer_name = 'gone'"
    )
    await meanwhile(session, simulator, "iasql_apply", "CreateLoadBalancer", lambda: other(edit))
    assert await session.value("SELECT array_length(subnets, 1) FROM load_balancer") == 2
    assert await session.rows(
        "SELECT load_balancer_name, group_name FROM load_balancer_security_groups AS l "
        "JOIN security_group AS g ON g.id = l.security_group_id"
    ) == [("one", "web")]
    assert [row[:2] for row in await session("iasql_apply")] == [
        ("update", "load_balancer"),
        ("delete", "load_balancer"),
    ]


async def test_a_group_that_is_added_while_a_vpc_is_made_is_not_taken_away(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await session("iasql_install", "aws_security_group")
    await session.execute("INSERT INTO vpc (cidr_block) VALUES ('10.0.0.0/16')")
    edit = "INSERT INTO security_group (group_name, description) VALUES ('new', 'n')"
    await meanwhile(session, simulator, "iasql_apply", "CreateVpc", lambda: other(edit))
    names = await session.rows("SELECT group_name FROM security_group ORDER BY 1")
    assert names == [("default",), ("default",), ("new",)]
    assert [row[0] for row in await session("iasql_apply")] == ["create"]


async def test_what_a_vpc_brings_is_not_shown_if_its_row_is_deleted_while_it_is_made(
    session: Session, simulator: Cloud, other: Edit
) -> None:
    await session("iasql_install", "aws_security_group")
    await session.execute("INSERT INTO vpc (cidr_block) VALUES ('10.0.0.0/16')")
    edit = "DELETE FROM vpc WHERE NOT is_default"
    await meanwhile(session, simulator, "iasql_apply", "CreateVpc", lambda: other(edit))
    assert await session.rows("SELECT group_name FROM security_group") == [("default",)]
    assert ("delete", "vpc") in [row[:2] for row in await session("iasql_apply")]
    assert await session("iasql_plan_sync") == []


async def _two_steps(session: Session) -> None:
    """A service that runs a task definition, whose change is a step of its own, and that needs a role."""
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', "
        """'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", """
        """"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}');"""
        "INSERT INTO cluster (cluster_name) VALUES ('c');"
        "INSERT INTO task_definition (family, cpu_memory, execution_role_name) "
        "VALUES ('td', 'vCPU1-2GB', 'r');"
        "INSERT INTO container_definition (task_definition_id, name, essential, image) "
        "SELECT id, 'main', true, 'nginx' FROM task_definition;"
        "INSERT INTO service (name, desired_count, subnets, cluster_name, task_definition_id) "
        "SELECT 's', 1, (SELECT array_agg(subnet_id) FROM subnet), 'c', id FROM task_definition"
    )
    await session.apply()


async def test_what_changed_in_aws_since_it_was_read_is_not_overwritten(
    session: Session, simulator: Cloud
) -> None:
    await _two_steps(session)
    await session.execute("UPDATE container_definition SET tag = 'v2'")
    ecs = simulator.client("ecs")

    async def scale() -> None:
        ecs.update_service(cluster="c", service="s", desiredCount=3)

    with pytest.raises(OperationError) as refused:
        await meanwhile(session, simulator, "iasql_apply", "RegisterTaskDefinition", scale)
    error = refused.value
    assert (error.sqlstate, error.table) == ("40001", "service")
    assert "desired_count: 1 → 3" in (error.detail or "")
    [service] = ecs.describe_services(cluster="c", services=["s"])["services"]
    assert service["desiredCount"] == 3
    # The user sees it in the next plan; the row follows.
    assert ("follow", "service", "desired_count", "3", "3") in {
        (row[0], row[1], *row[4:7]) for row in await session("iasql_diff")
    }
    await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    assert await session.value("SELECT desired_count FROM service") == 3


async def test_what_changed_in_aws_since_it_was_read_is_not_deleted(
    session: Session, simulator: Cloud
) -> None:
    await _two_steps(session)
    await session.execute(
        "DELETE FROM service_security_groups; DELETE FROM service; DELETE FROM container_definition;"
        "DELETE FROM task_definition; DELETE FROM role WHERE role_name = 'r'"
    )
    iam = simulator.client("iam")

    async def describe() -> None:
        iam.update_role(RoleName="r", Description="somebody else's now")

    with pytest.raises(OperationError) as refused:
        await meanwhile(session, simulator, "iasql_apply", "DeleteService", describe)
    assert (refused.value.sqlstate, refused.value.table) == ("40001", "role")
    assert iam.get_role(RoleName="r")["Role"]["Description"] == "somebody else's now"
    assert [row[:2] for row in await session("iasql_apply")] == [("delete", "role")]


async def test_what_is_gone_from_aws_since_it_was_read_is_deleted(session: Session, simulator: Cloud) -> None:
    await _two_steps(session)
    await session.execute(
        "DELETE FROM service_security_groups; DELETE FROM service; DELETE FROM container_definition;"
        "DELETE FROM task_definition; DELETE FROM role WHERE role_name = 'r'"
    )

    async def delete() -> None:
        simulator.client("iam").delete_role(RoleName="r")

    applied = await meanwhile(session, simulator, "iasql_apply", "DeleteService", delete)
    assert ("delete", "role") in [row[:2] for row in applied]
    assert await session("iasql_plan_apply") == []


async def test_what_a_listing_fails_to_show_is_deleted_all_the_same(
    session: Session, simulator: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS promises of no listing that it is complete while other things are made and deleted."""

    async def nothing(*_: object) -> list[Found]:
        return []

    await session("iasql_install", "aws_cloudwatch")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('l')")
    await session.apply()
    await session.execute("DELETE FROM log_group")
    monkeypatch.setattr(recheck, "_FRESH", -1.0)
    monkeypatch.setattr("engine.drivers.declared.lookup.Lookup._listed", nothing)
    await session("iasql_apply")
    assert simulator.client("logs").describe_log_groups()["logGroups"] == []
