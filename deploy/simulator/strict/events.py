"""EventBridge: rules of AWS's own services, and what a target needs and is filled up with.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

Document = dict[str, Any]

#: How services of AWS call the rules that they make for themselves. Here whoever makes one makes it for them.
_MANAGED = {
    "AutoScalingManagedRule": "autoscaling.amazonaws.com",
    "StepFunctionsGetEventsForECSTaskRule": "states.amazonaws.com",
}
#: A rule has so many targets, unless its owner has asked AWS for more.
_MOST = 5
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)", re.ASCII)
#: What has no policy of its own.
_WITH_ROLE = (":ecs:", ":kinesis:", ":states:", ":batch:", ":firehose:")
_OF_TASKS = {"TaskCount": 1, "EnableECSManagedTags": False, "EnableExecuteCommand": False}


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def rule_is_nobody_elses(call: AwsCall) -> Outcome:
    """What a service has made for itself nobody else changes."""
    found = _rule(call)
    if found is None or not found.managed_by or call.parameters.get("Force"):
        return None
    return AwsError(
        "ManagedRuleException", f"Rule {found.name} is managed by {found.managed_by} and cannot be changed."
    )


def roles_are_there(call: AwsCall) -> Outcome:
    """AWS assumes the roles of rules and targets."""
    roles = {each.arn for each in backend(call, "iam", everywhere=True).roles.values()}
    for arn in asked_roles(call):
        role = _ROLE.fullmatch(arn)
        if role is None or (role[1] == call.account and arn not in roles):
            return not_assumed(arn)
    return None


def asked_roles(call: AwsCall) -> list[str]:
    """The roles that a call names."""
    some = [call.parameters, *call.parameters.get("Targets", ())]
    return [each["RoleArn"] for each in some if each.get("RoleArn")]


def not_assumed(arn: str) -> AwsError:
    """What AWS says of a role that is not there, or too new."""
    return _invalid(f"Provided role '{arn}' cannot be assumed by principal 'events.amazonaws.com'.")


def targets_fit(call: AwsCall) -> Outcome:
    """A target gets one input, and what its kind needs; a rule has few of them."""
    for each in call.parameters.get("Targets", ()):
        if sum(name in each for name in ("Input", "InputPath", "InputTransformer")) > 1:
            return _invalid("Only one of Input, InputPath, or InputTransformer must be provided for target")
        if "Input" in each and not _is_json(each["Input"]):
            return _invalid(f"JSON syntax error in input for target {each['Id']}")
        if any(kind in each["Arn"] for kind in _WITH_ROLE) and not each.get("RoleArn"):
            return _invalid(f"RoleArn is required for target {each['Arn']}.")
        if ":ecs:" in each["Arn"] and not each.get("EcsParameters"):
            return _invalid(f"Parameter(s) EcsParameters must be specified for target: {each['Id']}.")
        if ":ecs:" not in each["Arn"] and each.get("EcsParameters"):
            return _invalid(f"Parameter(s) EcsParameters not valid for target: {each['Id']}.")
        if ":sqs:" not in each["Arn"] and each.get("SqsParameters"):
            return _invalid(f"Parameter(s) SqsParameters not valid for target: {each['Id']}.")
    found = _rule(call)
    there = {each["Id"] for each in found.targets} if found is not None else set()
    if len(there | {each["Id"] for each in call.parameters.get("Targets", ())}) > _MOST:
        return AwsError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def rule_is_there(call: AwsCall) -> Outcome:
    """moto's answer to a bus or a rule that is not there has no code."""
    if _rule(call) is None:
        return AwsError("ResourceNotFoundException", f"Rule {call.text('Rule')} does not exist on EventBus.")
    return None


def tags_are_told(call: AwsCall) -> Outcome:
    return _of_tags(call, lambda tagger, arn: None)


def tags_are_set(call: AwsCall) -> Outcome:
    return _of_tags(call, lambda tagger, arn: tagger.tag_resource(arn, call.parameters["Tags"]))


def tags_are_taken_off(call: AwsCall) -> Outcome:
    return _of_tags(
        call, lambda tagger, arn: tagger.untag_resource_using_names(arn, call.parameters["TagKeys"])
    )


def _of_tags(call: AwsCall, done: Callable[[Any, str], Any]) -> Outcome:
    """Tags of rules by their ARNs; moto takes those of one name on two buses for one."""
    arn = call.text("ResourceARN")
    some = backend(call, "events")
    if all(rule.arn != arn for bus in some.event_buses.values() for rule in bus.rules.values()):
        return None
    done(some.tagger, arn)
    told = some.tagger.list_tags_for_resource(arn) if call.operation == "ListTagsForResource" else {}
    return Answer(json.dumps(told), "application/x-amz-json-1.1")


def is_its_makers(call: AwsCall, reply: Response) -> None:
    """A rule of a name of a service's is that one's."""
    _rule(call).managed_by = _MANAGED.get(call.text("Name"))


def with_what_aws_fills_in(call: AwsCall, document: Document) -> Document:
    """Targets as AWS tells them."""
    some = [
        {**each, "EcsParameters": {**_OF_TASKS, **each["EcsParameters"]}} if "EcsParameters" in each else each
        for each in document["Targets"]
    ]
    return {**document, "Targets": some}


def _rule(call: AwsCall) -> Any:
    """The rule that a call is about; None if there is none."""
    bus = call.text("EventBusName").rpartition("/")[2] or "default"
    found = backend(call, "events").event_buses.get(bus)
    name = call.text("Rule") or call.text("Name")
    return found.rules.get(name) if found is not None else None


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("events", "PutRule"): (rule_is_nobody_elses, roles_are_there),
    ("events", "DeleteRule"): (rule_is_nobody_elses,),
    ("events", "PutTargets"): (rule_is_there, rule_is_nobody_elses, roles_are_there, targets_fit),
    ("events", "RemoveTargets"): (rule_is_there, rule_is_nobody_elses),
    ("events", "ListTargetsByRule"): (rule_is_there,),
    ("events", "ListTagsForResource"): (tags_are_told,),
    ("events", "TagResource"): (tags_are_set,),
    ("events", "UntagResource"): (tags_are_taken_off,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("events", "PutRule"): is_its_makers,
}
TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("events", "ListTargetsByRule"): with_what_aws_fills_in,
}
