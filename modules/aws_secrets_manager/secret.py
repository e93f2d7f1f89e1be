"""https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_SecretListEntry.html"""

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Const,
    Context,
    Derived,
    Description,
    List,
    Look,
    Lost,
    Obstacle,
    Resource,
    Revival,
    Update,
    assigned,
    column,
    fixed,
)

#: The key with which AWS encrypts a secret that names none; it does not tell this one.
_DEFAULT_KEY = "alias/aws/secretsmanager"
_TAGS = tagging.secrets("arn")


def _current(description: Description) -> str | None:
    """The version that has the value of now."""
    versions = description.get("SecretVersionsToStages") or {}
    return next((version for version, stages in versions.items() if "AWSCURRENT" in stages), None)


def _service(description: Description) -> str | None:
    owner = description.get("OwningService")
    return f"AWS service {owner}" if owner else None


def _primary(description: Description) -> str | None:
    """The secret in another region that this one is a replica of."""
    primary, here = description.get("PrimaryRegion"), description.get("Region")
    return f"the secret in {primary}" if primary and here and primary != here else None


SECRET = Resource(
    table="secret",
    service="secretsmanager",
    doc="Secrets, without their values, which no table ever has. A deleted row's secret is deleted after 30 "
    "days; a row of the same name has it back until then, with its value.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        assigned("arn", "varchar", "ARN"),
        fixed("name", "varchar", "Name", not_null=True),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        column(
            "kms_key_id",
            "varchar",
            "KmsKeyId",
            canonical=lambda key: None if key in ("", _DEFAULT_KEY) else key,
            doc="The key that encrypts the values; NULL is aws/secretsmanager.",
        ),
        assigned(
            "version_id",
            "varchar",
            read=_current,
            doc="The version that is current; NULL until the secret has been given a value.",
        ),
        assigned("rotation_enabled", "boolean", "RotationEnabled", read=bool),
        assigned("rotation_lambda_arn", "varchar", "RotationLambdaARN"),
        assigned("rotation_rules", "jsonb", "RotationRules", read=lambda rules: rules or None),
        assigned(
            "created_date",
            "timestamptz",
            "CreatedDate",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, _service, _primary),
    ),
    # "A few minutes": https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
    settles=180,
    listing=List(
        operation="list_secrets",
        items="SecretList",
        params={"MaxResults": 100},
        joins={"Region": Context("region")},
    ),
    create=(
        Call(
            operation="create_secret",
            params={
                "Name": "name",
                "Description": "description",
                "KmsKeyId": "kms_key_id",
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    revival=Revival(
        operation="restore_secret",
        params={"SecretId": "name"},
        error=("InvalidRequestException", "scheduled for deletion"),
    ),
    fetch=Call(operation="describe_secret", params={"SecretId": "arn"}, result="@"),
    update=(
        Update(
            operation="update_secret",
            when=("description", "kms_key_id"),
            params={
                "SecretId": "arn",
                # What is omitted is left as it is.
                "Description": Derived(lambda arn, text: text or "", ("arn", "description")),
                "KmsKeyId": Derived(lambda arn, key: key or _DEFAULT_KEY, ("arn", "kms_key_id")),
            },
        ),
        *_TAGS.update,
    ),
    obstacles=(
        Obstacle(
            operation="describe_secret",
            params={"SecretId": "arn"},
            result="ReplicationStatus[].Region",
            what="replicas in other regions",
        ),
    ),
    carry=Carry(
        looks=(
            Look(
                operation="list_secret_version_ids",
                params={"SecretId": "arn"},
                result="Versions[].VersionId",
                into="Versions",
            ),
        ),
        lost=(
            Lost(of="Versions", what="its values"),
            Lost(of="RotationEnabled", what="its rotation"),
        ),
        not_kept={
            **dict.fromkeys(("SecretString", "SecretBinary"), "a value is never read, and is lost"),
            "ClientRequestToken": "it names the version of a value",
            **dict.fromkeys(
                ("AddReplicaRegions", "ForceOverwriteReplicaSecret"), "what has replicas is not replaced"
            ),
        },
    ),
    delete=(Call(operation="delete_secret", params={"SecretId": "arn", "RecoveryWindowInDays": Const(30)}),),
    absent=("ResourceNotFoundException",),
    hints={
        "InvalidRequestException": "A secret that is being deleted keeps its name until then: "
        "aws secretsmanager restore-secret has it back.",
        "ResourceExistsException": "AWS has a secret of that name; iasql_sync() would show it as a row.",
        "InvalidParameterException": "A name has letters, digits and /_+=.@-; a secret with replicas cannot "
        "be deleted before these.",
    },
)
