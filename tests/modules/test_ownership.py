"""What else owns a resource: the same column in every table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from engine.plan import descriptions
from modules import ownership, tagging
from modules.catalogue import find_modules
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

RESOURCES = find_modules().resources
TAGGED = {
    table: next(column for column in resource.columns if column.name == "tags")
    for table, resource in RESOURCES.items()
    if any(column.name == "tags" for column in resource.columns)
}


def owner(table: str, **description: Any) -> str | None:
    """What else owns a resource that AWS describes so."""
    columns = [RESOURCES[table].column(ownership.NAME)]
    found: str | None = descriptions.values_of(columns, description)[ownership.NAME]
    return found


def tagged(table: str, tags: dict[str, str]) -> dict[str, Any]:
    """Tags in each of the forms in which the descriptions of a table may have them."""
    column = TAGGED[table]
    path = column.path or ""
    forms: list[Any] = [tags, tagging.small_pairs({}), None]
    forms += [[{"Key": name, "Value": value} for name, value in tags.items()]]
    forms += [[{"key": name, "value": value} for name, value in tags.items()]]
    forms += [[{"TagKey": name, "TagValue": value} for name, value in tags.items()]]
    for form in forms:
        try:
            if column.read is not None and column.read(form) == tags:
                return {path: form}
        except (KeyError, TypeError, AttributeError):
            continue
    raise AssertionError(f"no form of tags is read by {table}")


@pytest.mark.parametrize("table", list(RESOURCES))
def test_every_table_says_what_else_owns_a_resource(table: str) -> None:
    column = RESOURCES[table].column(ownership.NAME)
    assert (column.type, column.not_null, column.default) == ("text", False, None)


@pytest.mark.parametrize("table", list(TAGGED))
def test_every_table_of_what_can_be_tagged_knows_a_stacks_resources(table: str) -> None:
    stack = tagged(table, {"team": "x", "aws:cloudformation:stack-name": "net"})
    assert owner(table, **stack) == "CloudFormation stack net"
    assert owner(table, **tagged(table, {"team": "x"})) is None
    assert owner(table) is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"aws:cloudformation:stack-id": "arn:1"}, "CloudFormation stack arn:1"),
        ({"aws:autoscaling:groupName": "workers"}, "Auto Scaling group workers"),
        ({"aws:eks:cluster-name": "prod"}, "EKS cluster prod"),
        ({"eks:cluster-name": "prod"}, "EKS cluster prod"),
        ({"kubernetes.io/cluster/prod": "owned"}, "Kubernetes cluster prod"),
        ({"kubernetes.io/cluster/prod": "shared"}, None),
        ({"elbv2.k8s.aws/cluster": "prod"}, "Kubernetes cluster prod"),
        ({"elasticbeanstalk:environment-name": "shop"}, "Elastic Beanstalk environment shop"),
        (
            {
                "aws:servicecatalog:provisionedProductArn": "arn:aws:servicecatalog:r:1:stack/db/pp-1",
                "aws:cloudformation:stack-name": "SC-1-pp-1",
            },
            "Service Catalog product db",
        ),
        (
            {"aws:cloudformation:stack-name": "awseb-e-1-stack", "elasticbeanstalk:environment-name": "shop"},
            "Elastic Beanstalk environment shop",
        ),
        ({"aws:cloudformation:stack-name": "StackSet-AWSControlTowerBP-VPC-1"}, "Control Tower"),
        ({"GuardDutyManaged": "true"}, "GuardDuty"),
        ({"aws:createdBy": "Root:1"}, None),
        ({}, None),
    ],
)
def test_an_owner_is_known_by_its_tags(tags: dict[str, str], expected: str | None) -> None:
    assert ownership.of_tags(tags) == expected


_UUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("table", "description", "expected"),
    [
        ("vpc", {"OwnerId": "2", "Account": "1"}, "AWS account 2"),
        ("vpc", {"OwnerId": "1", "Account": "1"}, None),
        ("vpc", {"OwnerId": "2"}, None),
        ("subnet", {"OwnerId": "2", "Account": "1"}, "AWS account 2"),
        ("security_group", {"OwnerId": "2", "Account": "1"}, "AWS account 2"),
        ("security_group", {"GroupName": "d-0123456789_controllers"}, "Directory Service d-0123456789"),
        ("security_group", {"GroupName": "d-list_controllers"}, None),
        ("security_group_rule", {"GroupOwnerId": "2", "Account": "1"}, "AWS account 2"),
        ("role", {"Path": "/aws-service-role/ecs.amazonaws.com/"}, "AWS service ecs.amazonaws.com"),
        ("role", {"Path": "/aws-reserved/sso.amazonaws.com/eu-west-1/"}, "IAM Identity Center"),
        ("role", {"Path": "/aws-reserved/other/"}, "AWS"),
        ("role", {"Path": "/", "RoleName": "aws-controltower-ConfigRecorderRole"}, "Control Tower"),
        ("role", {"Path": "/", "RoleName": "AWSControlTowerExecution"}, "Control Tower"),
        ("role", {"Path": "/", "RoleName": "app"}, None),
        ("role", {"RoleName": "iasql", "Caller": "arn:aws:sts::1:assumed-role/iasql/alice"}, "iasql"),
        ("role", {"RoleName": "other", "Caller": "arn:aws:sts::1:assumed-role/iasql/alice"}, None),
        ("role", {"RoleName": "iasql", "Caller": "arn:aws:iam::1:user/iasql"}, None),
        ("iam_user", {"Arn": "arn:aws:iam::1:user/iasql", "Caller": "arn:aws:iam::1:user/iasql"}, "iasql"),
        ("iam_user", {"Arn": "arn:aws:iam::1:user/ann", "Caller": "arn:aws:iam::1:user/iasql"}, None),
        ("access_key", {"UserName": "iasql", "Caller": "arn:aws:iam::1:user/team/iasql"}, "iasql"),
        ("access_key", {"UserName": "ann", "Caller": "arn:aws:iam::1:user/iasql"}, None),
        ("access_key", {"UserName": "iasql", "Caller": "arn:aws:sts::1:assumed-role/r/iasql"}, None),
        ("topic", {"TopicArn": "arn:aws:sns:r:1:aws-controltower-AllConfigNotifications"}, "Control Tower"),
        ("topic", {"TopicArn": "arn:aws:sns:r:1:about-aws-controltower"}, None),
        ("log_group", {"logGroupName": "aws-controltower/CloudTrailLogs"}, "Control Tower"),
        ("log_group", {"logGroupName": "/aws/lambda/aws-controltower-Forwarder"}, "Control Tower"),
        ("cluster", {"clusterName": f"AWSBatch-nightly-{_UUID}"}, "Batch compute environment nightly"),
        ("cluster", {"clusterName": f"nightly_Batch_{_UUID}"}, "Batch compute environment nightly"),
        ("cluster", {"clusterName": "AWSBatch-nightly"}, None),
        (
            "service",
            {"createdBy": "arn:aws:iam::1:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"},
            "AWS service x.amazonaws.com",
        ),
        ("service", {"createdBy": "arn:aws:iam::1:role/deployer"}, None),
        ("aws_account", {}, "AWS"),
        ("aws_regions", {}, "AWS"),
    ],
)  # fmt: skip
def test_an_owner_is_known_by_what_a_service_tells(
    table: str, description: dict[str, Any], expected: str | None
) -> None:
    assert owner(table, **description) == expected


async def test_an_import_and_a_sync_show_the_owner(session: Session, simulator: Cloud) -> None:
    ec2 = simulator.client("ec2")
    group = ec2.create_security_group(GroupName="mine", Description="d")["GroupId"]
    await session("iasql_install", "aws_security_group")
    assert await session.value("SELECT count(*) FROM security_group WHERE managed_by IS NOT NULL") == 0
    ec2.create_tags(Resources=[group], Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "net"}])
    await session("iasql_sync")
    shown = "SELECT group_name, managed_by FROM security_group WHERE managed_by IS NOT NULL"
    assert await session.rows(shown) == [("mine", "CloudFormation stack net")]
    assert await session("iasql_plan_apply") == []
    await session.execute("UPDATE security_group SET managed_by = 'me'")
    assert await session("iasql_apply") == []
    assert await session.rows(shown) == [("mine", "CloudFormation stack net")]


async def test_an_upgrade_adds_the_column_and_fills_it(session: Session, simulator: Cloud) -> None:
    tags = {"aws:cloudformation:stack-name": "s"}
    simulator.client("logs").create_log_group(logGroupName="l", tags=tags)
    await session("iasql_install", "aws_cloudwatch")
    await session.execute("ALTER TABLE log_group DROP COLUMN managed_by")
    await session("iasql_upgrade")
    assert await session.rows("SELECT managed_by FROM log_group") == [("CloudFormation stack s",)]
    assert await session("iasql_plan_apply") == []


async def test_a_role_of_aws_is_put_right_and_its_owner_is_named(session: Session, simulator: Cloud) -> None:
    iam = simulator.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam.create_role(
        RoleName="AWSReservedSSO_Admin_1",
        Path="/aws-reserved/sso.amazonaws.com/",
        AssumeRolePolicyDocument=json.dumps(trust),
    )
    await session("iasql_install", "aws_iam")
    await session.execute("DELETE FROM role")
    assert await session("iasql_apply") == []
    assert await session.rows("SELECT managed_by FROM role") == [("IAM Identity Center",)]
    assert session.notices[-1] == "nothing to do in AWS; 1 protected"
    assert session.notices[-2].endswith(
        "cannot be deleted (IAM Identity Center manages it): its row is restored"
    )


async def test_what_is_let_through_keeps_its_owner(session: Session, simulator: Cloud) -> None:
    """AWS's answer to a change tells less than a listing does."""
    ec2 = simulator.client("ec2")
    group = ec2.create_security_group(GroupName="mine", Description="d")["GroupId"]
    ec2.create_tags(Resources=[group], Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "net"}])
    await session("iasql_install", "aws_security_group")
    await session.execute(
        "UPDATE security_group SET tags = tags || '{\"a\": \"b\"}' WHERE group_name = 'mine'"
    )
    with pytest.raises(OperationError, match="CloudFormation stack net manages it") as refused:
        await session("iasql_apply")
    assert (refused.value.sqlstate, refused.value.table) == ("42501", "security_group")
    await session.execute("INSERT INTO iasql.owned (table_name) VALUES ('security_group')")
    assert [row[:2] for row in await session.apply()] == [("update", "security_group")]
    owner = "SELECT managed_by, group_id FROM security_group WHERE group_name = 'mine'"
    assert await session.rows(owner) == [("CloudFormation stack net", group)]
    await session.execute("UPDATE security_group SET description = 'other' WHERE group_name = 'mine'")
    assert ("replace", "security_group") in [row[:2] for row in await session.apply()]
    assert (await session.rows(owner))[0][0] is None


async def test_rows_may_refer_to_what_somebody_else_owns(session: Session, simulator: Cloud) -> None:
    ec2 = simulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "net"}])
    await session("iasql_install", "aws_security_group")
    await session.execute(
        "INSERT INTO security_group (group_name, description, vpc_id) "
        f"SELECT 'mine', 'd', id FROM vpc WHERE vpc_id = '{vpc}'"
    )
    assert [row[:2] for row in await session.apply()] == [("create", "security_group")]
    await session.execute("DELETE FROM security_group WHERE group_name = 'mine'")
    assert [row[:2] for row in await session.apply()] == [("delete", "security_group")]


async def test_rules_can_look_at_every_column_of_every_table(session: Session) -> None:
    await session("iasql_install", *find_modules().by_name)
    for table, resource in RESOURCES.items():
        columns = ", ".join(f"{table}.{column.name}::text" for column in resource.columns)
        condition = f"concat({columns}) IS NOT NULL"
        await session.execute(
            f"INSERT INTO iasql.owned (table_name, condition) VALUES ('{table}', '{condition}')"
        )
    for table in ("aws_account", "aws_regions", "vpc", "subnet", "security_group", "security_group_rule"):
        rows = f"(SELECT jsonb_agg(t) FROM {table} AS t)"
        found = await session.value(
            f"SELECT count(*) FROM iasql.matching('owned', jsonb_build_object('{table}', {rows}))"
        )
        assert found == await session.value(f"SELECT count(*) FROM {table}") > 0
