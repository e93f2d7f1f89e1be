"""What botocore's models do not say of what Lambda tells."""

from tests.modules.told import ABSENT

_ARN = "arn:aws:lambda:us-east-1:111111111111:function:"

EXAMPLES = {
    "lambda_function": {
        "FunctionArn": f"{_ARN}f",
        "MasterArn": f"{_ARN}f",
    },
    "lambda_event_source": {
        "FunctionArn": (f"{_ARN}f:live", f"{_ARN}g:test"),
        "State": ("Enabled", "Disabled"),
        "FilterCriteria.Filters.Pattern": ('{"body":["a"]}', '{"body":["b"]}'),
        "FilterCriteriaError": ABSENT,
    },
}

EXCUSED = {
    "lambda_function": {
        "update_function_configuration.DeadLetterConfig": "one of two columns says it, and never both",
    },
}
