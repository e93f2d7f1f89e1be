"""EC2: nothing that something else still needs can be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict import endpoints, network_acls
from deploy.simulator.strict.outcome import Outcome, Rule, backend


def default_group_stays(call: AwsCall) -> Outcome:
    """The default security group of a VPC cannot be deleted."""
    group = _security_group(call)
    if group is None or group.name != "default":
        return None
    return AwsError(
        "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
    )


def group_in_use_stays(call: AwsCall) -> Outcome:
    """A security group of a load balancer, service or interface, or named in another's rule, stays."""
    group = _security_group(call)
    if group is None or group.id not in set(_groups_in_use(call, group.id)):
        return None
    return AwsError("DependencyViolation", f"resource {group.id} has a dependent object")


def subnet_in_use_stays(call: AwsCall) -> Outcome:
    """A subnet of a load balancer, service, interface or NAT gateway stays."""
    subnet_id = call.text("SubnetId")
    if subnet_id not in set(_subnets_in_use(call)):
        return None
    message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
    return AwsError("DependencyViolation", message)


def vpc_with_contents_stays(call: AwsCall) -> Outcome:
    """A VPC goes only when its subnets, own security groups, ACLs and gateways are gone."""
    vpc_id = call.text("VpcId")
    if not any(_vpc_contents(backend(call, "ec2"), vpc_id)):
        return None
    return AwsError("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


def zone_is_of_the_region(call: AwsCall) -> Outcome:
    """A subnet is in a zone of the region."""
    zone = call.text("AvailabilityZone")
    if zone.startswith(call.region):
        return None
    return (
        AwsError("InvalidParameterValue", f"Value ({zone}) for parameter availabilityZone is invalid.")
        if zone
        else None
    )


def _security_group(call: AwsCall) -> Any:
    ec2 = backend(call, "ec2")
    if group_id := call.text("GroupId"):
        return ec2.get_security_group_from_id(group_id)
    return ec2.get_security_group_by_name_or_id(call.text("GroupName"))


def _groups_in_use(call: AwsCall, but: str) -> Iterator[str]:
    ec2 = backend(call, "ec2")
    for load_balancer in backend(call, "elbv2").load_balancers.values():
        yield from load_balancer.security_groups or []
    for network in _service_networks(call):
        yield from network.get("securityGroups") or []
    for interface in ec2.enis.values():
        yield from (group.id for group in interface.group_set)
    yield from endpoints.groups(ec2)
    for groups in ec2.groups.values():
        for group in groups.values():
            if group.id != but:
                yield from _referenced(group)


def _referenced(group: Any) -> Iterator[str]:
    for rule in [*group.ingress_rules, *group.egress_rules]:
        if isinstance(source := rule.source_group, dict) and source.get("GroupId"):
            yield source["GroupId"]


def _subnets_in_use(call: AwsCall) -> Iterator[str]:
    ec2 = backend(call, "ec2")
    for load_balancer in backend(call, "elbv2").load_balancers.values():
        yield from (subnet.id for subnet in load_balancer.subnets)
    for network in _service_networks(call):
        yield from network.get("subnets") or []
    yield from (interface.subnet.id for interface in ec2.enis.values())


def _service_networks(call: AwsCall) -> Iterator[dict[str, Any]]:
    for service in backend(call, "ecs").services.values():
        if service.status != "INACTIVE":
            yield (service.network_configuration or {}).get("awsvpcConfiguration") or {}


def _vpc_contents(ec2: Any, vpc_id: str) -> Iterator[bool]:
    for zone in ec2.subnets.values():
        yield from (subnet.vpc_id == vpc_id for subnet in zone.values())
    yield from (group.name != "default" for group in ec2.groups.get(vpc_id, {}).values())
    yield from network_acls.in_vpc(ec2, vpc_id)
    yield from endpoints.in_vpc(ec2, vpc_id)
    for gateway in ec2.internet_gateways.values():
        yield gateway.vpc is not None and gateway.vpc.id == vpc_id


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "CreateSubnet"): (zone_is_of_the_region,),
    ("ec2", "DeleteSecurityGroup"): (default_group_stays, group_in_use_stays),
    ("ec2", "DeleteSubnet"): (subnet_in_use_stays,),
    ("ec2", "DeleteVpc"): (vpc_with_contents_stays,),
}
