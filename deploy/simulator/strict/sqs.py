"""SQS: the limits of a queue's attributes.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
"""

from __future__ import annotations

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule

_LIMITS = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
}


def attributes_are_within_limits(call: AwsCall) -> Outcome:
    """Each number has a least and a most."""
    for name, (least, most) in _LIMITS.items():
        value = call.parameters.get("Attributes", {}).get(name)
        if value is not None and not least <= int(value) <= most:
            return AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    return None


def only_fifo_queues_say_so(call: AwsCall) -> Outcome:
    """A queue that is no FIFO queue cannot be told that it is none."""
    if call.parameters.get("Attributes", {}).get("FifoQueue", "true") != "true":
        return AwsError("InvalidAttributeName", "Unknown Attribute FifoQueue.")
    return None


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("sqs", "CreateQueue"): (attributes_are_within_limits, only_fifo_queues_say_so),
    ("sqs", "SetQueueAttributes"): (attributes_are_within_limits,),
}
