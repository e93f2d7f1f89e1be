"""Topics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sns:Publish", "Resource": "*"}],
}
_NEWS = (
    "INSERT INTO topic (name, display_name, kms_master_key_id, policy) "
    f"VALUES ('news', 'The news', 'alias/aws/sns', '{json.dumps(_POLICY)}')"
)
_LINE = "INSERT INTO topic (name, fifo_topic, content_based_deduplication) VALUES ('line.fifo', true, true)"


@pytest.fixture
def sns(simulator: Cloud) -> Any:
    return simulator.client("sns")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_sns")


def arns(sns: Any) -> dict[str, str]:
    found = (each["TopicArn"] for each in sns.list_topics()["Topics"])
    return {arn.rpartition(":")[2]: arn for arn in found}


def attributes(sns: Any, name: str) -> dict[str, str]:
    return dict(sns.get_topic_attributes(TopicArn=arns(sns)[name])["Attributes"])


async def test_topics_are_imported(session: Session, sns: Any) -> None:
    arn = sns.create_topic(Name="there", Attributes={"DisplayName": "There"})["TopicArn"]
    await session("iasql_install", "aws_sns")
    assert await session.rows(
        "SELECT name, arn, display_name, kms_master_key_id, fifo_topic, content_based_deduplication "
        "FROM topic"
    ) == [("there", arn, "There", None, False, False)]
    policy = await session.value("SELECT policy FROM topic")
    assert json.loads(policy) == json.loads(attributes(sns, "there")["Policy"])
    assert await session("iasql_plan_apply") == []


async def test_every_attribute_of_a_topic_is_sent(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS + ";" + _LINE)
    assert sorted(row[3] for row in await installed.apply()) == ["line.fifo", "news"]
    news, line = attributes(sns, "news"), attributes(sns, "line.fifo")
    assert (news["DisplayName"], news["KmsMasterKeyId"]) == ("The news", "alias/aws/sns")
    assert json.loads(news["Policy"]) == _POLICY
    assert (line["FifoTopic"], line["ContentBasedDeduplication"]) == ("true", "true")
    assert dict(await installed.rows("SELECT name, arn FROM topic")) == arns(sns)
    assert await installed("iasql_plan_apply") == []


async def test_a_topic_without_a_policy_has_the_one_that_aws_gives_it(installed: Session, sns: Any) -> None:
    await installed.execute("INSERT INTO topic (name) VALUES ('plain')")
    await installed.apply()
    assert await installed.value("SELECT policy FROM topic") is not None
    assert await installed("iasql_plan_apply") == []


async def test_all_that_can_change_of_a_topic_changes_at_once(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS + ";" + _LINE)
    await installed.apply()
    before = arns(sns)
    other = {**_POLICY, "Statement": [{**_POLICY["Statement"][0], "Action": "sns:Subscribe"}]}
    await installed.execute(
        f"UPDATE topic SET display_name = 'Other', policy = '{json.dumps(other)}', kms_master_key_id = NULL "
        "WHERE name = 'news'; UPDATE topic SET content_based_deduplication = false WHERE fifo_topic"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "topic"), ("update", "topic")]
    news = attributes(sns, "news")
    assert news["DisplayName"] == "Other"
    assert not news.get("KmsMasterKeyId")
    assert json.loads(news["Policy"]) == other
    assert attributes(sns, "line.fifo")["ContentBasedDeduplication"] == "false"
    assert arns(sns) == before
    assert await installed("iasql_plan_apply") == []


async def test_what_a_topic_may_lack_is_removed(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS)
    await installed.apply()
    await installed.execute("UPDATE topic SET display_name = NULL")
    assert [row[0] for row in await installed.apply()] == ["update"]
    assert attributes(sns, "news")["DisplayName"] == ""
    assert await installed("iasql_plan_apply") == []


async def test_another_name_is_another_topic(installed: Session, sns: Any) -> None:
    await installed.execute(_NEWS)
    await installed.apply()
    await installed.execute("UPDATE topic SET name = 'more'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert arns(sns).keys() == {"more"}
    assert attributes(sns, "more")["DisplayName"] == "The news"
    assert await installed("iasql_plan_apply") == []


async def test_a_topic_is_deleted(installed: Session, sns: Any) -> None:
    sns.create_topic(Name="stays")
    await installed("iasql_sync")
    await installed.execute(_NEWS)
    await installed.apply()
    await installed.execute("DELETE FROM topic WHERE name = 'news'")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert arns(sns).keys() == {"stays"}
    assert await installed("iasql_plan_apply") == []


async def test_only_fifo_topics_take_messages_of_one_body_for_one(installed: Session) -> None:
    with pytest.raises(Exception, match="topic_deduplication_is_for_fifo"):
        await installed.execute("INSERT INTO topic (name, content_based_deduplication) VALUES ('t', true)")
