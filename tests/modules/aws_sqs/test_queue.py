"""Queues."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from engine.plan.requests import Facts, request
from modules.aws_sqs.queue import QUEUE
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:SendMessage", "Resource": "*"}
    ],
}
_EVERY = (
    "INSERT INTO queue (name, visibility_timeout, delay_seconds, receive_message_wait_time_seconds, "
    "message_retention_period, maximum_message_size, policy) "
    f"VALUES ('orders', 60, 5, 20, 86400, 1024, '{json.dumps(_POLICY)}')"
)


@pytest.fixture
def sqs(simulator: Cloud) -> Any:
    return simulator.client("sqs")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_sqs")


def attributes(sqs: Any, name: str = "orders") -> dict[str, str]:
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return dict(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])


def names(sqs: Any) -> set[str]:
    return {url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", ())}


async def test_queues_are_imported(session: Session, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="there", Attributes={"DelaySeconds": "7"})["QueueUrl"]
    sqs.create_queue(QueueName="line.fifo", Attributes={"FifoQueue": "true"})
    await session("iasql_install", "aws_sqs")
    assert await session.rows(
        "SELECT name, url, arn, fifo_queue, visibility_timeout, delay_seconds, "
        "receive_message_wait_time_seconds, message_retention_period, policy FROM queue WHERE name = 'there'"
    ) == [("there", url, attributes(sqs, "there")["QueueArn"], False, 30, 7, 0, 345600, None)]
    assert await session.value("SELECT fifo_queue FROM queue WHERE name = 'line.fifo'") is True
    assert await session("iasql_plan_apply") == []


async def test_every_attribute_of_a_queue_is_sent(installed: Session, sqs: Any) -> None:
    await installed.execute(_EVERY)
    assert [row[:2] for row in await installed.apply()] == [("create", "queue")]
    made = attributes(sqs)
    assert {
        "VisibilityTimeout": "60",
        "DelaySeconds": "5",
        "ReceiveMessageWaitTimeSeconds": "20",
        "MessageRetentionPeriod": "86400",
        "MaximumMessageSize": "1024",
    }.items() <= made.items()
    assert json.loads(made["Policy"]) == _POLICY
    assert await installed.rows("SELECT url, arn FROM queue") == [
        (sqs.get_queue_url(QueueName="orders")["QueueUrl"], made["QueueArn"])
    ]
    assert await installed("iasql_plan_apply") == []


async def test_a_fifo_queue_is_made(installed: Session, sqs: Any) -> None:
    await installed.execute("INSERT INTO queue (name, fifo_queue) VALUES ('line.fifo', true)")
    assert [row[0] for row in await installed.apply()] == ["create"]
    assert attributes(sqs, "line.fifo")["FifoQueue"] == "true"
    assert await installed("iasql_plan_apply") == []


async def test_all_that_can_change_of_a_queue_changes_at_once(installed: Session, sqs: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    before = await installed.rows("SELECT url, arn FROM queue")
    await installed.execute(
        "UPDATE queue SET visibility_timeout = 61, delay_seconds = 6, receive_message_wait_time_seconds = 0, "
        "message_retention_period = 86401, maximum_message_size = 2048, policy = NULL"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "queue")]
    changed = attributes(sqs)
    assert {
        "VisibilityTimeout": "61",
        "DelaySeconds": "6",
        "ReceiveMessageWaitTimeSeconds": "0",
        "MessageRetentionPeriod": "86401",
        "MaximumMessageSize": "2048",
    }.items() <= changed.items()
    assert not changed.get("Policy")
    assert await installed.rows("SELECT url, arn FROM queue") == before
    assert await installed("iasql_plan_apply") == []


async def test_a_policy_compares_by_what_it_says(installed: Session) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    [statement] = _POLICY["Statement"]
    alike = {**_POLICY, "Statement": {**statement, "Action": ["sqs:SendMessage"]}}
    await installed.execute(f"UPDATE queue SET policy = '{json.dumps(alike)}'")
    assert await installed("iasql_plan_apply") == []


async def test_another_name_is_another_queue(installed: Session, sqs: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    await installed.execute("UPDATE queue SET name = 'more'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert names(sqs) == {"more"}
    assert attributes(sqs, "more")["DelaySeconds"] == "5"
    assert await installed.value("SELECT url FROM queue") == sqs.get_queue_url(QueueName="more")["QueueUrl"]
    assert await installed("iasql_plan_apply") == []


async def test_a_queue_is_deleted(installed: Session, sqs: Any) -> None:
    sqs.create_queue(QueueName="stays")
    await installed("iasql_sync")
    await installed.execute(_EVERY)
    await installed.apply()
    await installed.execute("DELETE FROM queue WHERE name = 'orders'")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert names(sqs) == {"stays"}
    assert await installed("iasql_plan_apply") == []


async def test_a_queue_that_is_gone_since_it_was_listed_is_not_shown(
    session: Session, sqs: Any, simulator: Cloud
) -> None:
    """AWS lists a queue for a while after it was deleted."""
    sqs.create_queue(QueueName="there")
    simulator.plan(
        {
            "service": "sqs",
            "operation": "GetQueueAttributes",
            "action": "error",
            "code": "AWS.SimpleQueueService.NonExistentQueue",
            "status": 400,
        }
    )
    await session("iasql_install", "aws_sqs")
    assert await session.rows("SELECT name FROM queue") == []


@pytest.mark.parametrize("values", ["'line', true", "'line.fifo', false"])
async def test_the_name_tells_whether_a_queue_is_fifo(installed: Session, values: str) -> None:
    with pytest.raises(Exception, match="queue_fifo_has_its_name"):
        await installed.execute(f"INSERT INTO queue (name, fifo_queue) VALUES ({values})")


async def test_a_value_that_aws_refuses(installed: Session, sqs: Any) -> None:
    await installed.execute("INSERT INTO queue (name, visibility_timeout) VALUES ('q', 43201)")
    with pytest.raises(OperationError) as refused:
        await installed.apply()
    assert refused.value.table == "queue"
    assert "VisibilityTimeout" in (refused.value.detail or "")
    assert refused.value.hint == "AWS limits each attribute of a queue, and checks its policy."
    assert names(sqs) == set()


def test_an_update_of_a_queue_sends_the_attributes_that_have_changed() -> None:
    update, *_ = QUEUE.update
    values = {"url": "u", "delay_seconds": 5, "visibility_timeout": 30, "policy": None}
    facts = Facts(values=values, parts={}, context={}, changed={"delay_seconds"})
    assert request(update, facts) == {"QueueUrl": "u", "Attributes": {"DelaySeconds": "5"}}


async def test_a_renamed_queue_keeps_its_attributes_and_says_that_messages_are_lost(
    session: Session, sqs: Any
) -> None:
    sqs.create_queue(QueueName="dead")
    redrive = json.dumps({"deadLetterTargetArn": attributes(sqs, "dead")["QueueArn"], "maxReceiveCount": 3})
    kept = {"RedrivePolicy": redrive, "KmsMasterKeyId": "alias/k"}
    url = sqs.create_queue(QueueName="old", Attributes=kept)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")
    await session("iasql_install", "aws_sqs")
    await session.execute("UPDATE queue SET name = 'new' WHERE name = 'old'")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert refused.value.detail == "queue old: its messages"
    sqs.purge_queue(QueueUrl=url)
    await session.apply()
    assert names(sqs) == {"dead", "new"}
    new = attributes(sqs, "new")
    assert (json.loads(new["RedrivePolicy"]), new["KmsMasterKeyId"]) == (json.loads(redrive), "alias/k")
