"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html"""

from modules.spec import OnChange, Part, column, ref

PUBLIC_ACCESS_BLOCK = Part(
    table="public_access_block",
    doc="What of a bucket cannot be public. AWS gives a new bucket one that blocks everything, and a row "
    "that is deleted comes back: set all to false to let a bucket be public.",
    parent=ref("bucket_name", "bucket", None, type="varchar", cascade=True, not_null=True),
    path="PublicAccessBlocks",
    columns=(
        column("block_public_acls", "boolean", "BlockPublicAcls", not_null=True, default="true", read=bool),
        column("ignore_public_acls", "boolean", "IgnorePublicAcls", not_null=True, default="true", read=bool),
        column(
            "block_public_policy", "boolean", "BlockPublicPolicy", not_null=True, default="true", read=bool
        ),
        column(
            "restrict_public_buckets",
            "boolean",
            "RestrictPublicBuckets",
            not_null=True,
            default="true",
            read=bool,
        ),
    ),
    key=("bucket_name",),
    natural_key=(),
    on_change=OnChange.UPDATE,
    left_to_aws=True,
)
