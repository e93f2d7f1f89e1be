"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html"""

import re

from modules import canonical, ownership, tagging
from modules.aws_iam import entities
from modules.spec import (
    Call,
    Context,
    Derived,
    Describe,
    Description,
    Detail,
    List,
    Obstacle,
    Resource,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
)

_DOCUMENT = Derived(canonical.json_text, ("assume_role_policy_document",))

_NAMED: dict[str, Source] = {"RoleName": "role_name"}
_TAGS = tagging.iam("role", _NAMED)


def _own(description: Description) -> str | None:
    """iasql itself, of the role that it works with."""
    found = _ASSUMED.search(str(description.get("Caller") or ""))
    return "iasql" if found and found[1] == description.get("RoleName") else None


_ASSUMED = re.compile(r":assumed-role/([^/]+)/")


ROLE = Resource(
    table="role",
    service="iam",
    is_global=True,
    doc="IAM roles. Those that AWS services made for themselves cannot be changed or deleted.",
    key=("role_name",),
    identity="arn",
    natural_key=("role_name",),
    columns=(
        assigned("arn", "varchar", "Arn"),
        fixed("role_name", "varchar", "RoleName", not_null=True),
        column(
            "assume_role_policy_document",
            "jsonb",
            "AssumeRolePolicyDocument",
            not_null=True,
            read=canonical.document,
            canonical=canonical.policy,
            doc="Who may assume the role.",
        ),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        entities.attached("AttachedPolicies[].PolicyArn"),
        entities.FIXED_PATH,
        column(
            "max_session_duration",
            "integer",
            "MaxSessionDuration",
            not_null=True,
            default="3600",
            doc="Seconds for which somebody may assume the role at most.",
        ),
        entities.BOUNDARY,
        _TAGS.column,
        ownership.managed_by(_TAGS, _own, *entities.OWNERS, ownership.control_tower("RoleName")),
    ),
    mark="RoleId",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    # The listing leaves out tags and boundaries.
    listing=List(operation="list_roles", items="Roles[].RoleName", params={"MaxItems": 1000}),
    describe=Describe(
        operation="get_role", ids="RoleName", batch=1, items="Role", joins={"Caller": Context("arn")}
    ),
    details=(
        Detail(
            operation="list_attached_role_policies",
            items="AttachedPolicies",
            into="AttachedPolicies",
            params={"RoleName": "RoleName"},
        ),
    ),
    create=(
        Call(
            operation="create_role",
            params={
                **_NAMED,
                "AssumeRolePolicyDocument": _DOCUMENT,
                "Description": "description",
                "Path": "path",
                "MaxSessionDuration": "max_session_duration",
                "PermissionsBoundary": "permissions_boundary",
                **_TAGS.create,
            },
            result="Role",
        ),
    ),
    update=(
        Update(
            operation="update_assume_role_policy",
            when=("assume_role_policy_document",),
            params={**_NAMED, "PolicyDocument": _DOCUMENT},
        ),
        Update(
            operation="update_role",
            when=("description", "max_session_duration"),
            # AWS sets an omitted duration back to an hour.
            whole=True,
            params={
                **_NAMED,
                "MaxSessionDuration": "max_session_duration",
                # An omitted description is left as it is; an empty one removes it.
                "Description": Derived(lambda name, text: text or "", ("role_name", "description")),
            },
        ),
        *entities.bounds("role", _NAMED),
        *entities.attachments("role", _NAMED),
        *_TAGS.update,
    ),
    delete=(Call(operation="delete_role", params=_NAMED),),
    obstacles=(
        Obstacle(
            operation="list_role_policies",
            params=_NAMED,
            result="PolicyNames",
            what="inline policies",
            unless_used_by=("role_policy",),
        ),
        Obstacle(
            operation="list_instance_profiles_for_role",
            params=_NAMED,
            result="InstanceProfiles[].InstanceProfileName",
            what="instance profiles",
            unless_used_by=("instance_profile",),
        ),
    ),
    ready=Waiter(name="role_exists", params=_NAMED, seconds=60, blocks=True),
    absent=("NoSuchEntity",),
    eventual=(("MalformedPolicyDocument", "Invalid principal"),),
    protected=entities.is_aws,
    hints={
        "DeleteConflict": "Remove the role's inline policies and instance profiles first.",
        "MalformedPolicyDocument": "Correct role.assume_role_policy_document: a trust policy needs Version "
        "and Statement with Effect, Principal and Action.",
        "NoSuchEntity": "Check the ARNs in role.attached_policies_arns and role.permissions_boundary.",
    },
)
