"""To whom rules hand events."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from deploy.simulator.conditions import PLAIN as AT_ONCE
from engine.errors import OperationError
from modules.aws_events import targets as forms
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_events.scene import PLAIN, THERE, TRUST, actions, queue, targets

_CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/c"
_TASK = {
    "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1",
    "LaunchType": "FARGATE",
}
_QUEUE = (
    "INSERT INTO event_target (event_rule_id, target_id, arn, input_template, input_paths, message_group_id, "
    "dead_letter_arn, maximum_retry_attempts, maximum_event_age_in_seconds) SELECT id, 'q', "
    f"'{queue('q.fifo')}', '\"<state> it is\"', '{{\"state\": \"$.detail.state\"}}', 'g', '{queue('dead')}', "
    "3, 600 FROM event_rule;"
)
_SIMPLE = (
    "INSERT INTO event_target (event_rule_id, target_id, arn) "
    f"SELECT id, 'q', '{queue('q')}' FROM event_rule;"
)
_STREAM = {
    "Id": "s",
    "Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    "RoleArn": THERE,
    "KinesisParameters": {"PartitionKeyPath": "$.detail.id"},
}


def _rule(events: Any) -> None:
    events.put_rule(Name="often", ScheduleExpression="rate(5 minutes)")


async def test_targets_are_imported(session: Session, events: Any) -> None:
    _rule(events)
    events.put_targets(
        Rule="often",
        Targets=[
            {
                "Id": "q",
                "Arn": queue("q"),
                "Input": '{"a": [1]}',
                "DeadLetterConfig": {"Arn": queue("dead")},
                "RetryPolicy": {"MaximumRetryAttempts": 3},
            },
            {"Id": "t", "Arn": _CLUSTER, "RoleArn": THERE, "EcsParameters": _TASK},
            _STREAM,
        ],
    )
    before = targets(events, "often")
    await session("iasql_install", "aws_events")
    rows = await session.rows(
        "SELECT r.name, t.target_id, t.arn, t.role_arn, t.input, t.dead_letter_arn, "
        "t.maximum_retry_attempts, t.maximum_event_age_in_seconds, t.ecs_parameters ->> 'LaunchType' "
        "FROM event_target AS t JOIN event_rule AS r ON r.id = t.event_rule_id ORDER BY t.target_id"
    )
    assert rows == [
        ("often", "q", queue("q"), None, '{"a": [1]}', queue("dead"), 3, None, None),
        ("often", "s", _STREAM["Arn"], THERE, None, None, None, None, None),
        ("often", "t", _CLUSTER, THERE, None, None, None, None, "FARGATE"),
    ]
    assert await session.apply() == []
    assert targets(events, "often") == before


async def test_a_rule_and_its_targets_are_made_with_all_that_they_can_have(
    installed: Session, events: Any
) -> None:
    await installed.execute(
        PLAIN
        + _QUEUE
        + "INSERT INTO event_target (event_rule_id, target_id, arn, role_arn, input, ecs_parameters) "
        f"SELECT id, 't', '{_CLUSTER}', '{THERE}', '{{\"a\": 1}}', '{json.dumps(_TASK)}' FROM event_rule;"
        "INSERT INTO event_target (event_rule_id, target_id, arn, input_path) "
        f"SELECT id, 'p', '{queue('p')}', '$.detail' FROM event_rule"
    )
    assert await actions(installed) == [
        ("create", "event_rule"),
        *[("create", "event_target")] * 3,
    ]
    assert targets(events, "often") == {
        "q": {
            "Id": "q",
            "Arn": queue("q.fifo"),
            "InputTransformer": {
                "InputTemplate": '"<state> it is"',
                "InputPathsMap": {"state": "$.detail.state"},
            },
            "SqsParameters": {"MessageGroupId": "g"},
            "DeadLetterConfig": {"Arn": queue("dead")},
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600},
        },
        "t": {
            "Id": "t",
            "Arn": _CLUSTER,
            "RoleArn": THERE,
            "Input": '{"a": 1}',
            "EcsParameters": {
                **_TASK,
                "TaskCount": 1,
                "EnableECSManagedTags": False,
                "EnableExecuteCommand": False,
            },
        },
        "p": {"Id": "p", "Arn": queue("p"), "InputPath": "$.detail"},
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (f"arn = '{queue('r.fifo')}'", {"Arn": queue("r.fifo")}),
        (f"role_arn = '{THERE}'", {"RoleArn": THERE}),
        ("input_template = NULL, input_paths = NULL", {"InputTransformer": None}),
        ("input_paths = NULL", {"InputTransformer": {"InputTemplate": '"<state> it is"'}}),
        (
            "input_template = NULL, input_paths = NULL, input = '[1]'",
            {"InputTransformer": None, "Input": "[1]"},
        ),
        (
            "input_template = NULL, input_paths = NULL, input_path = '$.id'",
            {"InputTransformer": None, "InputPath": "$.id"},
        ),
        ("message_group_id = 'h'", {"SqsParameters": {"MessageGroupId": "h"}}),
        ("dead_letter_arn = NULL", {"DeadLetterConfig": None}),
        ("maximum_retry_attempts = NULL", {"RetryPolicy": {"MaximumEventAgeInSeconds": 600}}),
        ("maximum_retry_attempts = NULL, maximum_event_age_in_seconds = NULL", {"RetryPolicy": None}),
    ],
)
async def test_a_change_of_one_attribute_keeps_the_others(
    installed: Session, events: Any, change: str, expected: dict[str, Any]
) -> None:
    """AWS sets back what it is not given."""
    await installed.execute(PLAIN + _QUEUE)
    await installed.apply()
    before = targets(events, "often")["q"]
    await installed.execute(f"UPDATE event_target SET {change}")
    assert await actions(installed) == [("update", "event_target")]
    wanted = {key: each for key, each in {**before, **expected}.items() if each is not None}
    assert targets(events, "often") == {"q": wanted}


async def test_how_a_task_is_run_is_changed(installed: Session, events: Any) -> None:
    await installed.execute(
        PLAIN + "INSERT INTO event_target (event_rule_id, target_id, arn, role_arn, ecs_parameters) "
        f"SELECT id, 't', '{_CLUSTER}', '{THERE}', '{json.dumps(_TASK)}' FROM event_rule;"
    )
    await installed.apply()
    await installed.execute("UPDATE event_target SET ecs_parameters = ecs_parameters || '{\"TaskCount\": 2}'")
    assert await actions(installed) == [("update", "event_target")]
    assert targets(events, "often")["t"]["EcsParameters"]["TaskCount"] == 2


async def test_what_has_no_column_is_kept(session: Session, events: Any) -> None:
    _rule(events)
    events.put_targets(Rule="often", Targets=[_STREAM])
    await session("iasql_install", "aws_events")
    await session.execute("UPDATE event_target SET input_path = '$.detail'")
    assert await actions(session) == [("update", "event_target")]
    assert targets(events, "often") == {"s": {**_STREAM, "InputPath": "$.detail"}}
    await session.execute("UPDATE event_rule SET name = 'seldom'")
    await session.apply()
    assert targets(events, "seldom") == {"s": {**_STREAM, "InputPath": "$.detail"}}


async def test_another_name_is_another_target(installed: Session, events: Any) -> None:
    await installed.execute(PLAIN + _QUEUE)
    await installed.apply()
    before = targets(events, "often")["q"]
    await installed.execute("UPDATE event_target SET target_id = 'other'")
    assert await actions(installed) == [("replace", "event_target")]
    assert targets(events, "often") == {"other": {**before, "Id": "other"}}


async def test_a_deleted_target_gets_nothing_any_more(installed: Session, events: Any) -> None:
    await installed.execute(PLAIN + _QUEUE)
    await installed.apply()
    await installed.execute("DELETE FROM event_target")
    assert await actions(installed) == [("delete", "event_target")]
    assert targets(events, "often") == {}


async def test_targets_of_a_managed_rule_are_its_makers(session: Session, events: Any) -> None:
    events.put_rule(Name="AutoScalingManagedRule", EventPattern='{"source": ["aws.ec2"]}')
    await session("iasql_install", "aws_events")
    await session.execute(_SIMPLE)
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert "is managed by" in str(refused.value.detail)
    assert targets(events, "AutoScalingManagedRule") == {}


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (_SIMPLE.replace(queue("q"), _CLUSTER), "RoleArn is required"),
        (_SIMPLE.replace(queue("q"), queue("q.fifo")), "SqsParameters must be specified"),
        (_QUEUE.replace("'q'", "'q'").replace(queue("q.fifo"), "arn:aws:sns:us-east-1:1:t"), "not valid"),
    ],
)
async def test_what_aws_refuses_makes_no_target(
    installed: Session, events: Any, statement: str, what: str
) -> None:
    await installed.execute(PLAIN + statement)
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.table == "event_target"
    assert what in str(refused.value.detail)
    assert targets(events, "often") == {}


async def test_a_rule_has_few_targets(installed: Session, events: Any) -> None:
    await installed.execute(
        PLAIN + "INSERT INTO event_target (event_rule_id, target_id, arn) "
        f"SELECT id, 't' || n, '{queue('q')}' FROM event_rule, generate_series(1, 6) AS n"
    )
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "5 targets" in str(refused.value.hint)


async def test_a_target_gets_one_input(installed: Session) -> None:
    await installed.execute(PLAIN)
    with pytest.raises(asyncpg.CheckViolationError, match="has_one_input"):
        await installed.execute(_QUEUE + "UPDATE event_target SET input = 'true'")
    with pytest.raises(asyncpg.CheckViolationError, match="paths_are_of_a_template"):
        await installed.execute(_SIMPLE + 'UPDATE event_target SET input_paths = \'{"a": "$.a"}\'')


async def test_a_target_waits_for_a_role_that_aws_does_not_see_yet(
    installed: Session, events: Any, simulator: Cloud
) -> None:
    simulator.be(replace(AT_ONCE, unseen=1.5))
    simulator.client("iam").create_role(RoleName="new", AssumeRolePolicyDocument=TRUST)
    role = THERE.replace("there", "new")
    await installed.execute(PLAIN + _SIMPLE + f"UPDATE event_target SET role_arn = '{role}'")
    await installed.apply()
    assert targets(events, "often")["q"]["RoleArn"] == role


async def test_a_target_is_put_again_although_answers_are_lost(
    installed: Session, events: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "PutTargets", "action": "drop_after", "times": 1})
    await installed.execute(PLAIN + _SIMPLE)
    await installed.apply()
    assert list(targets(events, "often")) == ["q"]


async def test_targets_of_another_region_are_in_another_schema(
    installed: Session, events: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "eu-west-1")
    await installed.execute("SET search_path = eu_west_1, public")
    await installed("iasql_install", "aws_events")
    await installed.execute("SET search_path = public")
    statements = PLAIN + _SIMPLE
    await installed.execute(
        statements.replace("INTO ", "INTO eu_west_1.").replace("FROM event", "FROM eu_west_1.event")
    )
    assert {row[0] for row in await installed.apply()} == {"create"}
    assert list(targets(simulator.at("eu-west-1").client("events"), "often")) == ["q"]


def test_what_aws_fills_in_is_no_difference() -> None:
    assert forms.tasks({**_TASK, "TaskCount": 1, "EnableExecuteCommand": False}) == forms.tasks(_TASK)
    assert forms.tasks({**_TASK, "TaskCount": 2}) != forms.tasks(_TASK)
    assert (forms.attempts(None), forms.attempts(0), forms.age(None), forms.age(60)) == (185, 0, 86400, 60)


def test_an_input_is_what_it_says() -> None:
    assert forms.said('{"a": 1}') == forms.said('{ "a":1 }')
    assert forms.said("no json") == "no json"
    assert forms.said(None) is None
