"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RouteTable.html"""

from modules import ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Description,
    Item,
    Kept,
    List,
    Lost,
    Resource,
    Token,
    Values,
    assigned,
    ref,
)

_TAGS = tagging.ec2("route-table", "route_table_id")


def _is_main(description: Description) -> bool:
    return any(each.get("Main") for each in description.get("Associations") or ())


def _newborn(row: Values, found: Values) -> bool:
    """Whether a table is what a row asks AWS for, or the one that AWS makes with each VPC."""
    same = tagging.own(row["tags"]) == tagging.own(found["tags"]) or bool(found["is_main"])
    return same and (row["vpc_id"], bool(row["is_main"])) == (found["vpc_id"], bool(found["is_main"]))


ROUTE_TABLE = Resource(
    table="route_table",
    service="ec2",
    doc="Route tables. What they lead to is in route, whom they are for in route_table_association.",
    key=("id",),
    identity="route_table_id",
    natural_key=("vpc_id", "is_main"),
    called=tagging.name,
    unique_in_aws=False,
    newborn=_newborn,
    columns=(
        assigned("route_table_id", "varchar", "RouteTableId", doc="AWS's id of the table."),
        ref("vpc_id", "vpc", "VpcId", not_null=True, cascade=True),
        assigned(
            "is_main",
            "boolean",
            "Associations[?Main].RouteTableId",
            read=bool,
            not_null=True,
            default="false",
            doc="Whether it is for all subnets that have no other; route_table_association makes it so.",
        ),
        assigned("owner_id", "varchar", "OwnerId"),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_route_tables",
        items="RouteTables",
        params={"MaxResults": 100},
        joins=ownership.ACCOUNT,
    ),
    create=(
        Call(
            operation="create_route_table",
            params={"VpcId": "vpc_id", "ClientToken": Token(), **_TAGS.create},
            result="RouteTable",
        ),
    ),
    fetch=Call(
        operation="describe_route_tables",
        params={"RouteTableIds[0]": "route_table_id"},
        result="RouteTables[0]",
    ),
    update=_TAGS.update,
    # Its routes and associations are resources of their own.
    reflects=("Routes", "Associations"),
    carry=Carry(
        calls=(
            Kept(
                operation="enable_vgw_route_propagation",
                of="PropagatingVgws[].GatewayId",
                each=True,
                params={"RouteTableId": "route_table_id", "GatewayId": Item()},
            ),
        ),
        lost=(
            Lost(
                of="Routes[?Origin=='CreateRouteTable' && GatewayId!='local'].DestinationCidrBlock",
                what="the changed targets of its local routes",
            ),
        ),
    ),
    delete=(Call(operation="delete_route_table", params={"RouteTableId": "route_table_id"}),),
    # AWS makes one with each VPC, and lets it go only with that, unless another has become the main one.
    stays=_is_main,
    absent=("InvalidRouteTableID.NotFound",),
    busy=("DependencyViolation",),
    eventual=(("InvalidVpcID.NotFound", ""), ("InvalidRouteTableID.NotFound", "")),
    hints={
        "DependencyViolation": "Subnets or gateways still use the table: see route_table_association.",
        "RouteTableLimitExceeded": "AWS allows 200 in a VPC unless its owner has asked for more.",
    },
)
