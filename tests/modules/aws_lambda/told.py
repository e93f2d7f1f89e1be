"""What botocore's models do not say of what Lambda tells."""

_ARN = "arn:aws:lambda:us-east-1:111111111111:function:"

EXAMPLES = {
    "lambda_function": {
        "FunctionArn": f"{_ARN}f",
        "MasterArn": f"{_ARN}f",
    },
}

EXCUSED = {
    "lambda_function": {
        "update_function_configuration.DeadLetterConfig": "one of two columns says it, and never both",
    },
}
