"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_UserDetail.html"""

from modules import ownership, tagging
from modules.aws_iam import entities
from modules.spec import (
    Call,
    Context,
    Description,
    List,
    Obstacle,
    Resource,
    Source,
    Update,
    assigned,
    column,
    present,
)

_NAMED: dict[str, Source] = {"UserName": "user_name"}
_TAGS = tagging.iam("user", _NAMED)


def _own(description: Description) -> str | None:
    """iasql itself, of the user that it works as."""
    arn = description.get("Arn")
    return "iasql" if arn and arn == description.get("Caller") else None


def _credential(operation: str, result: str, what: str) -> Obstacle:
    """What AWS wants gone before the user, and no table has."""
    return Obstacle(
        operation=operation, params=_NAMED, result=result, what=what, ahead=True, tolerate=("NoSuchEntity",)
    )


IAM_USER = Resource(
    table="iam_user",
    service="iam",
    is_global=True,
    doc="IAM users. A user keeps its keys, groups and policies under another name or path; its ARN is then "
    "another one. What it signs in with has no table but `access_key`, and has to be gone before the user.",
    key=("user_name",),
    identity="user_id",
    natural_key=("user_name",),
    unique=(("user_id",), ("arn",)),
    columns=(
        assigned("arn", "varchar", "Arn"),
        assigned("user_id", "varchar", "UserId"),
        column("user_name", "varchar", "UserName", not_null=True),
        entities.PATH,
        entities.attached("AttachedManagedPolicies", read=entities.arns),
        entities.BOUNDARY,
        entities.CREATED,
        _TAGS.column,
        ownership.managed_by(_TAGS, _own),
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    listing=List(
        operation="get_account_authorization_details",
        items="UserDetailList",
        params={"Filter": ["User"], "MaxItems": 1000},
        joins={"Caller": Context("arn")},
    ),
    create=(
        Call(
            operation="create_user",
            params={
                **_NAMED,
                "Path": "path",
                "PermissionsBoundary": "permissions_boundary",
                **_TAGS.create,
            },
            result="User",
        ),
    ),
    fetch=Call(operation="get_user", params=_NAMED, result="User", joins=entities.SENT),
    # What follows a new name uses it.
    update=(
        Update(
            operation="update_user",
            when=("user_name", "path"),
            params={
                "UserName": present("UserName"),
                "NewUserName": "user_name",
                "NewPath": "path",
            },
        ),
        *entities.bounds("user", _NAMED),
        *entities.attachments("user", _NAMED),
        *_TAGS.update,
    ),
    obstacles=(
        _credential("get_login_profile", "LoginProfile.UserName", "a console password"),
        _credential("list_mfa_devices", "MFADevices[].SerialNumber", "MFA devices"),
        _credential("list_ssh_public_keys", "SSHPublicKeys[].SSHPublicKeyId", "SSH keys"),
        _credential("list_signing_certificates", "Certificates[].CertificateId", "signing certificates"),
        _credential(
            "list_service_specific_credentials",
            "ServiceSpecificCredentials[].ServiceSpecificCredentialId",
            "credentials of single services",
        ),
    ),
    delete=(Call(operation="delete_user", params=_NAMED),),
    absent=("NoSuchEntity",),
    hints={
        "DeleteConflict": "Remove what the user signs in with, and its groups and inline policies, first.",
        "EntityAlreadyExists": "AWS has a user of that name, in any letters; iasql_sync() would show it.",
        "NoSuchEntity": "Check the ARNs in iam_user.attached_policies_arns and permissions_boundary.",
    },
)
