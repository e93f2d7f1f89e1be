"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InternetGateway.html"""

from modules import ownership, tagging
from modules.spec import Call, List, OnChange, Resource, Update, Waiter, assigned, present, ref

_TAGS = tagging.ec2("internet-gateway", "internet_gateway_id")
_VPC = "Attachments[0].VpcId"
_ATTACH = Call(
    operation="attach_internet_gateway",
    params={"InternetGatewayId": "internet_gateway_id", "VpcId": "vpc_id"},
    needs="VpcId",
)

INTERNET_GATEWAY = Resource(
    table="internet_gateway",
    service="ec2",
    doc="Internet gateways: a VPC with one can be reached from the internet, and reach it.",
    key=("id",),
    identity="internet_gateway_id",
    natural_key=("vpc_id",),
    called=tagging.name,
    unique_in_aws=False,
    holds=("vpc_id",),
    newborn=lambda row, found: (
        tagging.own(row["tags"]) == tagging.own(found["tags"]) and found["vpc_id"] is None
    ),
    unique=(("vpc_id",),),
    columns=(
        assigned("internet_gateway_id", "varchar", "InternetGatewayId", doc="AWS's id of the gateway."),
        ref(
            "vpc_id",
            "vpc",
            _VPC,
            on_change=OnChange.UPDATE,
            # A gateway leaves a VPC after all that has a public address there, so it cannot move to the VPC's
            # successor while both are in use.
            follows=True,
            cascade=True,
            doc="The VPC that it is attached to; NULL is none.",
        ),
        assigned("owner_id", "varchar", "OwnerId"),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_internet_gateways",
        items="InternetGateways",
        params={"MaxResults": 1000},
        joins=ownership.ACCOUNT,
    ),
    create=(
        Call(operation="create_internet_gateway", params=_TAGS.create, result="InternetGateway"),
        _ATTACH,
    ),
    ready=Waiter(
        name="internet_gateway_exists",
        params={"InternetGatewayIds[0]": "internet_gateway_id"},
        seconds=60,
        # A route to it can be made once it is attached.
        blocks=True,
    ),
    fetch=Call(
        operation="describe_internet_gateways",
        params={"InternetGatewayIds[0]": "internet_gateway_id"},
        result="InternetGateways[0]",
    ),
    update=(
        Update(
            operation="detach_internet_gateway",
            when=("vpc_id",),
            params={
                "InternetGatewayId": "internet_gateway_id",
                "VpcId": present(_VPC),
            },
            needs="VpcId",
            tolerate=("Gateway.NotAttached",),
        ),
        Update(operation=_ATTACH.operation, when=("vpc_id",), params=_ATTACH.params, needs="VpcId"),
        *_TAGS.update,
    ),
    delete=(
        # AWS refuses this one while anything in the VPC has a public address: nothing is taken off then.
        Call(
            operation="detach_internet_gateway",
            params=_ATTACH.params,
            needs="VpcId",
            tolerate=("Gateway.NotAttached",),
            taken_back=_ATTACH,
        ),
        Call(operation="delete_internet_gateway", params={"InternetGatewayId": "internet_gateway_id"}),
    ),
    absent=("InvalidInternetGatewayID.NotFound",),
    busy=("DependencyViolation",),
    eventual=(("InvalidInternetGatewayID.NotFound", ""), ("InvalidVpcID.NotFound", "")),
    hints={
        "DependencyViolation": "Something in the VPC still has a public address: a NAT gateway, an instance, "
        "or an internet-facing load balancer.",
        "Resource.AlreadyAssociated": "The VPC has another internet gateway; iasql_sync() would show it.",
    },
)
