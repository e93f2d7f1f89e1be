"""Application Auto Scaling: what goes with what, tags, and alarms that are a policy's.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Outcome, Rule, backend

Document = dict[str, Any]
_SERVICE = "application-autoscaling"
_ROLE = (
    "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)


def bounds_are_in_order(call: AwsCall) -> Outcome:
    """A new target has both bounds, none of which is past the other; its service runs."""
    found = _target(call)
    least = call.parameters.get("MinCapacity", getattr(found, "min_capacity", None))
    most = call.parameters.get("MaxCapacity", getattr(found, "max_capacity", None))
    if least is None or most is None:
        return AwsError("ValidationException", "MinCapacity and MaxCapacity must be specified")
    if int(least) > int(most):
        return AwsError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    _, cluster, name = call.text("ResourceId").split("/")
    services = backend(call, "ecs").services.values()
    if not any(
        each.cluster_name == cluster and each.name == name and each.status == "ACTIVE" for each in services
    ):
        return AwsError("ValidationException", f"ECS service doesn't exist: {call.text('ResourceId')}")
    return None


def target_takes_all_along(call: AwsCall) -> Outcome:
    """Policies, with their alarms, and scheduled actions go with their target."""
    if _target(call) is None:
        return AwsError(
            "ObjectNotFoundException", f"No scalable target found for resource ID: {call.text('ResourceId')}"
        )
    scaling = backend(call, "applicationautoscaling")
    for key, policy in list(scaling.policies.items()):
        if policy.resource_id == call.text("ResourceId"):
            policy.delete_alarms(call.account, call.region)
            del scaling.policies[key]
    scaling.scheduled_actions = [
        each for each in scaling.scheduled_actions if each.resource_id != call.text("ResourceId")
    ]
    return None


def policy_has_a_target(call: AwsCall) -> Outcome:
    """What is scaled is registered first; one that is there keeps its name and gets other alarms."""
    if _target(call) is None:
        return AwsError(
            "ObjectNotFoundException", f"No scalable target registered for: {call.text('ResourceId')}"
        )
    config = call.parameters.get("TargetTrackingScalingPolicyConfiguration")
    if call.text("PolicyType") == "TargetTrackingScaling" and not config:
        return AwsError("ValidationException", "A target tracking policy needs its configuration")
    if config and bool(config.get("PredefinedMetricSpecification")) == bool(
        config.get("CustomizedMetricSpecification")
    ):
        return AwsError("ValidationException", "Exactly one metric specification must be given")
    policy = _policy(call)
    if policy is not None:
        policy.delete_alarms(call.account, call.region)
        backend(call, "applicationautoscaling").kept = (policy.policy_arn, policy.creation_time)
    return None


def policy_is_there(call: AwsCall) -> Outcome:
    """AWS has a code of its own for what is not."""
    if _policy(call) is None:
        return AwsError("ObjectNotFoundException", f"No scaling policy {call.text('PolicyName')} found")
    return None


def as_it_was_called(call: AwsCall, document: Document) -> Document:
    """A policy that was changed is the same one; its alarms say whose they are."""
    scaling, policy = backend(call, "applicationautoscaling"), _policy(call)
    made, (policy.policy_arn, policy.creation_time) = (
        policy.policy_arn,
        getattr(scaling, "kept", None) or (policy.policy_arn, policy.creation_time),
    )
    scaling.kept = None
    for each in policy.alarms:
        each.description = (
            f"DO NOT EDIT OR DELETE. For TargetTrackingScalingPolicy {policy.policy_arn}:createdBy/"
            f"{each.name.rpartition('-')[2]}."
        )
        each.alarm_actions = [action.replace(made, policy.policy_arn) for action in each.alarm_actions]
    return {**document, "PolicyARN": policy.policy_arn}


def with_the_role(call: AwsCall, document: Document) -> Document:
    """AWS has a role of its own scale services."""
    for each in document["ScalableTargets"]:
        each["RoleARN"] = each["RoleARN"] or _ROLE.format(call.account)
        each["SuspendedState"] = {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
            **(each["SuspendedState"] or {}),
        }
    return document


def of_names(call: AwsCall, document: Document) -> Document:
    """The policies of some names only, if any are given."""
    names = call.parameters.get("PolicyNames")
    some = [each for each in document["ScalingPolicies"] if not names or each["PolicyName"] in names]
    return {**document, "ScalingPolicies": some}


def with_tags(call: AwsCall, document: Document) -> Document:
    """A new target has the tags that it was registered with."""
    found = _target(call)
    found.tags = getattr(found, "tags", None) or dict(call.parameters.get("Tags") or {})
    return document


def tags_are_told(call: AwsCall) -> Outcome:
    return _of_tags(call, lambda tags: tags)


def tags_are_set(call: AwsCall) -> Outcome:
    return _of_tags(call, lambda tags: tags.update(call.parameters["Tags"]))


def tags_are_taken_off(call: AwsCall) -> Outcome:
    return _of_tags(call, lambda tags: [tags.pop(each, None) for each in call.parameters["TagKeys"]])


def _of_tags(call: AwsCall, done: Callable[[dict[str, str]], Any]) -> Outcome:
    """Tags of targets, of which moto knows nothing."""
    arn = call.text("ResourceARN")
    for some in backend(call, "applicationautoscaling").targets.values():
        for each in some.values():
            if each.arn == arn:
                each.tags = getattr(each, "tags", {})
                done(each.tags)
                told = {"Tags": each.tags} if call.operation == "ListTagsForResource" else {}
                return Answer(json.dumps(told), "application/x-amz-json-1.1")
    return AwsError("ResourceNotFoundException", f"No resource {arn}")


def _target(call: AwsCall) -> Any:
    targets = backend(call, "applicationautoscaling").targets
    return targets.get(call.text("ScalableDimension"), {}).get(call.text("ResourceId"))


def _policy(call: AwsCall) -> Any:
    some = backend(call, "applicationautoscaling").policies.values()
    wanted = (call.text("ResourceId"), call.text("PolicyName"))
    return next((each for each in some if (each.resource_id, each.policy_name) == wanted), None)


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    (_SERVICE, "RegisterScalableTarget"): (bounds_are_in_order,),
    (_SERVICE, "DeregisterScalableTarget"): (target_takes_all_along,),
    (_SERVICE, "PutScalingPolicy"): (policy_has_a_target,),
    (_SERVICE, "DeleteScalingPolicy"): (policy_is_there,),
    (_SERVICE, "ListTagsForResource"): (tags_are_told,),
    (_SERVICE, "TagResource"): (tags_are_set,),
    (_SERVICE, "UntagResource"): (tags_are_taken_off,),
}
TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    (_SERVICE, "DescribeScalableTargets"): with_the_role,
    (_SERVICE, "DescribeScalingPolicies"): of_names,
    (_SERVICE, "PutScalingPolicy"): as_it_was_called,
    (_SERVICE, "RegisterScalableTarget"): with_tags,
}
