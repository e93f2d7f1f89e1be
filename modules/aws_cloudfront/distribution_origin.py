"""https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html"""

from modules import canonical
from modules.aws_cloudfront import configs
from modules.spec import OnChange, Part, column, ref

DISTRIBUTION_ORIGIN = Part(
    table="distribution_origin",
    doc="Where a distribution gets what it serves: a bucket, or a web server if custom_origin_config or "
    "vpc_origin_config says how it is asked. Headers that are sent along have no column, as they may have "
    "secrets; they stay as they are.",
    parent=ref("distribution_id", "distribution", None, cascade=True, not_null=True),
    path="DistributionConfig.Origins.Items",
    columns=(
        column("origin_id", "varchar", "Id", not_null=True, doc="Its name, as behaviors have it."),
        column(
            "domain_name",
            "varchar",
            "DomainName",
            not_null=True,
            doc="Such as some-bucket.s3.us-east-1.amazonaws.com.",
        ),
        column(
            "origin_path",
            "varchar",
            "OriginPath",
            not_null=True,
            default="''",
            read=lambda path: path or "",
            doc="What comes before each path, such as /production.",
        ),
        ref(
            "origin_access_control_id",
            "origin_access_control",
            "OriginAccessControlId",
            on_change=OnChange.UPDATE,
            read=lambda id: id or None,
        ),
        column(
            "origin_access_identity",
            "varchar",
            "S3OriginConfig.OriginAccessIdentity",
            read=canonical.none_if_empty,
            canonical=canonical.none_if_empty,
            doc="Of a bucket: what was there before origin access controls.",
        ),
        column(
            "custom_origin_config",
            "jsonb",
            "CustomOriginConfig",
            read=configs.custom_shown,
            canonical=configs.same_custom,
            doc="Of a web server: what CreateDistribution takes, without quantities. {} is HTTPS.",
        ),
        column(
            "vpc_origin_config",
            "jsonb",
            "VpcOriginConfig",
            read=lambda told: told,
            doc="Of a web server in a VPC: an object with VpcOriginId.",
        ),
        column(
            "origin_shield_region",
            "varchar",
            "OriginShield.OriginShieldRegion",
            doc="The region of a further cache before the origin; NULL is none.",
        ),
        column("connection_attempts", "integer", "ConnectionAttempts", not_null=True, default="3"),
        column(
            "connection_timeout", "integer", "ConnectionTimeout", not_null=True, default="10", doc="Seconds."
        ),
        column("response_completion_timeout", "integer", "ResponseCompletionTimeout", doc="Seconds."),
    ),
    key=("distribution_id", "origin_id"),
    natural_key=("origin_id",),
    on_change=OnChange.UPDATE,
)
