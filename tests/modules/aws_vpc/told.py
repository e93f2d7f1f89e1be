"""What botocore's models do not say of what EC2 tells of networks."""

from typing import Any

from tests.modules.told import ABSENT, ACCOUNT, REGION

_POLICIES = tuple(
    f'{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":"*","Action":"*"}}]}}'
    for effect in ("Allow", "Deny")
)


def _endpoint(kind: str) -> dict[str, Any]:
    return {"VpcEndpoints.VpcEndpointType": kind, "VpcEndpoints.PolicyDocument": _POLICIES}


#: Where a route can lead to, besides gateways.
_TARGETS = (
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "LocalGatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "OdbNetworkArn",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
)
EXAMPLES = {
    # It is for one destination, and leads to one target.
    "route": {
        "Routes.Origin": "CreateRoute",
        "Routes.DestinationCidrBlock": ("10.7.0.0/16", "10.8.0.0/16"),
        "Routes.DestinationIpv6CidrBlock": ABSENT,
        "Routes.DestinationPrefixListId": ABSENT,
        "Routes.GatewayId": ("vgw-1", "vgw-2"),
        **{f"Routes.{name}": ABSENT for name in _TARGETS},
    },
    "route_table_association": {"Associations.GatewayId": ABSENT, "Associations.Main": False},
    # It is for one network, and what is of ICMP has no ports.
    "network_acl_entry": {
        "Entries.RuleNumber": (100, 200),
        "Entries.Protocol": ("6", "17"),
        "Entries.Ipv6CidrBlock": ABSENT,
        "Entries.IcmpTypeCode": ABSENT,
    },
    # Between two VPCs of the account.
    "peering_connection": {
        f"VpcPeeringConnections.{side}VpcInfo.{name}": value
        for side in ("Requester", "Accepter")
        for name, value in (("OwnerId", ACCOUNT), ("Region", REGION))
    },
    "endpoint_gateway": {
        **_endpoint("Gateway"),
        "VpcEndpoints.ServiceName": ("com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"),
        "VpcEndpoints.DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint": ABSENT,
    },
    "endpoint_interface": {
        **_endpoint("Interface"),
        "VpcEndpoints.ServiceName": tuple(f"com.amazonaws.vpce.us-east-1.vpce-svc-{each}" for each in "12"),
    },
    # Of an interface, whose logs are files.
    "flow_log": {
        "FlowLogs.ResourceId": ("eni-1", "eni-2"),
        "FlowLogs.LogDestinationType": "s3",
        "FlowLogs.LogGroupName": ABSENT,
    },
    "elastic_ip": {"Addresses.Domain": "vpc"},
    # In turn, as a pool belongs to subnets that give out addresses of one.
    "subnet": {"Subnets.CustomerOwnedIpv4Pool": ("pool-1", ABSENT)},
}

#: What a new one has anyway; `test_vpc.py` sees that what differs from that is kept.
EXCUSED = {
    "route": {"GatewayId": "a route that leads elsewhere leads there no more"},
    "vpc": {
        "EnableDnsSupport": "it is on in a new VPC",
        "EnableDnsHostnames": "it is off in a new VPC",
        "EnableNetworkAddressUsageMetrics": "it is off in a new VPC",
    },
}
