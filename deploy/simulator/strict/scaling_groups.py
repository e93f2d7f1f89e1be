"""Auto Scaling groups: names, bounds, what they are made of, when AWS deletes one; and what moto forgets.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

_SERVICE = "autoscaling"
#: Parameters that moto does not take, or not in an update, and where it has what it tells.
_PLAIN: dict[str, tuple[str, Callable[[str], Any]]] = {
    "DefaultCooldown": ("default_cooldown", int),
    "DefaultInstanceWarmup": ("default_instance_warmup", int),
    "MaxInstanceLifetime": ("max_instance_lifetime", int),
    "PlacementGroup": ("placement_group", str),
    "Context": ("context", str),
    "DesiredCapacityType": ("desired_capacity_type", str),
}
_HEALTHY = "InstanceMaintenancePolicy"
_TEMPLATES = ("LaunchTemplate", "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification")

for _name, _ in _PLAIN.values():
    if not hasattr(FakeAutoScalingGroup, _name):
        setattr(FakeAutoScalingGroup, _name, None)
FakeAutoScalingGroup.instance_maintenance_policy = None  # type: ignore[attr-defined]

_update = FakeAutoScalingGroup.update


def _updated(group: Any, **given: Any) -> None:
    """Change what is given: moto takes a mixed instances policy off a group that is not given one."""
    mixed = group.mixed_instances_policy
    _update(group, **given)
    if mixed and not given.get("launch_template") and not given.get("mixed_instances_policy"):
        group.mixed_instances_policy = mixed
    if group.mixed_instances_policy and given.get("mixed_instances_policy"):
        group.provided_launch_template_version = None


def _plain(group: Any) -> Any:
    """A group tells of one way in which its instances are made."""
    return None if group.mixed_instances_policy else _template.fget(group)


_template: Any = FakeAutoScalingGroup.launch_template
FakeAutoScalingGroup.update = _updated  # type: ignore[method-assign,assignment]
FakeAutoScalingGroup.launch_template = property(_plain)  # type: ignore[assignment]


def name_is_free(call: AwsCall) -> Outcome:
    """moto puts the new group into the place of the one of that name."""
    if _group(call) is None:
        return None
    message = "AutoScalingGroup by this name already exists - A group with the name "
    return AwsError("AlreadyExists", f"{message}{call.text('AutoScalingGroupName')} already exists")


def is_there(call: AwsCall) -> Outcome:
    return None if _group(call) else _invalid("AutoScalingGroup name not found - null")


def bounds_are_in_order(call: AwsCall) -> Outcome:
    """As many as are wanted are within the bounds, those included that stay as they are."""
    group = _group(call)

    def size(parameter: str, name: str) -> int | None:
        return int(call.text(parameter)) if parameter in call.parameters else getattr(group, name, None)

    least, most = size("MinSize", "min_size") or 0, size("MaxSize", "max_size") or 0
    if least > most:
        return _invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if "DesiredCapacity" in call.parameters and not least <= int(call.text("DesiredCapacity")) <= most:
        return _invalid(f"Desired capacity:{call.text('DesiredCapacity')} must be between {least} and {most}")
    return None


def made_of_what_there_is(call: AwsCall) -> Outcome:
    """Launch templates, with the version that is named, an image and a type; subnets; target groups."""
    ec2 = backend(call, "ec2")
    for place in _TEMPLATES:
        name = call.text(f"{place}.LaunchTemplateId")
        template = ec2.launch_templates.get(name)
        if name and template is None:
            return _fully_formed(f"The specified launch template, with template ID {name}, does not exist.")
        if template is not None:
            version = template.get_version(call.text(f"{place}.Version") or "$Default")
            if not version.image_id:
                return _fully_formed("Launch template must specify an image.")
    subnets = {each.id for zone in ec2.subnets.values() for each in zone.values()}
    for name in filter(None, call.text("VPCZoneIdentifier").split(",")):
        if name not in subnets:
            return _invalid(f"The subnet ID '{name}' does not exist")
    for arn in call.members("TargetGroupARNs.member"):
        if arn not in backend(call, "elbv2").target_groups:
            return _invalid(
                "Provided Target Groups may not be valid. Please ensure they exist and try again."
            )
    return None


def is_empty(call: AwsCall) -> Outcome:
    """A group goes once its instances are gone, unless it is forced."""
    group = _group(call)
    if group.instance_states and call.text("ForceDelete") != "true":
        message = "You cannot delete an AutoScalingGroup while there are instances still in the group."
        return AwsError("ResourceInUse", message)
    return None


def no_notifications(call: AwsCall) -> Outcome:
    """moto knows no notifications: there are none."""
    return Answer(
        '<DescribeNotificationConfigurationsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">'
        "<DescribeNotificationConfigurationsResult><NotificationConfigurations/>"
        "</DescribeNotificationConfigurationsResult><ResponseMetadata><RequestId>r</RequestId>"
        "</ResponseMetadata></DescribeNotificationConfigurationsResponse>"
    )


def complete(call: AwsCall, reply: Response) -> None:
    """Give a group what moto does not."""
    group = _group(call)
    for parameter, (name, read) in _PLAIN.items():
        if parameter in call.parameters:
            setattr(group, name, read(call.text(parameter)))
    if policies := call.members("TerminationPolicies.member"):
        group.termination_policies = policies
    bounds = {
        name: call.text(f"{_HEALTHY}.{name}") for name in ("MinHealthyPercentage", "MaxHealthyPercentage")
    }
    if any(bounds.values()):
        group.instance_maintenance_policy = {name: int(text) for name, text in bounds.items() if text}


def _group(call: AwsCall) -> Any:
    return backend(call, _SERVICE).autoscaling_groups.get(call.text("AutoScalingGroupName"))


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def _fully_formed(message: str) -> AwsError:
    return _invalid(f"You must use a valid fully-formed launch template. {message}")


_OF_GROUP = (bounds_are_in_order, made_of_what_there_is)
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    (_SERVICE, "AttachLoadBalancerTargetGroups"): (is_there, made_of_what_there_is),
    (_SERVICE, "CreateAutoScalingGroup"): (name_is_free, *_OF_GROUP),
    (_SERVICE, "DeleteAutoScalingGroup"): (is_there, is_empty),
    (_SERVICE, "DescribeNotificationConfigurations"): (no_notifications,),
    (_SERVICE, "UpdateAutoScalingGroup"): (is_there, *_OF_GROUP),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    (_SERVICE, "CreateAutoScalingGroup"): complete,
    (_SERVICE, "UpdateAutoScalingGroup"): complete,
}
