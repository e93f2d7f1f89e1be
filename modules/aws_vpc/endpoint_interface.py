"""https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"""

from collections.abc import Callable, Iterable
from typing import Any

from modules import canonical, tagging
from modules.aws_vpc import endpoints
from modules.aws_vpc.endpoints import AVAILABLE, NAMED, TAGS
from modules.spec import (
    Call,
    Carry,
    Const,
    Derived,
    Each,
    Edited,
    Old,
    OnChange,
    Part,
    Resource,
    Token,
    Update,
    Values,
    assigned,
    column,
    fixed,
    present,
    ref,
)

ENDPOINT_INTERFACE_SUBNETS = Part(
    table="endpoint_interface_subnets",
    doc="In which subnets an endpoint has network interfaces, one a zone. One that goes is let go of before "
    "another comes.",
    parent=ref("endpoint_interface_id", "endpoint_interface", None, cascade=True, not_null=True),
    path="SubnetIds",
    columns=(ref("subnet_id", "subnet", "@", cascade=True, not_null=True),),
    key=("endpoint_interface_id", "subnet_id"),
    natural_key=("subnet_id",),
    on_change=OnChange.UPDATE,
)
_SUBNETS = ENDPOINT_INTERFACE_SUBNETS.table
_GROUPS = "Groups[].GroupId"
_INBOUND = "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint"
_Ids = Callable[[Any, Iterable[str]], list[str] | None]


def _subnets(ids: _Ids) -> Edited:
    """Of the subnets that rows name, or have named, those that a call is to add or remove."""
    return Edited(
        "SubnetIds", lambda there, rows: ids(there, [each["subnet_id"] for each in rows]), (_SUBNETS,)
    )


def _newborn(row: Values, found: Values) -> bool:
    same = all(row[name] == found[name] for name in ("vpc_id", "service", "private_dns_enabled"))
    return same and tagging.own(row["tags"]) == tagging.own(found["tags"])


ENDPOINT_INTERFACE = Resource(
    table="endpoint_interface",
    service="ec2",
    doc="Interface endpoints: services by network interfaces in subnets of the VPC, and not by the internet.",
    key=("id",),
    identity="vpc_endpoint_id",
    natural_key=("vpc_id", "service"),
    called=tagging.name,
    unique_in_aws=False,
    newborn=_newborn,
    unique_if_not_null=("vpc_endpoint_id",),
    columns=(
        endpoints.ID,
        endpoints.service(
            "Such as ecr.api for com.amazonaws.us-east-1.ecr.api, or the whole name of somebody else's."
        ),
        fixed(
            "service_region",
            "varchar",
            "ServiceRegion",
            left_to_aws=True,
            doc="Of the service; NULL is the endpoint's.",
        ),
        endpoints.POLICY_COLUMN,
        assigned(
            "state", "varchar", "State", doc="pendingAcceptance: who offers the service has to accept it."
        ),
        column(
            "private_dns_enabled",
            "boolean",
            "PrivateDnsEnabled",
            not_null=True,
            default="false",
            read=bool,
            doc="The service's own name leads to the endpoint in the VPC, which needs DNS support and names.",
        ),
        column(
            "dns_name_record_type",
            "varchar",
            "DnsOptions.DnsRecordIpType",
            left_to_aws=True,
            doc="ipv4, ipv6, dualstack or service-defined: which addresses its names lead to.",
        ),
        column(
            "ip_address_type",
            "varchar",
            "IpAddressType",
            left_to_aws=True,
            doc="ipv4, ipv6 or dualstack: which addresses its network interfaces have.",
        ),
        column(
            "security_group_ids",
            "text[]",
            _GROUPS,
            left_to_aws=True,
            read=canonical.unordered,
            canonical=canonical.unordered,
            doc="Ids of the security groups around it; NULL is the default group of its VPC.",
        ),
        assigned(
            "dns_entries", "jsonb", "DnsEntries", read=canonical.plain, doc="The names that lead to it."
        ),
        ref("vpc_id", "vpc", "VpcId", not_null=True),
        TAGS.column,
        endpoints.managed_by(),
    ),
    parts=(ENDPOINT_INTERFACE_SUBNETS,),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=endpoints.LISTING,
    where=endpoints.shown("Interface"),
    leaving=endpoints.is_leaving,
    create=(
        Call(
            operation="create_vpc_endpoint",
            params={
                "VpcEndpointType": Const("Interface"),
                "VpcId": "vpc_id",
                "ServiceName": Derived(endpoints.whole, ("service", "service_region"), ("region",)),
                "ServiceRegion": "service_region",
                "PolicyDocument": endpoints.POLICY,
                "SubnetIds": Each(_SUBNETS, "subnet_id", some=True),
                "SecurityGroupIds": "security_group_ids",
                "PrivateDnsEnabled": "private_dns_enabled",
                "IpAddressType": "ip_address_type",
                "DnsOptions.DnsRecordIpType": "dns_name_record_type",
                _INBOUND: Old(_INBOUND),
                "ClientToken": Token(),
                **TAGS.create,
            },
            result="VpcEndpoint",
        ),
    ),
    ready=AVAILABLE,
    fetch=endpoints.FETCH,
    # AWS changes one that is available.
    update=(
        endpoints.set_policy(then=AVAILABLE),
        Update(
            operation="modify_vpc_endpoint",
            when=(_SUBNETS,),
            needs="RemoveSubnetIds",
            params={**NAMED, "RemoveSubnetIds": _subnets(endpoints.removed)},
            then=AVAILABLE,
        ),
        Update(
            operation="modify_vpc_endpoint",
            when=(_SUBNETS,),
            needs="AddSubnetIds",
            params={**NAMED, "AddSubnetIds": _subnets(endpoints.added)},
            then=AVAILABLE,
        ),
        Update(
            operation="modify_vpc_endpoint",
            when=("security_group_ids",),
            params={
                **NAMED,
                "AddSecurityGroupIds": Edited(_GROUPS, endpoints.added, ("security_group_ids",)),
                "RemoveSecurityGroupIds": Edited(_GROUPS, endpoints.removed, ("security_group_ids",)),
            },
            then=AVAILABLE,
        ),
        Update(
            operation="modify_vpc_endpoint",
            when=("ip_address_type", "dns_name_record_type", "private_dns_enabled"),
            params={
                **NAMED,
                "IpAddressType": "ip_address_type",
                "DnsOptions.DnsRecordIpType": "dns_name_record_type",
                _INBOUND: present(_INBOUND),
                "PrivateDnsEnabled": "private_dns_enabled",
            },
            then=AVAILABLE,
        ),
        *TAGS.update,
    ),
    carry=Carry(
        not_kept={
            **dict.fromkeys(
                ("AddRouteTableIds", "RemoveRouteTableIds", "RouteTableIds"),
                "no route leads to an interface endpoint",
            ),
            **dict.fromkeys(
                ("ResourceConfigurationArn", "ServiceNetworkArn"), "an interface endpoint is for a service"
            ),
            "ResetPolicy": "another way to say PolicyDocument",
            "SubnetConfigurations": "AWS chooses addresses of the new subnets",
        },
    ),
    delete=(endpoints.DELETE,),
    gone=endpoints.GONE,
    absent=endpoints.ABSENT,
    eventual=endpoints.EVENTUAL,
    hints={
        "DuplicateSubnetsInSameZone": "An endpoint has one subnet in a zone.",
        "InvalidServiceName": "`aws ec2 describe-vpc-endpoint-services` lists the services of the region.",
        "InvalidParameter": "Private DNS needs enable_dns_support and enable_dns_hostnames of the VPC, and "
        "no other endpoint of the VPC that has the service's name.",
        "VpcEndpointLimitExceeded": "AWS allows 50 in a VPC unless its owner has asked for more.",
    },
)
