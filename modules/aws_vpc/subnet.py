"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html"""

from modules import canonical, ownership, tagging
from modules.spec import (
    SET,
    UNSET,
    Batched,
    Call,
    Carry,
    Const,
    EnumType,
    Item,
    Kept,
    List,
    Lost,
    Old,
    OnChange,
    Resource,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    present,
    ref,
)

_HOSTNAMES = "PrivateDnsHostnameTypeOnLaunch"
_NAMES = "PrivateDnsNameOptionsOnLaunch."
_ASSOCIATION = "NetworkAcl.NetworkAclAssociationId"
#: The switches: column, parameter, and where AWS tells it if that is elsewhere. AWS takes one a call.
_SWITCHES = (
    ("map_public_ip_on_launch", "MapPublicIpOnLaunch", None),
    ("assign_ipv6_address_on_creation", "AssignIpv6AddressOnCreation", None),
    ("enable_dns64", "EnableDns64", None),
    (
        "enable_resource_name_dns_a_record_on_launch",
        "EnableResourceNameDnsARecordOnLaunch",
        _NAMES + "EnableResourceNameDnsARecord",
    ),
    (
        "enable_resource_name_dns_aaaa_record_on_launch",
        "EnableResourceNameDnsAAAARecordOnLaunch",
        _NAMES + "EnableResourceNameDnsAAAARecord",
    ),
)


def _setting(path: str, source: Source, **more: Source) -> dict[str, Source]:
    return {"SubnetId": "subnet_id", path: source, **more}


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
        *(
            column(name, "boolean", path or parameter, not_null=True, default="false", read=bool)
            for name, parameter, path in _SWITCHES
        ),
        column(
            "private_dns_hostname_type_on_launch",
            "varchar",
            _NAMES + "HostnameType",
            left_to_aws=True,
            doc="ip-name or resource-name.",
        ),
        ref(
            "network_acl_id",
            "network_acl",
            "NetworkAcl.NetworkAclId",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
            let_go=True,
            doc="A new subnet has the default one of its VPC unless its row says otherwise.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_subnets", items="Subnets", params={"MaxResults": 1000}, joins=ownership.ACCOUNT
    ),
    # AWS tells it of the ACLs, 200 values a filter.
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
    batched=(
        Batched(
            operation="describe_network_acls",
            params={"Filters[0].Name": "association.subnet-id"},
            ids="Filters[0].Values",
            of="SubnetId",
            batch=200,
            items="NetworkAcls[].Associations[]",
            by="SubnetId",
            value="@",
            into="NetworkAcl",
            fetched=True,
        ),
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
        *(
            Call(
                operation="modify_subnet_attribute",
                given=(name, True),
                params=_setting(f"{parameter}.Value", Const(True)),
            )
            for name, parameter, _ in _SWITCHES
        ),
        Call(
            operation="modify_subnet_attribute",
            needs=_HOSTNAMES,
            params=_setting(_HOSTNAMES, "private_dns_hostname_type_on_launch"),
        ),
        # AWS has given it the default ACL of its VPC.
        Call(
            operation="replace_network_acl_association",
            given=("network_acl_id", SET),
            seen=Call(
                operation="describe_network_acls",
                params={
                    "Filters[0].Name": Const("association.subnet-id"),
                    "Filters[0].Values[0]": "subnet_id",
                },
                result="NetworkAcls[].Associations[]",
                where={"SubnetId": "subnet_id"},
            ),
            needs="AssociationId",
            params={"AssociationId": Item("NetworkAclAssociationId"), "NetworkAclId": "network_acl_id"},
        ),
    ),
    ready=Waiter(name="subnet_available", params={"SubnetIds[0]": "subnet_id"}, seconds=120, blocks=True),
    fetch=Call(operation="describe_subnets", params={"SubnetIds[0]": "subnet_id"}, result="Subnets[0]"),
    update=(
        *(
            Update(
                operation="modify_subnet_attribute", when=(name,), params=_setting(f"{parameter}.Value", name)
            )
            for name, parameter, _ in _SWITCHES
        ),
        Update(
            operation="modify_subnet_attribute",
            when=("private_dns_hostname_type_on_launch",),
            needs=_HOSTNAMES,
            params=_setting(_HOSTNAMES, "private_dns_hostname_type_on_launch"),
        ),
        Update(
            operation="replace_network_acl_association",
            when=("network_acl_id",),
            given=("network_acl_id", SET),
            params={"AssociationId": present(_ASSOCIATION), "NetworkAclId": "network_acl_id"},
        ),
        # A subnet is never without one.
        Update(
            operation="replace_network_acl_association",
            when=("network_acl_id",),
            given=("network_acl_id", UNSET),
            seen=Call(
                operation="describe_network_acls",
                params={"Filters[0].Name": Const("vpc-id"), "Filters[0].Values[0]": "vpc_id"},
                result="NetworkAcls[?IsDefault].NetworkAclId",
            ),
            params={"AssociationId": present(_ASSOCIATION), "NetworkAclId": Item("[0]")},
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        calls=(
            Kept(
                operation="modify_subnet_attribute",
                of="MapCustomerOwnedIpOnLaunch",
                params=_setting(
                    "MapCustomerOwnedIpOnLaunch.Value",
                    Const(True),
                    CustomerOwnedIpv4Pool=Old("CustomerOwnedIpv4Pool"),
                ),
            ),
            Kept(
                operation="modify_subnet_attribute",
                of="EnableLniAtDeviceIndex",
                params=_setting("EnableLniAtDeviceIndex", Old("EnableLniAtDeviceIndex")),
            ),
        ),
        lost=(Lost(of="Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock", what="its IPv6 network"),),
        not_kept={
            **dict.fromkeys(
                (
                    "Ipv6CidrBlock",
                    "Ipv6Native",
                    "Ipv6IpamPoolId",
                    "Ipv6NetmaskLength",
                ),
                "the IPv6 network is lost",
            ),
            **dict.fromkeys(("Ipv4IpamPoolId", "Ipv4NetmaskLength"), "another way to say CidrBlock"),
            "AvailabilityZoneId": "another way to say AvailabilityZone",
            "DisableLniAtDeviceIndex": "a new subnet has no such interfaces",
        },
    ),
    delete=(Call(operation="delete_subnet", params={"SubnetId": "subnet_id"}),),
    absent=("InvalidSubnetID.NotFound",),
    busy=("DependencyViolation",),
    eventual=(("InvalidVpcID.NotFound", ""), ("InvalidNetworkAclID.NotFound", "")),
    protected=lambda description: bool(description.get("DefaultForAz")),
    hints={"DependencyViolation": "Something still has a network interface in the subnet."},
)
