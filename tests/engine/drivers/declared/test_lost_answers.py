"""Calls whose answer is lost: what they made is found again, and nothing is made twice."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from bench.engine.account import Account, Item
from bench.engine.cloud import BenchCloud
from bench.engine.world import world
from engine.errors import OperationError
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty
from tests.engine.direct import Session
from tests.engine.test_tutorial import MODULES, migration
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer

#: Every operation of the stack that changes something.
_MAKING = (
    "AttachRolePolicy", "AuthorizeSecurityGroupIngress", "CreateCluster",
    "CreateListener", "CreateLoadBalancer", "CreateLogGroup", "CreateRepository", "CreateRole",
    "CreateSecurityGroup", "CreateService", "CreateTargetGroup", "ModifySecurityGroupRules",
    "RegisterTaskDefinition",
)  # fmt: skip
_REMOVING = (
    "DeleteCluster", "DeleteListener", "DeleteLoadBalancer", "DeleteLogGroup", "DeleteRepository",
    "DeleteRole", "DeleteSecurityGroup", "DeleteService", "DeleteTargetGroup",
    "DeregisterTaskDefinition", "DetachRolePolicy",
)  # fmt: skip


@pytest.mark.parametrize("action", ["drop_after", "drop_before", "error"])
async def test_one_apply_makes_the_stack_once_although_every_first_answer_is_lost(
    session: Session, simulator: Cloud, action: str
) -> None:
    await session("iasql_install", *MODULES)
    await session.execute(migration())
    simulator.plan(*({"operation": each, "action": action} for each in _MAKING))
    await session.apply()
    assert_holds_the_tutorial(simulator)
    await session.execute("SELECT delete_all_records()")
    simulator.plan(*({"operation": each, "action": action} for each in _REMOVING))
    await session.apply()
    assert_is_empty(simulator)


@pytest.mark.parametrize("action", ["drop_after", "drop_before"])
async def test_of_two_vpcs_alike_each_is_made_once(session: Session, simulator: Cloud, action: str) -> None:
    """AWS allows two VPCs of one network, and so would make a third."""
    await session("iasql_install", "aws_vpc")
    simulator.plan({"operation": "CreateVpc", "action": action, "times": 2})
    await session.execute("INSERT INTO vpc (cidr_block) VALUES ('10.0.0.0/16'), ('10.0.0.0/16')")
    await session.apply()
    found = await session.rows("SELECT DISTINCT vpc_id FROM vpc WHERE cidr_block = '10.0.0.0/16'")
    assert len(found) == 2
    assert len(simulator.client("ec2").describe_vpcs()["Vpcs"]) == 3


async def test_what_is_gone_counts_as_deleted_whatever_aws_says_to_a_second_call(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(
        "INSERT INTO task_definition (family, cpu_memory) VALUES ('td', 'vCPU1-2GB');"
        "INSERT INTO container_definition (task_definition_id, name, essential, image) "
        "SELECT id, 'main', true, 'nginx' FROM task_definition"
    )
    await session.apply()
    operation = "DeregisterTaskDefinition"
    simulator.plan(
        {"operation": operation, "action": "drop_after"},
        {"operation": operation, "action": "error", "nth": 2, "status": 400, "code": "ClientException"},
    )
    await session.execute("DELETE FROM container_definition; DELETE FROM task_definition")
    assert [row[:2] for row in await session.apply()] == [("delete", "task_definition")]


async def test_what_somebody_else_made_in_another_way_is_not_taken_for_ones_own(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_security_group")
    await session.execute("INSERT INTO security_group (group_name, description) VALUES ('web', 'mine')")
    ec2 = simulator.client("ec2")
    simulator.plan({"operation": "CreateSecurityGroup", "action": "drop_before"})
    simulator.plan({"operation": "DescribeSecurityGroups", "action": "delay", "seconds": 1, "nth": 2})
    applying = asyncio.create_task(session("iasql_apply"))
    await simulator.until_called("CreateSecurityGroup", 1)
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    ec2.create_security_group(GroupName="web", Description="theirs", VpcId=vpc["VpcId"])
    with pytest.raises(OperationError, match="Duplicate"):
        await applying


async def test_the_journal_says_how_often_aws_was_asked_and_what_it_called_the_requests(
    session: Session, simulator: Cloud, postgres_server: PostgresServer
) -> None:
    await session("iasql_install", "aws_iam")
    simulator.plan({"operation": "CreateRole", "action": "drop_after"})
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document, attached_policies_arns) VALUES "
        """('r', '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", """
        """"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}', """
        "'{arn:aws:iam::aws:policy/ReadOnlyAccess}')"
    )
    await session.apply()
    own = await asyncpg.connect(postgres_server.superuser_url(session.caller.database))
    [entry] = await own.fetch("SELECT outcome, attempts, request_ids, before, after FROM iasql.iasql_step")
    await own.close()
    assert (entry["outcome"], entry["attempts"], entry["before"]) == ("done", 1, None)
    assert len(entry["request_ids"]) == 1, "the role's own request was never answered, its policy's was"
    assert '"RoleName": "r"' in entry["after"]


class _Forgetful(Account):
    """An account that makes one service for each token, and does not show it yet."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, Item] = {}
        self.showing = False
        self.answering = asyncio.Event()

    def create_service(self, cluster: str, serviceName: str, **more: Any) -> Item:  # noqa: N803
        token = more["clientToken"]
        if token not in self.made:
            self.made[token] = super().create_service(cluster, serviceName, **more)
        return self.made[token]

    def list_services(self, cluster: str) -> Item:
        return super().list_services(cluster) if self.showing else {"serviceArns": []}


class _Hanging(BenchCloud):
    """A cloud whose first service is made, but never answered."""

    async def answer(self, client: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        made = await super().answer(client, operation, params)
        account = self.account
        assert isinstance(account, _Forgetful)
        if operation == "create_service" and not account.answering.is_set():
            account.answering.set()
            await asyncio.Event().wait()
        return made


async def test_a_step_that_was_cut_off_is_tried_again_with_the_same_token(
    postgres_server: PostgresServer,
) -> None:
    account = _Forgetful()
    database = postgres_server.create()
    async with world(postgres_server, _Hanging(account, latency=lambda operation: 0.0), database) as here:
        await here.session("iasql_install", *MODULES)
        await here.session.execute(migration())
        applying = asyncio.create_task(here.session("iasql_apply"))
        await account.answering.wait()
        applying.cancel()
        await asyncio.gather(applying, return_exceptions=True)
        own = await asyncpg.connect(postgres_server.superuser_url(database.name))
        await own.execute("UPDATE iasql.iasql_operation SET ended_at = NULL, outcome = NULL, pid = 1")
        await here.session("iasql_apply")
        ends = await own.fetch("SELECT outcome FROM iasql.iasql_step WHERE table_name = 'service' ORDER BY 1")
        await own.close()
        account.showing = True
        assert await here.session("iasql_plan_apply") == []
    postgres_server.drop(database)
    assert len(account.made) == 1
    assert [each["outcome"] for each in ends] == ["cut off", "done"]
