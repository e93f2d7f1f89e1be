"""When an Auto Scaling group gets more or fewer instances."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_autoscaling.test_autoscaling_group import _TEMPLATE, changed, make

_GROUP = (
    "INSERT INTO autoscaling_group (name, launch_template_id, min_size, max_size, subnets) SELECT 'web', "
    "t.id, 0, 4, (SELECT array_agg(subnet_id) FROM (SELECT subnet_id FROM subnet ORDER BY 1 LIMIT 1) AS s) "
    "FROM launch_template AS t;"
)
_CPU = (
    "INSERT INTO autoscaling_policy (policy_name, autoscaling_group_id, target_value, "
    "predefined_metric_type, estimated_instance_warmup) "
    "SELECT 'cpu', id, 60, 'ASGAverageCPUUtilization', 90 FROM autoscaling_group;"
)
_STEPS = (
    "INSERT INTO autoscaling_policy (policy_name, autoscaling_group_id, policy_type, adjustment_type, "
    "step_adjustments, min_adjustment_magnitude, metric_aggregation_type, enabled) SELECT 'steps', id, "
    """'StepScaling', 'PercentChangeInCapacity', '[{"MetricIntervalLowerBound": 10, "ScalingAdjustment": """
    """30}, {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 10}]', """
    "2, 'Maximum', false FROM autoscaling_group;"
)
_MORE = (
    "INSERT INTO autoscaling_policy (policy_name, autoscaling_group_id, policy_type, adjustment_type, "
    "scaling_adjustment, cooldown) SELECT 'more', id, 'SimpleScaling', 'ChangeInCapacity', 1, 120 "
    "FROM autoscaling_group;"
)
_ALARM = (
    "INSERT INTO metric_alarm (alarm_name, comparison_operator, evaluation_periods, threshold, metric_name, "
    "namespace, statistic, period, alarm_actions) SELECT 'busy', 'GreaterThanThreshold', 1, 80, 'Load', "
    "'Web', 'Average', 60, ARRAY[policy_arn] FROM autoscaling_policy WHERE policy_name = 'more';"
)
_METRIC = {
    "MetricName": "Depth",
    "Namespace": "Queue",
    "Statistic": "Average",
    "Dimensions": [{"Name": "Queue", "Value": "q"}],
}
_CONFIG = "TargetTrackingConfiguration"
_SHOWN = "SELECT policy_name, policy_type, enabled FROM autoscaling_policy ORDER BY 1"


@pytest.fixture
def autoscaling(simulator: Cloud) -> Any:
    return simulator.client("autoscaling")


@pytest.fixture
async def scaled(session: Session) -> Session:
    await session("iasql_install", "aws_autoscaling")
    await session.execute(_TEMPLATE + _GROUP + _CPU + _STEPS + _MORE)
    await changed(session)
    return session


def policies(autoscaling: Any, group: str = "web") -> dict[str, dict[str, Any]]:
    told = autoscaling.describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]
    return {each["PolicyName"]: each for each in told}


def alarms(simulator: Cloud) -> dict[str, list[str]]:
    told = simulator.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {each["AlarmName"]: each["AlarmActions"] for each in told}


async def test_policies_are_imported_of_whatever_owns_them(
    session: Session, simulator: Cloud, autoscaling: Any
) -> None:
    make(autoscaling, simulator.client("ec2"))
    simple = {"AdjustmentType": "ExactCapacity", "ScalingAdjustment": 2}
    for name in ("mine", "ECSManagedAutoScalingPolicy-1"):
        autoscaling.put_scaling_policy(AutoScalingGroupName="theirs", PolicyName=name, **simple)
    pair = {"PredefinedMetricType": "ASGCPUUtilization"}
    specification = {"TargetValue": 40.0, "PredefinedMetricPairSpecification": pair}
    foreseen = {"MetricSpecifications": [specification], "Mode": "ForecastOnly"}
    autoscaling.put_scaling_policy(
        AutoScalingGroupName="theirs",
        PolicyName="then",
        PolicyType="PredictiveScaling",
        PredictiveScalingConfiguration=foreseen,
    )
    await session("iasql_install", "aws_autoscaling")
    simple_one = ("theirs", "SimpleScaling", "ExactCapacity", 2)
    assert await session.rows(
        "SELECT policy_name, g.name, policy_type, adjustment_type, scaling_adjustment, p.managed_by "
        "FROM autoscaling_policy AS p JOIN autoscaling_group AS g ON g.id = autoscaling_group_id ORDER BY 1"
    ) == [
        ("ECSManagedAutoScalingPolicy-1", *simple_one, "ECS capacity provider"),
        ("mine", *simple_one, None),
        ("then", "theirs", "PredictiveScaling", None, None, None),
    ]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_policies_of_each_type_are_made_with_all(
    scaled: Session, simulator: Cloud, autoscaling: Any
) -> None:
    made = policies(autoscaling)
    assert made["cpu"][_CONFIG] == {
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "DisableScaleIn": False,
    }
    assert (made["cpu"]["EstimatedInstanceWarmup"], made["cpu"]["Enabled"]) == (90, True)
    assert {each["ScalingAdjustment"] for each in made["steps"]["StepAdjustments"]} == {10, 30}
    assert (made["steps"]["MinAdjustmentMagnitude"], made["steps"]["MetricAggregationType"]) == (2, "Maximum")
    assert (made["more"]["ScalingAdjustment"], made["more"]["Cooldown"]) == (1, 120)
    assert await scaled.rows(_SHOWN) == [
        ("cpu", "TargetTrackingScaling", True),
        ("more", "SimpleScaling", True),
        ("steps", "StepScaling", False),
    ]
    assert (
        await scaled.rows("SELECT managed_by FROM metric_alarm")
        == [(f"scaling policy {made['cpu']['PolicyARN']}",)] * 2
    )
    assert sorted(await scaled.value("SELECT alarms FROM autoscaling_policy WHERE policy_name = 'cpu'")) == (
        sorted(alarms(simulator))
    )


async def test_every_column_changes_in_place(scaled: Session, autoscaling: Any) -> None:
    before = {name: each["PolicyARN"] for name, each in policies(autoscaling).items()}
    for name, change, expected in (
        ("cpu", "target_value = 45.5", {"TargetValue": 45.5}),
        ("cpu", "disable_scale_in = true", {"DisableScaleIn": True, "TargetValue": 45.5}),
        (
            "cpu",
            "predefined_metric_type = 'ALBRequestCountPerTarget', resource_label = 'app/b/1/targetgroup/t/2'",
            {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget",
                    "ResourceLabel": "app/b/1/targetgroup/t/2",
                }
            },
        ),
        (
            "cpu",
            "predefined_metric_type = NULL, resource_label = NULL, "
            f"customized_metric = '{json.dumps(_METRIC)}'",
            {"CustomizedMetricSpecification": _METRIC},
        ),
        ("cpu", "estimated_instance_warmup = 30", {"EstimatedInstanceWarmup": 30}),
        ("steps", "enabled = true", {"Enabled": True}),
        ("steps", "metric_aggregation_type = 'Minimum'", {"MetricAggregationType": "Minimum"}),
        ("steps", "min_adjustment_magnitude = 3", {"MinAdjustmentMagnitude": 3, "Enabled": True}),
        (
            "steps",
            "adjustment_type = 'ChangeInCapacity', min_adjustment_magnitude = NULL, "
            """step_adjustments = '[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]'""",
            {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
            },
        ),
        ("more", "scaling_adjustment = -1, cooldown = 60", {"ScalingAdjustment": -1, "Cooldown": 60}),
    ):  # fmt: skip
        await scaled.execute(f"UPDATE autoscaling_policy SET {change} WHERE policy_name = '{name}'")
        assert ("update", "autoscaling_policy") in await changed(scaled)
        now = policies(autoscaling)[name]
        assert now["PolicyARN"] == before[name]
        now = {**now, **now.get(_CONFIG, {})}
        assert {key: now[key] for key in expected} == expected
    assert "PredefinedMetricSpecification" not in policies(autoscaling)["cpu"][_CONFIG]


async def test_what_an_alarm_invokes_is_not_replaced_unasked_and_leaves_the_alarm(
    scaled: Session, simulator: Cloud, autoscaling: Any
) -> None:
    await scaled.execute(_ALARM)
    await changed(scaled)
    assert alarms(simulator)["busy"] == [policies(autoscaling)["more"]["PolicyARN"]]
    await scaled.execute("UPDATE autoscaling_policy SET policy_name = 'other' WHERE policy_name = 'more'")
    with pytest.raises(OperationError, match="lose") as refused:
        await scaled("iasql_apply")
    assert "busy" in (refused.value.detail or "")
    await scaled.execute("UPDATE autoscaling_policy SET policy_name = 'more' WHERE policy_name = 'other'")
    await scaled.execute("DELETE FROM autoscaling_group")
    gone = await scaled("iasql_apply")
    assert {row[:2] for row in gone} >= {("delete", "autoscaling_group"), ("delete", "autoscaling_policy")}
    assert alarms(simulator) == {"busy": []}
    await scaled("iasql_sync")
    assert await scaled.rows("SELECT alarm_name, alarm_actions FROM metric_alarm") == [("busy", [])]
    assert await scaled("iasql_plan_apply") == []


async def test_another_name_type_or_group_is_another_policy(scaled: Session, autoscaling: Any) -> None:
    await scaled.execute("UPDATE autoscaling_policy SET policy_name = 'load' WHERE policy_name = 'cpu'")
    assert ("replace", "autoscaling_policy") in await changed(scaled)
    assert set(policies(autoscaling)) == {"load", "steps", "more"}
    await scaled.execute(
        "UPDATE autoscaling_policy SET policy_type = 'SimpleScaling', scaling_adjustment = 20, "
        "step_adjustments = NULL, metric_aggregation_type = NULL WHERE policy_name = 'steps'"
    )
    assert ("replace", "autoscaling_policy") in await changed(scaled)
    assert policies(autoscaling)["steps"]["PolicyType"] == "SimpleScaling"
    await scaled.execute("UPDATE autoscaling_group SET name = 'other'")
    assert ("replace", "autoscaling_group") in await changed(scaled)
    assert set(policies(autoscaling, "other")) == {"load", "steps", "more"}
    assert len(autoscaling.describe_policies()["ScalingPolicies"]) == 3


async def test_a_policy_is_deleted_with_its_alarms(
    scaled: Session, simulator: Cloud, autoscaling: Any
) -> None:
    simulator.plan({"operation": "DeletePolicy", "action": "drop_after"})
    await scaled.execute("DELETE FROM autoscaling_policy WHERE policy_name = 'cpu'")
    assert [row[:2] for row in await scaled("iasql_apply")] == [("delete", "autoscaling_policy")]
    assert set(policies(autoscaling)) == {"steps", "more"}
    assert alarms(simulator) == {}


async def test_what_does_not_go_with_a_type_is_refused_and_regions_have_policies_of_their_own(
    scaled: Session, simulator: Cloud, autoscaling: Any
) -> None:
    for change, check in (
        ("target_value = NULL", "tracks_one_metric"),
        ("policy_type = 'StepScaling'", "has_steps"),
        ("policy_type = 'SimpleScaling'", "has_an_adjustment"),
    ):
        with pytest.raises(asyncpg.CheckViolationError, match=f"autoscaling_policy_{check}"):
            await scaled.execute(f"UPDATE autoscaling_policy SET {change} WHERE policy_name = 'cpu'")
    await scaled.execute("UPDATE autoscaling_policy SET cooldown = 5 WHERE policy_name = 'cpu'")
    with pytest.raises(OperationError, match="ValidationError"):
        await scaled("iasql_apply")
    await scaled.execute("UPDATE autoscaling_policy SET cooldown = NULL WHERE policy_name = 'cpu'")
    await scaled("iasql_add_region", "us-west-2")
    await scaled.execute("SET search_path = us_west_2, public")
    await scaled("iasql_install", "aws_autoscaling")
    await scaled.execute(_TEMPLATE + _GROUP + _CPU)
    assert ("create", "us_west_2.autoscaling_policy") in await changed(scaled)
    there = simulator.at("us-west-2").client("autoscaling")
    assert set(policies(there)) == {"cpu"}
    assert len(policies(autoscaling)) == 3
