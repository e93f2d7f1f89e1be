"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html"""

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Const,
    EnumType,
    Item,
    Kept,
    List,
    Look,
    Lost,
    Old,
    Resource,
    Source,
    Waiter,
    assigned,
    fixed,
    ref,
)

_NAMES = "PrivateDnsNameOptionsOnLaunch."


def _attribute(name: str, path: str | None = None, **more: Source) -> Kept:
    """A switch of the old subnet's that is on; AWS takes one a call."""
    params: dict[str, Source] = {"SubnetId": "subnet_id", f"{name}.Value": Const(True), **more}
    return Kept(operation="modify_subnet_attribute", of=path or name, params=params)


_TAGS = tagging.ec2("subnet", "subnet_id")

SUBNET = Resource(
    table="subnet",
    service="ec2",
    doc="Subnets of the VPCs. Those of the default VPC cannot be changed or deleted.",
    key=("id",),
    identity="subnet_id",
    natural_key=("vpc_id", "cidr_block"),
    columns=(
        fixed("availability_zone", "text", "AvailabilityZone", not_null=True, doc="Such as us-east-2a."),
        assigned(
            "state",
            EnumType(
                name="subnet_state_enum",
                values=("available", "pending", "unavailable", "failed", "failed-insufficient-capacity"),
            ),
            "State",
        ),
        assigned("available_ip_address_count", "integer", "AvailableIpAddressCount"),
        fixed("cidr_block", "varchar", "CidrBlock", canonical=canonical.cidr, doc="The IPv4 network."),
        assigned("subnet_id", "varchar", "SubnetId", doc="AWS's id of the subnet."),
        assigned("owner_id", "varchar", "OwnerId"),
        assigned("subnet_arn", "varchar", "SubnetArn"),
        ref("vpc_id", "vpc", "VpcId", not_null=True),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_subnets", items="Subnets", params={"MaxResults": 1000}, joins=ownership.ACCOUNT
    ),
    create=(
        Call(
            operation="create_subnet",
            params={
                "VpcId": "vpc_id",
                "AvailabilityZone": "availability_zone",
                "CidrBlock": "cidr_block",
                "OutpostArn": Old("OutpostArn"),
                **_TAGS.create,
            },
            result="Subnet",
        ),
    ),
    ready=Waiter(name="subnet_available", params={"SubnetIds[0]": "subnet_id"}, seconds=120, blocks=True),
    fetch=Call(operation="describe_subnets", params={"SubnetIds[0]": "subnet_id"}, result="Subnets[0]"),
    update=_TAGS.update,
    carry=Carry(
        looks=(
            Look(
                operation="describe_route_tables",
                params={
                    "Filters[0].Name": Const("association.subnet-id"),
                    "Filters[0].Values[0]": "subnet_id",
                },
                result="RouteTables[].RouteTableId",
                into="RouteTables",
            ),
            Look(
                operation="describe_network_acls",
                params={
                    "Filters[0].Name": Const("association.subnet-id"),
                    "Filters[0].Values[0]": "subnet_id",
                },
                result="NetworkAcls[?!IsDefault].NetworkAclId",
                into="NetworkAcls",
            ),
        ),
        calls=(
            _attribute("MapPublicIpOnLaunch"),
            _attribute("EnableDns64"),
            _attribute("MapCustomerOwnedIpOnLaunch", CustomerOwnedIpv4Pool=Old("CustomerOwnedIpv4Pool")),
            Kept(
                operation="modify_subnet_attribute",
                of="EnableLniAtDeviceIndex",
                params={"SubnetId": "subnet_id", "EnableLniAtDeviceIndex": Old("EnableLniAtDeviceIndex")},
            ),
            Kept(
                operation="modify_subnet_attribute",
                of=_NAMES + "HostnameType",
                params={
                    "SubnetId": "subnet_id",
                    "PrivateDnsHostnameTypeOnLaunch": Old(_NAMES + "HostnameType"),
                },
            ),
            _attribute("EnableResourceNameDnsARecordOnLaunch", _NAMES + "EnableResourceNameDnsARecord"),
            _attribute("EnableResourceNameDnsAAAARecordOnLaunch", _NAMES + "EnableResourceNameDnsAAAARecord"),
            Kept(
                operation="associate_route_table",
                of="RouteTables",
                each=True,
                params={"SubnetId": "subnet_id", "RouteTableId": Item()},
            ),
        ),
        lost=(
            Lost(of="NetworkAcls", what="its network ACL"),
            Lost(of="Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock", what="its IPv6 network"),
        ),
        not_kept={
            **dict.fromkeys(
                (
                    "Ipv6CidrBlock",
                    "Ipv6Native",
                    "Ipv6IpamPoolId",
                    "Ipv6NetmaskLength",
                    "AssignIpv6AddressOnCreation",
                ),
                "the IPv6 network is lost",
            ),
            **dict.fromkeys(("Ipv4IpamPoolId", "Ipv4NetmaskLength"), "another way to say CidrBlock"),
            "AvailabilityZoneId": "another way to say AvailabilityZone",
            "DisableLniAtDeviceIndex": "a new subnet has no such interfaces",
            "GatewayId": "it is a gateway's route table, not a subnet's",
            "PublicIpv4Pool": "it is a pool's route table, not a subnet's",
        },
    ),
    delete=(Call(operation="delete_subnet", params={"SubnetId": "subnet_id"}),),
    absent=("InvalidSubnetID.NotFound",),
    busy=("DependencyViolation",),
    eventual=(("InvalidVpcID.NotFound", ""),),
    protected=lambda description: bool(description.get("DefaultForAz")),
    hints={"DependencyViolation": "Something still has a network interface in the subnet."},
)
