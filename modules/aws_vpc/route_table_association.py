"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RouteTableAssociation.html"""

from modules import ownership
from modules.spec import Call, Carry, List, OnChange, Resource, Update, assigned, fixed, present, ref

_ID = "RouteTableAssociationId"

ROUTE_TABLE_ASSOCIATION = Resource(
    table="route_table_association",
    service="ec2",
    doc="Whom a route table is for: a subnet, a gateway, or (is_main) all subnets that have no other.",
    key=("id",),
    natural_key=("vpc_id", "subnet_id", "gateway_id", "is_main"),
    unique=(("vpc_id", "subnet_id", "gateway_id", "is_main"),),
    checks=(("one_user", "num_nonnulls(subnet_id, gateway_id, NULLIF(is_main, false)) = 1"),),
    columns=(
        assigned(
            "route_table_association_id",
            "varchar",
            _ID,
            doc="AWS's id of it, another one after each change.",
        ),
        fixed(
            "is_main",
            "boolean",
            "Main",
            read=bool,
            not_null=True,
            default="false",
            doc="AWS makes it with the VPC; it may get another table, and cannot be deleted.",
        ),
        ref("route_table_id", "route_table", "RouteTableId", not_null=True, on_change=OnChange.UPDATE),
        ref("subnet_id", "subnet", "SubnetId"),
        fixed(
            "gateway_id", "varchar", "GatewayId", doc="An internet or virtual private gateway: what comes in."
        ),
        ref("vpc_id", "vpc", "VpcId", not_null=True, cascade=True, doc="The VPC of the table."),
        assigned("state", "varchar", "AssociationState.State"),
        ownership.managed_by(None, ownership.another_account("OwnerId")),
    ),
    within="subnet_id",
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_route_tables",
        items="RouteTables",
        each="Associations",
        outer={"VpcId": "VpcId", "OwnerId": "OwnerId"},
        params={"MaxResults": 100},
        joins=ownership.ACCOUNT,
    ),
    where=lambda association: association.get("AssociationState", {}).get("State") != "disassociated",
    create=(
        Call(
            operation="associate_route_table",
            params={"RouteTableId": "route_table_id", "SubnetId": "subnet_id", "GatewayId": "gateway_id"},
        ),
    ),
    fetch=Call(
        operation="describe_route_tables",
        params={"RouteTableIds[0]": "route_table_id"},
        result="RouteTables[0].Associations",
        where={"SubnetId": "subnet_id", "GatewayId": "gateway_id"},
        joins={"VpcId": "vpc_id"},
    ),
    update=(
        Update(
            operation="replace_route_table_association",
            when=("route_table_id",),
            params={"RouteTableId": "route_table_id", "AssociationId": present(_ID)},
        ),
    ),
    carry=Carry(not_kept={"PublicIpv4Pool": "such a table is for a pool, and not shown"}),
    delete=(
        Call(operation="disassociate_route_table", params={"AssociationId": "route_table_association_id"}),
    ),
    stays=lambda association: bool(association.get("Main")),
    absent=("InvalidAssociationID.NotFound",),
    eventual=(("InvalidRouteTableID.NotFound", ""), ("InvalidSubnetID.NotFound", "")),
    hints={"Resource.AlreadyAssociated": "The subnet has a table; iasql_sync() would show that."},
)
