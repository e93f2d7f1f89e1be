"""What roles, users and groups have in common."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from modules import canonical, ownership
from modules.spec import (
    SET,
    UNSET,
    Column,
    Derived,
    Description,
    Item,
    OnChange,
    PerItem,
    Source,
    Update,
    assigned,
    column,
)


def is_aws(description: Description) -> bool:
    """Whether AWS has made it for itself, and lets nobody else change it."""
    return str(description.get("Path") or "").startswith(("/aws-service-role/", "/aws-reserved/"))


def _reserved(description: Description) -> str | None:
    path = str(description.get("Path") or "")
    if path.startswith("/aws-reserved/sso.amazonaws.com/"):
        return "IAM Identity Center"
    return "AWS" if path.startswith("/aws-reserved/") else None


#: Whom AWS's own paths name.
OWNERS: tuple[Callable[[Description], str | None], ...] = (_reserved, ownership.service_role("Path"))


def attached(path: str, read: Callable[[Any], Any] | None = None) -> Column:
    """The managed policies.

    Args:
        path: where descriptions have their ARNs.
        read: finds them in what is there.
    """
    return column(
        "attached_policies_arns",
        "text[]",
        path,
        read=read,
        canonical=canonical.unordered,
        refers="iam_policy",
        doc="The managed policies, AWS's and the account's own.",
    )


def arns(told: Any) -> list[str]:
    """The ARNs of policies as one listing tells them."""
    return [each["PolicyArn"] for each in told or ()]


def attachments(kind: str, params: dict[str, Source]) -> tuple[PerItem, ...]:
    """The calls that attach and detach policies.

    Args:
        kind: as operations call it, such as `role`.
        params: which one.
    """
    which = {**params, "PolicyArn": Item()}
    return (
        PerItem(
            operation=f"attach_{kind}_policy", column="attached_policies_arns", which="added", params=which
        ),
        PerItem(
            operation=f"detach_{kind}_policy",
            column="attached_policies_arns",
            which="removed",
            params=which,
            tolerate=("NoSuchEntity",),
        ),
    )


PATH = column("path", "varchar", "Path", not_null=True, default="'/'", doc="It begins and ends with a slash.")
#: The same, where AWS does not change it.
FIXED_PATH = replace(PATH, on_change=OnChange.REPLACE)
CREATED = assigned(
    "create_date", "timestamptz", "CreateDate", read=canonical.timestamp, canonical=canonical.instant
)
BOUNDARY = column(
    "permissions_boundary",
    "varchar",
    "PermissionsBoundary.PermissionsBoundaryArn",
    refers="iam_policy",
    doc="ARN of the policy beyond which no other policy lets it go.",
)


def bounds(kind: str, params: dict[str, Source]) -> tuple[Update, ...]:
    """The calls that set and lift the boundary; as of `attachments`."""
    return (
        Update(
            operation=f"put_{kind}_permissions_boundary",
            when=("permissions_boundary",),
            given=("permissions_boundary", SET),
            params={**params, "PermissionsBoundary": "permissions_boundary"},
        ),
        Update(
            operation=f"delete_{kind}_permissions_boundary",
            when=("permissions_boundary",),
            given=("permissions_boundary", UNSET),
            params=params,
        ),
    )


def _policies(arns: Any) -> list[dict[str, Any]]:
    return [{"PolicyArn": each} for each in arns]


#: What AWS describes one user or group without, as it has been sent.
SENT: dict[str, Source] = {"AttachedManagedPolicies": Derived(_policies, ("attached_policies_arns",))}
