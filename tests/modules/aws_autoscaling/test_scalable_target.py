"""Services whose number of tasks is moved by AWS."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_autoscaling.scene import (
    DIMENSION,
    POLICY,
    SERVICE,
    TARGET,
    apply,
    policies,
    put,
    register,
    schedule,
    targets,
)
from tests.modules.aws_ecs_fargate.scene import STACK, service


def tags(scaling: Any) -> dict[str, str]:
    [only] = targets(scaling)
    return dict(scaling.list_tags_for_resource(ResourceARN=only["ScalableTargetARN"])["Tags"])


async def test_what_is_there_is_imported(session: Session, scaling: Any, ecs: Any) -> None:
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(STACK)
    await session.apply()
    register(scaling, SuspendedState={"ScheduledScalingSuspended": True}, Tags={"team": "x"})
    await session("iasql_install", "aws_autoscaling")
    assert await session.rows(
        "SELECT resource_id, arn, service_name, min_capacity, max_capacity, dynamic_scaling_in_suspended, "
        "scheduled_scaling_suspended, tags ->> 'team' FROM scalable_target"
    ) == [(SERVICE, targets(scaling)[0]["ScalableTargetARN"], "s", 1, 2, False, True, "x")]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_target_is_registered_with_every_attribute(applied: Session, scaling: Any) -> None:
    await applied.execute(
        "INSERT INTO scalable_target (service_name, min_capacity, max_capacity, "
        "dynamic_scaling_in_suspended, dynamic_scaling_out_suspended, scheduled_scaling_suspended, tags) "
        "VALUES ('s', 0, 9, true, true, true, '{\"team\": \"x\"}')"
    )
    assert [row[:2] for row in await applied.apply()] == [("create", "scalable_target")]
    [made] = targets(scaling)
    assert (made["ResourceId"], made["ScalableDimension"]) == (SERVICE, DIMENSION)
    assert (made["MinCapacity"], made["MaxCapacity"]) == (0, 9)
    assert set(made["SuspendedState"].values()) == {True}
    assert tags(scaling) == {"team": "x"}
    assert await applied.value("SELECT arn FROM scalable_target") == made["ScalableTargetARN"]


async def test_every_column_changes_in_place(applied: Session, scaling: Any) -> None:
    await applied.execute(TARGET)
    await applied.apply()
    [old] = targets(scaling)
    for change, told in (
        ("min_capacity = 2", {"MinCapacity": 2}),
        ("max_capacity = 8", {"MaxCapacity": 8}),
        ("dynamic_scaling_in_suspended = true", {}),
        ('tags = \'{"other": "y"}\'', {}),
    ):
        await applied.execute(f"UPDATE scalable_target SET {change}")
        assert [row[:2] for row in await applied.apply()] == [("update", "scalable_target")]
        [new] = targets(scaling)
        assert {name: new[name] for name in told} == told
        assert new["ScalableTargetARN"] == old["ScalableTargetARN"]
    assert new["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert new["SuspendedState"]["DynamicScalingOutSuspended"] is False
    assert tags(scaling) == {"other": "y"}


async def test_the_number_of_tasks_is_the_scalings_while_a_row_says_so(
    applied: Session, scaling: Any, ecs: Any
) -> None:
    await applied.execute(TARGET)
    await applied.apply()
    ecs.update_service(cluster="c", service="s", desiredCount=3)  # as a policy does
    assert await applied("iasql_plan_apply") == []
    assert await applied("iasql_drift") == []
    await applied.execute("SET iasql.apply_mode = enforce")
    assert await applied("iasql_plan_apply") == []
    await applied.execute("UPDATE service SET desired_count = 2, force_new_deployment = true")
    assert [row[:2] for row in await applied("iasql_apply")] == [("update", "service")]
    assert service(ecs)["desiredCount"] == 3
    # Without the target the row counts again.
    await applied.execute("DELETE FROM scalable_target")
    assert [row[:2] for row in await applied("iasql_apply")] == [("delete", "scalable_target")]
    assert [row[:2] for row in await applied("iasql_apply")] == [("update", "service")]
    assert service(ecs)["desiredCount"] == 2


async def test_a_new_service_begins_with_what_its_row_says(session: Session, scaling: Any, ecs: Any) -> None:
    await session("iasql_install", "aws_autoscaling")
    await session.execute(STACK + TARGET + POLICY)
    assert {row[0] for row in await apply(session)} == {"create"}
    assert service(ecs)["desiredCount"] == 1
    assert len(targets(scaling)) == len(policies(scaling)) == 1


async def test_a_replaced_service_keeps_its_scaling_and_what_that_has_made_of_it(
    applied: Session, scaling: Any, ecs: Any
) -> None:
    await applied.execute(TARGET + POLICY)
    await apply(applied)
    ecs.update_service(cluster="c", service="s", desiredCount=3)
    schedule(scaling, "morning")
    await applied.execute(
        "INSERT INTO cluster (cluster_name) VALUES ('d'); UPDATE service SET cluster_name = 'd'"
    )
    assert {row[:2] for row in await apply(applied)} == {
        ("create", "cluster"),
        ("replace", "service"),
        ("replace", "scalable_target"),
        ("replace", "scaling_policy"),
    }
    [target] = targets(scaling)
    assert target["ResourceId"] == "service/d/s"
    assert policies(scaling)["cpu"]["ResourceId"] == "service/d/s"
    assert service(ecs, "d")["desiredCount"] == 3
    told = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    assert [(each["ResourceId"], each["Timezone"], each["ScalableTargetAction"]) for each in told] == [
        ("service/d/s", "Europe/Berlin", {"MinCapacity": 3})
    ]


async def test_a_deleted_target_takes_its_policies_along(applied: Session, scaling: Any) -> None:
    await applied.execute(TARGET + POLICY)
    await apply(applied)
    await applied.execute("DELETE FROM scalable_target")
    assert {row[:2] for row in await apply(applied)} == {
        ("delete", "scalable_target"),
        ("delete", "scaling_policy"),
    }
    assert targets(scaling) == []
    assert policies(scaling) == {}


async def test_a_service_takes_its_scaling_along(applied: Session, scaling: Any, ecs: Any) -> None:
    await applied.execute(TARGET + POLICY)
    await apply(applied)
    await applied.execute("DELETE FROM service")
    assert {row[0] for row in await apply(applied)} == {"delete"}
    assert targets(scaling) == []


async def test_bounds_that_aws_refuses_change_nothing(
    applied: Session, scaling: Any, simulator: Cloud
) -> None:
    await applied.execute(TARGET)
    await applied.apply()
    with pytest.raises(Exception, match="scalable_target_min_is_not_over_max"):
        await applied.execute("UPDATE scalable_target SET min_capacity = 5")
    simulator.plan(
        {
            "action": "error", "operation": "RegisterScalableTarget", "times": 0, "status": 400,
            "code": "LimitExceededException", "message": "too many",
        }
    )  # fmt: skip
    await applied.execute("UPDATE scalable_target SET max_capacity = 5000")
    with pytest.raises(OperationError, match="LimitExceeded"):
        await applied("iasql_apply")
    assert targets(scaling)[0]["MaxCapacity"] == 4


async def test_services_of_other_kinds_of_policies_are_imported_and_left_alone(
    applied: Session, scaling: Any
) -> None:
    register(scaling)
    steps = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 60,
             "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]}  # fmt: skip
    put(scaling, "steps", PolicyType="StepScaling", StepScalingPolicyConfiguration=steps)
    await applied("iasql_sync")
    assert await applied.rows(
        "SELECT policy_type, target_value, step_scaling ->> 'Cooldown' FROM scaling_policy"
    ) == [("StepScaling", None, "60")]
    await applied.execute("UPDATE scalable_target SET max_capacity = 7")
    await applied.apply()
    assert policies(scaling)["steps"]["StepScalingPolicyConfiguration"] == steps


async def test_a_target_is_in_its_region(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_autoscaling")
    await session("iasql_add_region", "eu-west-1")
    await session("iasql_install", "aws_autoscaling", region="*")
    await session.execute("SET search_path = eu_west_1, public")
    await session.execute(STACK + TARGET + POLICY)
    await apply(session)
    assert targets(simulator.client("application-autoscaling")) == []
    there = simulator.client("application-autoscaling", "eu-west-1")
    assert len(targets(there)) == len(policies(there)) == 1
