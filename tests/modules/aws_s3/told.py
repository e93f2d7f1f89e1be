"""What botocore's models do not say of what S3 tells."""

from tests.modules.told import ABSENT

_POLICY = '{"Version":"2012-10-17","Statement":[]}'

EXAMPLES = {
    "bucket": {
        "get_bucket_policy.Policy": (_POLICY, _POLICY.replace("2012-10-17", "2008-10-17")),
        "OwnershipControls.Rules": (
            [{"ObjectOwnership": "ObjectWriter"}],
            [{"ObjectOwnership": "BucketOwnerEnforced"}],
        ),
        # Only the root user can set it.
        "MFADelete": ABSENT,
    }
}
