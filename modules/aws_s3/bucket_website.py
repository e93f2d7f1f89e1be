"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html"""

from modules import canonical
from modules.spec import EnumType, OnChange, Part, column, ref

BUCKET_WEBSITE = Part(
    table="bucket_website",
    doc="The buckets that are websites, and what they show.",
    parent=ref("bucket_name", "bucket", None, type="varchar", cascade=True, not_null=True),
    path="Websites",
    columns=(
        column(
            "index_document",
            "varchar",
            "IndexDocument.Suffix",
            doc="What is shown for a folder, such as index.html; needed unless all is redirected.",
        ),
        column("error_document", "varchar", "ErrorDocument.Key"),
        column(
            "routing_rules",
            "jsonb",
            "RoutingRules",
            read=canonical.plain,
            doc="As AWS has them: a list of Condition and Redirect.",
        ),
        column(
            "redirect_host",
            "varchar",
            "RedirectAllRequestsTo.HostName",
            doc="Where all requests are redirected to.",
        ),
        column(
            "redirect_protocol",
            EnumType(name="bucket_website_redirect_protocol_enum", values=("http", "https")),
            "RedirectAllRequestsTo.Protocol",
            doc="NULL is that of the request.",
        ),
    ),
    key=("bucket_name",),
    natural_key=(),
    on_change=OnChange.UPDATE,
    checks=(
        (
            "bucket_website_shows_or_redirects",
            "(index_document IS NULL) <> (redirect_host IS NULL) AND (index_document IS NOT NULL OR "
            "(error_document IS NULL AND routing_rules IS NULL)) AND (redirect_host IS NOT NULL OR "
            "redirect_protocol IS NULL)",
        ),
    ),
)
