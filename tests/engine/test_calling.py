"""Operations of AWS that are called as such."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

Grant = Callable[..., Any]


@pytest.fixture
async def grant(session: Session) -> Grant:
    async def allow(service: str, *operations: str, role: str = "PUBLIC") -> None:
        rows = ", ".join(f"('{role}', '{service}', '{each}')" for each in operations)
        await session.execute(f"INSERT INTO iasql.callable (role, service, operation) VALUES {rows}")

    return allow


async def answer(session: Session, service: str, operation: str, given: Any = None, **more: str) -> Any:
    ((document,),) = await session("iasql_call", service, operation, json.dumps(given or {}), **more)
    return document


async def refused(session: Session, *arguments: str, **named: str) -> OperationError:
    with pytest.raises(OperationError) as raised:
        await session("iasql_call", *arguments, **named)
    return raised.value


async def journal(session: Session) -> list[tuple[Any, ...]]:
    return await session.rows(
        "SELECT arguments, outcome FROM iasql.iasql_operation WHERE function = 'iasql_call' ORDER BY id"
    )


async def test_an_answer_is_what_aws_says(session: Session, grant: Grant, simulator: Cloud) -> None:
    await grant("ec2", "DescribeVpcs")
    for name in ("DescribeVpcs", "describe_vpcs"):
        document = await answer(session, "ec2", name)
        (vpc,) = document["Vpcs"]
        assert vpc["VpcId"] == simulator.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        assert document.keys() == {"Vpcs"}  # nothing of the client's
    assert await journal(session) == [(["ec2", "DescribeVpcs", "{}"], "done")] * 2


async def test_nobody_may_call_what_nobody_has_granted(
    session: Session, grant: Grant, simulator: Cloud
) -> None:
    await grant("ec2", "DescribeSubnets")
    await grant("sns", "*")
    error = await refused(session, "ec2", "DescribeVpcs")
    assert error.sqlstate == "42501"
    assert error.hint is not None
    assert simulator.calls() == []
    await answer(session, "sns", "ListTopics")
    await session.execute(error.hint.partition(": ")[2])
    await answer(session, "ec2", "DescribeVpcs")


async def test_a_grant_is_for_whom_has_the_rights_of_a_role(session: Session, grant: Grant) -> None:
    role = session.caller.user
    with pytest.raises(Exception, match="does not exist"):
        await grant("ec2", "DescribeVpcs", role="nobody_of_that_name")
    await grant("ec2", "DescribeVpcs", role="pg_monitor")
    assert (await refused(session, "ec2", "DescribeVpcs")).sqlstate == "42501"
    await grant("ec2", "DescribeVpcs", role=role)
    assert (await answer(session, "ec2", "DescribeVpcs"))["Vpcs"]


async def test_bytes_are_base64_and_bodies_are_read(session: Session, grant: Grant, simulator: Cloud) -> None:
    await grant("s3", "CreateBucket", "PutObject", "GetObject")
    await answer(session, "s3", "CreateBucket", {"Bucket": "things"})
    content = base64.b64encode(b"\x00hello").decode()
    await answer(session, "s3", "PutObject", {"Bucket": "things", "Key": "a", "Body": content})
    told = await answer(session, "s3", "GetObject", {"Bucket": "things", "Key": "a"})
    assert base64.b64decode(told["Body"]) == b"\x00hello"
    assert told["LastModified"].startswith("20")
    error = await refused(session, "s3", "PutObject", '{"Bucket": "things", "Key": "a", "Body": "no!"}')
    assert (error.sqlstate, error.message) == ("22P02", "input.Body is not base64")


async def test_no_secret_is_in_the_journal(session: Session, grant: Grant, simulator: Cloud) -> None:
    await grant("secretsmanager", "CreateSecret", "GetSecretValue")
    await grant("lambda", "CreateFunction")
    await answer(session, "secretsmanager", "CreateSecret", {"Name": "door", "SecretString": "open sesame"})
    told = await answer(session, "secretsmanager", "GetSecretValue", {"SecretId": "door"})
    assert told["SecretString"] == "open sesame"
    await refused(session, "lambda", "CreateFunction", '{"Environment": {"Variables": {"A": "open sesame"}}}')
    everything = await session.rows("SELECT o::text FROM iasql.iasql_operation AS o")
    assert "sesame" not in str(everything)
    assert [json.loads(arguments[2]) for arguments, _ in await journal(session)] == [
        {"Name": "door", "SecretString": "***"},
        {"SecretId": "door"},
        {"Environment": "***"},
    ]


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        (("ec3", "DescribeVpcs"), "42704", 'AWS has no service "ec3"'),
        (("ec2", "DescribeNetworks"), "42704", 'ec2 has no operation "DescribeNetworks"'),
        (("ec2", "DescribeVpcs", "[1]"), "22023", "the input of a call is an object of parameters"),
        (("ec2", "DescribeVpcs", '{"Vpc": 1}'), "22023", "a value that AWS does not take"),
        (("ec2", "DescribeVpcs", '{"VpcIds": ["vpc-0"]}'), "42704", "AWS answered InvalidVpcID.NotFound"),
        (("ec2", "DescribeVpcs", '{"VpcIds": "vpc-0"}'), "22023", "a value that AWS does not take"),
        (("logs", "StartLiveTail"), "0A000", "StartLiveTail answers a stream of events"),
    ],
)
async def test_what_cannot_be_called_is_said(
    session: Session, grant: Grant, arguments: tuple[str, ...], sqlstate: str, message: str
) -> None:
    await grant("ec2", "*")
    await grant("logs", "*")
    error = await refused(session, *arguments)
    assert (error.sqlstate, error.message) == (sqlstate, message)


async def test_a_call_is_made_where_the_session_is(session: Session, grant: Grant, simulator: Cloud) -> None:
    await grant("sqs", "CreateQueue", "ListQueues")
    await session("iasql_add_region", "eu-west-1")
    await answer(session, "sqs", "CreateQueue", {"QueueName": "there"}, region="eu-west-1")
    assert "QueueUrls" not in await answer(session, "sqs", "ListQueues")
    await session.execute("SET search_path = eu_west_1")
    (url,) = (await answer(session, "sqs", "ListQueues"))["QueueUrls"]
    assert url == simulator.at("eu-west-1").client("sqs").list_queues()["QueueUrls"][0]
    assert (await refused(session, "sqs", "ListQueues", region="*")).sqlstate == "22023"


async def test_no_call_is_about_what_is_protected(session: Session, grant: Grant, simulator: Cloud) -> None:
    sqs = simulator.client("sqs")
    kept, other = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("kept", "other"))
    await session("iasql_install", "aws_sqs")
    await session.execute("INSERT INTO iasql.protected VALUES ('queue', $$name = 'kept'$$)")
    await grant("sqs", "*")
    await session.execute("UPDATE queue SET name = 'free' WHERE name = 'kept'")  # AWS counts, not the row
    error = await refused(session, "sqs", "DeleteQueue", json.dumps({"QueueUrl": kept}))
    assert (error.sqlstate, error.message) == (
        "42501", "sqs DeleteQueue is refused: it names what iasql.protected has",
    )  # fmt: skip
    assert error.detail == f"queue {kept}"
    await answer(session, "sqs", "GetQueueAttributes", {"QueueUrl": kept, "AttributeNames": ["All"]})
    await answer(session, "sqs", "DeleteQueue", {"QueueUrl": other})
    assert sqs.list_queues()["QueueUrls"] == [kept]
    await session.execute("DELETE FROM iasql.protected")
    await answer(session, "sqs", "DeleteQueue", {"QueueUrl": kept})


async def test_no_call_is_about_what_something_else_owns(
    session: Session, grant: Grant, simulator: Cloud
) -> None:
    sns = simulator.client("sns")
    tags = [{"Key": "aws:cloudformation:stack-name", "Value": "shop"}]
    arn = sns.create_topic(Name="theirs", Tags=tags)["TopicArn"]
    await session("iasql_install", "aws_sns")
    await grant("sns", "DeleteTopic")
    await grant("resourcegroupstaggingapi", "TagResources")
    error = await refused(session, "sns", "DeleteTopic", json.dumps({"TopicArn": arn}))
    assert (error.sqlstate, error.detail) == ("42501", f"topic {arn}: managed by CloudFormation stack shop")
    tagging = json.dumps({"ResourceARNList": [arn], "Tags": {"a": "b"}})
    error = await refused(session, "resourcegroupstaggingapi", "TagResources", tagging)
    assert error.sqlstate == "42501"
    await session.execute("INSERT INTO iasql.owned VALUES ('topic')")
    await answer(session, "sns", "DeleteTopic", {"TopicArn": arn})
    assert sns.list_topics()["Topics"] == []


async def test_a_lost_answer_is_not_asked_for_again(session: Session, grant: Grant, simulator: Cloud) -> None:
    await grant("sns", "CreateTopic")
    simulator.plan({"operation": "CreateTopic", "action": "drop_after"})
    error = await refused(session, "sns", "CreateTopic", '{"Name": "once"}')
    assert error.hint is not None
    assert error.hint.startswith("It may have been done")
    assert simulator.called("CreateTopic") == 1
    assert [outcome for _, outcome in await journal(session)] == ["failed"]


async def test_a_call_in_a_transaction_says_that_it_stays(session: Session, grant: Grant) -> None:
    await grant("sns", "CreateTopic", "ListTopics")
    await session.execute("BEGIN")
    session.caller.in_transaction = True
    await answer(session, "sns", "ListTopics")
    assert session.notices == []
    await answer(session, "sns", "CreateTopic", {"Name": "x"})
    await session.caller.connection.execute("ROLLBACK")
    session.caller.in_transaction = False
    assert "a ROLLBACK of this transaction does not reach AWS: what is called stays" in session.notices
    assert len(await journal(session)) == 2
