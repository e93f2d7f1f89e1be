"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"""

from modules import canonical
from modules.spec import Call, List, Resource, assigned, fixed

LOG_GROUP = Resource(
    table="log_group",
    service="logs",
    doc="CloudWatch log groups.",
    key=("log_group_name",),
    identity="log_group_arn",
    natural_key=("log_group_name",),
    columns=(
        fixed("log_group_name", "varchar", "logGroupName", not_null=True),
        assigned("log_group_arn", "varchar", "arn"),
        assigned(
            "creation_time",
            "timestamptz",
            "creationTime",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
    ),
    listing=List(operation="describe_log_groups", items="logGroups"),
    create=(Call(operation="create_log_group", params={"logGroupName": "log_group_name"}),),
    # The operation finds by prefix: the group itself sorts before all that it is a prefix of.
    fetch=Call(
        operation="describe_log_groups",
        params={"logGroupNamePrefix": "log_group_name"},
        result="logGroups[0]",
    ),
    delete=(Call(operation="delete_log_group", params={"logGroupName": "log_group_name"}),),
    absent=("ResourceNotFoundException",),
)
