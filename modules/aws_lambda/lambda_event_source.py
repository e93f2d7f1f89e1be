"""https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.aws_lambda import arns
from modules.spec import (
    After,
    Call,
    Carry,
    Column,
    Derived,
    Detail,
    List,
    Lost,
    Old,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
    ref,
)

_SOURCE = ("queue_id", "event_source_arn")
_GOING = ("Disabling", "Disabled")


def _patterns(criteria: Any) -> list[Any] | None:
    return [canonical.document(each["Pattern"]) for each in (criteria or {}).get("Filters") or ()] or None


def _criteria(uuid: Any, patterns: Any) -> dict[str, Any]:
    """What is let through; AWS takes an empty structure for everything."""
    return {"Filters": [{"Pattern": canonical.json_text(each)} for each in patterns]} if patterns else {}


def _scaling(uuid: Any, most: int | None) -> dict[str, Any]:
    return {} if most is None else {"MaximumConcurrency": most}


def _of_streams(name: str, type: str, path: str, doc: str) -> Column:
    return column(name, type, path, left_to_aws=True, doc=f"Of streams: {doc}")


#: What AWS chooses, if nobody does.
_CHOSEN: dict[str, Source] = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "maximum_batching_window_in_seconds",
    "ParallelizationFactor": "parallelization_factor",
    "BisectBatchOnFunctionError": "bisect_batch_on_function_error",
    "MaximumRecordAgeInSeconds": "maximum_record_age_in_seconds",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "TumblingWindowInSeconds": "tumbling_window_in_seconds",
}
_KEPT = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "KMSKeyArn",
    "MetricsConfig",
    "ProvisionedPollerConfig",
    "Queues",
    "SourceAccessConfigurations",
    "Topics",
)
_TAGS = tagging.functions("arn")

LAMBDA_EVENT_SOURCE = Resource(
    table="lambda_event_source",
    service="lambda",
    doc="What AWS reads for a function, and calls it with: queues, and streams.",
    key=("id",),
    identity="uuid",
    natural_key=("lambda_function_id", "qualifier", *_SOURCE),
    unique=(("uuid",),),
    columns=(
        assigned("uuid", "varchar", "UUID"),
        assigned("arn", "varchar", "EventSourceMappingArn"),
        ref(
            "lambda_function_id",
            "lambda_function",
            "FunctionArn",
            read=arns.unqualified,
            not_null=True,
            cascade=True,
        ),
        fixed(
            "qualifier",
            "varchar",
            "FunctionArn",
            read=arns.qualifier,
            doc="The version or the alias that is called; NULL is what the function is now.",
        ),
        ref(_SOURCE[0], "queue", "EventSourceArn", by="arn", doc="The queue that is read."),
        fixed(
            _SOURCE[1],
            "varchar",
            "EventSourceArn",
            unless=_SOURCE[:1],
            doc="ARN of what is read, if that is no row: a stream of Kinesis or DynamoDB, or another "
            "account's queue.",
        ),
        column(
            "enabled",
            "boolean",
            "State",
            not_null=True,
            default="true",
            read=lambda state: state not in _GOING,
            doc="Whether it is read.",
        ),
        column(
            "batch_size",
            "integer",
            "BatchSize",
            left_to_aws=True,
            doc="How many messages a call gets at most; NULL is AWS's 10 of queues, and 100 of streams.",
        ),
        column(
            "maximum_batching_window_in_seconds",
            "integer",
            "MaximumBatchingWindowInSeconds",
            left_to_aws=True,
            doc="Seconds that messages are gathered for.",
        ),
        column(
            "maximum_concurrency",
            "integer",
            "ScalingConfig.MaximumConcurrency",
            doc="Of queues: how many calls there may be at once, from 2; NULL sets no limit.",
        ),
        column(
            "filters",
            "jsonb",
            "FilterCriteria",
            read=_patterns,
            doc='A list of patterns, of which a message has to fit one, such as [{"body": {"kind": ["a"]}}].',
        ),
        column(
            "function_response_types",
            "text[]",
            "FunctionResponseTypes",
            read=canonical.unordered,
            canonical=canonical.unordered,
            doc="{ReportBatchItemFailures}: the function says which messages of a batch have failed.",
        ),
        fixed(
            "starting_position",
            "varchar",
            "StartingPosition",
            doc="Of streams: TRIM_HORIZON, LATEST or AT_TIMESTAMP.",
        ),
        fixed(
            "starting_position_timestamp",
            "timestamptz",
            "StartingPositionTimestamp",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        _of_streams(
            "parallelization_factor", "integer", "ParallelizationFactor", "calls at once of each shard."
        ),
        _of_streams(
            "bisect_batch_on_function_error",
            "boolean",
            "BisectBatchOnFunctionError",
            "whether a batch that fails is tried again in halves.",
        ),
        _of_streams(
            "maximum_record_age_in_seconds",
            "integer",
            "MaximumRecordAgeInSeconds",
            "seconds after which a record is given up; -1 is never.",
        ),
        _of_streams(
            "maximum_retry_attempts",
            "integer",
            "MaximumRetryAttempts",
            "how often a batch is tried again; -1 is for ever.",
        ),
        _of_streams(
            "tumbling_window_in_seconds",
            "integer",
            "TumblingWindowInSeconds",
            "seconds of which a function gets a sum.",
        ),
        column(
            "on_failure_destination_arn",
            "varchar",
            "DestinationConfig.OnFailure.Destination",
            canonical=canonical.none_if_empty,
            doc="Of streams: the queue or topic that is told of what is given up.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    checks=(("lambda_event_source_has_one_source", f"num_nonnulls({', '.join(_SOURCE)}) <= 1"),),
    listing=List(
        operation="list_event_source_mappings", items="EventSourceMappings", params={"MaxItems": 100}
    ),
    details=(
        Detail(
            operation="list_tags", items="Tags", into="Tags", params={"Resource": "EventSourceMappingArn"}
        ),
    ),
    # Kafka of one's own has no ARN.
    where=lambda mapping: bool(mapping.get("EventSourceArn")) and mapping.get("State") != "Deleting",
    create=(
        Call(
            operation="create_event_source_mapping",
            params={
                "FunctionName": Derived(arns.qualified, ("lambda_function_id", "qualifier")),
                "EventSourceArn": Derived(
                    lambda function, queue, arn: queue or arn, ("lambda_function_id", *_SOURCE)
                ),
                "Enabled": "enabled",
                **_CHOSEN,
                "ScalingConfig": Derived(
                    lambda function, most: _scaling(None, most) or None,
                    ("lambda_function_id", "maximum_concurrency"),
                ),
                "FilterCriteria": Derived(
                    lambda function, patterns: _criteria(None, patterns) or None,
                    ("lambda_function_id", "filters"),
                ),
                "FunctionResponseTypes": "function_response_types",
                "StartingPosition": "starting_position",
                "StartingPositionTimestamp": Derived(canonical.instant, ("starting_position_timestamp",)),
                "DestinationConfig.OnFailure.Destination": "on_failure_destination_arn",
                **{name: Old(name) for name in _KEPT},
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    fetch=Call(operation="get_event_source_mapping", params={"UUID": "uuid"}, result="@"),
    update=(
        Update(
            operation="update_event_source_mapping",
            when=(
                "enabled",
                *(str(each) for each in _CHOSEN.values()),
                "maximum_concurrency",
                "filters",
                "function_response_types",
                "on_failure_destination_arn",
            ),
            params={
                "UUID": "uuid",
                "Enabled": "enabled",
                **_CHOSEN,
                "ScalingConfig": Derived(_scaling, ("uuid", "maximum_concurrency")),
                "FilterCriteria": Derived(_criteria, ("uuid", "filters")),
                "FunctionResponseTypes": Derived(
                    lambda uuid, types: types or [], ("uuid", "function_response_types")
                ),
                "DestinationConfig.OnFailure.Destination": Derived(
                    lambda uuid, arn: arn or "", ("uuid", "on_failure_destination_arn")
                ),
            },
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        lost=(
            Lost(of="StartingPosition", what="how far it has read the stream"),
            Lost(of="FilterCriteriaError", what="its filters, which AWS cannot decrypt"),
        ),
        not_kept={
            "SelfManagedEventSource": "what has one has no ARN, and is no row",
            "SelfManagedKafkaEventSourceConfig": "what has one has no ARN, and is no row",
            "DestinationConfig.OnSuccess": "AWS takes none here",
            **{
                f"update_event_source_mapping.{name}": "AWS keeps what it is not given"
                for name in ("FunctionName", *_KEPT)
                if name not in ("Queues", "Topics")
            },
        },
    ),
    delete=(Call(operation="delete_event_source_mapping", params={"UUID": "uuid"}),),
    after=(
        After(
            table="role_policy",
            shares="role_name",
            through="lambda_function_id",
            why="AWS looks at whether the function may read it",
        ),
    ),
    absent=("ResourceNotFoundException",),
    busy=("ResourceInUseException",),
    eventual=(
        ("InvalidParameterValueException", "execution role does not have permissions"),
        ("InvalidParameterValueException", "cannot be assumed by Lambda"),
        # The same apply lets the queue hide messages for longer.
        ("InvalidParameterValueException", "Queue visibility timeout"),
        # It is being made or changed, or one like it is on its way out.
        ("ResourceInUseException", ""),
        ("ResourceConflictException", "already exists"),
    ),
    hints={
        "ResourceConflictException": "The function reads that already; iasql_sync() would show it as a row.",
        "InvalidParameterValueException": "The function's role has to be allowed to read the source, and a "
        "queue has to hide messages for at least as long as the function may take: "
        "queue.visibility_timeout. Streams want lambda_event_source.starting_position.",
    },
)
