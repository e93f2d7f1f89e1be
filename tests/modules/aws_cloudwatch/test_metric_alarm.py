"""Alarms of a metric."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"
_EVERY = (
    "INSERT INTO metric_alarm (alarm_name, alarm_description, actions_enabled, alarm_actions, ok_actions, "
    "insufficient_data_actions, comparison_operator, evaluation_periods, datapoints_to_alarm, threshold, "
    "metric_name, namespace, dimensions, extended_statistic, period, unit, treat_missing_data, "
    "evaluate_low_sample_count_percentile, tags) VALUES "
    f"('slow', 'Too slow', false, '{{{_TOPIC}}}', '{{{_TOPIC}}}', '{{{_TOPIC}}}', 'GreaterThanThreshold', "
    """3, 2, 1.5, 'Latency', 'App', '{"Stage": "x", "Api": "y"}', 'p99', 60, 'Seconds', 'breaching', """
    """'ignore', '{"team": "x"}')"""
)
_PLAIN = (
    "INSERT INTO metric_alarm (alarm_name, comparison_operator, evaluation_periods, threshold, metric_name, "
    "namespace, statistic, period) VALUES ('plain', 'LessThanThreshold', 1, 5, 'Count', 'App', 'Sum', 300)"
)
_METRICS = [
    {
        "Id": "errors",
        "MetricStat": {
            "Metric": {
                "Namespace": "App",
                "MetricName": "Errors",
                "Dimensions": [{"Name": "Api", "Value": "y"}],
            },
            "Period": 60,
            "Stat": "Sum",
        },
        "ReturnData": False,
    },
    {"Id": "rate", "Expression": "errors / 60", "Label": "rate", "ReturnData": True},
]


@pytest.fixture
def cloudwatch(simulator: Cloud) -> Any:
    return simulator.client("cloudwatch")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_cloudwatch")


def alarms(cloudwatch: Any) -> dict[str, dict[str, Any]]:
    return {each["AlarmName"]: each for each in cloudwatch.describe_alarms()["MetricAlarms"]}


def settings(alarm: dict[str, Any]) -> dict[str, Any]:
    """What somebody has set of an alarm."""
    told = ("Timestamp", "StateValue", "StateReason", "StateReasonData")
    return {name: each for name, each in alarm.items() if not name.endswith(told)}


async def test_alarms_are_imported_and_those_of_a_scaling_policy_left_to_it(
    session: Session, cloudwatch: Any
) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="there",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=80.0,
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Dimensions=[{"Name": "InstanceId", "Value": "i-1"}],
        Statistic="Average",
        Period=60,
        AlarmActions=[_TOPIC],
    )
    policy = (
        "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/ecs/service/c/s:policyName/p"
    )
    cloudwatch.put_metric_alarm(
        AlarmName="TargetTracking-service/c/s",
        AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScalingPolicy {policy}.",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Metrics=_METRICS,
        Threshold=1.0,
    )
    await session("iasql_install", "aws_cloudwatch")
    there = alarms(cloudwatch)["there"]
    assert await session.rows(
        "SELECT alarm_arn, actions_enabled, alarm_actions, comparison_operator::text, evaluation_periods, "
        "threshold, metric_name, namespace, dimensions::text, statistic::text, period, metrics, managed_by "
        "FROM metric_alarm WHERE alarm_name = 'there'"
    ) == [
        (
            *(
                there["AlarmArn"],
                True,
                [_TOPIC],
                "GreaterThanThreshold",
                1,
                80.0,
                "CPUUtilization",
                "AWS/EC2",
            ),
            *('{"InstanceId": "i-1"}', "Average", 60, None, None),
        )
    ]
    assert await session.rows(
        "SELECT managed_by, jsonb_array_length(metrics) FROM metric_alarm WHERE alarm_name <> 'there'"
    ) == [(f"scaling policy {policy}", 2)]
    assert await session("iasql_plan_apply") == []
    await session.execute("DELETE FROM metric_alarm WHERE managed_by IS NOT NULL")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert refused.value.sqlstate == "42501"


async def test_every_attribute_of_an_alarm_is_sent(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(_EVERY)
    assert [row[:2] for row in await installed.apply()] == [("create", "metric_alarm")]
    made = alarms(cloudwatch)["slow"]
    assert {
        "AlarmDescription": "Too slow",
        "ActionsEnabled": False,
        "AlarmActions": [_TOPIC],
        "OKActions": [_TOPIC],
        "InsufficientDataActions": [_TOPIC],
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1.5,
        "MetricName": "Latency",
        "Namespace": "App",
        "Dimensions": [{"Name": "Api", "Value": "y"}, {"Name": "Stage", "Value": "x"}],
        "ExtendedStatistic": "p99",
        "Period": 60,
        "Unit": "Seconds",
        "TreatMissingData": "breaching",
        "EvaluateLowSampleCountPercentile": "ignore",
    }.items() <= made.items()
    assert cloudwatch.list_tags_for_resource(ResourceARN=made["AlarmArn"])["Tags"] == [
        {"Key": "team", "Value": "x"}
    ]
    assert await installed.value("SELECT alarm_arn FROM metric_alarm") == made["AlarmArn"]


async def test_an_alarm_of_an_expression_is_made_and_changed(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(
        "INSERT INTO metric_alarm (alarm_name, comparison_operator, evaluation_periods, threshold, metrics) "
        f"VALUES ('rate', 'GreaterThanThreshold', 1, 1, '{json.dumps(_METRICS)}')"
    )
    await installed.apply()
    made = alarms(cloudwatch)["rate"]["Metrics"]
    assert [each["Id"] for each in made] == ["errors", "rate"]
    other = json.dumps(_METRICS).replace("/ 60", "/ 600")
    await installed.execute(f"UPDATE metric_alarm SET metrics = '{other}'")
    assert [row[:2] for row in await installed.apply()] == [("update", "metric_alarm")]
    assert alarms(cloudwatch)["rate"]["Metrics"][1]["Expression"] == "errors / 600"


async def test_a_change_of_one_attribute_keeps_the_others(installed: Session, cloudwatch: Any) -> None:
    """AWS sets back what it is not given."""
    await installed.execute(_EVERY)
    await installed.apply()
    before = settings(alarms(cloudwatch)["slow"])
    await installed.execute("UPDATE metric_alarm SET threshold = 2.5")
    assert [row[:2] for row in await installed.apply()] == [("update", "metric_alarm")]
    after = settings(alarms(cloudwatch)["slow"])
    assert after == before | {"Threshold": 2.5}
    assert cloudwatch.list_tags_for_resource(ResourceARN=after["AlarmArn"])["Tags"] != []


async def test_a_change_keeps_what_somebody_else_has_changed(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(_PLAIN)
    await installed.apply()
    there = settings(alarms(cloudwatch)["plain"])
    mine = {
        name: each for name, each in there.items() if name not in ("AlarmArn", "StateTransitionedTimestamp")
    }
    cloudwatch.put_metric_alarm(**mine | {"OKActions": [_TOPIC]})
    await installed.execute("UPDATE metric_alarm SET threshold = 6")
    await installed("iasql_apply")
    after = alarms(cloudwatch)["plain"]
    assert (after["Threshold"], after["OKActions"]) == (6.0, [_TOPIC])
    assert await installed.value("SELECT ok_actions FROM metric_alarm") == [_TOPIC]


async def test_all_that_an_alarm_may_lack_is_removed(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    await installed.execute(
        "UPDATE metric_alarm SET alarm_description = NULL, actions_enabled = true, alarm_actions = NULL, "
        "ok_actions = NULL, insufficient_data_actions = NULL, datapoints_to_alarm = NULL, dimensions = NULL, "
        "extended_statistic = NULL, statistic = 'Sum', unit = NULL, treat_missing_data = NULL, "
        "evaluate_low_sample_count_percentile = NULL, comparison_operator = 'LessThanThreshold', "
        "evaluation_periods = 1, metric_name = 'Other', namespace = 'App2', period = 300"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "metric_alarm")]
    after = alarms(cloudwatch)["slow"]
    assert (after["Statistic"], after["MetricName"], after["ActionsEnabled"]) == ("Sum", "Other", True)
    lacking = ("AlarmDescription", "DatapointsToAlarm", "ExtendedStatistic", "Unit", "TreatMissingData")
    assert not [name for name in lacking if after.get(name)]
    assert not [name for name in ("AlarmActions", "OKActions", "Dimensions") if after[name]]


async def test_another_name_is_another_alarm(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    before = settings(alarms(cloudwatch)["slow"])
    await installed.execute("UPDATE metric_alarm SET alarm_name = 'slower'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    after = alarms(cloudwatch)
    assert after.keys() == {"slower"}
    named = {"AlarmName", "AlarmArn"}
    assert {name: each for name, each in settings(after["slower"]).items() if name not in named} == {
        name: each for name, each in before.items() if name not in named
    }


async def test_an_alarm_is_deleted(installed: Session, cloudwatch: Any) -> None:
    await installed.execute(f"{_EVERY}; {_PLAIN}")
    await installed.apply()
    await installed.execute("DELETE FROM metric_alarm WHERE alarm_name = 'slow'")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert alarms(cloudwatch).keys() == {"plain"}
