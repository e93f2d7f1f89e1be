"""IAM: trust policies are read before they are stored; names are taken, and what is in use stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Outcome, Rule, backend

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


def policy_name_is_free(call: AwsCall) -> Outcome:
    """A path does not make another name of it."""
    name = call.text("PolicyName").lower()
    if all(each.name.lower() != name for each in _own_policies(call)):
        return None
    return AwsError(
        "EntityAlreadyExists",
        f"A policy called {call.text('PolicyName')} already exists. Duplicate names are not allowed.",
        409,
    )


def policies_have_their_names(call: AwsCall) -> Outcome:
    """moto leaves the names out of the one listing that tells all of them."""
    for each in _own_policies(call):
        each.policy_name = each.name
    return None


def policy_is_not_in_use(call: AwsCall) -> Outcome:
    """A policy is deleted when nobody has it, and its only version is the default one."""
    arn = call.text("PolicyArn")
    policy = next((each for each in _own_policies(call) if each.arn == arn), None)
    if policy is None:
        return None
    if any(arn in each.managed_policies or arn == _boundary(each) for each in _entities(call)):
        return AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    if len(policy.versions) > 1:
        return AwsError(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy.",
            409,
        )
    return None


def tags_of_profile(call: AwsCall) -> Outcome:
    """moto keeps them, and does not tell them."""
    profile = backend(call, "iam", everywhere=True).instance_profiles.get(call.text("InstanceProfileName"))
    return None if profile is None else _tags(call, profile.tags)


def profile_has_its_role(call: AwsCall) -> Outcome:
    """A role can be taken off the profile that it is in, and off no other."""
    profile = backend(call, "iam", everywhere=True).instance_profiles.get(call.text("InstanceProfileName"))
    name = call.text("RoleName")
    if profile is None or any(each.name == name for each in profile.roles):
        return None
    return AwsError("NoSuchEntity", f"The role with name {name} is not in it.", 404)


def role_is_in_no_profile(call: AwsCall) -> Outcome:
    """A role is deleted when no instance profile has it."""
    name, iam = call.text("RoleName"), backend(call, "iam", everywhere=True)
    if all(role.name != name for each in iam.instance_profiles.values() for role in each.roles):
        return None
    return AwsError(
        "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409
    )


def _tags(call: AwsCall, tags: Iterable[Mapping[str, str]]) -> Answer:
    """An answer of some tags."""
    members = "".join(
        f"<member><Key>{escape(each['Key'])}</Key><Value>{escape(each['Value'])}</Value></member>"
        for each in tags
    )
    return answer(call, f"<IsTruncated>false</IsTruncated><Tags>{members}</Tags>")


def answer(call: AwsCall, result: str = "") -> Answer:
    """What a call is answered, with the inside of its result."""
    name = call.operation
    return Answer(
        f'<{name}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{name}Result>{result}</{name}Result>'
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{name}Response>"
    )


def _own_policies(call: AwsCall) -> list[Any]:
    there = backend(call, "iam", everywhere=True).managed_policies.values()
    return [each for each in there if f":{call.account}:" in each.arn]


def _entities(call: AwsCall) -> list[Any]:
    """Whatever policies are attached to."""
    iam = backend(call, "iam", everywhere=True)
    return [*iam.roles.values(), *iam.users.values(), *iam.groups.values()]


def _boundary(entity: Any) -> str | None:
    there = getattr(entity, "permissions_boundary", None) or {}
    return there.get("PermissionsBoundaryArn")


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("iam", "CreatePolicy"): (policy_name_is_free,),
    ("iam", "CreateRole"): (trust_policy_is_well_formed,),
    ("iam", "DeletePolicy"): (policy_is_not_in_use,),
    ("iam", "DeleteRole"): (role_is_in_no_profile,),
    ("iam", "GetAccountAuthorizationDetails"): (policies_have_their_names,),
    ("iam", "ListInstanceProfileTags"): (tags_of_profile,),
    ("iam", "RemoveRoleFromInstanceProfile"): (profile_has_its_role,),
    ("iam", "UpdateAssumeRolePolicy"): (trust_policy_is_well_formed,),
}
