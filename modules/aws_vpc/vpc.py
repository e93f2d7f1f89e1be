"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Vpc.html"""

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    ComesWith,
    Const,
    EnumType,
    Item,
    Kept,
    List,
    Look,
    Lost,
    Obstacle,
    Old,
    Resource,
    Waiter,
    assigned,
    fixed,
)


def _look(attribute: str, name: str) -> Look:
    """AWS tells one attribute a call: `[true]` or `[false]`."""
    return Look(
        operation="describe_vpc_attribute",
        params={"VpcId": "vpc_id", "Attribute": Const(attribute)},
        result=f"[{name}.Value]",
        into=name,
    )


def _attribute(name: str) -> Kept:
    """An attribute of the old VPC's that a new one does not have; AWS takes one a call."""
    return Kept(
        operation="modify_vpc_attribute",
        of=name,
        unless=name,
        each=True,
        params={"VpcId": "vpc_id", f"{name}.Value": Item()},
    )


_TAGS = tagging.ec2("vpc", "vpc_id")

VPC = Resource(
    table="vpc",
    service="ec2",
    doc="Virtual private clouds. The default VPC cannot be changed or deleted.",
    key=("id",),
    identity="vpc_id",
    natural_key=("cidr_block",),
    unique_in_aws=False,
    unique_if_not_null=("vpc_id",),
    columns=(
        assigned("vpc_id", "varchar", "VpcId", doc="AWS's id of the VPC."),
        fixed(
            "cidr_block",
            "varchar",
            "CidrBlock",
            not_null=True,
            canonical=canonical.cidr,
            doc="The primary IPv4 network, such as 10.0.0.0/16.",
        ),
        assigned("state", EnumType(name="vpc_state_enum", values=("available", "pending")), "State"),
        assigned("is_default", "boolean", "IsDefault", not_null=True, default="false"),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_vpcs", items="Vpcs", params={"MaxResults": 1000}, joins=ownership.ACCOUNT
    ),
    create=(
        Call(
            operation="create_vpc",
            params={"CidrBlock": "cidr_block", "InstanceTenancy": Old("InstanceTenancy"), **_TAGS.create},
            result="Vpc",
        ),
    ),
    ready=Waiter(name="vpc_available", params={"VpcIds[0]": "vpc_id"}, seconds=120, blocks=True),
    fetch=Call(operation="describe_vpcs", params={"VpcIds[0]": "vpc_id"}, result="Vpcs[0]"),
    update=_TAGS.update,
    obstacles=(
        Obstacle(
            operation="describe_internet_gateways",
            params={"Filters[0].Name": Const("attachment.vpc-id"), "Filters[0].Values[0]": "vpc_id"},
            result="InternetGateways[].InternetGatewayId",
            what="internet gateways",
        ),
        Obstacle(
            operation="describe_nat_gateways",
            params={
                "Filter[0].Name": Const("vpc-id"),
                "Filter[0].Values[0]": "vpc_id",
            },
            result="NatGateways[?State!='deleted'].NatGatewayId",
            what="NAT gateways",
        ),
    ),
    carry=Carry(
        looks=(
            _look("enableDnsSupport", "EnableDnsSupport"),
            _look("enableDnsHostnames", "EnableDnsHostnames"),
            _look("enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics"),
            Look(
                operation="describe_vpcs",
                params={"VpcIds[0]": "vpc_id"},
                result="Vpcs[].DhcpOptionsId",
                into="DhcpOptions",
            ),
            Look(
                operation="describe_route_tables",
                params={"Filters[0].Name": Const("vpc-id"), "Filters[0].Values[0]": "vpc_id"},
                result="RouteTables[?!(Associations[?Main])].RouteTableId",
                into="RouteTables",
            ),
        ),
        calls=(
            Kept(
                operation="associate_dhcp_options",
                of="DhcpOptions",
                unless="DhcpOptions",
                each=True,
                params={"VpcId": "vpc_id", "DhcpOptionsId": Item()},
            ),
            Kept(
                operation="associate_vpc_cidr_block",
                of="CidrBlockAssociationSet[1:].CidrBlock",
                each=True,
                params={"VpcId": "vpc_id", "CidrBlock": Item()},
            ),
            _attribute("EnableDnsSupport"),
            _attribute("EnableDnsHostnames"),
            _attribute("EnableNetworkAddressUsageMetrics"),
        ),
        lost=(
            Lost(of="RouteTables", what="its route tables"),
            Lost(of="Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock", what="its IPv6 networks"),
        ),
        not_kept={
            **dict.fromkeys(
                (
                    "AmazonProvidedIpv6CidrBlock",
                    "Ipv6Pool",
                    "Ipv6CidrBlock",
                    "Ipv6IpamPoolId",
                    "Ipv6NetmaskLength",
                    "Ipv6CidrBlockNetworkBorderGroup",
                ),
                "IPv6 networks are lost",
            ),
            **dict.fromkeys(("Ipv4IpamPoolId", "Ipv4NetmaskLength"), "another way to say CidrBlock"),
        },
    ),
    delete=(Call(operation="delete_vpc", params={"VpcId": "vpc_id"}),),
    absent=("InvalidVpcID.NotFound",),
    busy=("DependencyViolation",),
    protected=lambda description: bool(description.get("IsDefault")),
    comes_with=(
        ComesWith(
            table="security_group",
            by="vpc_id",
            values={"group_name": "default", "description": "default VPC security group"},
            find=Call(
                operation="describe_security_groups",
                params={"Filters[0].Name": Const("vpc-id"), "Filters[0].Values[0]": "vpc_id"},
                result="SecurityGroups",
            ),
        ),
    ),
    hints={
        "DependencyViolation": "Delete what is still inside the VPC first; it may not be in these tables."
    },
)
