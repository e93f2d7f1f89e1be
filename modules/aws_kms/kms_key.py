"""https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Const,
    Derived,
    Describe,
    Description,
    Detail,
    List,
    Look,
    Lost,
    Old,
    Resource,
    Settled,
    Source,
    Update,
    Values,
    assigned,
    column,
    fixed,
)

_KEY: dict[str, Source] = {"KeyId": "key_id"}
_POLICY = Derived(canonical.json_text, ("policy",))
_ROTATION = ("key_rotation_enabled", "rotation_period_in_days")
_TAGS = tagging.kms("key_id")


def _is_aws(description: Description) -> bool:
    return description.get("KeyManager") == "AWS"


def _is_replica(description: Description) -> bool:
    configuration = description.get("MultiRegionConfiguration") or {}
    return bool(configuration.get("MultiRegionKeyType") == "REPLICA")


def _comparable(values: Values) -> Values:
    """AWS tells the period of a key only while it is rotated."""
    return values if values.get("key_rotation_enabled") else {**values, "rotation_period_in_days": None}


def _is_enabled(state: Any) -> bool:
    """What is being changed, or cannot be reached, has not been disabled."""
    return state not in ("Disabled", "PendingImport")


KMS_KEY = Resource(
    table="kms_key",
    service="kms",
    doc="KMS keys. A deleted row's key is deleted after 30 days, in which it can be had back by "
    "`aws kms cancel-key-deletion`; until then no row shows it. Nor does one show a key whose policy keeps "
    "iasql from looking at it.",
    key=("id",),
    identity="key_id",
    natural_key=("description",),
    unique_in_aws=False,
    unique=(("key_id",), ("arn",)),
    columns=(
        assigned("key_id", "varchar", "KeyId"),
        assigned("arn", "varchar", "Arn"),
        column(
            "description",
            "varchar",
            "Description",
            canonical=canonical.none_if_empty,
            doc="What the key is known by in plans, as it has no name.",
        ),
        column(
            "policy",
            "jsonb",
            "KeyPolicy.Policy",
            left_to_aws=True,
            read=canonical.document,
            canonical=canonical.policy,
            doc="Who may use and administer the key; NULL is the policy that AWS gives a new key, which lets "
            "IAM policies say so. AWS refuses one that would let its writer not change it again.",
        ),
        column("enabled", "boolean", "KeyState", not_null=True, default="true", read=_is_enabled),
        fixed("key_spec", "varchar", "KeySpec", not_null=True, default="'SYMMETRIC_DEFAULT'"),
        fixed("key_usage", "varchar", "KeyUsage", not_null=True, default="'ENCRYPT_DECRYPT'"),
        fixed(
            "multi_region",
            "boolean",
            "MultiRegion",
            not_null=True,
            default="false",
            doc="Whether AWS lets the key have replicas in other regions.",
        ),
        column(
            "key_rotation_enabled",
            "boolean",
            "Rotation.KeyRotationEnabled",
            not_null=True,
            default="false",
            read=bool,
            doc="Whether AWS renews the key material of itself.",
        ),
        column(
            "rotation_period_in_days",
            "integer",
            "Rotation.RotationPeriodInDays",
            left_to_aws=True,
            doc="Days from one renewal to the next, if AWS renews; NULL is AWS's 365.",
        ),
        assigned("key_state", "varchar", "KeyState"),
        assigned(
            "origin",
            "varchar",
            "Origin",
            doc="Where the key material is from; AWS_KMS unless it was imported.",
        ),
        assigned(
            "creation_date",
            "timestamptz",
            "CreationDate",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, lambda key: "AWS" if _is_aws(key) else None),
    ),
    # "Several minutes": https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html
    settles=180,
    listing=List(operation="list_keys", items="Keys[].KeyId", params={"Limit": 1000}),
    describe=Describe(
        operation="describe_key",
        ids="KeyId",
        batch=1,
        items="KeyMetadata",
        hidden=("AccessDeniedException",),
    ),
    details=(
        Detail(
            operation="get_key_policy",
            items="@",
            into="KeyPolicy",
            params={"KeyId": "KeyId", "PolicyName": "'default'"},
            fetched=True,
        ),
        Detail(
            operation="get_key_rotation_status",
            items="@",
            into="Rotation",
            params={"KeyId": "KeyId"},
            # Of keys that AWS cannot rotate, or whose material is gone.
            absent=("UnsupportedOperationException", "KMSInvalidStateException"),
            fetched=True,
        ),
        Detail(operation="list_resource_tags", items="Tags", into="Tags", params={"KeyId": "KeyId"}),
    ),
    where=lambda key: key.get("KeyState") not in ("PendingDeletion", "PendingReplicaDeletion"),
    protected=_is_aws,
    settled=dict.fromkeys(_ROTATION, Settled(of=lambda key, values: _is_replica(key))),
    canonical=_comparable,
    create=(
        Call(
            operation="create_key",
            params={
                "Description": "description",
                "Policy": _POLICY,
                "KeySpec": "key_spec",
                "KeyUsage": "key_usage",
                "MultiRegion": "multi_region",
                "Origin": Old("Origin"),
                "CustomKeyStoreId": Old("CustomKeyStoreId"),
                **_TAGS.create,
            },
            result="KeyMetadata",
        ),
        Call(
            operation="enable_key_rotation",
            given=("key_rotation_enabled", True),
            params={**_KEY, "RotationPeriodInDays": "rotation_period_in_days"},
        ),
        Call(operation="disable_key", given=("enabled", False), params=_KEY),
    ),
    fetch=Call(operation="describe_key", params=_KEY, result="KeyMetadata"),
    # AWS rotates no key that is disabled: it is enabled first, and disabled last.
    update=(
        Update(operation="enable_key", when=("enabled",), given=("enabled", True), params=_KEY),
        Update(
            operation="update_key_description",
            when=("description",),
            params={**_KEY, "Description": Derived(lambda key, text: text or "", ("key_id", "description"))},
        ),
        Update(
            operation="enable_key_rotation",
            when=_ROTATION,
            given=("key_rotation_enabled", True),
            params={**_KEY, "RotationPeriodInDays": "rotation_period_in_days"},
        ),
        Update(
            operation="disable_key_rotation",
            when=("key_rotation_enabled",),
            given=("key_rotation_enabled", False),
            params=_KEY,
        ),
        Update(
            operation="put_key_policy",
            when=("policy",),
            params={**_KEY, "PolicyName": Const("default"), "Policy": _POLICY},
        ),
        *_TAGS.update,
        Update(operation="disable_key", when=("enabled",), given=("enabled", False), params=_KEY),
    ),
    carry=Carry(
        looks=(Look(operation="list_grants", params=_KEY, result="Grants[].GrantId", into="Grants"),),
        lost=(
            Lost(of="KeyId", what="what is encrypted or signed with it"),
            Lost(of="Grants", what="its grants"),
            Lost(of="MultiRegionConfiguration.ReplicaKeys", what="its replicas"),
        ),
        not_kept={
            "BypassPolicyLockoutSafetyCheck": "it lets one lock oneself out",
            "CustomerMasterKeySpec": "AWS's former name of KeySpec",
            "XksKeyId": "one external key is of one KMS key",
        },
    ),
    delete=(Call(operation="schedule_key_deletion", params={**_KEY, "PendingWindowInDays": Const(30)}),),
    absent=("NotFoundException",),
    # A policy may name a role that AWS does not see yet.
    eventual=(("MalformedPolicyDocumentException", "invalid principals"),),
    hints={
        "MalformedPolicyDocumentException": "Correct kms_key.policy: it has to name principals that exist, "
        "and to let you call kms:PutKeyPolicy.",
        "DisabledException": "AWS changes the rotation of enabled keys only: set kms_key.enabled as well.",
        "UnsupportedOperationException": "AWS rotates symmetric encryption keys whose material it made, and "
        "offers usages for each key_spec.",
        "KMSInvalidStateException": "kms_key.key_state says what the key is in.",
    },
)
