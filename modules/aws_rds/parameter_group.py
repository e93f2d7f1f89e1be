"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBParameterGroup.html"""

from modules import canonical, ownership, tagging
from modules.aws_rds import parameters
from modules.spec import Call, Carry, List, Resource, assigned, fixed

_TAGS = tagging.rds("arn")

PARAMETER_GROUP = Resource(
    table="parameter_group",
    service="rds",
    doc="Parameters of database instances. AWS's own, default.…, cannot be changed or deleted.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        fixed("name", "varchar", "DBParameterGroupName", not_null=True, canonical=canonical.lower),
        assigned("arn", "varchar", "DBParameterGroupArn"),
        fixed(
            "family",
            "varchar",
            "DBParameterGroupFamily",
            not_null=True,
            doc="What it is for, such as postgres16 or aurora-mysql8.0.",
        ),
        fixed("description", "varchar", "Description", not_null=True),
        parameters.set_parameters(),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    listing=List(operation="describe_db_parameter_groups", items="DBParameterGroups"),
    details=(
        parameters.told("describe_db_parameters", "DBParameterGroupName"),
        tagging.of_rds("DBParameterGroupArn"),
    ),
    create=(
        Call(
            operation="create_db_parameter_group",
            params={
                "DBParameterGroupName": "name",
                "DBParameterGroupFamily": "family",
                "Description": "description",
                **_TAGS.create,
            },
            result="DBParameterGroup",
        ),
    ),
    update=(
        *parameters.changed(
            "describe_db_parameters",
            "modify_db_parameter_group",
            "reset_db_parameter_group",
            "DBParameterGroupName",
        ),
        *_TAGS.update,
    ),
    carry=Carry(not_kept=parameters.NOT_KEPT),
    delete=(Call(operation="delete_db_parameter_group", params={"DBParameterGroupName": "name"}),),
    absent=("DBParameterGroupNotFound",),
    # Also for as long as an instance that had it is being changed or deleted.
    busy=("InvalidDBParameterGroupState",),
    protected=lambda group: (group.get("DBParameterGroupName") or "").startswith("default."),
    hints={
        "InvalidDBParameterGroupState": "An instance uses it, or AWS is still at work on one that did.",
        "InvalidParameterValue": "Check the names and values of parameter_group.parameters.",
    },
)
