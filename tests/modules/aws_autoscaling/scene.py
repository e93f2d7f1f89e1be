"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session

SERVICE = "service/c/s"
DIMENSION = "ecs:service:DesiredCount"
TARGET = (
    "INSERT INTO scalable_target (service_name, min_capacity, max_capacity, tags) "
    "VALUES ('s', 1, 4, '{\"team\": \"x\"}');"
)
POLICY = (
    "INSERT INTO scaling_policy (policy_name, scalable_target_id, predefined_metric_type, target_value, "
    "scale_in_cooldown, scale_out_cooldown) "
    "SELECT 'cpu', id, 'ECSServiceAverageCPUUtilization', 60, 120, 30 FROM scalable_target;"
)
_WHAT = {"ServiceNamespace": "ecs", "ResourceId": SERVICE, "ScalableDimension": DIMENSION}


def targets(scaling: Any) -> list[dict[str, Any]]:
    return list(scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"])


def policies(scaling: Any) -> dict[str, dict[str, Any]]:
    told = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    return {each["PolicyName"]: each for each in told}


def register(scaling: Any, **more: Any) -> None:
    """A target that somebody else has registered."""
    scaling.register_scalable_target(**{**_WHAT, "MinCapacity": 1, "MaxCapacity": 2, **more})


def put(scaling: Any, name: str, **more: Any) -> None:
    """A policy that somebody else has made."""
    scaling.put_scaling_policy(**{**_WHAT, "PolicyName": name, **more})


def schedule(scaling: Any, name: str) -> None:
    """A scheduled action, which no table shows."""
    scaling.put_scheduled_action(
        **_WHAT,
        ScheduledActionName=name,
        Schedule="cron(0 8 * * ? *)",
        Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": 3},
    )


async def apply(session: Session) -> list[tuple[Any, ...]]:
    """Apply; nothing is left to do after. The alarms of policies come and go by themselves."""
    applied = await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    return applied
