"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EgressOnlyInternetGateway.html"""

from modules import ownership, tagging
from modules.spec import Call, List, Resource, Token, assigned, ref

_TAGS = tagging.ec2("egress-only-internet-gateway", "egress_only_internet_gateway_id")

EGRESS_ONLY_INTERNET_GATEWAY = Resource(
    table="egress_only_internet_gateway",
    service="ec2",
    doc="Gateways by which IPv6 addresses of a VPC reach the internet, and are not reached from there.",
    key=("id",),
    identity="egress_only_internet_gateway_id",
    natural_key=("vpc_id",),
    called=tagging.name,
    unique_in_aws=False,
    newborn=lambda row, found: (
        row["vpc_id"] == found["vpc_id"] and tagging.own(row["tags"]) == tagging.own(found["tags"])
    ),
    columns=(
        assigned(
            "egress_only_internet_gateway_id",
            "varchar",
            "EgressOnlyInternetGatewayId",
            doc="AWS's id of the gateway.",
        ),
        ref("vpc_id", "vpc", "Attachments[0].VpcId", not_null=True),
        assigned("state", "varchar", "Attachments[0].State"),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_egress_only_internet_gateways",
        items="EgressOnlyInternetGateways",
        params={"MaxResults": 255},
    ),
    create=(
        Call(
            operation="create_egress_only_internet_gateway",
            params={"VpcId": "vpc_id", "ClientToken": Token(), **_TAGS.create},
            result="EgressOnlyInternetGateway",
            whole=True,
        ),
    ),
    fetch=Call(
        operation="describe_egress_only_internet_gateways",
        params={"EgressOnlyInternetGatewayIds[0]": "egress_only_internet_gateway_id"},
        result="EgressOnlyInternetGateways[0]",
    ),
    update=_TAGS.update,
    delete=(
        Call(
            operation="delete_egress_only_internet_gateway",
            params={"EgressOnlyInternetGatewayId": "egress_only_internet_gateway_id"},
        ),
    ),
    absent=("InvalidEgressOnlyInternetGatewayId.NotFound", "InvalidGatewayID.NotFound"),
    busy=("DependencyViolation",),
    eventual=(("InvalidVpcID.NotFound", ""),),
)
