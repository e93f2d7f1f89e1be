"""Networks: what is attached to a VPC goes only when nothing needs it any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend


def one_internet_gateway(call: AwsCall) -> Outcome:
    """A VPC has one internet gateway."""
    vpc_id = call.text("VpcId")
    gateways = backend(call, "ec2").internet_gateways.values()
    if not any(each.vpc is not None and each.vpc.id == vpc_id for each in gateways):
        return None
    return AwsError("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")


def public_addresses_hold_the_gateway(call: AwsCall) -> Outcome:
    """An internet gateway leaves a VPC after all that has a public address there."""
    vpc_id = call.text("VpcId")
    if not any(_public_addresses(call, vpc_id)):
        return None
    message = f"Network {vpc_id} has some mapped public address(es). Please unmap those before detaching."
    return AwsError("DependencyViolation", message)


def names_need_dns_support(call: AwsCall) -> Outcome:
    """A VPC whose DNS support is off gives no host names."""
    vpc = backend(call, "ec2").vpcs.get(call.text("VpcId"))
    wanted = call.text("EnableDnsHostnames.Value") == "true"
    if vpc is None or not wanted or str(vpc.enable_dns_support).lower() == "true":
        return None
    return AwsError("InvalidParameterValue", "enableDnsHostnames needs enableDnsSupport")


def _public_addresses(call: AwsCall, vpc_id: str) -> Iterator[bool]:
    ec2 = backend(call, "ec2")
    for gateway in ec2.nat_gateways.values():
        yield (
            gateway.vpc_id == vpc_id and gateway.connectivity_type == "public" and gateway.state != "deleted"
        )
    for balancer in backend(call, "elbv2").load_balancers.values():
        yield balancer.vpc_id == vpc_id and balancer.scheme == "internet-facing"
    for address in ec2.addresses:
        interface: Any = address.eni
        yield interface is not None and interface.subnet.vpc_id == vpc_id


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "AttachInternetGateway"): (one_internet_gateway,),
    ("ec2", "DetachInternetGateway"): (public_addresses_hold_the_gateway,),
    ("ec2", "ModifyVpcAttribute"): (names_need_dns_support,),
}
