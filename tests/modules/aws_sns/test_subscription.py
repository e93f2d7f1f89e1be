"""Subscriptions to topics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modules.aws_sns.subscription import SUBSCRIPTION
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

QUEUE = "arn:aws:sqs:us-east-1:123456789012:news"
_NEWS = "INSERT INTO topic (name) VALUES ('news')"
_SUBSCRIBED = (
    "INSERT INTO subscription "
    "(topic, protocol, endpoint, raw_message_delivery, filter_policy, redrive_policy) "
    f"""SELECT id, 'sqs', '{QUEUE}', true, '{{"kind": ["new"]}}', '{{"deadLetterTargetArn": "{QUEUE}"}}' """
    "FROM topic WHERE name = 'news'"
)


@pytest.fixture
def sns(simulator: Cloud) -> Any:
    return simulator.client("sns")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_sns")


def there(sns: Any) -> list[dict[str, str]]:
    """The attributes of all subscriptions."""
    return [
        sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"]
        for each in sns.list_subscriptions()["Subscriptions"]
    ]


async def test_subscriptions_are_imported(session: Session, sns: Any) -> None:
    topic = sns.create_topic(Name="news")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)["SubscriptionArn"]
    await session("iasql_install", "aws_sns")
    assert await session.rows(
        "SELECT s.arn, t.arn, protocol, endpoint, raw_message_delivery, filter_policy "
        "FROM subscription AS s JOIN topic AS t ON t.id = s.topic"
    ) == [(arn, topic, "sqs", QUEUE, False, None)]
    assert await session("iasql_plan_apply") == []


async def test_a_topic_and_its_subscription_are_made_together(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS + ";" + _SUBSCRIBED)
    assert [row[:2] for row in await installed.apply()] == [("create", "topic"), ("create", "subscription")]
    [attributes] = there(sns)
    assert attributes["RawMessageDelivery"] == "true"
    assert json.loads(attributes["FilterPolicy"]) == {"kind": ["new"]}
    assert json.loads(attributes["RedrivePolicy"]) == {"deadLetterTargetArn": QUEUE}
    assert await installed.value("SELECT arn FROM subscription") == attributes["SubscriptionArn"]


async def test_a_subscription_is_changed_in_place(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS + ";" + _SUBSCRIBED)
    await installed.apply()
    [before] = there(sns)
    await installed.execute(
        "UPDATE subscription SET raw_message_delivery = false, filter_policy = NULL, redrive_policy = NULL"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "subscription")]
    [attributes] = there(sns)
    assert attributes["SubscriptionArn"] == before["SubscriptionArn"]
    assert attributes["RawMessageDelivery"] == "false"
    assert json.loads(attributes.get("FilterPolicy") or "{}") == {}
    assert not attributes.get("RedrivePolicy")


async def test_another_endpoint_is_another_subscription(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS + ";" + _SUBSCRIBED)
    await installed.apply()
    await installed.execute(f"UPDATE subscription SET endpoint = '{QUEUE}2'")
    assert {row[:2] for row in await installed.apply()} == {
        ("create", "subscription"),
        ("delete", "subscription"),
    }
    [attributes] = there(sns)
    assert (attributes["Endpoint"], attributes["RawMessageDelivery"]) == (f"{QUEUE}2", "true")


async def test_a_subscription_is_deleted_by_itself_and_with_its_topic(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS + ";" + _SUBSCRIBED)
    await installed.apply()
    await installed.execute("DELETE FROM subscription")
    assert [row[:2] for row in await installed.apply()] == [("delete", "subscription")]
    assert there(sns) == []
    await installed.execute(_SUBSCRIBED)
    await installed.apply()
    await installed.execute("DELETE FROM subscription; DELETE FROM topic")
    await installed.apply()
    assert (there(sns), sns.list_topics()["Topics"]) == ([], [])


async def test_a_replaced_topic_takes_its_subscriptions_along(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS + ";" + _SUBSCRIBED)
    await installed.apply()
    await installed.execute("UPDATE topic SET name = 'other'")
    assert ("replace", "topic") in {row[:2] for row in await installed.apply()}
    [attributes] = there(sns)
    assert attributes["TopicArn"].endswith(":other")
    assert attributes["RawMessageDelivery"] == "true"


@pytest.mark.parametrize(
    ("arn", "owner", "shown"),
    [
        ("arn:aws:sns:us-east-1:1:news:a", "1", True),
        ("PendingConfirmation", "1", True),
        ("Deleted", "1", False),
        ("arn:aws:sns:us-east-1:2:news:a", "2", False),
    ],
)
def test_what_is_deleted_or_about_a_topic_of_another_account_is_no_row(
    arn: str, owner: str, shown: bool
) -> None:
    told = {"SubscriptionArn": arn, "Owner": owner, "TopicArn": "arn:aws:sns:us-east-1:1:news"}
    assert SUBSCRIPTION.where is not None
    assert SUBSCRIPTION.where(told) is shown
    assert SUBSCRIPTION.protected is not None
    assert SUBSCRIPTION.protected(told) is (arn == "PendingConfirmation")
