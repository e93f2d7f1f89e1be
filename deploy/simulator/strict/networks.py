"""Networks: what is attached to a VPC goes only when nothing needs it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.ec2.models import EC2Backend

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, as_at_first, backend

_begin = EC2Backend.__init__


def _with_its_default_network(region: Any, region_name: str, account_id: str) -> None:
    with as_at_first(f"network {account_id} {region_name}"):
        _begin(region, region_name, account_id)


EC2Backend.__init__ = _with_its_default_network  # type: ignore[method-assign,assignment]


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


def address_in_use_stays(call: AwsCall) -> Outcome:
    """An address is released once nothing has it; one of a NAT gateway is not even the caller's."""
    ec2 = backend(call, "ec2")
    found = [each for each in ec2.addresses if each.allocation_id == call.text("AllocationId")]
    if not found or found[0].eni is None:
        return None
    if any(found[0].eni is each._eni for each in ec2.nat_gateways.values()):
        return AwsError("AuthFailure", "You do not have permission to access the specified resource.", 403)
    return AwsError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")


def let_go_of_gateways(call: AwsCall, is_gone: Callable[[str], bool]) -> None:
    """Free what NAT gateways have had that are gone, which moto does not.

    Args:
        is_gone: whether one that was deleted has let go of what it had.
    """
    ec2 = backend(call, "ec2")
    for gateway in ec2.nat_gateways.values():
        interface = gateway._eni
        if gateway.state in ("deleted", "failed") and interface.id in ec2.enis and is_gone(gateway.id):
            for address in ec2.addresses:
                if address.eni is interface:
                    ec2.disassociate_address(association_id=address.association_id)
            del ec2.enis[interface.id]


def fail_without_way_out(call: AwsCall, names: Iterable[str]) -> None:
    """Let public NAT gateways fail that have just been made where there is no internet gateway."""
    ec2 = backend(call, "ec2")
    attached = {each.vpc.id for each in ec2.internet_gateways.values() if each.vpc is not None}
    for name in names:
        gateway = ec2.nat_gateways.get(name)
        if gateway is not None and gateway.connectivity_type == "public" and gateway.vpc_id not in attached:
            gateway.state = "failed"


def disassociate(call: AwsCall) -> None:
    """Let route tables be no longer for a subnet that is gone, which moto does not."""
    for table in backend(call, "ec2").route_tables.values():
        for name, subnet in list(table._associations.items()):
            if subnet == call.text("SubnetId"):
                del table._associations[name]


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
        public = gateway.vpc_id == vpc_id and gateway.connectivity_type == "public"
        yield public and gateway._eni.id in ec2.enis
    for balancer in backend(call, "elbv2").load_balancers.values():
        yield balancer.vpc_id == vpc_id and balancer.scheme == "internet-facing"
    for address in ec2.addresses:
        interface: Any = address.eni
        yield interface is not None and interface.subnet.vpc_id == vpc_id


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "AttachInternetGateway"): (one_internet_gateway,),
    ("ec2", "DetachInternetGateway"): (public_addresses_hold_the_gateway,),
    ("ec2", "ReleaseAddress"): (address_in_use_stays,),
    ("ec2", "ModifyVpcAttribute"): (names_need_dns_support,),
}
