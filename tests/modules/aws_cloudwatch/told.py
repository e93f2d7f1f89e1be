"""What botocore's models do not say of what CloudWatch Logs tells."""

EXCUSED = {
    "log_group": {
        "associate_kms_key.logGroupName": "it says which group",
        "disassociate_kms_key.logGroupName": "it says which group",
    }
}
