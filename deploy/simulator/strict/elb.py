"""Elastic Load Balancing: names and ports are unique; creating the same thing again finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Existing, Outcome, Rule, backend


def two_zones_and_known_groups(call: AwsCall) -> Outcome:
    """An application load balancer needs subnets in two zones and security groups that exist."""
    ec2 = backend(call, "ec2")
    wanted = call.members("Subnets.member")
    subnets = [subnet for zone in ec2.subnets.values() for subnet in zone.values() if subnet.id in wanted]
    if call.text("Type") in {"", "application"} and len(wanted) == len(subnets):
        zones = {subnet.availability_zone for subnet in subnets}
        if wanted and len(zones) < 2:
            return _error(
                "ValidationError",
                "At least two subnets in two different Availability Zones must be specified",
            )
    for group_id in call.members("SecurityGroups.member"):
        if ec2.get_security_group_from_id(group_id) is None:
            return _error("InvalidSecurityGroup", f"Security group '{group_id}' does not exist")
    return None


def load_balancer_name_is_unique(call: AwsCall) -> Outcome:
    """A second create is the first again, or an error if it asks for something else."""
    name = call.text("Name")
    for balancer in backend(call, "elbv2").load_balancers.values():
        if balancer.name != name:
            continue
        same = (
            _same(call, "Scheme", balancer.scheme, "internet-facing")
            and _same(call, "Type", balancer.type, "application")
            and sorted(call.members("Subnets.member")) == sorted(subnet.id for subnet in balancer.subnets)
        )
        if same:
            return _existing("CreateLoadBalancer", "DescribeLoadBalancers", "LoadBalancerArns", balancer.arn)
        return _error(
            "DuplicateLoadBalancerName",
            f"A load balancer with the same name '{name}' exists, but with different settings",
        )
    return None


def target_group_name_is_unique(call: AwsCall) -> Outcome:
    """As for load balancers."""
    name = call.text("Name")
    for group in backend(call, "elbv2").target_groups.values():
        if group.name != name:
            continue
        same = (
            _same(call, "Protocol", group.protocol)
            and _same(call, "Port", group.port)
            and _same(call, "VpcId", group.vpc_id)
            and _same(call, "TargetType", group.target_type, "instance")
        )
        if same:
            return _existing("CreateTargetGroup", "DescribeTargetGroups", "TargetGroupArns", group.arn)
        return _error(
            "DuplicateTargetGroupName",
            f"A target group with the same name '{name}' exists, but with different settings",
        )
    return None


def one_listener_a_port(call: AwsCall) -> Outcome:
    """A second listener on a port is refused, unless it is the same one again."""
    balancer = backend(call, "elbv2").load_balancers.get(call.text("LoadBalancerArn"))
    for listener in balancer.listeners.values() if balancer else ():
        if str(listener.port) != call.text("Port"):
            continue
        wanted = call.text("DefaultActions.member.1.TargetGroupArn")
        if _same(call, "Protocol", listener.protocol) and wanted in set(forward_targets(listener)):
            return _existing("CreateListener", "DescribeListeners", "ListenerArns", listener.arn)
        return _error("DuplicateListener", "A listener with the specified port already exists.")
    return None


def forward_targets(listener: Any) -> Iterable[str]:
    """ARNs of the target groups that a listener forwards to."""
    for action in listener.default_actions:
        if arn := action.data.get("TargetGroupArn"):
            yield arn
        groups = (action.data.get("ForwardConfig") or {}).get("TargetGroups") or []
        yield from (group["TargetGroupArn"] for group in groups)


def _error(code: str, message: str) -> AwsError:
    return AwsError(code, message)


def _same(call: AwsCall, parameter: str, actual: object, default: str = "") -> bool:
    return (call.text(parameter) or default) == (str(actual or "") or default)


def _existing(create: str, describe: str, identifiers: str, arn: str) -> Existing:
    return Existing(
        operation=describe,
        parameters={f"{identifiers}.member.1": arn},
        reshape=_renamed(describe, create),
    )


def _renamed(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(old.encode(), new.encode())


def port_is_one(call: AwsCall) -> Outcome:
    """A port is from 1 to 65535."""
    port = call.text("Port")
    if not port or 1 <= int(port) <= 65535:
        return None
    return _error(
        "ValidationError",
        f"1 validation error detected: Value '{port}' at 'port' failed to satisfy constraint: "
        "Member must have value less than or equal to 65535",
    )


def secure_listener_has_a_certificate(call: AwsCall) -> Outcome:
    """A listener that encrypts has a certificate."""
    protocol = call.text("Protocol")
    if protocol not in {"HTTPS", "TLS"} or call.text("Certificates.member.1.CertificateArn"):
        return None
    return _error("ValidationError", f"A certificate must be specified for {protocol} listeners")


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("elasticloadbalancing", "CreateLoadBalancer"): (
        two_zones_and_known_groups,
        load_balancer_name_is_unique,
    ),
    ("elasticloadbalancing", "SetSubnets"): (two_zones_and_known_groups,),
    ("elasticloadbalancing", "SetSecurityGroups"): (two_zones_and_known_groups,),
    ("elasticloadbalancing", "CreateTargetGroup"): (port_is_one, target_group_name_is_unique),
    ("elasticloadbalancing", "CreateListener"): (
        port_is_one,
        secure_listener_has_a_certificate,
        one_listener_a_port,
    ),
}
