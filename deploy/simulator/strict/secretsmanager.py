"""Secrets Manager: the name of what is being deleted stays taken, and what has no value has no version.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend

Document = dict[str, Any]


def name_is_free(call: AwsCall) -> Outcome:
    """AWS says of what is being deleted that it is, and not that it exists."""
    secret = backend(call, "secretsmanager").secrets.get(call.text("Name"))
    if secret is None or not secret.is_deleted():
        return None
    return AwsError(
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )


def secret_is_not_being_deleted(call: AwsCall) -> Outcome:
    """What is being deleted is neither changed nor told of."""
    secret = backend(call, "secretsmanager").secrets.get(call.text("SecretId"))
    if secret is None or not secret.is_deleted():
        return None
    return AwsError(
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )


def description_can_be_emptied(call: AwsCall) -> Outcome:
    """moto leaves a description as it is where it is to be empty."""
    secret = backend(call, "secretsmanager").secrets.get(call.text("SecretId"))
    if secret is not None and call.parameters.get("Description") == "":
        secret.description = ""
    return None


def without_versions_of_nothing(call: AwsCall, document: Document) -> Document:
    """A secret without a value has no version."""
    known = backend(call, "secretsmanager").secrets
    for each in document.get("SecretList", [document]):
        secret = known.get(each.get("ARN") or "")
        if secret is None or not secret.versions:
            continue
        if not any(
            {"secret_string", "secret_binary"} & version.keys() for version in secret.versions.values()
        ):
            for name in ("SecretVersionsToStages", "VersionIdsToStages", "VersionId", "Versions"):
                each.pop(name, None)
    return document


_OF_ONE = ("DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy", "TagResource", "UntagResource")
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("secretsmanager", "CreateSecret"): (name_is_free,),
    ("secretsmanager", "UpdateSecret"): (secret_is_not_being_deleted, description_can_be_emptied),
    **{("secretsmanager", name): (secret_is_not_being_deleted,) for name in _OF_ONE},
}

TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("secretsmanager", name): without_versions_of_nothing
    for name in ("CreateSecret", "DescribeSecret", "ListSecretVersionIds", "ListSecrets")
}
