"""What botocore's models do not say of what Lambda tells."""

from __future__ import annotations

import json

from tests.modules.told import ABSENT

_ARN = "arn:aws:lambda:us-east-1:111111111111:function:"


def _statement(other: str) -> str:
    return json.dumps(
        {
            "Sid": f"statement-{other}",
            "Effect": "Allow",
            "Principal": {"Service": f"{other}.amazonaws.com"},
            "Action": f"lambda:{other}",
            "Resource": f"{_ARN}{other}",
            "Condition": {
                "ArnLike": {"AWS:SourceArn": f"arn:aws:s3:::{other}"},
                "StringEquals": {
                    "AWS:SourceAccount": "111111111111" if other == "a" else "222222222222",
                    "aws:PrincipalOrgID": f"o-{other * 10}",
                    "lambda:FunctionUrlAuthType": "NONE" if other == "a" else "AWS_IAM",
                    "lambda:EventSourceToken": f"token-{other}",
                },
                "Bool": {"lambda:InvokedViaFunctionUrl": str(other == "a").lower()},
            },
        }
    )


def _policy(other: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [json.loads(_statement(other))]})


EXAMPLES = {
    "lambda_function": {
        "FunctionArn": f"{_ARN}f",
        "MasterArn": f"{_ARN}f",
    },
    "lambda_alias": {"Aliases.RoutingConfig.AdditionalVersionWeights": ({"2": 0.1}, {"3": 0.2})},
    "lambda_permission": {
        "get_policy.Policy": tuple(_policy(each) for each in ("a", "b")),
        "add_permission.Statement": tuple(_statement(each) for each in ("a", "b")),
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
