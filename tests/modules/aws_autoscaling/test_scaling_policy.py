"""When a service gets more or fewer tasks."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from engine.plan.requests import Facts, request
from modules.aws_autoscaling.scaling_policy import SCALING_POLICY
from tests.engine.direct import Session
from tests.modules.aws_autoscaling.scene import POLICY, SERVICE, TARGET, apply, policies

_CONFIG = "TargetTrackingScalingPolicyConfiguration"


@pytest.fixture
async def scaled(applied: Session) -> Session:
    await applied.execute(TARGET + POLICY)
    await apply(applied)
    return applied


async def test_a_policy_keeps_a_metric_at_a_value(scaled: Session, scaling: Any) -> None:
    made = policies(scaling)["cpu"]
    assert (made["ResourceId"], made["PolicyType"]) == (SERVICE, "TargetTrackingScaling")
    assert made[_CONFIG] == {
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "ScaleInCooldown": 120,
        "ScaleOutCooldown": 30,
        "DisableScaleIn": False,
    }
    names = sorted(each["AlarmName"] for each in made["Alarms"])
    assert len(names) == 2
    assert await scaled.rows("SELECT policy_arn, (SELECT array_agg(a ORDER BY a) FROM unnest(alarms) a) "
                             "FROM scaling_policy") == [(made["PolicyARN"], names)]  # fmt: skip


async def test_its_alarms_are_shown_as_the_policys(scaled: Session) -> None:
    await scaled("iasql_sync")
    owners = await scaled.rows("SELECT DISTINCT managed_by LIKE 'scaling policy %' FROM metric_alarm")
    assert owners == [(True,)]


async def test_every_column_changes_in_place(scaled: Session, scaling: Any) -> None:
    arn = policies(scaling)["cpu"]["PolicyARN"]
    metric = (
        """'{"MetricName": "Depth", "Namespace": "Queue", "Statistic": "Average", """
        """"Dimensions": [{"Name": "Queue", "Value": "q"}]}'"""
    )
    for change, path, value in (
        ("target_value = 45.5", "TargetValue", 45.5),
        ("scale_in_cooldown = 200", "ScaleInCooldown", 200),
        ("scale_out_cooldown = NULL", "ScaleOutCooldown", None),
        ("disable_scale_in = true", "DisableScaleIn", True),
        (
            "predefined_metric_type = 'ALBRequestCountPerTarget', resource_label = 'app/b/1/targetgroup/t/2'",
            "PredefinedMetricSpecification",
            {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel": "app/b/1/targetgroup/t/2",
            },
        ),
        (
            f"predefined_metric_type = NULL, resource_label = NULL, customized_metric = {metric}",
            "CustomizedMetricSpecification",
            {
                "MetricName": "Depth",
                "Namespace": "Queue",
                "Statistic": "Average",
                "Dimensions": [{"Name": "Queue", "Value": "q"}],
            },
        ),
    ):
        await scaled.execute(f"UPDATE scaling_policy SET {change}")
        assert [row[:2] for row in await apply(scaled)] == [("update", "scaling_policy")]
        told = policies(scaling)["cpu"]
        assert (told[_CONFIG].get(path), told["PolicyARN"]) == (value, arn)
    assert "PredefinedMetricSpecification" not in told[_CONFIG]


async def test_another_name_or_kind_is_another_policy(scaled: Session, scaling: Any) -> None:
    await scaled.execute("UPDATE scaling_policy SET policy_name = 'load'")
    await apply(scaled)
    assert set(policies(scaling)) == {"load"}
    await scaled.execute(
        "UPDATE scaling_policy SET policy_type = 'StepScaling', target_value = NULL, predefined_metric_type "
        "= NULL, scale_in_cooldown = NULL, scale_out_cooldown = NULL, step_scaling = "
        """'{"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1}]}'"""
    )
    assert [row[:2] for row in await apply(scaled)] == [("replace", "scaling_policy")]
    assert policies(scaling)["load"]["PolicyType"] == "StepScaling"


async def test_a_policy_is_deleted_with_its_alarms(scaled: Session, scaling: Any, simulator: Any) -> None:
    await scaled.execute("DELETE FROM scaling_policy")
    assert [row[:2] for row in await apply(scaled)] == [("delete", "scaling_policy")]
    assert policies(scaling) == {}
    assert simulator.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


async def test_alarms_of_a_policy_go_with_that_only(scaled: Session, scaling: Any) -> None:
    assert await scaled.value("SELECT count(*) FROM metric_alarm") == 2
    await scaled.execute("DELETE FROM metric_alarm")
    with pytest.raises(OperationError, match="scaling policy") as refused:
        await scaled("iasql_apply")
    assert refused.value.sqlstate == "42501"
    await scaled("iasql_sync")
    await scaled.execute("DELETE FROM scalable_target")
    await apply(scaled)
    await scaled("iasql_sync")
    assert await scaled.value("SELECT count(*) FROM metric_alarm") == 0


async def test_a_policy_tracks_one_metric(scaled: Session) -> None:
    with pytest.raises(Exception, match="scaling_policy_tracks_one_metric"):
        await scaled.execute("UPDATE scaling_policy SET predefined_metric_type = NULL")


def test_what_a_policy_foresees_is_sent_as_it_is() -> None:
    """moto knows no such policies, so this looks at the request."""
    create, *_ = SCALING_POLICY.create
    foreseen = {"Mode": "ForecastOnly", "MetricSpecifications": [{"TargetValue": 40.0}]}
    values = {
        **{each.name: None for each in SCALING_POLICY.columns},
        "policy_name": "p",
        "scalable_target_id": SERVICE,
        "policy_type": "PredictiveScaling",
        "predictive_scaling": foreseen,
        "disable_scale_in": False,
    }
    sent = request(create, Facts(values=values, parts={}, context={}))
    assert sent["PredictiveScalingPolicyConfiguration"] == foreseen
    assert _CONFIG not in sent
