"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Column,
    Const,
    Derived,
    Describe,
    Detail,
    Item,
    List,
    Lost,
    Old,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
)

_NUMBERS = {
    "VisibilityTimeout": "visibility_timeout",
    "DelaySeconds": "delay_seconds",
    "ReceiveMessageWaitTimeSeconds": "receive_message_wait_time_seconds",
    "MessageRetentionPeriod": "message_retention_period",
    "MaximumMessageSize": "maximum_message_size",
}
#: What a new queue gets from the one that it replaces. `SqsManagedSseEnabled` goes with no key.
_KEPT = (
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
)
_SET: dict[str, Source] = {f"Attributes.{name}": Derived(str, (own,)) for name, own in _NUMBERS.items()}


def _number(attribute: str, default: int, doc: str) -> Column:
    more = {"not_null": True, "default": str(default), "read": canonical.integer, "doc": doc}
    return column(_NUMBERS[attribute], "integer", attribute, **more)


_TAGS = tagging.sqs()

QUEUE = Resource(
    table="queue",
    service="sqs",
    doc="SQS queues. A queue cannot be made again for 60 seconds after it was deleted.",
    key=("id",),
    identity="url",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        assigned("url", "varchar", "QueueUrl", doc="Where messages are sent to and received from."),
        assigned("arn", "varchar", "QueueArn"),
        fixed("name", "varchar", "QueueArn", not_null=True, read=lambda arn: arn and arn.rpartition(":")[2]),
        fixed(
            "fifo_queue",
            "boolean",
            "FifoQueue",
            not_null=True,
            default="false",
            read=lambda value: value == "true",
            doc="Whether messages keep their order. The name of such a queue ends in .fifo.",
        ),
        _number("VisibilityTimeout", 30, "Seconds for which a received message is hidden from others."),
        _number("DelaySeconds", 0, "Seconds for which a new message is held back."),
        _number("ReceiveMessageWaitTimeSeconds", 0, "Seconds that a receiver waits for a message."),
        _number("MessageRetentionPeriod", 345600, "Seconds after which AWS deletes a message."),
        _number("MaximumMessageSize", 262144, "Bytes that a message may have."),
        column("policy", "jsonb", "Policy", read=canonical.document, canonical=canonical.policy),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    checks=(("queue_fifo_has_its_name", "fifo_queue = (name LIKE '%.fifo')"),),
    mark="CreatedTimestamp",
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    settles=60,
    listing=List(operation="list_queues", items="QueueUrls", params={"MaxResults": 1000}),
    describe=Describe(
        operation="get_queue_attributes",
        ids="QueueUrl",
        batch=1,
        items="Attributes",
        params={"AttributeNames": ["All"]},
        joins={"QueueUrl": Item()},
    ),
    details=(
        Detail(operation="list_queue_tags", items="Tags", into="Tags", params={"QueueUrl": "QueueUrl"}),
    ),
    create=(
        Call(
            operation="create_queue",
            params={
                "QueueName": "name",
                # AWS does not take this attribute for other queues.
                "Attributes.FifoQueue": Derived(lambda fifo: "true" if fifo else None, ("fifo_queue",)),
                **_SET,
                "Attributes.Policy": Derived(canonical.json_text, ("policy",)),
                **{f"Attributes.{name}": Old(name) for name in _KEPT},
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    fetch=Call(
        operation="get_queue_attributes",
        params={"QueueUrl": "url", "AttributeNames[0]": Const("All")},
        result="Attributes",
        joins={"QueueUrl": "url"},
    ),
    update=(
        Update(
            operation="set_queue_attributes",
            when=(*_NUMBERS.values(), "policy"),
            maps=("Attributes",),
            params={
                "QueueUrl": "url",
                **_SET,
                # An omitted policy is left as it is; an empty one removes it.
                "Attributes.Policy": Derived(
                    lambda url, policy: canonical.json_text(policy) if policy else "", ("url", "policy")
                ),
            },
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        lost=(
            Lost(of="ApproximateNumberOfMessages", what="its messages"),
            Lost(of="ApproximateNumberOfMessagesNotVisible", what="its messages that are being worked on"),
            Lost(of="ApproximateNumberOfMessagesDelayed", what="its messages that are held back"),
        ),
        not_kept=dict.fromkeys(
            (
                f"Attributes.{name}"
                for name in (
                    "All",
                    "QueueArn",
                    "CreatedTimestamp",
                    "LastModifiedTimestamp",
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                )
            ),
            "AWS tells it, and nobody sets it",
        ),
    ),
    delete=(Call(operation="delete_queue", params={"QueueUrl": "url"}),),
    absent=("AWS.SimpleQueueService.NonExistentQueue",),
    eventual=(("AWS.SimpleQueueService.QueueDeletedRecently", ""),),
    hints={
        "QueueAlreadyExists": "AWS has a queue of that name with other attributes; "
        "iasql_sync() would show it as a row.",
        "InvalidAttributeValue": "AWS limits each attribute of a queue, and checks its policy.",
    },
)
