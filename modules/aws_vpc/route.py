"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html"""

from modules import canonical, ownership
from modules.aws_vpc import routes
from modules.spec import (
    Call,
    Carry,
    Derived,
    Edited,
    List,
    OnChange,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
    ref,
)

_DESTINATION: dict[str, Source] = {
    name: Derived(fitting, ("destination",)) for name, fitting in routes.DESTINATIONS.items()
}
#: Where a route can lead: of each column AWS's parameter, which is also how AWS tells it.
_TARGETS = {
    "instance_id": "InstanceId",
    "transit_gateway_id": "TransitGatewayId",
    "local_gateway_id": "LocalGatewayId",
    "carrier_gateway_id": "CarrierGatewayId",
    "network_interface_id": "NetworkInterfaceId",
    "core_network_arn": "CoreNetworkArn",
    "odb_network_arn": "OdbNetworkArn",
}
_ROUTE: dict[str, Source] = {
    "RouteTableId": "route_table_id",
    **_DESTINATION,
    "GatewayId": Edited(
        "GatewayId", lambda there, *of: routes.gateway(*of), ("gateway_id", "internet_gateway")
    ),
    "VpcEndpointId": Derived(routes.endpoint, ("gateway_id",)),
    "NatGatewayId": Edited(
        "NatGatewayId", lambda there, *of: routes.either(*of), ("nat_gateway_id", "nat_gateway")
    ),
    "EgressOnlyInternetGatewayId": Edited(
        "EgressOnlyInternetGatewayId",
        lambda there, *of: routes.either(*of),
        ("egress_only_internet_gateway_id", "egress_only_internet_gateway"),
    ),
    "VpcPeeringConnectionId": Edited(
        "VpcPeeringConnectionId",
        lambda there, *of: routes.either(*of),
        ("vpc_peering_connection_id", "peering_connection"),
    ),
    **{parameter: name for name, parameter in _TARGETS.items()},
}
_BY_ROW = tuple(name for pair in routes.BY_REFERENCE.items() for name in pair)
_PAIRS = (f"coalesce({raw}, {reference}::text)" for raw, reference in routes.BY_REFERENCE.items())
_NAMED = ", ".join((*_PAIRS, *_TARGETS))

ROUTE = Resource(
    table="route",
    service="ec2",
    doc="Where a route table sends what is for a destination. What AWS makes is not shown: local routes, "
    "those that a virtual private gateway propagates, and those of gateway endpoints.",
    key=("id",),
    natural_key=("route_table_id", "destination"),
    unique=(("route_table_id", "destination"),),
    checks=(
        (
            "one_target",
            f"num_nonnulls({_NAMED}) <= 1",
        ),
    ),
    columns=(
        ref("route_table_id", "route_table", "RouteTableId", not_null=True, cascade=True),
        fixed(
            "destination",
            "varchar",
            read=routes.destination,
            not_null=True,
            canonical=canonical.cidr,
            doc="An IPv4 or IPv6 network, or a prefix list, pl-….",
        ),
        column(
            "gateway_id",
            "varchar",
            "GatewayId",
            unless=("internet_gateway",),
            doc="Of a virtual private gateway or an endpoint, or an internet gateway without a row.",
        ),
        ref(
            "internet_gateway",
            "internet_gateway",
            "GatewayId",
            on_change=OnChange.UPDATE,
            dangles=True,
            doc="The internet gateway that it leads to.",
        ),
        column(
            "nat_gateway_id", "varchar", "NatGatewayId", unless=("nat_gateway",), doc="Of one without a row."
        ),
        ref(
            "nat_gateway",
            "nat_gateway",
            "NatGatewayId",
            on_change=OnChange.UPDATE,
            dangles=True,
            doc="The NAT gateway that it leads to.",
        ),
        column(
            "egress_only_internet_gateway_id",
            "varchar",
            "EgressOnlyInternetGatewayId",
            unless=("egress_only_internet_gateway",),
            doc="Of one without a row.",
        ),
        ref(
            "egress_only_internet_gateway",
            "egress_only_internet_gateway",
            "EgressOnlyInternetGatewayId",
            on_change=OnChange.UPDATE,
            dangles=True,
            doc="The egress-only internet gateway that it leads to.",
        ),
        column("instance_id", "varchar", "InstanceId"),
        column("transit_gateway_id", "varchar", "TransitGatewayId"),
        column("local_gateway_id", "varchar", "LocalGatewayId"),
        column("carrier_gateway_id", "varchar", "CarrierGatewayId"),
        column(
            "network_interface_id",
            "varchar",
            "NetworkInterfaceId",
            unless=("instance_id",),
            doc="Only where no instance is named, of which it would be the interface.",
        ),
        column(
            "vpc_peering_connection_id",
            "varchar",
            "VpcPeeringConnectionId",
            unless=("peering_connection",),
            doc="Of one without a row: with a VPC of another account or region.",
        ),
        ref(
            "peering_connection",
            "peering_connection",
            "VpcPeeringConnectionId",
            on_change=OnChange.UPDATE,
            dangles=True,
            doc="The peering connection that it leads to.",
        ),
        column("core_network_arn", "varchar", "CoreNetworkArn"),
        column("odb_network_arn", "varchar", "OdbNetworkArn"),
        assigned("instance_owner_id", "varchar", "InstanceOwnerId"),
        assigned("state", "varchar", "State", doc="active, or blackhole: what it leads to is not there."),
        ownership.managed_by(None, ownership.another_account("OwnerId")),
    ),
    canonical=routes.comparable,
    within="route_table_id",
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_route_tables",
        items="RouteTables",
        each="Routes",
        outer={"RouteTableId": "RouteTableId", "OwnerId": "OwnerId"},
        params={"MaxResults": 100},
        joins=ownership.ACCOUNT,
    ),
    where=routes.is_ours,
    create=(Call(operation="create_route", params=_ROUTE),),
    fetch=Call(
        operation="describe_route_tables",
        params={"RouteTableIds[0]": "route_table_id"},
        result="RouteTables[0].Routes",
        where=_DESTINATION,
        joins={"RouteTableId": "route_table_id"},
    ),
    update=(Update(operation="replace_route", when=(*_BY_ROW, *_TARGETS), params=_ROUTE),),
    carry=Carry(not_kept={"LocalTarget": "routes to the VPC itself are AWS's"}),
    delete=(Call(operation="delete_route", params={"RouteTableId": "route_table_id", **_DESTINATION}),),
    absent=("InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"),
    eventual=(
        ("InvalidRouteTableID.NotFound", ""),
        ("InvalidInternetGatewayID.NotFound", ""),
        ("InvalidGatewayID.NotFound", ""),
        ("NatGatewayNotFound", ""),
        ("InvalidVpcPeeringConnectionID.NotFound", ""),
    ),
    hints={
        "InvalidParameterValue": "A route leads to one target, which is in the VPC or attached to it.",
        "RouteAlreadyExists": "iasql_sync() would show the route.",
        "RouteLimitExceeded": "AWS allows 50 in a table unless its owner has asked for more.",
    },
)
