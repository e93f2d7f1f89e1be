"""What botocore's models do not say of what Secrets Manager tells."""

from tests.modules.told import ABSENT

_POLICY = '{"Version":"2012-10-17","Statement":[]}'

EXAMPLES = {
    # What has replicas, or is one, is neither replaced nor changed.
    "secret": {"ReplicationStatus": ABSENT, "PrimaryRegion": ABSENT, "OwningService": ABSENT},
    "secret_policy": {"ResourcePolicy": (_POLICY, _POLICY.replace("2012-10-17", "2008-10-17"))},
}
