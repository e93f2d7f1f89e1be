"""An apply of which a step fails: what is done all the same, what is not begun, what the user is told."""

from __future__ import annotations

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}'
)


async def failing(session: Session) -> OperationError:
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    return refused.value


async def test_what_depends_on_a_failed_step_is_not_begun_and_the_rest_is_done(
    session: Session, simulator: Cloud
) -> None:
    simulator.plan(
        {
            "action": "error", "service": "iam", "operation": "CreateRole", "status": 409, "times": 1,
            "code": "LimitExceeded", "message": "Cannot exceed quota for RolesPerAccount: 1000.",
        }
    )  # fmt: skip
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}');"
        "INSERT INTO cluster (cluster_name) VALUES ('c');"
        "INSERT INTO log_group (log_group_name) VALUES ('l');"
        "INSERT INTO task_definition (family, cpu_memory, execution_role_name) "
        "VALUES ('td', 'vCPU1-2GB', 'r');"
        "INSERT INTO container_definition (task_definition_id, name, essential, image) "
        "SELECT id, 'main', true, 'nginx' FROM task_definition;"
        "INSERT INTO service (name, desired_count, subnets, cluster_name, task_definition_id) "
        "SELECT 's', 1, (SELECT array_agg(subnet_id) FROM subnet), 'c', id FROM task_definition"
    )
    error = await failing(session)
    assert error.message == "could not create role r: AWS answered LimitExceeded"
    assert (error.sqlstate, error.schema, error.table) == ("53400", "public", "role")
    assert error.detail is not None
    first, *more = error.detail.splitlines()
    assert first == "iam create_role: LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000."
    [skipped] = more
    assert skipped.startswith("Not begun")
    assert "task_definition td" in skipped
    assert "service" in skipped
    assert (
        error.hint
        == "A quota of the AWS account is used up. Have AWS raise it, or remove something; then apply again."
    )
    called = {each["operation"] for each in simulator.calls(mutating=True)}
    assert called == {"CreateRole", "CreateCluster", "CreateLogGroup"}
    assert await session.value("SELECT cluster_arn IS NOT NULL FROM cluster")
    assert await session.value("SELECT log_group_arn IS NOT NULL FROM log_group")
    # The next apply goes on from there.
    assert [row[1] for row in await session.apply()] == ["role", "task_definition", "service"]


async def test_all_failures_are_told(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_ecr", "aws_iam")
    await session.execute(
        "INSERT INTO repository (repository_name) VALUES ('UPPER');"
        "INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{}')"
    )
    error = await failing(session)
    assert error.sqlstate == "22023"
    text = f"{error.message} {error.detail}"
    assert "MalformedPolicyDocument" in text
    assert "InvalidParameterException" in text
    assert [row[1] for row in await session("iasql_plan_apply")] == ["role", "repository"]


async def test_a_value_that_aws_does_not_take_is_refused_before_the_call(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_iam")
    await session.execute("INSERT INTO role (role_name, assume_role_policy_document) VALUES ('', '{}')")
    error = await failing(session)
    assert (error.sqlstate, error.table) == ("22023", "role")
    assert error.detail is not None
    assert "Invalid length for parameter RoleName" in error.detail
    assert simulator.calls(mutating=True) == []


async def test_a_row_without_what_aws_requires_is_left_out_of_a_plan_and_refused_in_an_apply(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_security_group")
    await session.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('good', 'd');"
        "INSERT INTO security_group (group_name) VALUES ('no description');"
        "INSERT INTO security_group_rule (is_egress, ip_protocol, from_port, to_port, cidr_ipv4) "
        "VALUES (false, 'tcp', 80, 80, '10.0.0.0/8')"
    )
    assert [(row[1], row[3]) for row in await session("iasql_plan_apply")] == [("security_group", "good")]
    said = [each for each in session.caller.notices if "NULL of" in each]
    assert len(said) == 2
    assert "NULL of description in row" in said[0]
    assert "NULL of security_group_id in row" in said[1]
    error = await failing(session)
    assert (error.sqlstate, error.table, error.column) == ("23502", "security_group", "description")
    assert error.message.endswith("cannot be used: AWS makes none without it")
    assert simulator.calls(mutating=True) == []


async def test_a_listing_that_fails_leaves_out_its_table_and_what_needs_it(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_ecr", "aws_cloudwatch")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('images')")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('l')")
    simulator.plan(
        {
            "action": "error", "service": "ecr", "operation": "DescribeRepositories",
            "status": 400, "times": 0, "code": "AccessDeniedException", "message": "not you",
        }
    )  # fmt: skip
    assert await session("iasql_plan_apply") == [("create", "log_group", None, "l")]
    warned = (
        "repository and what needs it (repository_policy, repository_image) are left out: could not read "
    )
    assert any(each.startswith(warned) for each in session.notices)
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    error = refused.value
    assert (error.sqlstate, error.table) == ("42501", "repository")
    assert error.message.startswith("nothing was done about repository and what needs it")
    assert "could not read repository from AWS" in (error.detail or "")
    assert await session("iasql_sync") == []
    assert await session.value("SELECT count(*) FROM repository") == 1
    simulator.cancel_faults()
    assert await session.apply() == [("create", "repository", None, "images")]
    groups = simulator.client("logs").describe_log_groups()["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["l"]


async def test_what_may_be_used_where_nothing_can_be_read_stays_with_all_that_is_in_it(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_elb")
    await session.execute("INSERT INTO security_group (group_name, description) VALUES ('g', 'g')")
    await session.execute(
        "INSERT INTO security_group_rule (is_egress, ip_protocol, from_port, to_port, cidr_ipv4, "
        "security_group_id) SELECT false, 'tcp', 22, 22, '10.0.0.0/8', id FROM security_group "
        "WHERE group_name = 'g'"
    )
    await session.apply()
    await session.execute("DELETE FROM security_group_rule WHERE from_port = 22")
    await session.execute("DELETE FROM security_group WHERE group_name = 'g'")
    simulator.plan(
        {
            "action": "error", "operation": "DescribeLoadBalancers",
            "status": 403, "times": 0, "code": "AccessDenied", "message": "not you",
        }
    )  # fmt: skip
    assert await session("iasql_plan_apply") == []
    before = simulator.calls(mutating=True)
    with pytest.raises(OperationError, match="nothing was done about load_balancer and what needs it"):
        await session("iasql_apply")
    assert simulator.calls(mutating=True) == before
    simulator.cancel_faults()
    assert sorted(each[:2] for each in await session.apply()) == [
        ("delete", "security_group"),
        ("delete", "security_group_rule"),
    ]


async def test_throttling_and_faults_of_aws_are_survived(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_cloudwatch")
    simulator.plan(
        {"action": "throttle", "service": "logs", "operation": "CreateLogGroup", "times": 1},
        {"action": "error", "service": "logs", "operation": "DescribeLogGroups", "times": 1},
    )
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('l')")
    assert [row[:2] for row in await session.apply()] == [("create", "log_group")]


async def test_what_aws_does_not_see_yet_is_tried_again(session: Session, simulator: Cloud) -> None:
    """A role is not visible to ECS in the second in which it was made."""
    await session("iasql_install", "aws_ecs_fargate")
    simulator.plan(
        {
            "action": "error", "service": "ecs", "operation": "RegisterTaskDefinition", "status": 400,
            "times": 2, "code": "ClientException",
            "message": "Role is not valid: ECS was unable to assume the role.",
        }
    )  # fmt: skip
    await session.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}');"
        "INSERT INTO task_definition (family, cpu_memory, execution_role_name) "
        "VALUES ('td', 'vCPU1-2GB', 'r');"
        "INSERT INTO container_definition (task_definition_id, name, essential, image) "
        "SELECT id, 'main', true, 'nginx' FROM task_definition"
    )
    assert [row[1] for row in await session.apply()] == ["role", "task_definition"]


async def test_what_is_still_going_away_is_waited_for(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_security_group")
    await session.execute("INSERT INTO security_group (group_name, description) VALUES ('g', 'd')")
    await session.apply()
    simulator.plan(
        {
            "action": "error", "service": "ec2", "operation": "DeleteSecurityGroup",
            "status": 400, "times": 2, "code": "DependencyViolation",
            "message": "resource has a dependent object",
        }
    )  # fmt: skip
    await session.execute("DELETE FROM security_group WHERE group_name = 'g'")
    assert [row[:2] for row in await session.apply()] == [("delete", "security_group")]


async def test_the_journal_has_every_step_with_its_outcome(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('fine'), ('UPPER')")
    await failing(session)
    await session("iasql_sync")
    await session.execute("DELETE FROM repository")
    await session.apply()
    connection = session.engine._common.database.connection(session.caller.database)
    async with connection as own:
        operations = await own.fetch(
            "SELECT function, username, in_transaction, outcome, ended_at IS NOT NULL AS ended "
            "FROM iasql.iasql_operation ORDER BY id"
        )
        steps = await own.fetch(
            "SELECT kind, table_name, outcome, before IS NOT NULL AS before, after IS NOT NULL AS after "
            "FROM iasql.iasql_step ORDER BY operation, description"
        )
    user = session.caller.user
    assert [tuple(each) for each in operations] == [
        ("iasql_install", user, False, "done", True),
        ("iasql_apply", user, False, "failed", True),
        ("iasql_sync", user, False, "done", True),
        ("iasql_apply", user, False, "done", True),
    ]
    assert sorted(tuple(each) for each in steps) == [
        ("create", "repository", "done", False, True),
        ("create", "repository", "failed", False, False),
        ("delete", "repository", "done", True, False),
    ]
