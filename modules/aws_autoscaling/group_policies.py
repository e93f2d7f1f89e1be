"""Scaling policies of Auto Scaling groups as columns have them and AWS takes them. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules.spec import Description, Values

_OF_ECS = "ECSManagedAutoScalingPolicy-"
_BOUNDS = ("MetricIntervalLowerBound", "MetricIntervalUpperBound")


def in_order(values: Values) -> dict[str, Any]:
    """Values with the steps of a policy by their bounds: AWS has them in no order. None means NULL."""
    steps = values.get("step_adjustments")
    if not isinstance(steps, list):
        return dict(values)
    return {**values, "step_adjustments": sorted(map(_in_numbers, steps), key=repr) or None}


def _in_numbers(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step in whose bounds 10 and 10.0 are one number."""
    return {
        key: float(value) if key in _BOUNDS and isinstance(value, int) else value
        for key, value in sorted(step.items())
    }


def capacity_provider(policy: Description) -> str | None:
    """ECS, which scales the group of a capacity provider by a policy of its own."""
    return "ECS capacity provider" if str(policy.get("PolicyName")).startswith(_OF_ECS) else None
