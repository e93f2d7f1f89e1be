"""What functions are called with: queues, and streams."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from deploy.simulator.conditions import PLAIN as AT_ONCE
from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_lambda.scene import PLAIN, ROLE, actions, make, names

_QUEUE = PLAIN + "INSERT INTO queue (name) VALUES ('orders'), ('dead');"
_READ = (
    "INSERT INTO lambda_event_source (lambda_function_id, queue_id) SELECT f.id, q.id "
    "FROM lambda_function AS f, queue AS q WHERE q.name = 'orders';"
)


def mappings(aws: Any) -> list[Any]:
    """What AWS reads, without what changes of itself."""
    told = aws.list_event_source_mappings()["EventSourceMappings"]
    for each in told:
        each.pop("LastModified")
    return sorted(told, key=lambda each: each["EventSourceArn"])


def _queue(simulator: Cloud, name: str = "orders") -> str:
    url = simulator.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    told = simulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(told["Attributes"]["QueueArn"])


def _stream(simulator: Cloud) -> str:
    kinesis = simulator.client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    return str(kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["StreamARN"])


async def test_event_sources_are_imported(session: Session, aws: Any, simulator: Cloud) -> None:
    make(aws)
    pattern = {"body": {"kind": ["a"]}}
    aws.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=_queue(simulator),
        BatchSize=5,
        Enabled=False,
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
        ScalingConfig={"MaximumConcurrency": 3},
    )
    stream = _stream(simulator)
    aws.create_event_source_mapping(FunctionName="f", EventSourceArn=stream, StartingPosition="LATEST")
    before = mappings(aws)
    await session("iasql_install", "aws_lambda")
    rows = await session.rows(
        "SELECT f.name, q.name, e.event_source_arn, e.enabled, e.batch_size, e.maximum_concurrency, "
        "e.filters::text, e.starting_position FROM lambda_event_source AS e JOIN lambda_function AS f "
        "ON f.id = e.lambda_function_id LEFT JOIN queue AS q ON q.id = e.queue_id ORDER BY q.name"
    )
    assert rows == [
        ("f", "orders", None, False, 5, 3, json.dumps([pattern]), None),
        ("f", None, stream, True, 100, None, None, "LATEST"),
    ]
    assert await session.apply() == []
    assert mappings(aws) == before


async def test_a_queue_its_role_its_function_and_what_joins_them_are_made_in_one_apply(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.be(replace(AT_ONCE, unseen=1.5, pending=1.5))
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
    }
    await installed.execute(
        _READ.join(
            [
                ROLE
                + "INSERT INTO role_policy (role_name, policy_name, policy_document) "
                + f"VALUES ('r', 'reads', '{json.dumps(policy)}');"
                + _QUEUE.replace("'there'", "'r'"),
                "UPDATE lambda_event_source SET batch_size = 5, maximum_batching_window_in_seconds = 3, "
                "maximum_concurrency = 2, function_response_types = '{ReportBatchItemFailures}', "
                'filters = \'[{"body": {"a": [1]}}]\', tags = \'{"team": "x"}\'',
            ]
        )
    )
    made = [row[1] for row in await installed.apply()]
    assert made.index("role_policy") < made.index("lambda_event_source") == len(made) - 1
    [found] = mappings(aws)
    assert found["FunctionArn"] == await installed.value("SELECT arn FROM lambda_function")
    assert found["EventSourceArn"] == await installed.value("SELECT arn FROM queue WHERE name = 'orders'")
    assert found["UUID"] == await installed.value("SELECT uuid FROM lambda_event_source")
    assert (found["BatchSize"], found["MaximumBatchingWindowInSeconds"]) == (5, 3)
    assert found["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["FilterCriteria"] == {"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]}
    assert aws.list_tags(Resource=found["EventSourceMappingArn"])["Tags"] == {"team": "x"}
    await installed.execute(
        "DELETE FROM lambda_function; DELETE FROM queue; DELETE FROM role WHERE role_name = 'r'"
    )
    assert {row[0] for row in await installed.apply()} == {"delete"}
    assert (mappings(aws), names(aws)) == ([], set())


async def test_what_can_be_changed_of_an_event_source_is_changed_in_place(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    await installed.execute(_QUEUE + _READ)
    assert ("create", "lambda_event_source") in await actions(installed)
    [before] = mappings(aws)
    await installed.execute(
        "UPDATE lambda_event_source SET enabled = false, batch_size = 7, maximum_concurrency = 9, "
        "maximum_batching_window_in_seconds = 2, function_response_types = '{ReportBatchItemFailures}', "
        'filters = \'[{"body": {"a": [1]}}]\', tags = \'{"a": "b"}\''
    )
    assert await actions(installed) == [("update", "lambda_event_source")]
    [found] = mappings(aws)
    assert (found["UUID"], found["State"], found["BatchSize"]) == (before["UUID"], "Disabled", 7)
    assert (found["ScalingConfig"], found["MaximumBatchingWindowInSeconds"]) == ({"MaximumConcurrency": 9}, 2)
    await installed.execute(
        "UPDATE lambda_event_source SET enabled = true, maximum_concurrency = NULL, filters = NULL, "
        "function_response_types = NULL, tags = '{}'"
    )
    assert await actions(installed) == [("update", "lambda_event_source")]
    [found] = mappings(aws)
    assert (found["State"], found["BatchSize"]) == ("Enabled", 7)
    assert (found["ScalingConfig"], found["FilterCriteria"], found["FunctionResponseTypes"]) == ({}, {}, [])


async def test_another_queue_is_another_event_source(installed: Session, aws: Any) -> None:
    await installed.execute(_QUEUE + _READ + "UPDATE lambda_event_source SET batch_size = 3")
    await installed.apply()
    [before] = mappings(aws)
    await installed.execute(
        "UPDATE lambda_event_source SET queue_id = (SELECT id FROM queue WHERE name = 'dead')"
    )
    assert await actions(installed) == [("replace", "lambda_event_source")]
    [after] = mappings(aws)
    assert after["EventSourceArn"].endswith(":dead")
    assert (after["BatchSize"], after["UUID"] == before["UUID"]) == (3, False)


async def test_an_event_source_follows_its_function_to_another_name(installed: Session, aws: Any) -> None:
    await installed.execute(_QUEUE + _READ)
    await installed.apply()
    await installed.execute("UPDATE lambda_function SET name = 'other'")
    assert set(await actions(installed)) == {
        ("replace", "lambda_function"),
        ("replace", "lambda_event_source"),
    }
    [found] = mappings(aws)
    assert found["FunctionArn"].endswith(":other")
    assert names(aws) == {"other"}


async def test_streams_are_read_from_a_position_that_another_function_would_lose(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    stream = _stream(simulator)
    await installed.execute(
        PLAIN + "INSERT INTO lambda_event_source (lambda_function_id, event_source_arn, starting_position, "
        "parallelization_factor, bisect_batch_on_function_error, maximum_record_age_in_seconds, "
        "maximum_retry_attempts, tumbling_window_in_seconds, on_failure_destination_arn) "
        f"SELECT id, '{stream}', 'TRIM_HORIZON', 2, true, 60, 3, 10, "
        "'arn:aws:sqs:us-east-1:123456789012:dead' FROM lambda_function"
    )
    await installed.apply()
    [found] = mappings(aws)
    assert (found["StartingPosition"], found["ParallelizationFactor"]) == ("TRIM_HORIZON", 2)
    assert (found["BisectBatchOnFunctionError"], found["MaximumRecordAgeInSeconds"]) == (True, 60)
    assert (found["MaximumRetryAttempts"], found["TumblingWindowInSeconds"]) == (3, 10)
    assert found["DestinationConfig"]["OnFailure"]["Destination"].endswith(":dead")
    await installed.execute("UPDATE lambda_event_source SET maximum_retry_attempts = 5")
    assert await actions(installed) == [("update", "lambda_event_source")]
    await installed.execute("UPDATE lambda_event_source SET starting_position = 'LATEST'")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "how far it has read the stream" in f"{refused.value} {refused.value.detail}"


async def test_a_queue_that_shows_messages_again_too_early_is_refused(installed: Session, aws: Any) -> None:
    await installed.execute(_QUEUE + _READ + "UPDATE lambda_function SET timeout = 31")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "less than Function timeout" in str(refused.value.detail)
    assert "queue.visibility_timeout" in str(refused.value.hint)
    assert mappings(aws) == []
    await installed.execute("UPDATE queue SET visibility_timeout = 60 WHERE name = 'orders'")
    assert ("create", "lambda_event_source") in await actions(installed)


async def test_an_event_source_is_not_made_twice_although_answers_are_lost(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateEventSourceMapping", "action": "drop_after", "times": 1})
    await installed.execute(_QUEUE + _READ)
    await installed.apply()
    assert len(mappings(aws)) == 1


async def test_a_message_calls_no_function_in_the_simulated_account(
    installed: Session, simulator: Cloud
) -> None:
    await installed.execute(_QUEUE + _READ)
    await installed.apply()
    url = await installed.value("SELECT url FROM queue WHERE name = 'orders'")
    sqs = simulator.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["hello"]


async def test_a_deleted_event_source_is_not_read_any_more(installed: Session, aws: Any) -> None:
    await installed.execute(_QUEUE + _READ)
    await installed.apply()
    await installed.execute("DELETE FROM lambda_event_source")
    assert await actions(installed) == [("delete", "lambda_event_source")]
    assert mappings(aws) == []


async def test_event_sources_of_another_region_are_in_another_schema(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "eu-west-1")
    await installed.execute("SET search_path = eu_west_1, public")
    await installed("iasql_install", "aws_lambda")
    await installed.execute("SET search_path = public")
    await installed.execute(
        (_QUEUE + _READ)
        .replace("INTO ", "INTO eu_west_1.")
        .replace("FROM lambda", "FROM eu_west_1.lambda")
        .replace(", queue AS", ", eu_west_1.queue AS")
    )
    assert {row[0] for row in await installed.apply()} == {"create"}
    assert mappings(aws) == []
    assert len(mappings(simulator.at("eu-west-1").client("lambda"))) == 1
