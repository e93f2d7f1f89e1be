"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Vpc.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    ComesWith,
    Const,
    Derived,
    Detail,
    Edited,
    EnumType,
    Item,
    Kept,
    List,
    Lost,
    Old,
    OnChange,
    Resource,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
)

#: The attributes: column, AWS's name where it is asked, its name elsewhere, what a new VPC has, what it is.
_ATTRIBUTES = (
    (
        "enable_dns_hostnames",
        "enableDnsHostnames",
        "EnableDnsHostnames",
        False,
        "Instances with public addresses get names.",
    ),
    (
        "enable_dns_support",
        "enableDnsSupport",
        "EnableDnsSupport",
        True,
        "AWS's DNS server answers in the VPC.",
    ),
    (
        "enable_network_address_usage_metrics",
        "enableNetworkAddressUsageMetrics",
        "EnableNetworkAddressUsageMetrics",
        False,
        "CloudWatch gets how many addresses are in use.",
    ),
)
#: The changes in their order: names need DNS support.
_CHANGES = (
    ("enable_dns_hostnames", "EnableDnsHostnames", ("enable_dns_hostnames", False)),
    ("enable_dns_support", "EnableDnsSupport", None),
    ("enable_dns_hostnames", "EnableDnsHostnames", ("enable_dns_hostnames", True)),
    ("enable_network_address_usage_metrics", "EnableNetworkAddressUsageMetrics", None),
)


_TAGS = tagging.ec2("vpc", "vpc_id")


def _main(result: str, **more: Any) -> Call:
    """What AWS makes with each VPC: its main route table, and what that is main by."""
    return Call(
        operation="describe_route_tables",
        params={
            "Filters[0].Name": Const("vpc-id"),
            "Filters[0].Values[0]": "vpc_id",
        },
        result=result,
        **more,
    )


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
        *(
            column(name, "boolean", f"{key}.Value", not_null=True, default=str(new).lower(), doc=doc)
            for name, _, key, new, doc in _ATTRIBUTES
        ),
        ref(
            "dhcp_options_id",
            "dhcp_options",
            "DhcpOptionsId",
            on_change=OnChange.UPDATE,
            read=lambda options: None if options == "default" else options,
            left_to_aws=True,
            let_go=True,
            doc="What machines are told of name servers and domain. A new VPC has AWS's set for the region "
            "unless its row says otherwise; a VPC without any shows NULL.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_vpcs", items="Vpcs", params={"MaxResults": 1000}, joins=ownership.ACCOUNT
    ),
    # AWS tells one attribute a call.
    details=tuple(
        Detail(
            operation="describe_vpc_attribute",
            items=key,
            into=key,
            params={"VpcId": "VpcId", "Attribute": f"'{asked}'"},
            fetched=True,
        )
        for _, asked, key, _, _ in _ATTRIBUTES
    ),
    create=(
        Call(
            operation="create_vpc",
            params={"CidrBlock": "cidr_block", "InstanceTenancy": Old("InstanceTenancy"), **_TAGS.create},
            result="Vpc",
        ),
        # AWS takes one attribute a call. Without DNS support no VPC has host names.
        *(
            Call(
                operation="modify_vpc_attribute",
                given=(name, not new),
                params={"VpcId": "vpc_id", f"{key}.Value": name},
            )
            for name, _, key, new, _ in _ATTRIBUTES
        ),
        # A new VPC has AWS's set. What a replaced one had is kept, be it none.
        Call(
            operation="associate_dhcp_options",
            needs="DhcpOptionsId",
            params={
                "VpcId": "vpc_id",
                "DhcpOptionsId": Edited(
                    "DhcpOptionsId", lambda there, asked: asked or there, ("dhcp_options_id",)
                ),
            },
        ),
    ),
    ready=Waiter(name="vpc_available", params={"VpcIds[0]": "vpc_id"}, seconds=120, blocks=True),
    fetch=Call(operation="describe_vpcs", params={"VpcIds[0]": "vpc_id"}, result="Vpcs[0]"),
    update=(
        *(
            Update(
                operation="modify_vpc_attribute",
                when=(name,),
                given=given,
                params={"VpcId": "vpc_id", f"{key}.Value": name},
            )
            for name, key, given in _CHANGES
        ),
        Update(
            operation="associate_dhcp_options",
            when=("dhcp_options_id",),
            params={
                "VpcId": "vpc_id",
                # A VPC that has no set any more has none at all.
                "DhcpOptionsId": Derived(
                    lambda vpc, options: options or "default", ("vpc_id", "dhcp_options_id")
                ),
            },
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        calls=(
            Kept(
                operation="associate_vpc_cidr_block",
                of="CidrBlockAssociationSet[1:].CidrBlock",
                each=True,
                params={"VpcId": "vpc_id", "CidrBlock": Item()},
            ),
        ),
        lost=(Lost(of="Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock", what="its IPv6 networks"),),
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
    eventual=(("InvalidDhcpOptionID.NotFound", ""), ("InvalidDhcpOptionsID.NotFound", "")),
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
        ComesWith(
            table="network_acl",
            by="vpc_id",
            values={"is_default": True},
            find=Call(
                operation="describe_network_acls",
                params={"Filters[0].Name": Const("vpc-id"), "Filters[0].Values[0]": "vpc_id"},
                result="NetworkAcls",
            ),
        ),
        ComesWith(table="route_table", by="vpc_id", values={"is_main": True}, find=_main("RouteTables")),
        ComesWith(
            table="route_table_association",
            by="vpc_id",
            values={"is_main": True},
            find=_main("RouteTables[].Associations[]", joins={"VpcId": "vpc_id"}),
        ),
    ),
    hints={
        "DependencyViolation": "Delete what is still inside the VPC first; it may not be in these tables."
    },
)
