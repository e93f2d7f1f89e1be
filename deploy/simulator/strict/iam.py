"""IAM: trust policies are read before they are stored."""

from __future__ import annotations

import json
from typing import Any

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule

_VERSIONS = {"2012-10-17", "2008-10-17"}
_STATEMENT_FIELDS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}


def trust_policy_is_well_formed(call: AwsCall) -> Outcome:
    """A role's trust policy must be JSON with an effect, a principal and an action per statement."""
    text = call.text("AssumeRolePolicyDocument") or call.text("PolicyDocument")
    try:
        document = json.loads(text)
    except ValueError:
        return _malformed("This policy contains invalid Json")
    fault = _fault(document)
    return _malformed(fault) if fault else None


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", message)


def _fault(document: Any) -> str | None:
    if not isinstance(document, dict) or document.get("Version", "2008-10-17") not in _VERSIONS:
        return "Syntax errors in policy."
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        return "Syntax errors in policy."
    return next((fault for fault in map(_statement_fault, statements) if fault), None)


def _statement_fault(statement: Any) -> str | None:
    if not isinstance(statement, dict) or statement.get("Effect") not in {"Allow", "Deny"}:
        return "Syntax errors in policy."
    if "Resource" in statement or "NotResource" in statement:
        return "Has prohibited field Resource"
    if not statement.keys() <= _STATEMENT_FIELDS:
        return "Syntax errors in policy."
    if "Principal" not in statement and "NotPrincipal" not in statement:
        return "Missing required field Principal"
    if "Action" not in statement and "NotAction" not in statement:
        return "Missing required field Action"
    return None


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("iam", "CreateRole"): (trust_policy_is_well_formed,),
    ("iam", "UpdateAssumeRolePolicy"): (trust_policy_is_well_formed,),
}
