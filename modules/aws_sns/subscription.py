"""https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html"""

from __future__ import annotations

from modules import canonical, ownership
from modules.spec import (
    Call,
    Carry,
    Const,
    Derived,
    Description,
    Detail,
    List,
    Resource,
    Update,
    assigned,
    column,
    fixed,
    ref,
)


def _set(attribute: str, column: str, text: Derived) -> Update:
    """AWS changes one attribute a call."""
    return Update(
        operation="set_subscription_attributes",
        when=(column,),
        params={"SubscriptionArn": "arn", "AttributeName": Const(attribute), "AttributeValue": text},
    )


def _or(empty: str, column: str) -> Derived:
    """A document, or what removes it."""
    return Derived(lambda arn, value: canonical.json_text(value) if value else empty, ("arn", column))


_RAW = Derived(lambda value: str(value).lower(), ("raw_message_delivery",))


def _is_here(subscription: Description) -> bool:
    """AWS goes on listing what was deleted, and lists what somebody here has with another account's topic."""
    account = str(subscription["TopicArn"]).split(":")[4]
    return subscription["SubscriptionArn"] != "Deleted" and account == str(subscription["Owner"])


def _arn(value: str | None) -> str | None:
    """Until an endpoint has confirmed, AWS has a word in the place of the ARN."""
    return value if value and value.startswith("arn:") else None


SUBSCRIPTION = Resource(
    table="subscription",
    service="sns",
    doc="Who gets what is published to the topics. An endpoint outside of the account has to confirm first; "
    "until then AWS lets nobody change or delete the subscription, and drops it after two days.",
    key=("id",),
    natural_key=("topic", "protocol", "endpoint"),
    unique=(("topic", "protocol", "endpoint"),),
    checks=(
        (
            "subscription_scope_is_of_a_filter",
            "filter_policy IS NOT NULL OR filter_policy_scope = 'MessageAttributes'",
        ),
    ),
    columns=(
        assigned(
            "arn", "varchar", "SubscriptionArn", read=_arn, doc="NULL until the endpoint has confirmed."
        ),
        ref("topic", "topic", "TopicArn", not_null=True),
        fixed("protocol", "varchar", "Protocol", not_null=True, doc="Such as sqs, lambda, https, email."),
        fixed("endpoint", "varchar", "Endpoint", not_null=True, doc="Such as a queue's ARN, or an address."),
        column(
            "raw_message_delivery",
            "boolean",
            "Attributes.RawMessageDelivery",
            not_null=True,
            default="false",
            read=lambda value: value == "true",
            doc="Whether the endpoint gets the message alone, without SNS' envelope.",
        ),
        column(
            "filter_policy_scope",
            "varchar",
            "Attributes.FilterPolicyScope",
            not_null=True,
            default="'MessageAttributes'",
            read=lambda value: value or "MessageAttributes",
            doc="Whether the filter looks at MessageAttributes or at the MessageBody.",
        ),
        column(
            "filter_policy",
            "jsonb",
            "Attributes.FilterPolicy",
            read=canonical.document,
            canonical=canonical.none_if_empty,
            doc="Which messages are delivered; NULL is all.",
        ),
        column(
            "redrive_policy",
            "jsonb",
            "Attributes.RedrivePolicy",
            read=canonical.document,
            canonical=canonical.none_if_empty,
            doc="The queue for what cannot be delivered.",
        ),
        column(
            "delivery_policy",
            "jsonb",
            "Attributes.DeliveryPolicy",
            read=canonical.document,
            canonical=canonical.none_if_empty,
            doc="How often delivery over HTTP is tried again.",
        ),
        column(
            "subscription_role_arn",
            "varchar",
            "Attributes.SubscriptionRoleArn",
            canonical=canonical.none_if_empty,
            doc="The role by which SNS delivers to a Firehose stream.",
        ),
        ownership.managed_by(),
    ),
    listing=List(operation="list_subscriptions", items="Subscriptions"),
    details=(
        Detail(
            operation="get_subscription_attributes",
            items="Attributes",
            into="Attributes",
            params={"SubscriptionArn": "SubscriptionArn"},
            # AWS tells nothing of a subscription that waits for its confirmation.
            absent=("InvalidParameter", "NotFound"),
        ),
    ),
    where=_is_here,
    within="topic",
    protected=lambda subscription: subscription.get("SubscriptionArn") == "PendingConfirmation",
    create=(
        Call(
            operation="subscribe",
            params={
                "TopicArn": "topic",
                "Protocol": "protocol",
                "Endpoint": "endpoint",
                "Attributes.RawMessageDelivery": Derived(
                    lambda raw: "true" if raw else None, ("raw_message_delivery",)
                ),
                "Attributes.FilterPolicyScope": Derived(
                    lambda _, scope: scope, ("filter_policy", "filter_policy_scope")
                ),
                "Attributes.FilterPolicy": Derived(canonical.json_text, ("filter_policy",)),
                "Attributes.RedrivePolicy": Derived(canonical.json_text, ("redrive_policy",)),
                "Attributes.DeliveryPolicy": Derived(canonical.json_text, ("delivery_policy",)),
                "Attributes.SubscriptionRoleArn": "subscription_role_arn",
            },
            result="@",
            joins={"TopicArn": "topic", "Protocol": "protocol", "Endpoint": "endpoint"},
        ),
    ),
    update=(
        # AWS checks a filter against what it looks at.
        _set("FilterPolicyScope", "filter_policy_scope", Derived(str, ("filter_policy_scope",))),
        _set("FilterPolicy", "filter_policy", _or("{}", "filter_policy")),
        _set("RawMessageDelivery", "raw_message_delivery", _RAW),
        _set("RedrivePolicy", "redrive_policy", _or("", "redrive_policy")),
        _set("DeliveryPolicy", "delivery_policy", _or("", "delivery_policy")),
        _set(
            "SubscriptionRoleArn",
            "subscription_role_arn",
            Derived(lambda arn, role: role or "", ("arn", "subscription_role_arn")),
        ),
    ),
    carry=Carry(
        not_kept={
            "ReturnSubscriptionArn": "it is about the answer",
        },
    ),
    delete=(Call(operation="unsubscribe", params={"SubscriptionArn": "arn"}),),
    absent=("NotFound",),
    hints={
        "InvalidParameter": "AWS checks the endpoint and the policies of a subscription, and refuses another "
        "one with the same endpoint and other attributes.",
    },
)
