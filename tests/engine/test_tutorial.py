"""The tutorial's story, told to the engine directly."""

from __future__ import annotations

import re
from importlib import resources

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

MODULES = (
    "aws_iam", "aws_cloudwatch", "aws_ecr", "aws_ecs_fargate", "aws_elb", "aws_security_group", "aws_vpc",
)  # fmt: skip
PLACEHOLDERS = {
    "region": "us-east-2",
    "project_name": "quickstart",
    "task_def_resources": "vCPU2-8GB",
    "image_tag": "latest",
    "container_mem_reservation": "8192",
    "port": "8088",
}


def migration() -> str:
    """V2 without its last statement, placeholders filled in."""
    text = resources.files("deploy.tutorial").joinpath("migrations/V2__init.sql").read_text()
    text = re.sub(r"\$\{(\w+)\}", lambda match: PLACEHOLDERS[match[1]], text)
    return re.sub(r"SELECT \* from iasql_apply\(\);", "", text)


async def test_the_tutorials_stack_is_made_and_deleted_again(session: Session, simulator: Cloud) -> None:
    installed = await session("iasql_install", *MODULES)
    counts = {table: count for _, table, count in installed}
    assert counts["vpc"] == 1
    assert counts["subnet"] == len(simulator.client("ec2").describe_subnets()["Subnets"])
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    await session.execute(migration())
    planned = await session("iasql_plan_apply")
    applied = await session("iasql_apply")
    assert applied == planned
    assert {(action, table) for action, table, *_ in applied} == {
        ("create", table)
        for table in (
            "log_group", "role", "repository", "security_group", "security_group_rule", "load_balancer",
            "target_group", "listener", "cluster", "task_definition", "service",
        )
    }  # fmt: skip
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    assert await session("iasql_apply") == []
    await session.execute("SELECT delete_all_records()")
    planned = await session("iasql_plan_apply")
    assert {action for action, *_ in planned} == {"delete"}
    await session("iasql_sync")
    assert await session("iasql_plan_apply") == []
    await session.execute("SELECT delete_all_records()")
    deleted = await session("iasql_apply")
    assert sorted(map(str, deleted)) == sorted(map(str, planned))
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    groups = simulator.client("ec2").describe_security_groups()["SecurityGroups"]
    assert [group["GroupName"] for group in groups] == ["default"]
