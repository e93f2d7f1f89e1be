"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html"""

import re

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Context,
    Derived,
    Description,
    Detail,
    Edited,
    Item,
    Kept,
    List,
    Look,
    Obstacle,
    Old,
    PerItem,
    Resource,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
)

_DOCUMENT = Derived(canonical.json_text, ("assume_role_policy_document",))

_TAGS = tagging.iam("role", {"RoleName": "role_name"})


def _reserved(description: Description) -> str | None:
    """Who has made a role that AWS lets nobody else change."""
    path = str(description.get("Path") or "")
    if path.startswith("/aws-reserved/sso.amazonaws.com/"):
        return "IAM Identity Center"
    return "AWS" if path.startswith("/aws-reserved/") else None


def _own(description: Description) -> str | None:
    """iasql itself, of the role that it works with."""
    found = _ASSUMED.search(str(description.get("Caller") or ""))
    return "iasql" if found and found[1] == description.get("RoleName") else None


_ASSUMED = re.compile(r":assumed-role/([^/]+)/")


def _is_aws(description: Description) -> bool:
    return str(description.get("Path") or "").startswith(("/aws-service-role/", "/aws-reserved/"))


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
        column(
            "attached_policies_arns",
            "text[]",
            "AttachedPolicies[].PolicyArn",
            canonical=canonical.unordered,
            refers="iam_policy",
            doc="The managed policies, AWS's and the account's own.",
        ),
        _TAGS.column,
        ownership.managed_by(
            _TAGS, _reserved, _own, ownership.service_role("Path"), ownership.control_tower("RoleName")
        ),
    ),
    mark="RoleId",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    listing=List(
        operation="list_roles",
        items="Roles",
        params={"MaxItems": 1000},
        joins={"Caller": Context("arn")},
    ),
    details=(
        Detail(
            operation="list_attached_role_policies",
            items="AttachedPolicies",
            into="AttachedPolicies",
            params={"RoleName": "RoleName"},
        ),
        # The listing leaves them out.
        Detail(operation="list_role_tags", items="Tags", into="Tags", params={"RoleName": "RoleName"}),
    ),
    create=(
        Call(
            operation="create_role",
            params={
                "RoleName": "role_name",
                "AssumeRolePolicyDocument": _DOCUMENT,
                "Description": "description",
                "Path": Old("Path"),
                **_TAGS.create,
                "MaxSessionDuration": Old("MaxSessionDuration"),
                "PermissionsBoundary": Old("PermissionsBoundary.PermissionsBoundaryArn"),
            },
            result="Role",
        ),
    ),
    update=(
        Update(
            operation="update_assume_role_policy",
            when=("assume_role_policy_document",),
            params={"RoleName": "role_name", "PolicyDocument": _DOCUMENT},
        ),
        Update(
            operation="update_role",
            when=("description",),
            params={
                "RoleName": "role_name",
                # AWS sets an omitted duration back to an hour.
                "MaxSessionDuration": Edited("MaxSessionDuration", lambda there: there, ()),
                # An omitted description is left as it is; an empty one removes it.
                "Description": Derived(lambda name, text: text or "", ("role_name", "description")),
            },
        ),
        PerItem(
            operation="attach_role_policy",
            column="attached_policies_arns",
            which="added",
            params={"RoleName": "role_name", "PolicyArn": Item()},
        ),
        PerItem(
            operation="detach_role_policy",
            column="attached_policies_arns",
            which="removed",
            params={"RoleName": "role_name", "PolicyArn": Item()},
            tolerate=("NoSuchEntity",),
        ),
        *_TAGS.update,
    ),
    delete=(Call(operation="delete_role", params={"RoleName": "role_name"}),),
    obstacles=(
        Obstacle(
            operation="list_role_policies",
            params={"RoleName": "role_name"},
            result="PolicyNames",
            what="inline policies",
            kept=True,
        ),
        Obstacle(
            operation="list_instance_profiles_for_role",
            params={"RoleName": "role_name"},
            result="InstanceProfiles[].InstanceProfileName",
            what="instance profiles",
        ),
    ),
    carry=Carry(
        looks=(
            # The listing leaves out the permissions boundary.
            Look(operation="get_role", params={"RoleName": "role_name"}, result="Role", into=""),
            Look(
                operation="list_role_policies",
                params={"RoleName": "role_name"},
                result="PolicyNames",
                into="PolicyNames",
            ),
            Look(
                operation="get_role_policy",
                params={"RoleName": "role_name", "PolicyName": Item()},
                result="@",
                into="Policies",
                each="PolicyNames",
            ),
        ),
        calls=(
            Kept(
                operation="put_role_policy",
                of="Policies",
                each=True,
                params={
                    "RoleName": "role_name",
                    "PolicyName": Item("PolicyName"),
                    "PolicyDocument": Item("PolicyDocument", canonical.as_text),
                },
                undone=Call(
                    operation="delete_role_policy",
                    params={"RoleName": "role_name", "PolicyName": Item("PolicyName")},
                    tolerate=("NoSuchEntity",),
                ),
            ),
        ),
    ),
    ready=Waiter(name="role_exists", params={"RoleName": "role_name"}, seconds=60, blocks=True),
    absent=("NoSuchEntity",),
    eventual=(("MalformedPolicyDocument", "Invalid principal"),),
    protected=_is_aws,
    hints={
        "DeleteConflict": "Remove the role's inline policies and instance profiles first.",
        "MalformedPolicyDocument": "Correct role.assume_role_policy_document: a trust policy needs Version "
        "and Statement with Effect, Principal and Action.",
        "NoSuchEntity": "Check the ARNs in role.attached_policies_arns.",
    },
)
