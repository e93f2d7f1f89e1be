"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html"""

from modules import canonical, ownership, tagging
from modules.spec import (
    After,
    Call,
    Carry,
    EnumType,
    List,
    Lost,
    Resource,
    Token,
    Waiter,
    assigned,
    fixed,
    ref,
)

_TAGS = tagging.ec2("natgateway", "nat_gateway_id")
_OTHERS = "NatGatewayAddresses[?IsPrimary==`false`]"

NAT_GATEWAY = Resource(
    table="nat_gateway",
    service="ec2",
    doc="NAT gateways: by a public one, subnets that nobody reaches from the internet reach that themselves.",
    key=("id",),
    identity="nat_gateway_id",
    natural_key=("subnet_id",),
    called=tagging.name,
    unique_in_aws=False,
    newborn=lambda row, found: all(row[name] == found[name] for name in ("subnet_id", "elastic_ip_id")),
    holds=("elastic_ip_id",),
    unique=(("elastic_ip_id",),),
    checks=(
        ("check_elastic_ip_when_public", "(elastic_ip_id IS NOT NULL) = (connectivity_type = 'public')"),
    ),
    columns=(
        assigned("nat_gateway_id", "varchar", "NatGatewayId", doc="AWS's id of the gateway."),
        fixed(
            "connectivity_type",
            EnumType(name="nat_gateway_connectivity_type_enum", values=("private", "public")),
            "ConnectivityType",
            not_null=True,
            default="'public'",
            read=lambda kind: kind or "public",
            doc="A private one leads to other networks, not to the internet.",
        ),
        assigned("state", "varchar", "State"),
        ref("subnet_id", "subnet", "SubnetId", not_null=True),
        ref(
            "elastic_ip_id",
            "elastic_ip",
            "NatGatewayAddresses[0].AllocationId",
            doc="The address of a public gateway. A gateway that is replaced lets go of it first.",
        ),
        assigned("private_ip", "varchar", "NatGatewayAddresses[0].PrivateIp"),
        assigned(
            "created_at",
            "timestamptz",
            "CreateTime",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(operation="describe_nat_gateways", items="NatGateways", params={"MaxResults": 1000}),
    # AWS goes on showing what has gone, or has never come to be, for an hour.
    where=lambda gateway: gateway.get("State") not in ("deleting", "deleted", "failed"),
    # The VPC is that of the subnet.
    reflects=("VpcId",),
    create=(
        Call(
            operation="create_nat_gateway",
            params={
                "SubnetId": "subnet_id",
                "ConnectivityType": "connectivity_type",
                "AllocationId": "elastic_ip_id",
                "ClientToken": Token(),
                **_TAGS.create,
            },
            result="NatGateway",
        ),
    ),
    ready=Waiter(
        name="nat_gateway_available", params={"NatGatewayIds[0]": "nat_gateway_id"}, seconds=900, blocks=True
    ),
    fetch=Call(
        operation="describe_nat_gateways",
        params={"NatGatewayIds[0]": "nat_gateway_id"},
        result="NatGateways[0]",
    ),
    update=_TAGS.update,
    carry=Carry(
        lost=(Lost(of=f"{_OTHERS}.PrivateIp", what="its secondary addresses"),),
        not_kept={
            "PrivateIpAddress": "AWS chooses one of the new subnet's",
            **dict.fromkeys(
                ("SecondaryAllocationIds", "SecondaryPrivateIpAddresses", "SecondaryPrivateIpAddressCount"),
                "secondary addresses are lost",
            ),
        },
    ),
    after=(
        After(
            table="internet_gateway",
            shares="vpc_id",
            through="subnet_id",
            gone_first=True,
            why="a public gateway comes to be only where an internet gateway is, and holds that",
        ),
    ),
    delete=(Call(operation="delete_nat_gateway", params={"NatGatewayId": "nat_gateway_id"}),),
    # Its address and its subnet are held until it is gone.
    gone=Waiter(name="nat_gateway_deleted", params={"NatGatewayIds[0]": "nat_gateway_id"}, seconds=900),
    absent=("NatGatewayNotFound",),
    eventual=(("InvalidSubnetID.NotFound", ""), ("InvalidAllocationID.NotFound", "")),
    hints={
        "NatGatewayLimitExceeded": "AWS allows five in a zone unless its owner has asked for more.",
        "Resource.AlreadyAssociated": "Something else has the address.",
    },
)
