"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.aws_dynamo import indexes, keys
from modules.spec import (
    SET,
    Call,
    Carry,
    Const,
    Derived,
    Describe,
    Description,
    Detail,
    Edited,
    EnumType,
    Item,
    Kept,
    List,
    Look,
    Lost,
    Old,
    PerKey,
    Resource,
    Settled,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
)

_NAME: dict[str, Source] = {"TableName": "table_name"}
#: AWS changes one thing of a table at a time, and an index may be filled for hours.
_ACTIVE = Waiter(
    name="table_exists",
    params=_NAME,
    seconds=6 * 3600,
    blocks=True,
    unless="Table.GlobalSecondaryIndexes[?IndexStatus != 'ACTIVE']",
)
_SSE = "SSESpecification"
_TTL = "TimeToLiveSpecification"
_PITR = "PointInTimeRecoverySpecification"
_RECOVERY = "ContinuousBackups.PointInTimeRecoveryDescription"
_TAGS = tagging.dynamo_table("arn")
_GONE = ("ResourceNotFoundException", "TableNotFoundException")


def _ttl(there: Any) -> str | None:
    """The attribute by which AWS deletes items, if it does."""
    return (there or {}).get("AttributeName") if _is_on((there or {}).get("TimeToLiveStatus")) else None


def _is_on(status: str | None) -> bool:
    return status in ("ENABLING", "ENABLED", "UPDATING")


def _protection(table: Description) -> str | None:
    return "deletion protection" if table.get("DeletionProtectionEnabled") else None


def _key(enabled: bool, key: str | None) -> str | None:
    return key if enabled else None


_ENCRYPTED: dict[str, Source] = {
    f"{_SSE}.Enabled": "kms_encryption",
    f"{_SSE}.SSEType": Derived(lambda enabled: "KMS" if enabled else None, ("kms_encryption",)),
    f"{_SSE}.KMSMasterKeyId": Derived(_key, ("kms_encryption", "kms_key_arn")),
}
_RECOVERED: dict[str, Source] = {
    **_NAME,
    f"{_PITR}.PointInTimeRecoveryEnabled": "point_in_time_recovery",
    f"{_PITR}.RecoveryPeriodInDays": Derived(_key, ("point_in_time_recovery", "recovery_period_in_days")),
}
_STREAM = "StreamSpecification"

DYNAMO_TABLE = Resource(
    table="dynamo_table",
    service="dynamodb",
    doc="Tables of DynamoDB, without their items. AWS changes one thing of a table at a time, which takes "
    "minutes, and an apply waits for it.",
    key=("id",),
    identity="arn",
    natural_key=("table_name",),
    unique=(("table_name",), ("arn",)),
    columns=(
        fixed("table_name", "varchar", "TableName", not_null=True),
        assigned("arn", "varchar", "TableArn"),
        assigned("table_id", "varchar", "TableId"),
        fixed(
            "primary_key",
            "jsonb",
            not_null=True,
            read=keys.primary,
            doc='The attribute by which items are told apart and its type, such as {"id": "S"}; or two, such '
            'as [{"shop": "S"}, {"at": "N"}]: the first spreads items, and the second orders them.',
        ),
        column(
            "billing_mode",
            EnumType(name="dynamo_table_billing_mode_enum", values=(indexes.ON_DEMAND, indexes.PROVISIONED)),
            not_null=True,
            default=f"'{indexes.ON_DEMAND}'",
            path="BillingModeSummary.BillingMode",
            read=indexes.billing,
            doc="Whether each request is paid, or what is kept free: AWS lets that be changed to the former "
            "a few times a day.",
        ),
        column(
            "throughput",
            "jsonb",
            "ProvisionedThroughput",
            read=indexes.units,
            doc='What is kept free, if PROVISIONED: {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}.',
        ),
        column(
            "table_class",
            EnumType(name="dynamo_table_table_class_enum", values=("STANDARD", "STANDARD_INFREQUENT_ACCESS")),
            "TableClassSummary.TableClass",
            not_null=True,
            default="'STANDARD'",
            read=lambda told: told or "STANDARD",
        ),
        column(
            "global_indexes",
            "jsonb",
            "@",
            read=indexes.told,
            doc='Indexes with keys of their own by their names, such as {"by_mail": {"key": {"mail": "S"}, '
            '"projection": "KEYS_ONLY"}}. A projection is ALL unless it is said, KEYS_ONLY or a list '
            "of attributes; throughput is the table's unless an index says another.",
        ),
        fixed(
            "local_indexes",
            "jsonb",
            read=indexes.told_locals,
            doc="The same of indexes with another order only: their key is the attribute that orders.",
        ),
        column(
            "stream_view_type",
            EnumType(
                name="dynamo_table_stream_view_type_enum",
                values=("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"),
            ),
            f"{_STREAM}.StreamViewType",
            doc="What the stream of changes has of an item; NULL is none. Another one is another stream.",
        ),
        assigned(
            "stream_arn", "varchar", "LatestStreamArn", doc="The stream, or the last one that there was."
        ),
        column(
            "ttl_attribute",
            "varchar",
            "TimeToLive",
            read=_ttl,
            doc="The attribute with the second since 1970 after which AWS deletes an item.",
        ),
        column(
            "point_in_time_recovery",
            "boolean",
            f"{_RECOVERY}.PointInTimeRecoveryStatus",
            not_null=True,
            default="false",
            read=_is_on,
            doc="Whether the table can be had as it was at any second.",
        ),
        column(
            "recovery_period_in_days",
            "integer",
            f"{_RECOVERY}.RecoveryPeriodInDays",
            left_to_aws=True,
            doc="Of the last so many days; NULL is AWS's, which are 35.",
        ),
        column(
            "kms_encryption",
            "boolean",
            "SSEDescription.Status",
            not_null=True,
            default="false",
            read=_is_on,
            doc="Whether a key of the account's encrypts the items; otherwise one of AWS's own does.",
        ),
        column(
            "kms_key_arn",
            "varchar",
            "SSEDescription.KMSMasterKeyArn",
            left_to_aws=True,
            doc="Which key; NULL is alias/aws/dynamodb.",
        ),
        column(
            "deletion_protection",
            "boolean",
            "DeletionProtectionEnabled",
            not_null=True,
            default="false",
            read=bool,
            doc="It has to be taken off in an apply of its own before a table can be deleted.",
        ),
        assigned(
            "created_at",
            "timestamptz",
            "CreationDateTime",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    canonical=indexes.comparable,
    checks=(
        (
            "dynamo_table_primary_key_has_an_order",
            "jsonb_typeof(primary_key) = 'array' OR "
            "jsonb_array_length(jsonb_path_query_array(primary_key, '$.keyvalue()')) = 1",
        ),
        (
            "dynamo_table_provisioned_has_throughput",
            "billing_mode <> 'PROVISIONED' OR (throughput ? 'ReadCapacityUnits' AND "
            "throughput ? 'WriteCapacityUnits') IS TRUE",
        ),
    ),
    mark="TableId",
    listing=List(operation="list_tables", items="TableNames", params={"Limit": 100}),
    describe=Describe(operation="describe_table", ids="TableName", batch=1, items="Table"),
    details=(
        Detail(
            operation="list_tags_of_resource", items="Tags", into="Tags", params={"ResourceArn": "TableArn"}
        ),
        Detail(
            operation="describe_time_to_live",
            items="TimeToLiveDescription",
            into="TimeToLive",
            params={"TableName": "TableName"},
            fetched=True,
        ),
        Detail(
            operation="describe_continuous_backups",
            items="ContinuousBackupsDescription",
            into="ContinuousBackups",
            params={"TableName": "TableName"},
            fetched=True,
        ),
    ),
    where=lambda table: table.get("TableStatus") != "DELETING",
    undeletable=_protection,
    settled={
        "global_indexes": Settled(
            of=indexes.is_redefined,
            why="AWS changes neither the key of an index nor what it has of an item.",
            hint="Give the other index another name, and take the old one away.",
        ),
        "ttl_attribute": Settled(
            of=lambda table, values: bool(_ttl(table.get("TimeToLive")) and values.get("ttl_attribute")),
            why="AWS stops deleting by one attribute before it begins to by another, and takes an hour for "
            "each.",
            hint="Set it to NULL, apply, and set it to the other one an hour later.",
        ),
    },
    create=(
        Call(
            operation="create_table",
            params={
                **_NAME,
                "AttributeDefinitions": Derived(
                    indexes.definitions, ("primary_key", "global_indexes", "local_indexes")
                ),
                "KeySchema": Derived(keys.schema, ("primary_key",)),
                "LocalSecondaryIndexes": Derived(indexes.new_locals, ("primary_key", "local_indexes")),
                "GlobalSecondaryIndexes": Edited(
                    "GlobalSecondaryIndexes", indexes.new, ("billing_mode", "throughput", "global_indexes")
                ),
                "BillingMode": "billing_mode",
                "ProvisionedThroughput": Derived(indexes.kept, ("billing_mode", "throughput")),
                f"{_STREAM}.StreamEnabled": Derived(lambda view: True, ("stream_view_type",)),
                f"{_STREAM}.StreamViewType": "stream_view_type",
                f"{_SSE}.Enabled": Derived(lambda enabled: enabled or None, ("kms_encryption",)),
                **{path: source for path, source in _ENCRYPTED.items() if not path.endswith(".Enabled")},
                "TableClass": "table_class",
                "DeletionProtectionEnabled": "deletion_protection",
                "OnDemandThroughput": Old("OnDemandThroughput"),
                **_TAGS.create,
            },
            result="TableDescription",
            then=_ACTIVE,
        ),
        Call(
            operation="update_time_to_live",
            given=("ttl_attribute", SET),
            params={**_NAME, f"{_TTL}.Enabled": Const(True), f"{_TTL}.AttributeName": "ttl_attribute"},
        ),
        Call(
            operation="update_continuous_backups",
            given=("point_in_time_recovery", True),
            params=_RECOVERED,
        ),
    ),
    ready=_ACTIVE,
    fetch=Call(operation="describe_table", params=_NAME, result="Table"),
    update=(
        Update(
            operation="update_table",
            when=("billing_mode", "throughput"),
            params={
                **_NAME,
                "BillingMode": "billing_mode",
                "ProvisionedThroughput": Derived(indexes.kept, ("billing_mode", "throughput")),
                "GlobalSecondaryIndexUpdates": Edited(
                    "GlobalSecondaryIndexes",
                    indexes.first_units,
                    ("billing_mode", "throughput", "global_indexes"),
                ),
            },
            then=_ACTIVE,
        ),
        PerKey(
            operation="update_table",
            column="global_indexes",
            which="removed",
            most=1,
            params={**_NAME, "GlobalSecondaryIndexUpdates[0].Delete.IndexName": Item("[0]")},
            then=_ACTIVE,
        ),
        PerKey(
            operation="update_table",
            column="global_indexes",
            which="set",
            most=1,
            needs="GlobalSecondaryIndexUpdates",
            seen=Call(operation="describe_table", params=_NAME, result="Table"),
            params={
                **_NAME,
                "AttributeDefinitions": Item(read=indexes.attributes_of),
                "GlobalSecondaryIndexUpdates": Item(read=indexes.change),
            },
            then=_ACTIVE,
        ),
        # AWS makes no other stream beside one.
        Update(
            operation="update_table",
            when=("stream_view_type",),
            needs=_STREAM,
            params={
                **_NAME,
                f"{_STREAM}.StreamEnabled": Edited(
                    f"{_STREAM}.StreamEnabled",
                    lambda there, view: False if there else None,
                    ("stream_view_type",),
                ),
            },
            then=_ACTIVE,
        ),
        Update(
            operation="update_table",
            when=("stream_view_type",),
            given=("stream_view_type", SET),
            params={
                **_NAME,
                f"{_STREAM}.StreamEnabled": Const(True),
                f"{_STREAM}.StreamViewType": "stream_view_type",
            },
            then=_ACTIVE,
        ),
        Update(
            operation="update_table",
            when=("table_class",),
            params={**_NAME, "TableClass": "table_class"},
            then=_ACTIVE,
        ),
        Update(
            operation="update_table",
            when=("kms_encryption", "kms_key_arn"),
            params={**_NAME, **_ENCRYPTED},
            then=_ACTIVE,
        ),
        Update(
            operation="update_table",
            when=("deletion_protection",),
            params={**_NAME, "DeletionProtectionEnabled": "deletion_protection"},
            then=_ACTIVE,
        ),
        Update(
            operation="update_time_to_live",
            when=("ttl_attribute",),
            params={
                **_NAME,
                f"{_TTL}.Enabled": Derived(
                    lambda name, attribute: attribute is not None, ("table_name", "ttl_attribute")
                ),
                f"{_TTL}.AttributeName": Edited(
                    "TimeToLive.AttributeName",
                    lambda there, attribute: attribute or there,
                    ("ttl_attribute",),
                ),
            },
        ),
        Update(
            operation="update_continuous_backups",
            when=("point_in_time_recovery", "recovery_period_in_days"),
            params=_RECOVERED,
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="get_resource_policy",
                params={"ResourceArn": "arn"},
                result="Policy",
                into="ResourcePolicy",
                tolerate=("PolicyNotFoundException",),
            ),
        ),
        calls=(
            Kept(
                operation="put_resource_policy",
                of="ResourcePolicy",
                params={"ResourceArn": "arn", "Policy": Old("ResourcePolicy")},
            ),
        ),
        lost=(
            # AWS counts items every six hours only.
            Lost(of="TableArn", what="its items"),
            Lost(of="Replicas", what="its replicas in other regions"),
        ),
        not_kept={
            "ResourcePolicy": "a call of its own gives it",
            "ExpectedRevisionId": "a new table has no policy",
            "ConfirmRemoveSelfResourceAccess": "it lets one lock oneself out",
            "WarmThroughput": "AWS warms up a table for what it is used for, and takes money to do so first",
            "update_table.OnDemandThroughput": "AWS keeps what it is not given",
            "ReplicaUpdates": "replicas are of other regions",
            "MultiRegionConsistency": "replicas are of other regions",
            "GlobalTableWitnessUpdates": "replicas are of other regions",
        },
    ),
    delete=(Call(operation="delete_table", params=_NAME),),
    gone=Waiter(name="table_not_exists", params=_NAME, seconds=3600),
    absent=_GONE,
    busy=("ResourceInUseException", "LimitExceededException"),
    eventual=(
        # It is being changed, or one of its name is on its way out.
        ("ResourceInUseException", "still in use"),
        ("LimitExceededException", "simultaneously"),
        ("ContinuousBackupsUnavailableException", ""),
    ),
    hints={
        "ResourceInUseException": "AWS has a table of that name, which iasql_sync() would show as a row; or "
        "the table is being changed.",
        "ValidationException": "AWS checks the types of keys (S, N or B), the names of indexes and what goes "
        "with the throughput.",
        "LimitExceededException": "AWS changes so many tables and indexes at a time, and lets a table go "
        "to less throughput a few times a day.",
    },
)
