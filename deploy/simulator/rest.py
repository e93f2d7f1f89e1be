"""The operations of S3, whose protocol tells them by method, path and query. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_OF_BUCKET = {
    "accelerate": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "BucketAnalyticsConfigurations",
    "cors": "BucketCors",
    "encryption": "BucketEncryption",
    "intelligent-tiering": "BucketIntelligentTieringConfigurations",
    "inventory": "BucketInventoryConfigurations",
    "lifecycle": "BucketLifecycleConfiguration",
    "logging": "BucketLogging",
    "metadataConfiguration": "BucketMetadataConfiguration",
    "metrics": "BucketMetricsConfigurations",
    "notification": "BucketNotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "versions": "ObjectVersions",
    "website": "BucketWebsite",
}
_LISTED = ("analytics", "intelligent-tiering", "inventory", "metrics", "versions")
_VERBS = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "POST": "Post", "DELETE": "Delete"}
_WHOLE = {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket", "GET": "ListObjects"}


def of_s3(method: str, path: str, query: Mapping[str, str]) -> tuple[str, str]:
    """AWS's name of an operation, and the bucket that it is about, "" for none."""
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListBuckets", ""
    verb = _VERBS.get(method, method)
    if key:
        return f"{verb}Object", bucket
    for name, what in _OF_BUCKET.items():
        if name in query:
            return ("List" if name in _LISTED and method == "GET" else verb) + what, bucket
    return _WHOLE.get(method, verb), bucket
