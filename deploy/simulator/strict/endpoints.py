"""Endpoints of VPCs: which services there are, one interface a zone, one route a table, names that are free.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.utils import random_private_ip
from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

_GATEWAYS = ("s3", "dynamodb")
_OPTIONS = "DnsOptions."

# moto does not tell these.
for _name, _value in (("requester_managed", False), ("ip_address_type", "ipv4"), ("service_region", None)):
    setattr(VPCEndPoint, _name, _value)


def service_is_there(call: AwsCall) -> Outcome:
    """A gateway leads to S3 or DynamoDB, and what is AWS's is in a region."""
    name, here = call.text("ServiceName"), f"com.amazonaws.{call.text('ServiceRegion') or call.region}."
    services = [f"com.amazonaws.{call.region}.{each}" for each in _GATEWAYS]
    known = name.startswith((here, "com.amazonaws.s3-global.", "com.amazonaws.vpce.", "aws."))
    if name in services if _is_gateway(call.text("VpcEndpointType")) else known:
        return None
    return AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")


def endpoint_is_ours(call: AwsCall) -> Outcome:
    """Only who has made an endpoint changes it."""
    endpoint, name = _endpoint(call), call.text("VpcEndpointId")
    if endpoint is None or endpoint.state == "deleted":
        return AwsError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{name}' does not exist")
    if endpoint.requester_managed:
        return AwsError("OperationNotPermitted", f"{name} is managed by a service of AWS")
    return None


def tables_lead_to_one(call: AwsCall) -> Outcome:
    """A route table is of the endpoint's VPC, and leads to one endpoint of a service."""
    ec2, endpoint = backend(call, "ec2"), _endpoint(call)
    vpc = endpoint.vpc_id if endpoint else call.text("VpcId")
    service = endpoint.service_name if endpoint else call.text("ServiceName")
    taken = {
        table
        for each in _there(ec2)
        if each.service_name == service and _is_gateway(each.vpc_endpoint_type)
        for table in each.route_table_ids
    }
    for name in (*call.members("RouteTableId"), *call.members("AddRouteTableId")):
        table = ec2.route_tables.get(name)
        if table is None:
            return AwsError("InvalidRouteTableId.NotFound", f"The routeTable ID '{name}' does not exist")
        if table.vpc_id != vpc:
            return AwsError("InvalidParameter", f"Route table {name} belongs to a different VPC than {vpc}")
        if name in taken:
            message = f"route table {name} already has a route with destination-prefix-list-id of {service}"
            return AwsError("RouteAlreadyExists", message)
    return None


def one_subnet_a_zone(call: AwsCall) -> Outcome:
    """An endpoint has one subnet of its VPC in a zone."""
    ec2, endpoint = backend(call, "ec2"), _endpoint(call)
    vpc = endpoint.vpc_id if endpoint else call.text("VpcId")
    subnets = {name: subnet for zone in ec2.subnets.values() for name, subnet in zone.items()}
    zones = {subnets[each].availability_zone for each in (endpoint.subnet_ids if endpoint else ())}
    for name in (*call.members("SubnetId"), *call.members("AddSubnetId")):
        if name not in subnets:
            return AwsError("InvalidSubnetId.NotFound", f"The subnet ID '{name}' does not exist")
        if subnets[name].vpc_id != vpc:
            return AwsError("InvalidParameter", f"Subnet {name} belongs to a different VPC than {vpc}")
        zone = subnets[name].availability_zone
        if zone in zones:
            message = f"Found another VPC endpoint subnet in the availability zone of {name}"
            return AwsError("DuplicateSubnetsInSameZone", message)
        zones.add(zone)
    return None


def groups_are_there(call: AwsCall) -> Outcome:
    """Security groups are there."""
    ec2 = backend(call, "ec2")
    for name in (*call.members("SecurityGroupId"), *call.members("AddSecurityGroupId")):
        if ec2.get_security_group_from_id(name) is None:
            return AwsError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
    return None


def name_is_free(call: AwsCall) -> Outcome:
    """Private DNS needs a VPC that resolves names, and in which no other endpoint has the service's name."""
    ec2, endpoint = backend(call, "ec2"), _endpoint(call)
    if call.text("PrivateDnsEnabled") != "true":
        return None
    vpc = ec2.vpcs.get(endpoint.vpc_id if endpoint else call.text("VpcId"))
    service = endpoint.service_name if endpoint else call.text("ServiceName")
    if vpc is None:
        return None
    if "false" in (str(vpc.enable_dns_support).lower(), str(vpc.enable_dns_hostnames).lower()):
        return AwsError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set "
            f"to true for {vpc.id}",
        )
    for each in _there(ec2):
        same = (each.vpc_id, each.service_name) == (vpc.id, service)
        if same and each is not endpoint and each.private_dns_enabled:
            message = (
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            )
            return AwsError("InvalidParameter", message + service)
    return None


def delete(call: AwsCall) -> Outcome:
    """Delete some endpoints, and say of which that is refused: moto says of none."""
    ec2, refused = backend(call, "ec2"), ""
    for name in call.members("VpcEndpointId"):
        endpoint = ec2.vpc_end_points.get(name)
        if endpoint is None:
            message = f"The Vpc Endpoint Id '{name}' does not exist"
            refused += _refused(name, "InvalidVpcEndpoint.NotFound", message)
        elif endpoint.requester_managed:
            message = f"Operation is not allowed for requester-managed VPC endpoints for the service {name}"
            refused += _refused(name, "InvalidParameter", message)
        else:
            _give(ec2, endpoint, subnets=[], tables=[])
            endpoint.state = "deleted"
    return Answer(
        '<DeleteVpcEndpointsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>r</requestId><unsuccessful>{refused}</unsuccessful></DeleteVpcEndpointsResponse>"
    )


def _refused(name: str, code: str, message: str) -> str:
    said = f"<code>{escape(code)}</code><message>{escape(message)}</message>"
    return f"<item><resourceId>{escape(name)}</resourceId><error>{said}</error></item>"


def complete(call: AwsCall, reply: Response) -> None:
    """Give a new endpoint what moto does not."""
    ec2 = backend(call, "ec2")
    for name in markup.texts(markup.parse(reply), "vpcEndpointId"):
        endpoint = ec2.vpc_end_points[name]
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        subnets, endpoint.subnet_ids = endpoint.subnet_ids or [], []
        for each in endpoint.network_interface_ids:
            ec2.enis.pop(each, None)
        endpoint.network_interface_ids = []
        tables, endpoint.route_table_ids = endpoint.route_table_ids, []
        if not _is_gateway(endpoint.vpc_endpoint_type):
            endpoint.service_region = call.text("ServiceRegion") or call.region
            default = ec2.get_security_group_by_name_or_id("default", vpc_id=endpoint.vpc_id)
            endpoint.security_group_ids = endpoint.security_group_ids or [default.id]
        endpoint.dns_options = {
            "DnsRecordIpType": "service-defined" if _is_gateway(endpoint.vpc_endpoint_type) else "ipv4"
        }
        _set(call, endpoint)
        _give(ec2, endpoint, subnets=subnets, tables=tables)


def change(call: AwsCall, reply: Response) -> None:
    """Change an endpoint as moto does not."""
    ec2, endpoint = backend(call, "ec2"), _endpoint(call)
    if call.text("ResetPolicy") == "true":
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    _set(call, endpoint)
    subnets, tables = list(endpoint.subnet_ids), list(endpoint.route_table_ids)
    endpoint.subnet_ids = [each for each in subnets if each not in call.members("AddSubnetId")]
    endpoint.subnet_ids += call.members("RemoveSubnetId")
    endpoint.route_table_ids = [each for each in tables if each not in call.members("AddRouteTableId")]
    endpoint.route_table_ids += call.members("RemoveRouteTableId")
    _give(ec2, endpoint, subnets=subnets, tables=tables)


def _set(call: AwsCall, endpoint: Any) -> None:
    if "PrivateDnsEnabled" in call.parameters:
        endpoint.private_dns_enabled = call.text("PrivateDnsEnabled") == "true"
    endpoint.ip_address_type = call.text("IpAddressType") or endpoint.ip_address_type
    for name, value in call.parameters.items():
        if name.startswith(_OPTIONS):
            option = name.removeprefix(_OPTIONS)
            endpoint.dns_options[option] = value == "true" if value in ("true", "false") else value


def _give(ec2: Any, endpoint: Any, *, subnets: Iterable[str], tables: Iterable[str]) -> None:
    """Let an endpoint have interfaces in these subnets and routes in these tables, and in no others."""
    subnets, tables = list(subnets), list(tables)
    there = {ec2.enis[each].subnet.id: each for each in endpoint.network_interface_ids if each in ec2.enis}
    for subnet in set(there) - set(subnets):
        ec2.enis.pop(there.pop(subnet))
    for subnet in [each for each in subnets if each not in there]:
        there[subnet] = ec2.create_network_interface(subnet, random_private_ip()).id
    endpoint.subnet_ids, endpoint.network_interface_ids = subnets, list(there.values())
    for table in set(endpoint.route_table_ids) - set(tables):
        _take_route(ec2, endpoint, table)
    to = {"gateway_id": endpoint.id, "destination_prefix_list_id": endpoint.destination_prefix_list_id}
    for table in [each for each in tables if each not in endpoint.route_table_ids]:
        ec2.create_route(table, None, **to)
    endpoint.route_table_ids = tables


def _take_route(ec2: Any, endpoint: Any, table: str) -> None:
    routes = ec2.route_tables[table]._routes if table in ec2.route_tables else {}
    for name in [name for name, each in routes.items() if each.gateway_id == endpoint.id]:
        del routes[name]


def forget_table(call: AwsCall, reply: Response) -> None:
    """Let no endpoint name a route table that is gone, which moto does."""
    for each in backend(call, "ec2").vpc_end_points.values():
        each.route_table_ids = [name for name in each.route_table_ids if name != call.text("RouteTableId")]


def in_vpc(ec2: Any, vpc_id: str) -> Iterator[bool]:
    """Whether endpoints keep a VPC from being deleted."""
    yield from (each.vpc_id == vpc_id for each in _there(ec2))


def groups(ec2: Any) -> Iterator[str]:
    """The security groups of endpoints."""
    for each in _there(ec2):
        yield from each.security_group_ids


def networks(call: AwsCall) -> list[str]:
    """Subnets and security groups of the endpoints that a call deletes."""
    some = map(backend(call, "ec2").vpc_end_points.get, call.members("VpcEndpointId"))
    return [name for each in some if each for name in (*(each.subnet_ids or ()), *each.security_group_ids)]


def _there(ec2: Any) -> Iterator[Any]:
    return (each for each in ec2.vpc_end_points.values() if each.state != "deleted")


def _endpoint(call: AwsCall) -> Any:
    return backend(call, "ec2").vpc_end_points.get(call.text("VpcEndpointId"))


def _is_gateway(kind: str | None) -> bool:
    return (kind or "Gateway").lower() == "gateway"


_NETWORK = (tables_lead_to_one, one_subnet_a_zone, groups_are_there, name_is_free)
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "CreateVpcEndpoint"): (service_is_there, *_NETWORK),
    ("ec2", "DeleteVpcEndpoints"): (delete,),
    ("ec2", "ModifyVpcEndpoint"): (endpoint_is_ours, *_NETWORK),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("ec2", "CreateVpcEndpoint"): complete,
    ("ec2", "DeleteRouteTable"): forget_table,
    ("ec2", "ModifyVpcEndpoint"): change,
}
