"""What botocore's models do not say of what EventBridge and its Scheduler tell."""

from tests.modules.told import ABSENT

_BUS = "arn:aws:events:us-east-1:111111111111:rule/orders/"

EXAMPLES = {
    "schedule_group": {"State": "ACTIVE"},
    "event_rule": {
        "EventPattern": ('{"source":["a"]}', '{"source":["b"]}'),
        "ManagedBy": ABSENT,
    },
    "event_target": {"Input": ('{"a":1}', '{"b":1}'), "ManagedBy": ABSENT},
}
