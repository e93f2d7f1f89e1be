"""What botocore's models do not say of what ECR tells."""

_POLICY = (
    '{"Version":"2008-10-17","Statement":[]}',
    '{"Version":"2012-10-17","Statement":[]}',
)

EXAMPLES = {
    # Only with these settings are there exclusions.
    "repository": {"imageTagMutability": ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION")},
    "repository_policy": {"policyText": _POLICY},
}
