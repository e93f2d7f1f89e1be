"""https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheSubnetGroup.html"""

from modules import canonical, ownership, tagging
from modules.spec import Call, List, Resource, Update, assigned, column, fixed

_TAGS = tagging.rds("arn")

CACHE_SUBNET_GROUP = Resource(
    table="cache_subnet_group",
    service="elasticache",
    doc="The subnets that caches may stand in. AWS makes the group `default`, of the default VPC's subnets, "
    "with the first cache that names none.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        fixed("name", "varchar", "CacheSubnetGroupName", not_null=True, canonical=canonical.lower),
        assigned("arn", "varchar", "ARN"),
        column("description", "varchar", "CacheSubnetGroupDescription", not_null=True),
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
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    listing=List(operation="describe_cache_subnet_groups", items="CacheSubnetGroups"),
    batched=(tagging.of_many("ARN"),),
    create=(
        Call(
            operation="create_cache_subnet_group",
            params={
                "CacheSubnetGroupName": "name",
                "CacheSubnetGroupDescription": "description",
                "SubnetIds": "subnets",
                **_TAGS.create,
            },
            result="CacheSubnetGroup",
        ),
    ),
    update=(
        Update(
            operation="modify_cache_subnet_group",
            when=("description", "subnets"),
            params={
                "CacheSubnetGroupName": "name",
                "CacheSubnetGroupDescription": "description",
                "SubnetIds": "subnets",
            },
            result="CacheSubnetGroup",
        ),
        *_TAGS.update,
    ),
    delete=(Call(operation="delete_cache_subnet_group", params={"CacheSubnetGroupName": "name"}),),
    absent=("CacheSubnetGroupNotFoundFault",),
    busy=("CacheSubnetGroupInUse",),
    eventual=(("InvalidSubnet", ""),),
    hints={
        "CacheSubnetGroupInUse": "A cache still stands in it.",
        "SubnetInUse": "A cache stands in a subnet that would be taken out.",
    },
)
