"""S3: what a new bucket has, and policies that a bucket's block of public access refuses.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-overview.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.backends import get_backend
from moto.s3.models import PublicAccessBlock
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Completion, Outcome, Rule, backend


def policy_is_not_blocked(call: AwsCall) -> Outcome:
    """A policy that lets everybody in is refused where public policies are blocked."""
    bucket = _bucket(call)
    block = bucket.public_access_block if bucket is not None else None
    if block is not None and block.block_public_policy and _is_public(call.text("Body")):
        return AwsError(
            "AccessDenied",
            "User is not authorized to perform: s3:PutBucketPolicy because public policies are blocked by "
            "the BlockPublicPolicy block public access setting.",
            403,
        )
    return None


def _is_public(text: str) -> bool:
    """Whether a statement allows everybody something; moto says what else is wrong with a policy."""
    try:
        statements = json.loads(text).get("Statement") or ()
    except (ValueError, AttributeError):
        return False
    some = [statements] if isinstance(statements, dict) else statements
    return any(
        each.get("Effect") == "Allow"
        and not each.get("Condition")
        and each.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        for each in some
    )


def complete(call: AwsCall, reply: Response) -> None:
    """Give a new bucket what AWS gives it."""
    bucket = _bucket(call)
    if bucket is None:
        return
    bucket.public_access_block = bucket.public_access_block or PublicAccessBlock(True, True, True, True)
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    by_default = {"SSEAlgorithm": "AES256"}
    bucket.encryption = bucket.encryption or {
        "Rule": {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": "false"}
    }


def _bucket(call: AwsCall) -> Any:
    return backend(call, "s3", everywhere=True).buckets.get(call.text("Bucket"))


def bucket_is_of_the_account(call: AwsCall) -> Outcome:
    """Nobody sees another account's bucket."""
    there = any(call.text("Bucket") in each["aws"].buckets for each in get_backend("s3").values())
    return AwsError("403", "Forbidden", 403) if there and _bucket(call) is None else None


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("s3", "HeadBucket"): (bucket_is_of_the_account,),
    ("s3", "PutBucketPolicy"): (policy_is_not_blocked,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {("s3", "CreateBucket"): complete}
