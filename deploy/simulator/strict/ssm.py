"""Systems Manager: what a parameter's value may be, and that its tier does not go back.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from moto.ssm.utils import parameter_arn

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend

Document = dict[str, Any]
_BYTES = {"Standard": 4096, "Advanced": 8192}


def value_matches_the_pattern(call: AwsCall) -> Outcome:
    """A value that the pattern does not allow is refused."""
    pattern, value = call.text("AllowedPattern"), call.text("Value")
    if not pattern or re.fullmatch(pattern, value):
        return None
    return AwsError(
        "ParameterPatternMismatchException",
        f"Parameter value, cannot be validated against allowedPattern: {pattern}",
    )


def advanced_parameter_stays_advanced(call: AwsCall) -> Outcome:
    """The tier of a parameter does not go back, and sets how long its value may be."""
    versions = backend(call, "ssm")._parameters.get(call.text("Name"))
    tier = call.text("Tier") or "Standard"
    if versions and versions[-1].tier == "Advanced" and tier == "Standard":
        return AwsError(
            "ValidationException", "This parameter uses the advanced-parameter tier. You can't downgrade it."
        )
    most = _BYTES.get(tier, _BYTES["Advanced"])
    if len(call.text("Value").encode()) > most:
        return AwsError(
            "ValidationException", f"{tier} tier parameters support a maximum of {most} characters."
        )
    return None


def as_aws_describes(call: AwsCall, document: Document) -> Document:
    """Each parameter with its ARN, its policies as texts, and the tier that it has."""
    for each in document.get("Parameters", ()):
        each["ARN"] = parameter_arn(call.account, call.region, each["Name"])
        policies = json.loads(backend(call, "ssm")._parameters[each["Name"]][-1].policies or "[]")
        each["Policies"] = [
            {"PolicyText": json.dumps(policy), "PolicyType": policy["Type"], "PolicyStatus": "Pending"}
            for policy in policies
            if policy
        ]
        if each.get("Tier") == "Intelligent-Tiering":
            each["Tier"] = "Advanced" if each["Policies"] else "Standard"
    return document


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ssm", "PutParameter"): (value_matches_the_pattern, advanced_parameter_stays_advanced),
}

TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("ssm", "DescribeParameters"): as_aws_describes
}
