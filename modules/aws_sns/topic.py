"""https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Const,
    Derived,
    Describe,
    Detail,
    List,
    Look,
    Lost,
    Old,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
)


def _set(attribute: str, column: str, text: Derived, **more: Any) -> Update:
    """AWS changes one attribute a call."""
    params: dict[str, Source] = {"TopicArn": "arn", "AttributeName": Const(attribute), "AttributeValue": text}
    return Update(operation="set_topic_attributes", when=(column,), params=params, **more)


def _or_empty(column: str) -> Derived:
    """An omitted attribute is left as it is; an empty one removes it."""
    return Derived(lambda arn, value: value or "", ("arn", column))


def _if_true(column: str) -> Derived:
    """Left out if it is false, as AWS does not take it for topics that are not FIFO."""
    return Derived(lambda value: "true" if value else None, (column,))


def _is_true(value: str | None) -> bool:
    return value == "true"


#: What a new topic gets from the one that it replaces.
_KEPT = (
    "ArchivePolicy",
    "FifoThroughputScope",
    *(
        f"{protocol}{name}"
        for protocol in ("HTTP", "Lambda", "SQS", "Application", "Firehose")
        for name in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
    ),
)
_POLICY = Derived(canonical.json_text, ("policy",))
_DEDUPLICATION = Derived(lambda value: str(value).lower(), ("content_based_deduplication",))
_FIFO = ("fifo_topic", True)

_TAGS = tagging.sns()

TOPIC = Resource(
    table="topic",
    service="sns",
    doc="SNS topics.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        assigned("arn", "varchar", "TopicArn"),
        fixed("name", "varchar", "TopicArn", not_null=True, read=lambda arn: arn and arn.rpartition(":")[2]),
        column("display_name", "varchar", "DisplayName", canonical=canonical.none_if_empty),
        column(
            "policy",
            "jsonb",
            "Policy",
            left_to_aws=True,
            read=canonical.document,
            canonical=canonical.policy,
            doc="Who may publish and subscribe; NULL is the policy that AWS gives a new topic.",
        ),
        column(
            "kms_master_key_id",
            "varchar",
            "KmsMasterKeyId",
            canonical=canonical.none_if_empty,
            doc="The key that encrypts messages; NULL is none.",
        ),
        column(
            "delivery_policy",
            "jsonb",
            "DeliveryPolicy",
            read=canonical.document,
            canonical=canonical.none_if_empty,
            doc="How often delivery over HTTP is tried again, unless a subscription says otherwise.",
        ),
        column(
            "tracing_config",
            "varchar",
            "TracingConfig",
            left_to_aws=True,
            doc="Whether X-Ray traces messages: PassThrough or Active.",
        ),
        column(
            "signature_version",
            "varchar",
            "SignatureVersion",
            left_to_aws=True,
            doc="How messages are signed: 1 is SHA1, 2 is SHA256.",
        ),
        fixed(
            "fifo_topic",
            "boolean",
            "FifoTopic",
            not_null=True,
            default="false",
            read=_is_true,
            doc="Whether messages keep their order. The name of such a topic ends in .fifo.",
        ),
        column(
            "content_based_deduplication",
            "boolean",
            "ContentBasedDeduplication",
            not_null=True,
            default="false",
            read=_is_true,
            doc="For FIFO topics: whether messages of the same body count as one.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.control_tower("TopicArn")),
    ),
    checks=(
        ("topic_fifo_has_its_name", "fifo_topic = (name LIKE '%.fifo')"),
        ("topic_deduplication_is_for_fifo", "fifo_topic OR NOT content_based_deduplication"),
    ),
    listing=List(operation="list_topics", items="Topics[].TopicArn"),
    describe=Describe(operation="get_topic_attributes", ids="TopicArn", batch=1, items="Attributes"),
    details=(
        Detail(
            operation="list_tags_for_resource", items="Tags", into="Tags", params={"ResourceArn": "TopicArn"}
        ),
    ),
    create=(
        Call(
            operation="create_topic",
            params={
                "Name": "name",
                "Attributes.DisplayName": "display_name",
                "Attributes.Policy": _POLICY,
                "Attributes.KmsMasterKeyId": "kms_master_key_id",
                "Attributes.DeliveryPolicy": Derived(canonical.json_text, ("delivery_policy",)),
                "Attributes.TracingConfig": "tracing_config",
                "Attributes.SignatureVersion": "signature_version",
                "Attributes.FifoTopic": _if_true("fifo_topic"),
                "Attributes.ContentBasedDeduplication": _if_true("content_based_deduplication"),
                **{f"Attributes.{name}": Old(name) for name in _KEPT},
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    fetch=Call(operation="get_topic_attributes", params={"TopicArn": "arn"}, result="Attributes"),
    update=(
        _set("DisplayName", "display_name", _or_empty("display_name")),
        _set("Policy", "policy", _POLICY),
        _set(
            "DeliveryPolicy",
            "delivery_policy",
            Derived(
                lambda arn, value: canonical.json_text(value) if value else "", ("arn", "delivery_policy")
            ),
        ),
        _set("TracingConfig", "tracing_config", Derived(str, ("tracing_config",))),
        _set("SignatureVersion", "signature_version", Derived(str, ("signature_version",))),
        _set("KmsMasterKeyId", "kms_master_key_id", _or_empty("kms_master_key_id")),
        _set(
            "ContentBasedDeduplication",
            "content_based_deduplication",
            _DEDUPLICATION,
            given=("fifo_topic", True),
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="list_subscriptions_by_topic",
                params={"TopicArn": "arn"},
                result="Subscriptions[].Endpoint",
                into="Subscriptions",
                unless_used_by=("subscription",),
            ),
        ),
        lost=(Lost(of="Subscriptions", what="its subscriptions"),),
        not_kept={"DataProtectionPolicy": "AWS offers it to nobody new"},
    ),
    delete=(Call(operation="delete_topic", params={"TopicArn": "arn"}),),
    absent=("NotFound",),
    hints={"InvalidParameter": "AWS limits the name and the attributes of a topic, and checks its policy."},
)
