"""Scalable targets and policies as AWS names and takes them. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modules.spec import Const, Source

TRACKING = "TargetTrackingScaling"
#: What is scaled of what. Other namespaces have tables of other modules.
ECS: dict[str, Source] = {
    "ServiceNamespace": Const("ecs"),
    "ScalableDimension": Const("ecs:service:DesiredCount"),
}


def resource_id(arn: str) -> str:
    """What Application Auto Scaling calls an ECS service: the end of its ARN, service/<cluster>/<name>."""
    return arn.split(":", 5)[5]


def service_arn(told: Sequence[str | None] | None) -> str | None:
    """The ARN of the service that is scaled.

    Args:
        told: AWS's name for it, the ARN of the role that scales it, which is in its account, and the region.
    """
    resource, role, region = told or (None, None, None)
    if not (resource and role and region):
        return None
    _, partition, _, _, account, _ = role.split(":", 5)
    return f"arn:{partition}:ecs:{region}:{account}:{resource}"


def tracking(
    there: Mapping[str, Any] | None,
    kind: str,
    target_value: Any,
    metric: str | None,
    label: str | None,
    own_metric: Mapping[str, Any] | None,
    only_out: bool,
    scale_in: int | None = None,
    scale_out: int | None = None,
) -> dict[str, Any] | None:
    """How a policy keeps a metric at a value, as AWS takes it.

    Args:
        there: how it does so far; what has no column stays.
        metric, label: one of AWS's metrics, and of what.
        own_metric: any other metric.
        only_out: whether nothing is taken away.
        scale_in, scale_out: seconds to wait after something was taken away, or added, where AWS has them.
    """
    if kind != TRACKING:
        return None
    predefined = {"PredefinedMetricType": metric, **({"ResourceLabel": label} if label else {})}
    said = {
        "TargetValue": (there or {}).get("TargetValue") if target_value is None else target_value,
        "PredefinedMetricSpecification": predefined if metric else None,
        "CustomizedMetricSpecification": own_metric,
        "ScaleInCooldown": scale_in,
        "ScaleOutCooldown": scale_out,
        "DisableScaleIn": only_out,
    }
    return {name: value for name, value in {**(there or {}), **said}.items() if value is not None}
