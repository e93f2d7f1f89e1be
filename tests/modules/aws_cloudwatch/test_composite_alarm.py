"""Alarms of other alarms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"
_METRIC = (
    "INSERT INTO metric_alarm (alarm_name, comparison_operator, evaluation_periods, threshold, metric_name, "
    "namespace, statistic, period) VALUES ('a', 'LessThanThreshold', 1, 5, 'Count', 'App', 'Sum', 300), "
    "('b', 'LessThanThreshold', 1, 6, 'Count', 'App', 'Sum', 300)"
)
_COMPOSITE = (
    "INSERT INTO composite_alarm (alarm_name, alarm_description, alarm_rule, actions_enabled, alarm_actions) "
    f"VALUES ('both', 'Both', 'ALARM(a) AND ALARM(\"b\")', false, '{{{_TOPIC}}}')"
)


@pytest.fixture
def cloudwatch(simulator: Cloud) -> Any:
    return simulator.client("cloudwatch")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_cloudwatch")


def alarms(cloudwatch: Any) -> dict[str, dict[str, Any]]:
    return {each["AlarmName"]: each for each in cloudwatch.describe_alarms()["CompositeAlarms"]}


async def test_composite_alarms_are_imported(session: Session, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(AlarmName="a", ComparisonOperator="LessThanThreshold", EvaluationPeriods=1)
    cloudwatch.put_composite_alarm(AlarmName="there", AlarmRule="ALARM(a)")
    await session("iasql_install", "aws_cloudwatch")
    assert await session.rows("SELECT alarm_name, alarm_arn, alarm_rule FROM composite_alarm") == [
        ("there", alarms(cloudwatch)["there"]["AlarmArn"], "ALARM(a)")
    ]
    assert await session.rows("SELECT alarm_name FROM metric_alarm") == [("a",)]
    assert await session("iasql_plan_apply") == []


async def test_it_is_made_with_the_alarms_that_it_uses_and_deleted_with_them(
    installed: Session, cloudwatch: Any
) -> None:
    await installed.execute(f"{_COMPOSITE}; {_METRIC}")
    assert sorted(row[1] for row in await installed.apply()) == ["composite_alarm", *["metric_alarm"] * 2]
    made = alarms(cloudwatch)["both"]
    assert (made["AlarmRule"], made["AlarmDescription"]) == ('ALARM(a) AND ALARM("b")', "Both")
    assert (made["ActionsEnabled"], made["AlarmActions"]) == (False, [_TOPIC])
    await installed.execute("DELETE FROM metric_alarm; DELETE FROM composite_alarm")
    assert {row[0] for row in await installed.apply()} == {"delete"}
    found = cloudwatch.describe_alarms()
    assert (found["MetricAlarms"], found["CompositeAlarms"]) == ([], [])


async def test_all_that_can_change_of_it_changes_at_once(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(f"{_METRIC}; {_COMPOSITE}")
    await installed.apply()
    await installed.execute(
        "UPDATE composite_alarm SET alarm_rule = 'OK(a)', alarm_description = NULL, actions_enabled = true, "
        f"alarm_actions = NULL, ok_actions = '{{{_TOPIC}}}', insufficient_data_actions = '{{{_TOPIC}}}'"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "composite_alarm")]
    after = alarms(cloudwatch)["both"]
    assert (after["AlarmRule"], after["ActionsEnabled"], after["AlarmActions"]) == ("OK(a)", True, [])
    assert (after["OKActions"], after["InsufficientDataActions"]) == ([_TOPIC], [_TOPIC])
    assert not after.get("AlarmDescription")
    await installed.execute("UPDATE composite_alarm SET alarm_rule = 'ALARM(a)'")
    await installed.apply()
    assert alarms(cloudwatch)["both"]["OKActions"] == [_TOPIC]


async def test_another_name_is_another_alarm(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(f"{_METRIC}; {_COMPOSITE}")
    await installed.apply()
    await installed.execute("UPDATE composite_alarm SET alarm_name = 'all'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert {name: each["AlarmRule"] for name, each in alarms(cloudwatch).items()} == {
        "all": 'ALARM(a) AND ALARM("b")'
    }
