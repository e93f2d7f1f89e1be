"""What botocore's models do not say of what SQS tells: all of a queue's attributes are texts."""

_POLICY = '{"Version":"2012-10-17","Statement":[]}'

EXAMPLES = {
    "queue": {
        "QueueArn": (
            "arn:aws:sqs:us-east-1:111111111111:a.fifo",
            "arn:aws:sqs:us-east-1:111111111111:b.fifo",
        ),
        "Attributes.Policy": (_POLICY, _POLICY.replace("2012-10-17", "2008-10-17")),
        "Attributes.FifoQueue": "true",
        **{
            f"Attributes.{name}": ("17", "19")
            for name in (
                "VisibilityTimeout",
                "DelaySeconds",
                "ReceiveMessageWaitTimeSeconds",
                "MessageRetentionPeriod",
                "MaximumMessageSize",
            )
        },
    }
}
