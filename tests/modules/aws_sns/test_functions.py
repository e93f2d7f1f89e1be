"""Functions of topics."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


async def test_an_endpoint_is_subscribed_and_unsubscribed(session: Session, simulator: Cloud) -> None:
    sns: Any = simulator.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:123456789012:news"
    ((arn,),) = await session("iasql_subscribe", topic, "sqs", endpoint=queue)
    (there,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (there["SubscriptionArn"], there["Endpoint"]) == (arn, queue)
    assert await session("iasql_unsubscribe", arn) == [(arn,)]
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert [
        tuple(row)
        for row in await session.rows("SELECT function, arguments[2] FROM iasql.iasql_operation ORDER BY id")
    ] == [("iasql_subscribe", "Subscribe"), ("iasql_unsubscribe", "Unsubscribe")]


async def test_a_subscription_to_a_protected_topic_is_refused(session: Session, simulator: Cloud) -> None:
    topic = simulator.client("sns").create_topic(Name="news")["TopicArn"]
    await session("iasql_install", "aws_sns")
    await session.execute("INSERT INTO iasql.protected VALUES ('topic')")
    with pytest.raises(OperationError) as raised:
        await session("iasql_subscribe", topic, "sqs", "arn:aws:sqs:us-east-1:123456789012:news")
    assert raised.value.sqlstate == "42501"


async def test_what_a_function_needs_is_not_null(session: Session, simulator: Cloud) -> None:
    with pytest.raises(OperationError) as raised:
        await session("iasql_unsubscribe", None)  # type: ignore[arg-type]
    assert (raised.value.sqlstate, raised.value.message) == (
        "22004", "iasql_unsubscribe() needs subscription_arn, not NULL",
    )  # fmt: skip
    assert simulator.calls() == []
