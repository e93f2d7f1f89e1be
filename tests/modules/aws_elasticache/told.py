"""What botocore's models do not say of what ElastiCache tells."""

from tests.modules.told import ABSENT

EXAMPLES = {
    "replication_group": {
        # Some shards of a group in cluster mode; nothing waits for a window.
        "ReplicationGroups.ClusterEnabled": True,
        "ReplicationGroups.PendingModifiedValues": ABSENT,
        "CacheClusters.PendingModifiedValues": ABSENT,
    },
    "cache_cluster": {
        "CacheClusters.ReplicationGroupId": ABSENT,
        "CacheClusters.PendingModifiedValues": ABSENT,
        "CacheClusters.NumCacheNodes": (1, 3),
    },
}
