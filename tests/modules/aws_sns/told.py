"""What botocore's models do not say of what SNS tells: the names of a topic's attributes."""

_POLICY = '{"Version":"2012-10-17","Statement":[]}'
_FEEDBACK = {
    f"{protocol}{name}": f"{protocol}{name}"
    for protocol in ("HTTP", "Lambda", "SQS", "Application", "Firehose")
    for name in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
}


def _attributes(name: str, policy: str, fifo: str) -> dict[str, str]:
    return {
        "TopicArn": f"arn:aws:sns:us-east-1:111111111111:{name}",
        "DisplayName": f"display {name}",
        "Policy": policy,
        "KmsMasterKeyId": f"key-{name}",
        "FifoTopic": fifo,
        "ContentBasedDeduplication": fifo,
        "DeliveryPolicy": f'{{"http":"{name}"}}',
        "TracingConfig": "Active" if name[0] == "a" else "PassThrough",
        "SignatureVersion": "2" if name[0] == "a" else "1",
        "ArchivePolicy": "{}",
        "FifoThroughputScope": "MessageGroup",
        **_FEEDBACK,
    }


def _subscription(name: str, raw: str) -> dict[str, str]:
    return {
        "RawMessageDelivery": raw,
        "FilterPolicyScope": f"scope {name}",
        "FilterPolicy": f'{{"a":["{name}"]}}',
        "RedrivePolicy": f'{{"deadLetterTargetArn":"{name}"}}',
        "DeliveryPolicy": f'{{"healthyRetryPolicy":"{name}"}}',
        "SubscriptionRoleArn": f"role {name}",
    }


EXAMPLES = {
    "subscription": {
        "Subscriptions.SubscriptionArn": tuple(
            f"arn:aws:sns:us-east-1:111111111111:topic:{name}" for name in ("a", "b")
        ),
        "Subscriptions.TopicArn": tuple(f"arn:aws:sns:us-east-1:111111111111:{name}" for name in ("a", "b")),
        "Subscriptions.Owner": "111111111111",
        "get_subscription_attributes.Attributes": (_subscription("a", "true"), _subscription("b", "false")),
    },
    "topic": {
        "get_topic_attributes.Attributes": (
            _attributes("a.fifo", _POLICY, "true"),
            _attributes("b.fifo", _POLICY.replace("2012-10-17", "2008-10-17"), "true"),
        )
    },
}

EXCUSED = {"subscription": {"Attributes.RawMessageDelivery": "false is what AWS takes for an omitted one"}}
