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
        "DeliveryPolicy": "{}",
        "TracingConfig": "Active",
        "SignatureVersion": "2",
        "ArchivePolicy": "{}",
        "FifoThroughputScope": "MessageGroup",
        **_FEEDBACK,
    }


EXAMPLES = {
    "topic": {
        "get_topic_attributes.Attributes": (
            _attributes("a.fifo", _POLICY, "true"),
            _attributes("b.fifo", _POLICY.replace("2012-10-17", "2008-10-17"), "true"),
        )
    }
}
