"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.aws_s3.bucket_website import BUCKET_WEBSITE
from modules.aws_s3.public_access_block import PUBLIC_ACCESS_BLOCK
from modules.aws_s3.settings import WHICH, Setting, document, whole
from modules.spec import (
    SET,
    Call,
    Carry,
    Column,
    Const,
    Context,
    Derived,
    Detail,
    EnumType,
    Kept,
    List,
    Look,
    Lost,
    Obstacle,
    Old,
    Only,
    Resource,
    When,
    assigned,
    column,
    fixed,
    present,
)

_TAGS = tagging.bucket("name")
_HERE = {"Bucket": "name"}
#: What a bucket can have many of, by the name in operations and that in answers.
_LISTED = {
    "analytics": "Analytics",
    "intelligent_tiering": "IntelligentTiering",
    "inventory": "Inventory",
    "metrics": "Metrics",
}
_CALLER = {"Caller": Context("arn")}
_SIZE = "TransitionDefaultMinimumObjectSize"

#: In the order in which a bucket gets them: what a policy says has to be allowed by the block before it.
_SETTINGS = (
    Setting(
        column="public_access_block",
        get="get_public_access_block",
        items="[PublicAccessBlockConfiguration]",
        into="PublicAccessBlocks",
        none="NoSuchPublicAccessBlockConfiguration",
        put="put_public_access_block",
        params={
            "PublicAccessBlockConfiguration": Only(
                "public_access_block",
                {
                    "BlockPublicAcls": "block_public_acls",
                    "IgnorePublicAcls": "ignore_public_acls",
                    "BlockPublicPolicy": "block_public_policy",
                    "RestrictPublicBuckets": "restrict_public_buckets",
                },
            )
        },
    ),
    Setting(
        column="object_ownership",
        get="get_bucket_ownership_controls",
        items="OwnershipControls",
        into="OwnershipControls",
        none="OwnershipControlsNotFoundError",
        put="put_bucket_ownership_controls",
        params={"OwnershipControls.Rules[0].ObjectOwnership": "object_ownership"},
    ),
    Setting(
        column="encryption",
        get="get_bucket_encryption",
        items="ServerSideEncryptionConfiguration",
        into="ServerSideEncryptionConfiguration",
        none="ServerSideEncryptionConfigurationNotFoundError",
        put="put_bucket_encryption",
        params={"ServerSideEncryptionConfiguration.Rules": document("encryption")},
    ),
    Setting(
        column="versioning",
        get="get_bucket_versioning",
        into="VersioningConfiguration",
        put="put_bucket_versioning",
        params={"VersioningConfiguration.Status": "versioning"},
    ),
    Setting(
        column="object_lock",
        get="get_object_lock_configuration",
        items="ObjectLockConfiguration",
        into="ObjectLockConfiguration",
        none="ObjectLockConfigurationNotFoundError",
        put="put_object_lock_configuration",
        params={"ObjectLockConfiguration": document("object_lock")},
    ),
    Setting(
        column="policy",
        get="get_bucket_policy",
        into="Policy",
        none="NoSuchBucketPolicy",
        put="put_bucket_policy",
        params={"Policy": Derived(canonical.json_text, ("policy",))},
        delete="delete_bucket_policy",
    ),
    Setting(
        column="bucket_website",
        get="get_bucket_website",
        items="[@]",
        into="Websites",
        none="NoSuchWebsiteConfiguration",
        put="put_bucket_website",
        params={
            "WebsiteConfiguration": Only(
                "bucket_website",
                {
                    "IndexDocument.Suffix": "index_document",
                    "ErrorDocument.Key": "error_document",
                    "RoutingRules": document("routing_rules"),
                    "RedirectAllRequestsTo.HostName": "redirect_host",
                    "RedirectAllRequestsTo.Protocol": When("redirect_host", "redirect_protocol"),
                },
            )
        },
        delete="delete_bucket_website",
    ),
    Setting(
        column="lifecycle_rules",
        get="get_bucket_lifecycle_configuration",
        into="LifecycleConfiguration",
        none="NoSuchLifecycleConfiguration",
        put="put_bucket_lifecycle_configuration",
        params={
            "LifecycleConfiguration.Rules": document("lifecycle_rules"),
            # AWS sets an omitted one back to its default.
            _SIZE: present(f"LifecycleConfiguration.{_SIZE}"),
        },
        delete="delete_bucket_lifecycle",
    ),
    Setting(
        column="cors_rules",
        get="get_bucket_cors",
        into="CORSConfiguration",
        none="NoSuchCORSConfiguration",
        put="put_bucket_cors",
        params={"CORSConfiguration.CORSRules": document("cors_rules")},
        delete="delete_bucket_cors",
    ),
    Setting(
        column="logging",
        get="get_bucket_logging",
        into="BucketLoggingStatus",
        put="put_bucket_logging",
        params={"BucketLoggingStatus": whole("logging", "LoggingEnabled")},
        put_empty=True,
    ),
    Setting(
        column="notification",
        get="get_bucket_notification_configuration",
        into="NotificationConfiguration",
        put="put_bucket_notification_configuration",
        params={"NotificationConfiguration": whole("notification")},
        put_empty=True,
    ),
)


def _arn(known: Any) -> str | None:
    """The name with the partition of whoever looks: AWS does not tell it."""
    name, caller = known or (None, None)
    return f"arn:{caller.split(':')[1]}:s3:::{name}" if name and caller else None


def _json(name: str, path: str, doc: str, *, left_to_aws: bool = False) -> Column:
    return column(name, "jsonb", path, read=canonical.plain, left_to_aws=left_to_aws, doc=doc)


BUCKET = Resource(
    table="bucket",
    service="s3",
    doc="Buckets, and how they are set up. The objects in them are in no table.",
    key=("name",),
    identity="arn",
    natural_key=("name",),
    columns=(
        fixed("name", "varchar", "Name", not_null=True, doc="One that no account in AWS has."),
        assigned("arn", "varchar", "[Name, Caller]", read=_arn),
        assigned(
            "created_at",
            "timestamptz",
            "CreationDate",
            read=canonical.timestamp,
            canonical=canonical.instant,
            doc="AWS also moves it when it changes some of what a bucket is set up with.",
        ),
        column(
            "policy",
            "jsonb",
            "Policy.Policy",
            read=canonical.document,
            canonical=canonical.policy,
            doc="Who may do what with it.",
        ),
        column(
            "versioning",
            EnumType(name="bucket_versioning_enum", values=("Enabled", "Suspended")),
            "VersioningConfiguration.Status",
            left_to_aws=True,
            doc="NULL in AWS until it is turned on; then it can only be suspended.",
        ),
        column(
            "object_ownership",
            EnumType(
                name="bucket_object_ownership_enum",
                values=("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"),
            ),
            "OwnershipControls.Rules[0].ObjectOwnership",
            left_to_aws=True,
            doc="Whether ACLs count; with BucketOwnerEnforced, AWS's choice, they do not.",
        ),
        _json(
            "encryption",
            "ServerSideEncryptionConfiguration.Rules",
            'As AWS has it, such as [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", '
            '"KMSMasterKeyID": "…"}}].',
            left_to_aws=True,
        ),
        _json(
            "object_lock",
            "ObjectLockConfiguration",
            'As AWS has it, such as {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": '
            '"GOVERNANCE", "Days": 30}}}. It cannot be turned off again.',
            left_to_aws=True,
        ),
        _json("lifecycle_rules", "LifecycleConfiguration.Rules", "As AWS has them: a list."),
        _json("cors_rules", "CORSConfiguration.CORSRules", "As AWS has them: a list."),
        _json(
            "logging",
            "BucketLoggingStatus.LoggingEnabled",
            'Where requests are logged, such as {"TargetBucket": "logs", "TargetPrefix": "mine/"}.',
        ),
        _json(
            "notification",
            "NotificationConfiguration",
            "Who is told of what happens to objects, as AWS has it: TopicConfigurations, "
            "QueueConfigurations, LambdaFunctionConfigurations, EventBridgeConfiguration.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(PUBLIC_ACCESS_BLOCK, BUCKET_WEBSITE),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
    settles=900,
    listing=List(
        operation="list_buckets",
        items="Buckets",
        params={"MaxBuckets": 1000, "BucketRegion": Context("region")},
        joins=_CALLER,
        # Of a bucket whose own policy keeps everybody out.
        hidden=("AccessDenied",),
    ),
    details=(
        *(each.detail for each in _SETTINGS),
        Detail(
            operation="get_bucket_tagging",
            items="TagSet",
            into="TagSet",
            params={"Bucket": "Name"},
            absent=("NoSuchTagSet",),
            fetched=True,
        ),
    ),
    # In us-east-1 AWS answers as if it had made one's own bucket that is there, and sets its ACL back.
    taken=Call(operation="head_bucket", params=_HERE),
    create=(
        Call(
            operation="create_bucket",
            params={
                **_HERE,
                "CreateBucketConfiguration.LocationConstraint": Context(
                    "region", lambda region: None if region == "us-east-1" else region
                ),
                "ObjectOwnership": "object_ownership",
                "ObjectLockEnabledForBucket": Derived(bool, ("object_lock",)),
            },
            result="@",
            joins={"Name": "name", **_CALLER},
        ),
        Call(operation="put_bucket_tagging", given=("tags", SET), params={**WHICH, **_TAGS.create}),
        *(each.create for each in _SETTINGS if each.column != "object_ownership"),
    ),
    update=(*(call for each in _SETTINGS for call in each.update), *_TAGS.update),
    fetch=Call(
        operation="list_buckets",
        params={"Prefix": "name", "MaxBuckets": Const(1), "BucketRegion": Context("region")},
        result="Buckets[0]",
        joins=_CALLER,
    ),
    obstacles=(
        Obstacle(
            operation="list_object_versions",
            params=_HERE,
            result="Versions[].Key",
            what="objects",
            first_page=True,
        ),
        Obstacle(
            operation="list_object_versions",
            params=_HERE,
            result="DeleteMarkers[].Key",
            what="delete markers",
            first_page=True,
        ),
    ),
    carry=Carry(
        looks=(
            Look(
                operation="get_bucket_accelerate_configuration",
                params=_HERE,
                result="Status",
                into="AccelerateStatus",
                tolerate=("MethodNotAllowed", "UnsupportedArgument"),
            ),
            Look(operation="get_bucket_request_payment", params=_HERE, result="Payer", into="Payer"),
            Look(
                operation="get_bucket_acl",
                params=_HERE,
                result="Grants[?Permission!='FULL_CONTROL'].Permission",
                into="Grants",
            ),
            Look(
                operation="get_bucket_replication",
                params=_HERE,
                result="ReplicationConfiguration.Rules[].ID",
                into="Replication",
                tolerate=("ReplicationConfigurationNotFoundError",),
            ),
            Look(
                operation="get_bucket_metadata_configuration",
                params=_HERE,
                result="GetBucketMetadataConfigurationResult",
                into="Metadata",
                tolerate=("MetadataConfigurationNotFound",),
            ),
            *(
                Look(
                    operation=f"list_bucket_{kind}_configurations",
                    params=_HERE,
                    result=f"{name}ConfigurationList[].Id",
                    into=name,
                )
                for kind, name in _LISTED.items()
            ),
        ),
        calls=(
            Kept(
                operation="put_bucket_accelerate_configuration",
                of="AccelerateStatus",
                params={**WHICH, "AccelerateConfiguration.Status": Old("AccelerateStatus")},
            ),
            Kept(
                operation="put_bucket_request_payment",
                of="Payer",
                params={**WHICH, "RequestPaymentConfiguration.Payer": Old("Payer")},
            ),
        ),
        lost=(
            Lost(of="Grants", what="what its ACL grants"),
            Lost(of="Replication", what="its replication"),
            Lost(of="Metadata", what="its metadata tables"),
            *(
                Lost(of=name, what=f"its {kind.replace('_', ' ')} configurations")
                for kind, name in _LISTED.items()
            ),
        ),
        not_kept={
            **dict.fromkeys(
                ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"),
                "it is lost, which the plan says",
            ),
            "CreateBucketConfiguration.Tags": "a call of their own sets them",
            "CreateBucketConfiguration.Location": "only directory buckets have it",
            "CreateBucketConfiguration.Bucket": "only directory buckets have it",
            "MFA": "only the root user has it",
            "VersioningConfiguration.MFADelete": "only the root user can set it",
            "RequestPayer": "it is about objects",
            "Token": "AWS's support gives it",
            "ConfirmRemoveSelfBucketAccess": "it lets one lock oneself out",
            "SkipDestinationValidation": "what is wrong is said now",
        },
    ),
    delete=(Call(operation="delete_bucket", params=WHICH),),
    absent=("NoSuchBucket",),
    busy=("OperationAborted",),
    eventual=(
        ("NoSuchBucket", ""),
        ("OperationAborted", ""),
        ("MalformedPolicy", "Invalid principal"),
        ("InvalidTargetBucketForLogging", ""),
        ("InvalidArgument", "Unable to validate the following destination configurations"),
    ),
    hints={
        "BucketAlreadyExists": "Another account has a bucket of that name: choose one that nobody has.",
        "BucketAlreadyOwnedByYou": "The account has that bucket in another region.",
        "BucketNotEmpty": "Delete its objects first, all of their versions too, for instance with "
        "`aws s3 rm --recursive`.",
    },
)
