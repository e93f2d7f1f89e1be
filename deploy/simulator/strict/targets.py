"""Targets of target groups: instances that run, in the group's VPC, each at any number of ports.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instances import InstanceBackend
from moto.elbv2.models import FakeTargetGroup, elbv2_backends

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend

_register = FakeTargetGroup.register
_health = FakeTargetGroup.health_for
_terminate = InstanceBackend.terminate_instances

# moto has an instance once in a target group, and refuses to take off what is not in it.


def _place(group: Any, target: dict[str, Any]) -> str:
    return f"{target['Id']}:{target.get('Port') or group.port}"


def _registered(group: Any, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        _register(group, [target])
        group.targets[_place(group, target)] = group.targets.pop(target["Id"])
        group.deregistered_targets.pop(_place(group, target), None)


def _deregistered(group: Any, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        if (there := group.targets.pop(_place(group, target), None)) is not None:
            group.deregistered_targets[_place(group, target)] = there


def _terminated(group: Any, instances: list[str]) -> None:
    for place, target in list(group.targets.items()):
        if target["Id"] in instances:
            group.terminated_targets[target["Id"]] = group.targets.pop(place)


def _taken_off(ec2: Any, instances: list[str]) -> Any:
    """Instances that go are taken off first: moto forgets that where an Auto Scaling group ends them."""
    gone = _terminate(ec2, instances)
    elbv2_backends[ec2.account_id][ec2.region_name].notify_terminate_instances(instances)
    return gone


def _as_moto_has_it(group: Any, target: dict[str, Any], ec2: Any) -> Any:
    """moto's health of one target, which it knows by the id alone."""
    whole, gone = group.targets, group.deregistered_targets
    there, left = whole.get(_place(group, target)), gone.get(_place(group, target))
    group.targets = {target["Id"]: there} if there else {}
    group.deregistered_targets = {target["Id"]: left} if left else {}
    try:
        return _health(group, target, ec2)
    finally:
        group.targets, group.deregistered_targets = whole, gone


FakeTargetGroup.register = _registered  # type: ignore[method-assign,assignment]
FakeTargetGroup.deregister = _deregistered  # type: ignore[method-assign,assignment]
FakeTargetGroup.deregister_terminated_instances = _terminated  # type: ignore[method-assign,assignment]
InstanceBackend.terminate_instances = _taken_off  # type: ignore[method-assign,assignment]
FakeTargetGroup.health_for = _as_moto_has_it  # type: ignore[method-assign,assignment]


def instances_are_of_the_vpc(call: AwsCall) -> Outcome:
    """An instance is one of the group's VPC, and of a group of instances."""
    group = backend(call, "elbv2").target_groups.get(call.text("TargetGroupArn"))
    for name in call.members("Targets.member", "Id") if group is not None else ():
        if not name.startswith("i-"):
            continue
        instance = backend(call, "ec2").get_instance_by_id(name)
        if group.target_type != "instance":
            return AwsError("ValidationError", f"The ID '{name}' is not a valid target of the group")
        if instance is None or instance.state == "terminated":
            return AwsError("InvalidTarget", f"The following targets are not valid instances: '{name}'")
        if group.vpc_id and instance.vpc_id != group.vpc_id:
            message = f"The following targets are not in the target group VPC '{group.vpc_id}': '{name}'"
            return AwsError("InvalidTarget", message)
    return None


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("elasticloadbalancing", "RegisterTargets"): (instances_are_of_the_vpc,),
}
