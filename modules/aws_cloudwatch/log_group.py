"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"""

from modules import canonical, ownership, tagging
from modules.spec import (
    SET,
    UNSET,
    Call,
    Carry,
    Item,
    Kept,
    List,
    Look,
    Lost,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
)

_FILTER = ("filterName", "filterPattern", "applyOnTransformedLogs", "fieldSelectionCriteria")


def _items(*names: str) -> dict[str, Source]:
    """What a filter says, under the same names."""
    return {name: Item(name) for name in names}


_TAGS = tagging.logs("log_group_arn")
_NAMED: dict[str, Source] = {"logGroupName": "log_group_name"}
_RETAINED: dict[str, Source] = {**_NAMED, "retentionInDays": "retention_in_days"}

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
        column(
            "retention_in_days",
            "integer",
            "retentionInDays",
            doc="Days after which AWS deletes events; NULL keeps them for ever.",
        ),
        column(
            "kms_key_id", "varchar", "kmsKeyId", doc="ARN of the key that encrypts events; NULL is AWS's own."
        ),
        fixed(
            "log_group_class",
            "varchar",
            "logGroupClass",
            left_to_aws=True,
            doc="STANDARD, INFREQUENT_ACCESS or DELIVERY.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.control_tower("logGroupName")),
    ),
    mark="creationTime",
    listing=List(operation="describe_log_groups", items="logGroups"),
    # AWS lets its own operation for the tags of one group be called a few times a second only.
    batched=(tagging.of_many("logGroupArn"),),
    create=(
        Call(
            operation="create_log_group",
            params={
                "logGroupName": "log_group_name",
                "kmsKeyId": "kms_key_id",
                **_TAGS.create,
                "logGroupClass": "log_group_class",
            },
        ),
        Call(operation="put_retention_policy", given=("retention_in_days", SET), params=_RETAINED),
    ),
    update=(
        Update(
            operation="put_retention_policy",
            when=("retention_in_days",),
            given=("retention_in_days", SET),
            params=_RETAINED,
        ),
        Update(
            operation="delete_retention_policy",
            when=("retention_in_days",),
            given=("retention_in_days", UNSET),
            params=_NAMED,
        ),
        Update(
            operation="associate_kms_key",
            when=("kms_key_id",),
            given=("kms_key_id", SET),
            params={**_NAMED, "kmsKeyId": "kms_key_id"},
        ),
        Update(
            operation="disassociate_kms_key",
            when=("kms_key_id",),
            given=("kms_key_id", UNSET),
            params=_NAMED,
        ),
        *_TAGS.update,
    ),
    # The operation finds by prefix: the group itself sorts before all that it is a prefix of.
    fetch=Call(
        operation="describe_log_groups",
        params={"logGroupNamePrefix": "log_group_name"},
        result="logGroups[0]",
    ),
    carry=Carry(
        looks=(
            Look(
                operation="describe_log_streams",
                params={"logGroupName": "log_group_name"},
                result="logStreams[].logStreamName",
                into="streams",
            ),
            Look(
                operation="describe_metric_filters",
                params={"logGroupName": "log_group_name"},
                result="metricFilters",
                into="metricFilters",
            ),
            Look(
                operation="describe_subscription_filters",
                params={"logGroupName": "log_group_name"},
                result="subscriptionFilters",
                into="subscriptionFilters",
            ),
        ),
        calls=(
            Kept(
                operation="put_metric_filter",
                of="metricFilters",
                each=True,
                params={
                    "logGroupName": "log_group_name",
                    **_items(*_FILTER, "metricTransformations", "emitSystemFieldDimensions"),
                },
            ),
            Kept(
                operation="put_subscription_filter",
                of="subscriptionFilters",
                each=True,
                params={
                    "logGroupName": "log_group_name",
                    **_items(*_FILTER, "destinationArn", "roleArn", "distribution", "emitSystemFields"),
                },
            ),
        ),
        lost=(
            Lost(of="streams", what="its log events"),
            Lost(of="dataProtectionStatus", what="its data protection policy"),
        ),
        not_kept={"resourceIdentifier": "another way to name the group"},
    ),
    delete=(Call(operation="delete_log_group", params={"logGroupName": "log_group_name"}),),
    absent=("ResourceNotFoundException",),
)
