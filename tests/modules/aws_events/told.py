"""What botocore's models do not say of what EventBridge Scheduler tells."""

EXAMPLES = {"schedule_group": {"State": "ACTIVE"}}
