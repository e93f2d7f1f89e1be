"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_ManagedPolicyDetail.html"""

import re

from modules import canonical, ownership, tagging
from modules.aws_iam import entities, versions
from modules.spec import (
    Call,
    Carry,
    Const,
    Derived,
    Detail,
    List,
    Lost,
    Obstacle,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
)

_ARN: dict[str, Source] = {"PolicyArn": "arn"}
_DOCUMENT = Derived(canonical.json_text, ("policy_document",))
_TAGS = tagging.iam("policy", _ARN)
_OWN = re.compile(r"arn:[^:]+:iam::\d{12}:policy/(?:.*/)?([^/]+)", re.ASCII)


def _key_in(arn: str) -> tuple[str] | None:
    """The name of one of the account's own."""
    found = _OWN.fullmatch(arn)
    return (found[1],) if found else None


def _attached(kind: str, *tables: str) -> Obstacle:
    """What it is attached to, as a policy or as a permissions boundary."""
    return Obstacle(
        operation="list_entities_for_policy",
        params=_ARN,
        result=f"Policy{kind}s[].{kind}Name",
        what=f"{kind.lower()}s that it is attached to",
        unless_used_by=tables,
    )


IAM_POLICY = Resource(
    table="iam_policy",
    service="iam",
    is_global=True,
    doc="The account's own managed policies. AWS's own are no rows; they are attached by their ARNs.",
    key=("policy_name",),
    identity="arn",
    natural_key=("policy_name",),
    unique=(("arn",),),
    key_in_name=_key_in,
    columns=(
        assigned("arn", "varchar", "Arn"),
        fixed("policy_name", "varchar", "PolicyName", not_null=True),
        entities.FIXED_PATH,
        fixed("description", "varchar", "Description", canonical=canonical.none_if_empty),
        column(
            "policy_document",
            "jsonb",
            versions.PATH,
            not_null=True,
            read=versions.document,
            canonical=canonical.policy,
            doc="What it allows and denies. Another one is a new version, which counts at once. AWS keeps "
            "five: where there are five, the oldest of the others is deleted for it.",
        ),
        assigned("default_version_id", "varchar", "DefaultVersionId", doc="The version that counts, as v1."),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.control_tower("Arn")),
    ),
    mark="PolicyId",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    # One call tells the documents of all, of which others tell one at a time.
    listing=List(
        operation="get_account_authorization_details",
        items="Policies",
        params={"Filter": ["LocalManagedPolicy"], "MaxItems": 1000},
    ),
    details=(Detail(operation="list_policy_tags", items="Tags", into="Tags", params={"PolicyArn": "Arn"}),),
    create=(
        Call(
            operation="create_policy",
            params={
                "PolicyName": "policy_name",
                "Path": "path",
                "Description": "description",
                "PolicyDocument": _DOCUMENT,
                **_TAGS.create,
            },
            result="Policy",
        ),
    ),
    fetch=Call(operation="get_policy", params=_ARN, result="Policy", joins=versions.SENT),
    update=(
        Update(
            operation="create_policy_version",
            when=("policy_document",),
            params={**_ARN, "PolicyDocument": _DOCUMENT, "SetAsDefault": Const(True)},
            room=versions.delete(
                which=versions.oldest,
                refusal=("LimitExceeded", "versions"),
                listed=versions.PATH,
                named="VersionId",
                what="version",
            ),
        ),
        *_TAGS.update,
    ),
    obstacles=(_attached("Role", "role"), _attached("User", "iam_user"), _attached("Group", "iam_group")),
    carry=Carry(
        lost=(Lost(of=f"{versions.PATH}[?!IsDefaultVersion].VersionId", what="its other versions"),),
    ),
    delete=(versions.delete(which=versions.others), Call(operation="delete_policy", params=_ARN)),
    absent=("NoSuchEntity",),
    hints={
        "DeleteConflict": "Detach the policy from all users, groups and roles first.",
        "EntityAlreadyExists": "AWS has a policy of that name; iasql_sync() would show it as a row.",
        "LimitExceeded": "AWS limits the size of a document, and the number of policies.",
        "MalformedPolicyDocument": "Correct iam_policy.policy_document: it needs Version and Statement with "
        "Effect, Action and Resource, and no Principal.",
    },
)
