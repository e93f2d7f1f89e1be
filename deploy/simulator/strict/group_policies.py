"""Scaling policies of Auto Scaling groups: what goes with which type, their alarms, and what goes with them.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy
from moto.backends import get_backend
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

_SERVICE = "autoscaling"
_TRACKING, _STEP, _SIMPLE = "TargetTrackingScaling", "StepScaling", "SimpleScaling"
_PREDICTIVE = "PredictiveScaling"
_ACTIONS = ("alarm_actions", "ok_actions", "insufficient_data_actions")
#: Which types a parameter goes with, and of which of them it is required.
_OF_TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "AdjustmentType": ((_STEP, _SIMPLE), (_STEP, _SIMPLE)),
    "Cooldown": ((_SIMPLE,), ()),
    "EstimatedInstanceWarmup": ((_TRACKING, _STEP), ()),
    "MetricAggregationType": ((_STEP,), ()),
    "MinAdjustmentMagnitude": ((_STEP, _SIMPLE), ()),
    "PredictiveScalingConfiguration": ((_PREDICTIVE,), (_PREDICTIVE,)),
    "ScalingAdjustment": ((_SIMPLE,), (_SIMPLE,)),
    "StepAdjustments": ((_STEP,), (_STEP,)),
    "TargetTrackingConfiguration": ((_TRACKING,), (_TRACKING,)),
}

_put = AutoScalingBackend.put_scaling_policy


def _is_put(scaling: Any, **given: Any) -> Any:
    """Keep a policy by its group and name, of which moto counts the name; a change leaves its ARN."""
    key = (given["as_name"], given["name"])
    made: Any = _put(scaling, **given)
    del scaling.policies[given["name"]]
    there = scaling.policies.get(key)
    made.number = there.number if there else str(uuid4())
    made.cooldown = given["cooldown"]
    if made.policy_type == _STEP:
        made.metric_aggregation_type = made.metric_aggregation_type or "Average"
    scaling.policies[key] = made
    _without_own_alarms(made)
    if made.policy_type == _TRACKING:
        _make_alarms(made)
    return made


def _arn(policy: Any) -> str:
    scaling = policy.autoscaling_backend
    return (
        f"arn:aws:autoscaling:{scaling.region_name}:{scaling.account_id}:scalingPolicy:{policy.number}:"
        f"autoScalingGroupName/{policy.auto_scaling_group_name}:policyName/{policy.name}"
    )


def _alarms(policy: Any) -> list[dict[str, str]]:
    return [
        {"AlarmName": each.name, "AlarmARN": each.alarm_arn}
        for each in _cloudwatch(policy).alarms.values()
        if any(policy.arn in getattr(each, actions) for actions in _ACTIONS)
    ]


def _executed(scaling: Any, group_name: str) -> None:
    """Follow a policy, of which moto knows the name only."""
    next(each for each in scaling.policies.values() if group_name in (each.name, each.arn)).execute()


AutoScalingBackend.put_scaling_policy = _is_put  # type: ignore[method-assign,assignment]
AutoScalingBackend.execute_policy = _executed  # type: ignore[method-assign,assignment]
FakeScalingPolicy.arn = FakeScalingPolicy.policy_arn = property(_arn)  # type: ignore[assignment]
FakeScalingPolicy.alarms = property(_alarms)  # type: ignore[attr-defined]
FakeScalingPolicy.enabled = True  # type: ignore[attr-defined]


def _cloudwatch(policy: Any) -> Any:
    scaling = policy.autoscaling_backend
    return get_backend("cloudwatch")[scaling.account_id][scaling.region_name]


def _mark(policy: Any) -> str:
    return f"DO NOT EDIT OR DELETE. For TargetTrackingScalingPolicy {policy.arn}."


def _make_alarms(policy: Any) -> None:
    """AWS watches the metric of a policy that keeps one at a value."""
    group = policy.auto_scaling_group_name
    for name, comparison in (("High", "GreaterThanThreshold"), ("Low", "LessThanThreshold")):
        _cloudwatch(policy).put_metric_alarm(
            name=f"TargetTracking-{group}-Alarm{name}-{uuid4()}",
            namespace="AWS/EC2",
            metric_name="CPUUtilization",
            comparison_operator=comparison,
            evaluation_periods=3,
            period=60,
            threshold=float(policy.target_tracking_configuration.TargetValue),
            statistic="Average",
            description=_mark(policy),
            dimensions=[{"Name": "AutoScalingGroupName", "Value": group}],
            alarm_actions=[policy.arn],
            ok_actions=[],
            insufficient_data_actions=[],
        )


def _without_own_alarms(policy: Any) -> None:
    alarms = _cloudwatch(policy).alarms
    for name in [each.name for each in alarms.values() if each.description == _mark(policy)]:
        del alarms[name]


def fits_its_type(call: AwsCall) -> Outcome:
    """A policy is of a group that is there, and has what goes with its type."""
    group, kind = call.text("AutoScalingGroupName"), call.text("PolicyType") or _SIMPLE
    if group not in backend(call, _SERVICE).autoscaling_groups:
        return _invalid(f"Group {group} not found")
    for parameter, (types, required) in _OF_TYPES.items():
        given = any(f"{name}.".startswith(f"{parameter}.") for name in call.parameters)
        if given and kind not in types:
            return _invalid(f"{parameter} is not supported for policies of type {kind}")
        if kind in required and not given:
            return _invalid(f"{parameter} must be specified for policies of type {kind}")
    if call.text("MinAdjustmentMagnitude") and call.text("AdjustmentType") != "PercentChangeInCapacity":
        return _invalid("MinAdjustmentMagnitude is supported for PercentChangeInCapacity only")
    metrics = [
        some
        for some in ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
        if any(name.startswith(f"TargetTrackingConfiguration.{some}.") for name in call.parameters)
    ]
    if kind == _TRACKING and len(metrics) != 1:
        return _invalid("Exactly one metric specification must be given")
    return None


def is_enabled_or_not(call: AwsCall, reply: Response) -> None:
    """moto knows no policies that are not followed."""
    found = _found(call)
    found.enabled = call.text("Enabled") != "false"


def policy_goes(call: AwsCall) -> Outcome:
    """The alarms of a policy that AWS has made go with it; those of others no longer invoke it."""
    policy = _found(call)
    if policy is None:
        return _invalid("Scaling policy not found")
    _forget(call, policy)
    return Answer(
        '<DeletePolicyResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><ResponseMetadata>'
        "<RequestId>r</RequestId></ResponseMetadata></DeletePolicyResponse>"
    )


def group_takes_along(call: AwsCall, reply: Response) -> None:
    """A group's policies go with it, and the alarms that do nothing then."""
    group, alarms = call.text("AutoScalingGroupName"), backend(call, "cloudwatch").alarms
    for policy in list(backend(call, _SERVICE).policies.values()):
        if policy.auto_scaling_group_name == group:
            for name in _forget(call, policy):
                if not any(getattr(alarms[name], actions) for actions in _ACTIONS):
                    del alarms[name]


def _forget(call: AwsCall, policy: Any) -> list[str]:
    """Take a policy away; the names of the alarms that do not invoke it any more."""
    _without_own_alarms(policy)
    alarms, names = backend(call, "cloudwatch").alarms, [each["AlarmName"] for each in policy.alarms]
    for name in names:
        for actions in _ACTIONS:
            left = [each for each in getattr(alarms[name], actions) if each != policy.arn]
            setattr(alarms[name], actions, left)
    del backend(call, _SERVICE).policies[policy.auto_scaling_group_name, policy.name]
    return names


def _found(call: AwsCall) -> Any:
    group, name = call.text("AutoScalingGroupName"), call.text("PolicyName")
    for each in backend(call, _SERVICE).policies.values():
        if name == each.arn or (name == each.name and group in ("", each.auto_scaling_group_name)):
            return each
    return None


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    (_SERVICE, "DeletePolicy"): (policy_goes,),
    (_SERVICE, "PutScalingPolicy"): (fits_its_type,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    (_SERVICE, "DeleteAutoScalingGroup"): group_takes_along,
    (_SERVICE, "PutScalingPolicy"): is_enabled_or_not,
}
