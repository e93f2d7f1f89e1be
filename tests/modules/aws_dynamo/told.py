"""What botocore's models do not say of what DynamoDB tells."""

from tests.modules.told import ABSENT

_KEY = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]
EXAMPLES = {
    "dynamo_table": {
        "TableStatus": "ACTIVE",
        "IndexStatus": "ACTIVE",
        "AttributeDefinitions": (
            [{"AttributeName": "a", "AttributeType": "S"}, {"AttributeName": "b", "AttributeType": "N"}],
            [{"AttributeName": "a", "AttributeType": "N"}, {"AttributeName": "b", "AttributeType": "S"}],
        ),
        "KeySchema": _KEY,
        "BillingMode": "PROVISIONED",
        "ReadCapacityUnits": (3, 4),
        "WriteCapacityUnits": (5, 6),
        "Projection": (
            {"ProjectionType": "ALL"},
            {"ProjectionType": "KEYS_ONLY"},
            {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["c", "d"]},
        ),
        "StreamEnabled": True,
        "SSEDescription.Status": ("ENABLED", "DISABLED"),
        "TimeToLiveStatus": "ENABLED",
        "PointInTimeRecoveryStatus": ("ENABLED", "DISABLED"),
        "WarmThroughput": ABSENT,
    }
}
