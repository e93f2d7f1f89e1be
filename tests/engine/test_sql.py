"""A change in SQL: said of what history tells, and run in another account."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from engine.operations import Engine
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

_MODULES = (
    "aws_ecr", "aws_security_group", "aws_elb", "aws_cloudwatch", "aws_iam", "aws_sns", "aws_sqs",
    "aws_ecs_fargate",
)  # fmt: skip
_PLAIN = "it is #1: [x] = {y}; a&b$"
_ODD = 'o\'n\\e\n"\u00e9" -- x'

_OPERATIONS = (
    """
    INSERT INTO vpc (cidr_block, tags) VALUES ('10.9.0.0/16', '{"Name": "mine"}');
    INSERT INTO subnet (vpc_id, cidr_block, availability_zone)
      SELECT id, '10.9.1.0/24', 'us-east-1a' FROM vpc WHERE NOT is_default;
    INSERT INTO security_group (group_name, description, vpc_id)
      SELECT 'web', 'it''s "web"', id FROM vpc WHERE NOT is_default;
    INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, cidr_ipv4)
      SELECT id, false, 'tcp', 80, 80, '10.0.0.0/8' FROM security_group WHERE group_name = 'web';
    """,
    """
    INSERT INTO log_group (log_group_name) VALUES ('/app'), ('/old');
    INSERT INTO role (role_name, assume_role_policy_document, attached_policies_arns) VALUES ('tasks',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}',
      ARRAY['arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy']);
    INSERT INTO repository (repository_name, tags) VALUES ('app', '{"team": "a"}');
    """,
    """
    INSERT INTO security_group (group_name, description) VALUES ('lb', 'in the default VPC'), ('db', 'd');
    INSERT INTO target_group (target_group_name, target_type, protocol, port) VALUES ('t', 'ip', 'HTTP', 80);
    INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type)
      VALUES ('l', 'internal', 'application', 'ipv4');
    INSERT INTO load_balancer_security_groups (load_balancer_name, security_group_id)
      SELECT 'l', id FROM security_group WHERE group_name = 'lb';
    INSERT INTO listener (load_balancer_name, port, protocol, target_group_name)
      VALUES ('l', 80, 'HTTP', 't');
    """,
    """
    INSERT INTO queue (name, delay_seconds, tags) VALUES ('jobs', 3, '{"a b": "c"}');
    INSERT INTO topic (name, display_name) VALUES ('news', 'o''news');
    INSERT INTO task_definition (family, cpu_memory, task_role_name, execution_role_name)
      VALUES ('app', 'vCPU0.25-0.5GB', 'tasks', 'tasks');
    INSERT INTO container_definition
        (task_definition_id, name, repository_name, tag, log_group_name, env_variables)
      SELECT id, 'web', 'app', 'v1', '/app', '{"ODD": "it''s \\\\ \\"x\\""}' FROM task_definition;
    INSERT INTO container_definition (task_definition_id, name, image, essential)
      SELECT id, 'side', 'nginx', false FROM task_definition;
    """,
    # A replacement, of what others refer to, and updates.
    """
    UPDATE load_balancer SET scheme = 'internet-facing';
    UPDATE repository SET scan_on_push = true, tags = '{"team": "b"}' WHERE repository_name = 'app';
    """,
    # A replacement of parts.
    """
    UPDATE container_definition SET tag = 'v2', env_variables = '{"STAGE": "test"}' WHERE name = 'web';
    DELETE FROM container_definition WHERE name = 'side';
    UPDATE queue SET delay_seconds = 5;
    """,
    # Renames.
    """
    UPDATE log_group SET log_group_name = '/older' WHERE log_group_name = '/old';
    UPDATE security_group SET group_name = 'data' WHERE group_name = 'db';
    """,
    # References between tables.
    """
    INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port,
        source_security_group, description)
      SELECT d.id, false, 'tcp', 5432, 5432, l.id, 'from lb' FROM security_group AS d, security_group AS l
      WHERE d.group_name = 'data' AND l.group_name = 'lb';
    INSERT INTO load_balancer_security_groups (load_balancer_name, security_group_id)
      SELECT 'l', id FROM security_group WHERE group_name = 'data';
    INSERT INTO repository_policy (repository_name, policy_text) VALUES ('app',
      '{"Version": "2012-10-17", "Statement": [{"Sid": "x", "Effect": "Allow", "Principal": "*",
        "Action": "ecr:BatchGetImage"}]}');
    """,
    """
    UPDATE security_group_rule SET from_port = 81, to_port = 81 WHERE from_port = 80;
    UPDATE vpc SET tags = '{"Name": "ours"}' WHERE NOT is_default;
    UPDATE listener SET port = 81;
    """,
    # Deletions.
    """
    DELETE FROM topic;
    DELETE FROM log_group WHERE log_group_name = '/older';
    DELETE FROM subnet WHERE cidr_block = '10.9.1.0/24';
    DELETE FROM load_balancer_security_groups WHERE security_group_id =
      (SELECT id FROM security_group WHERE group_name = 'lb');
    """,
)  # fmt: skip

Begin = Callable[[], Awaitable[Session]]


@pytest.fixture
async def begin(
    engine: Engine, simulator: Cloud, make_database: Callable[[], Database]
) -> AsyncIterator[Begin]:
    """Makes an account new, and a database whose tables show what is in it."""
    connections = []

    async def make() -> Session:
        simulator.reset()
        simulator.client("ecr").create_repository(repositoryName="there")
        database = make_database()
        await engine.prepare_database(database.name)
        connections.append(await asyncpg.connect(database.url, statement_cache_size=0))
        session = Session(engine, DirectCaller(connections[-1], database.name, database.role))
        await session("iasql_install", *_MODULES)
        return session

    yield make
    for each in connections:
        await each.close()


@pytest.fixture
async def one(begin: Begin) -> Session:
    """A session whose tables show the repository `there`."""
    return await begin()


async def _said(session: Session, *arguments: str, **named: str) -> list[str]:
    return [text for (text,) in await session("iasql_sql", *arguments, **named)]


async def _refused(session: Session, *arguments: str, **named: str) -> OperationError:
    with pytest.raises(OperationError) as refused:
        await session("iasql_sql", *arguments, **named)
    return refused.value


async def _last(session: Session) -> int:
    return int(await session.value("SELECT max(id) FROM iasql.iasql_operation"))


async def _run(session: Session, statements: list[str]) -> None:
    for each in statements:
        await session.execute(each)
    await session("iasql_apply")


async def test_ten_operations_make_the_same_account_of_a_fresh_one(begin: Begin, simulator: Cloud) -> None:
    first = await begin()
    moment = str(await first.value("SELECT clock_timestamp()"))
    said = []
    await first.execute("SET iasql.allow_loss = on")
    for each in _OPERATIONS:
        await first.execute(each)
        await first("iasql_apply")
        said.append(await _said(first))
    assert {text.split()[0] for some in said for text in some} == {"INSERT", "UPDATE", "DELETE"}
    held, at_once = _held(simulator), await _said(first, since=moment)
    # Each operation by itself.
    second = await begin()
    await second.execute("SET iasql.allow_loss = on")
    for some in said:
        await _run(second, some)
    assert _held(simulator) == held
    assert await second("iasql_plan_apply") == []
    # All of them at once.
    third = await begin()
    await _run(third, at_once)
    assert _held(simulator) == held
    assert await third("iasql_plan_apply") == []


def _held(cloud: Cloud) -> str:
    """All that an account holds, with names for what AWS calls things."""
    ec2, elb, ecs = cloud.client("ec2"), cloud.client("elbv2"), cloud.client("ecs")
    sqs, sns, iam, ecr = (cloud.client(each) for each in ("sqs", "sns", "iam", "ecr"))
    vpcs, subnets = ec2.describe_vpcs()["Vpcs"], ec2.describe_subnets()["Subnets"]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    balancers = elb.describe_load_balancers()["LoadBalancers"]
    targets = elb.describe_target_groups()["TargetGroups"]
    names = {each["VpcId"]: each["CidrBlock"] for each in vpcs}
    names |= {each["SubnetId"]: f"{names[each['VpcId']]} {each['CidrBlock']}" for each in subnets}
    names |= {each["GroupId"]: f"{names[each['VpcId']]} {each['GroupName']}" for each in groups}
    names |= {each["LoadBalancerArn"]: each["LoadBalancerName"] for each in balancers}
    names |= {each["TargetGroupArn"]: each["TargetGroupName"] for each in targets}
    definitions = [
        ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
        for arn in ecs.list_task_definitions()["taskDefinitionArns"]
    ]
    queues = sqs.list_queues().get("QueueUrls", [])
    held: dict[str, list[Any]] = {
        "vpc": vpcs,
        "subnet": subnets,
        "group": groups,
        "rule": ec2.describe_security_group_rules()["SecurityGroupRules"],
        "balancer": balancers,
        "target": targets,
        "listener": [
            each
            for one in balancers
            for each in elb.describe_listeners(LoadBalancerArn=one["LoadBalancerArn"])["Listeners"]
        ],
        "definition": definitions,
        "log": cloud.client("logs").describe_log_groups()["logGroups"],
        "repository": [
            (each, ecr.list_tags_for_resource(resourceArn=each["repositoryArn"])["tags"])
            for each in ecr.describe_repositories()["repositories"]
        ],
        "policy": [ecr.get_repository_policy(repositoryName="app")["policyText"]],
        "role": [
            (each, iam.list_attached_role_policies(RoleName=each["RoleName"])["AttachedPolicies"])
            for each in iam.list_roles()["Roles"]
        ],
        "topic": sns.list_topics()["Topics"],
        "queue": [
            (
                sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
                sqs.list_queue_tags(QueueUrl=url),
            )
            for url in queues
        ],
    }
    return "\n".join(sorted(f"{what} {_text(each, names)}" for what, some in held.items() for each in some))


#: What AWS gives anew each time.
_OWN = re.compile(
    r"Id$|Arn$|arn|Time|Timestamp|createdAt|registeredAt|creationTime|LoadBalancerArns|DNSName|revision|Metadata|registryId|Date"
)


def _text(value: Any, names: dict[str, str]) -> str:
    def plain(each: Any) -> Any:
        if isinstance(each, dict):
            return {key: plain(one) for key, one in each.items() if one != "" and not _is_own(key, one)}
        if isinstance(each, list | tuple):
            return sorted((plain(one) for one in each), key=lambda one: json.dumps(one, sort_keys=True))
        return names.get(each, each) if isinstance(each, str) else each

    def _is_own(key: str, one: Any) -> bool:
        return bool(_OWN.search(key)) and not (isinstance(one, str) and one in names)

    return json.dumps(plain(value), sort_keys=True, default=str)


async def test_what_was_undone_again_is_not_said_since(one: Session) -> None:
    moment = str(await one.value("SELECT clock_timestamp()"))
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    number = await _last(one)
    assert await _said(one, str(number)) == [
        "UPDATE repository SET scan_on_push = true WHERE repository_name = 'there';"
    ]
    await one("iasql_undo")
    await one("iasql_apply")
    assert await _said(one, since=moment) == []
    assert "has changed nothing" in one.notices[-1]
    assert await _said(one, operation=str(number)) == await _said(one, str(number))
    assert await _said(one, "2000-01-01") == []  # an install's rows were there


_FILTERED = """
    INSERT INTO dhcp_options (dhcp_configurations) VALUES ('{"domain-name": ["x.test"]}');
    INSERT INTO vpc (cidr_block, dhcp_options_id) SELECT '10.9.0.0/16', id FROM dhcp_options
      WHERE dhcp_configurations = '{"domain-name": ["x.test"]}';
    INSERT INTO vpc (cidr_block) VALUES ('10.8.0.0/16');
    INSERT INTO network_acl (vpc_id) SELECT id FROM vpc WHERE cidr_block = '10.9.0.0/16';
    INSERT INTO network_acl_entry (network_acl_id, is_egress, rule_number, protocol, rule_action, cidr_block)
      SELECT id, false, 100, '-1', 'allow', '10.0.0.0/8' FROM network_acl WHERE NOT is_default;
    INSERT INTO subnet (vpc_id, cidr_block, availability_zone, network_acl_id)
      SELECT vpc_id, '10.9.1.0/24', 'us-east-1a', id FROM network_acl WHERE NOT is_default;
    INSERT INTO subnet (vpc_id, cidr_block, availability_zone)
      SELECT id, '10.8.1.0/24', 'us-east-1a' FROM vpc WHERE cidr_block = '10.8.0.0/16';
"""
_FILTERS = """
    SELECT s.cidr_block, d.dhcp_configurations->>'domain-name', a.is_default,
      (SELECT string_agg(concat_ws(' ', e.is_egress, e.rule_number, e.cidr_block), ', '
        ORDER BY e.is_egress, e.rule_number) FROM network_acl_entry AS e WHERE e.network_acl_id = a.id)
    FROM subnet AS s JOIN vpc AS v ON v.id = s.vpc_id JOIN dhcp_options AS d ON d.id = v.dhcp_options_id
    JOIN network_acl AS a ON a.id = s.network_acl_id WHERE NOT v.is_default ORDER BY 1
"""


async def test_what_aws_names_and_what_it_makes_along_is_found_in_another_account(begin: Begin) -> None:
    """AWS gives DHCP options another name there; each VPC brings an ACL, and subnets have that."""
    first = await begin()
    await first.execute(_FILTERED)
    await first("iasql_apply")
    held, said = await first.rows(_FILTERS), await _said(first)
    assert [(row[0], row[2]) for row in held] == [("10.8.1.0/24", True), ("10.9.1.0/24", False)]
    assert not re.findall(r"\b(?:dopt|acl|vpc|subnet)-\w+", "\n".join(said))
    second = await begin()
    await _run(second, said)
    assert await second.rows(_FILTERS) == held
    assert await second("iasql_plan_apply") == []


async def test_text_is_quoted_whatever_it_is(one: Session, begin: Begin) -> None:
    await one.caller.connection.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('odd', $1)", _PLAIN
    )
    await one.caller.connection.execute(
        "INSERT INTO queue (name, tags) VALUES ('q', jsonb_build_object('t', $1::text))", _ODD
    )
    await one("iasql_apply")
    said = await _said(one)
    other = await begin()
    await _run(other, said)
    assert await other.rows("SELECT tags->>'t' FROM queue") == [(_ODD,)]
    assert await other.rows("SELECT description FROM security_group WHERE group_name = 'odd'") == [(_PLAIN,)]


async def test_what_cannot_be_said_is_refused(one: Session) -> None:
    assert (await _refused(one, "1")).sqlstate == "0A000"  # an install
    assert (await _refused(one, "4711")).sqlstate == "42704"
    assert (await _refused(one)).sqlstate == "42704"
    moment = str(await one.value("SELECT clock_timestamp()"))
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    number = str(await _last(one))
    await one.execute("SELECT iasql_forget('repository')")
    for error in (await _refused(one, number), await _refused(one, since=moment)):
        assert (error.sqlstate, "history of repository has been forgotten" in error.message) == (
            "55000",
            True,
        )


async def test_an_apply_that_was_rolled_back_with_its_rows_is_not_said(one: Session) -> None:
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one.caller.connection.execute("INSERT INTO log_group (log_group_name) VALUES ('/x')")
    await one("iasql_apply")
    await one.execute("ROLLBACK")
    one.caller.in_transaction = False
    error = await _refused(one)
    assert (error.sqlstate, "it is not remembered what operation" in error.message) == ("55000", True)


async def test_a_review_has_the_statements_in_a_block_that_nothing_ends(one: Session) -> None:
    await one.execute("INSERT INTO queue (name, tags) VALUES ('q', jsonb_build_object('t', E'\n```\n# x'))")
    await one.execute("INSERT INTO security_group (group_name, description) VALUES ('web', 'd')")
    ((text,),) = await one("iasql_review")
    block = text.partition("## SQL\n\n````sql\n")[2].partition("\n````\n")[0]
    assert "'web', (SELECT id FROM vpc WHERE cidr_block = '172.31.0.0/16')" in block
    assert "INSERT INTO queue" in block
    ((text,),) = await one("iasql_create_review", "A *title*", "Why")
    assert text.startswith("# A &#42;title&#42;\n\nWhy\n\n")


async def test_the_last_iasqls_names_work(one: Session, simulator: Cloud) -> None:
    with pytest.raises(OperationError) as refused:
        await one("iasql_rollback")
    assert refused.value.sqlstate == "25P01"
    ((message, number),) = await one("iasql_begin")
    assert (message, number) == ("begun", str(await _last(one)))
    assert "only noted in the journal" in one.notices[-1]
    await one.execute("UPDATE repository SET scan_on_push = true")
    assert [row[0] for row in await one("iasql_preview")] == ["update"]
    assert [row[0] for row in await one("iasql_rollback")] == ["update"]
    assert await one("iasql_preview") == []
    await one("iasql_begin")
    moment = str(await one.value("SELECT clock_timestamp()"))
    await one.execute("UPDATE repository SET scan_on_push = true")
    assert [row[0] for row in await one("iasql_commit", "scan it")] == ["update"]
    assert await one.rows("SELECT arguments FROM iasql.iasql_operation WHERE function = 'iasql_commit'") == [
        (["scan it"],)
    ]
    assert await one("iasql_get_sql_since", moment) == [
        ("UPDATE repository SET scan_on_push = true WHERE repository_name = 'there';",)
    ]
    with pytest.raises(OperationError):  # a commit ends it
        await one("iasql_rollback")
    assert [row[0] for row in await one("iasql_undo")] == ["update"]
    await one("iasql_begin")
    await one("iasql_apply")
    with pytest.raises(OperationError) as refused:
        await one("iasql_rollback")
    assert (refused.value.sqlstate, "iasql_undo(" in (refused.value.hint or "")) == ("0A000", True)
    await one("iasql_rollback", force="true")
