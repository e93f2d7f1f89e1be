"""KMS: states that allow no change, policies that lock nobody out, and how often keys are renewed.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend

Document = dict[str, Any]


def key_is_not_being_deleted(call: AwsCall) -> Outcome:
    """What is to be deleted cannot be changed, used, or deleted again."""
    key = _key(call)
    if key is None or key.key_state != "PendingDeletion":
        return None
    return AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


def disabled_key_is_not_rotated(call: AwsCall) -> Outcome:
    """The rotation of a disabled key stays as it is."""
    key = _key(call)
    if key is None or key.key_state != "Disabled":
        return None
    return AwsError("DisabledException", f"{key.arn} is disabled.")


def key_can_be_rotated(call: AwsCall) -> Outcome:
    """AWS renews symmetric keys for encryption only; the period is kept beside moto's key."""
    key = _key(call)
    if key is None:
        return None
    if key.key_spec != "SYMMETRIC_DEFAULT":
        return AwsError("UnsupportedOperationException", "")
    days = int(call.parameters.get("RotationPeriodInDays") or 365)
    if not 90 <= days <= 2560:
        return AwsError("ValidationException", "1 validation error detected: Value at 'rotationPeriodInDays'")
    key.rotation_period = days
    return None


def rotation_of_others_is_not_told(call: AwsCall) -> Outcome:
    """Of keys that AWS cannot renew it does not tell whether it does."""
    key = _key(call)
    if key is None or key.key_spec == "SYMMETRIC_DEFAULT":
        return None
    return AwsError("UnsupportedOperationException", "")


def policy_locks_nobody_out(call: AwsCall) -> Outcome:
    """A policy is JSON, and lets somebody change it."""
    text = call.text("Policy")
    if not text:
        return None
    try:
        statements = json.loads(text).get("Statement") or []
    except (ValueError, AttributeError):
        return AwsError("MalformedPolicyDocumentException", "The policy is not valid JSON.")
    statements = [statements] if isinstance(statements, dict) else statements
    if any(fnmatchcase("kms:putkeypolicy", each.lower()) for each in _allowed(statements)):
        return None
    return AwsError(
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )


def alias_is_yours(call: AwsCall) -> Outcome:
    """Names that begin with alias/aws/ are AWS's."""
    if not call.text("AliasName").startswith("alias/aws/"):
        return None
    return AwsError("NotAuthorizedException", "")


def with_period(call: AwsCall, document: Document) -> Document:
    """How often a key is renewed, of one that is."""
    if not document.get("KeyRotationEnabled"):
        return document
    return document | {"RotationPeriodInDays": getattr(_key(call), "rotation_period", 365)}


def with_what_aws_adds(call: AwsCall, document: Document) -> Document:
    """What moto leaves out of a key that was made without saying so, and whose it is."""
    metadata = document["KeyMetadata"]
    key = backend(call, "kms").keys[metadata["KeyId"]]
    told = {
        "KeyUsage": metadata.get("KeyUsage") or "ENCRYPT_DECRYPT",
        "MultiRegion": bool(metadata.get("MultiRegion")),
        "KeyManager": "AWS" if any(each.startswith("alias/aws/") for each in key.aliases) else "CUSTOMER",
    }
    return {"KeyMetadata": metadata | told}


def _allowed(statements: list[Mapping[str, Any]]) -> Iterator[str]:
    """The actions that some statements allow."""
    for each in statements:
        actions = each.get("Action", []) if each.get("Effect") == "Allow" else []
        yield from [actions] if isinstance(actions, str) else actions


def _key(call: AwsCall) -> Any:
    kms = backend(call, "kms")
    name = kms.any_id_to_key_id(call.text("TargetKeyId") or call.text("KeyId") or call.text("AliasName"))
    return kms.keys.get(name)


_CHANGES = (
    "CreateAlias",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "PutKeyPolicy",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
)
_MORE: dict[str, tuple[Rule, ...]] = {
    "CreateAlias": (alias_is_yours,),
    "CreateKey": (policy_locks_nobody_out,),
    "DeleteAlias": (alias_is_yours,),
    "DisableKeyRotation": (disabled_key_is_not_rotated,),
    "EnableKeyRotation": (disabled_key_is_not_rotated, key_can_be_rotated),
    "GetKeyRotationStatus": (rotation_of_others_is_not_told,),
    "PutKeyPolicy": (policy_locks_nobody_out,),
    "UpdateAlias": (alias_is_yours,),
}
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("kms", name): ((key_is_not_being_deleted,) if name in _CHANGES else ()) + _MORE.get(name, ())
    for name in sorted({*_CHANGES, *_MORE})
}

TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("kms", "CreateKey"): with_what_aws_adds,
    ("kms", "DescribeKey"): with_what_aws_adds,
    ("kms", "GetKeyRotationStatus"): with_period,
}
