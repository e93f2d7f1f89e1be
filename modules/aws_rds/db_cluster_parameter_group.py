"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBClusterParameterGroup.html"""

from modules import canonical, ownership, tagging
from modules.aws_rds import parameters
from modules.spec import Call, Carry, List, Resource, assigned, fixed

_TAGS = tagging.rds("arn")

DB_CLUSTER_PARAMETER_GROUP = Resource(
    table="db_cluster_parameter_group",
    service="rds",
    doc="Parameters of database clusters. AWS's own, default.…, cannot be changed or deleted.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        fixed("name", "varchar", "DBClusterParameterGroupName", not_null=True, canonical=canonical.lower),
        assigned("arn", "varchar", "DBClusterParameterGroupArn"),
        fixed(
            "family",
            "varchar",
            "DBParameterGroupFamily",
            not_null=True,
            doc="What it is for, such as aurora-postgresql16.",
        ),
        fixed("description", "varchar", "Description", not_null=True),
        parameters.set_parameters(),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    listing=List(operation="describe_db_cluster_parameter_groups", items="DBClusterParameterGroups"),
    details=(
        parameters.told("describe_db_cluster_parameters", "DBClusterParameterGroupName"),
        tagging.of_rds("DBClusterParameterGroupArn"),
    ),
    create=(
        Call(
            operation="create_db_cluster_parameter_group",
            params={
                "DBClusterParameterGroupName": "name",
                "DBParameterGroupFamily": "family",
                "Description": "description",
                **_TAGS.create,
            },
            result="DBClusterParameterGroup",
        ),
    ),
    update=(
        *parameters.changed(
            "describe_db_cluster_parameters",
            "modify_db_cluster_parameter_group",
            "reset_db_cluster_parameter_group",
            "DBClusterParameterGroupName",
        ),
        *_TAGS.update,
    ),
    carry=Carry(not_kept=parameters.NOT_KEPT),
    delete=(
        Call(operation="delete_db_cluster_parameter_group", params={"DBClusterParameterGroupName": "name"}),
    ),
    absent=("DBParameterGroupNotFound",),
    # Also for as long as a cluster that had it is being changed or deleted.
    busy=("InvalidDBParameterGroupState",),
    protected=lambda group: (group.get("DBClusterParameterGroupName") or "").startswith("default."),
    hints={
        "InvalidDBParameterGroupState": "A cluster uses it, or AWS is still at work on one that did.",
        "InvalidParameterValue": "Check the names and values of db_cluster_parameter_group.parameters.",
    },
)
