"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSubnetGroup.html"""

from modules import canonical, ownership, tagging
from modules.spec import Call, List, Resource, Update, assigned, column, fixed, with_others

_TAGS = tagging.rds("arn")

DB_SUBNET_GROUP = Resource(
    table="db_subnet_group",
    service="rds",
    doc="The subnets that databases may stand in, in two zones at least.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        fixed("name", "varchar", "DBSubnetGroupName", not_null=True, canonical=canonical.lower),
        assigned("arn", "varchar", "DBSubnetGroupArn"),
        column("description", "varchar", "DBSubnetGroupDescription", not_null=True),
        column(
            "subnets",
            "varchar[]",
            "Subnets[].SubnetIdentifier",
            not_null=True,
            refers="subnet",
            canonical=canonical.unordered,
            doc="Ids of the subnets, all of one VPC.",
        ),
        assigned("vpc_id", "varchar", "VpcId", doc="AWS's id of the VPC."),
        assigned("status", "varchar", "SubnetGroupStatus"),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    listing=List(operation="describe_db_subnet_groups", items="DBSubnetGroups"),
    details=(tagging.of_rds("DBSubnetGroupArn"),),
    create=(
        Call(
            operation="create_db_subnet_group",
            params={
                "DBSubnetGroupName": "name",
                "DBSubnetGroupDescription": "description",
                "SubnetIds": "subnets",
                **_TAGS.create,
            },
            result="DBSubnetGroup",
        ),
    ),
    update=(
        Update(
            operation="modify_db_subnet_group",
            when=("description", "subnets"),
            params={
                "DBSubnetGroupName": "name",
                "DBSubnetGroupDescription": "description",
                # AWS wants all of them, also where only the description changes.
                "SubnetIds": with_others("subnets", "description"),
            },
            result="DBSubnetGroup",
        ),
        *_TAGS.update,
    ),
    delete=(Call(operation="delete_db_subnet_group", params={"DBSubnetGroupName": "name"}),),
    absent=("DBSubnetGroupNotFoundFault",),
    busy=("InvalidDBSubnetGroupStateFault",),
    eventual=(("InvalidSubnet", ""),),
    hints={
        "DBSubnetGroupDoesNotCoverEnoughAZs": "db_subnet_group.subnets has to have subnets of two zones.",
        "InvalidDBSubnetGroupStateFault": "A database is still in it.",
        "SubnetAlreadyInUse": "A database stands in a subnet that would be taken out.",
    },
)
