"""https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheCluster.html"""

from modules import canonical, ownership, pending, tagging
from modules.aws_elasticache import caches
from modules.spec import (
    Call,
    Carry,
    Const,
    Each,
    Edited,
    List,
    Lost,
    Old,
    OnChange,
    Part,
    Resource,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
    with_others,
)

CACHE_CLUSTER_SECURITY_GROUPS = Part(
    table="cache_cluster_security_groups",
    doc="Which security groups stand around which cluster; none is the default group of its VPC.",
    parent=ref("cache_cluster_id", "cache_cluster", None, cascade=True, not_null=True),
    path="SecurityGroups[].SecurityGroupId",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("cache_cluster_id", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
    left_to_aws=True,
)

_TAGS = tagging.rds("arn")
_WHICH: dict[str, Source] = {"CacheClusterId": "cluster_id"}
_AVAILABLE = Waiter(name="cache_cluster_available", params=_WHICH, seconds=5400)
#: Columns that AWS can change, and their parameter.
_CHANGED: dict[str, Source] = {
    "NumCacheNodes": "num_nodes",
    "CacheNodeType": "node_type",
    "Engine": "engine",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "SnapshotRetentionLimit": "snapshot_retention_limit",
    "SnapshotWindow": "snapshot_window",
    "NotificationTopicArn": "notification_topic_arn",
    # AWS wants these together.
    "EngineVersion": with_others("engine_version", "engine"),
}
_NAMES = (
    "num_nodes", "node_type", "engine", "engine_version", "preferred_maintenance_window",
    "auto_minor_version_upgrade", "snapshot_retention_limit", "snapshot_window", "notification_topic_arn",
    "parameter_group_id",
)  # fmt: skip

CACHE_CLUSTER = Resource(
    table="cache_cluster",
    service="elasticache",
    doc="Caches without replicas: Memcached, or a single node. What is deleted leaves no snapshot but those "
    "that are there.",
    key=("id",),
    identity="arn",
    natural_key=("cluster_id",),
    unique=(("cluster_id",), ("arn",)),
    columns=(
        fixed("cluster_id", "varchar", "CacheClusterId", not_null=True, canonical=canonical.lower),
        assigned("arn", "varchar", "ARN"),
        assigned("status", "varchar", "CacheClusterStatus", doc="creating, available, modifying and others."),
        column(
            "node_type",
            "varchar",
            "@",
            needed=True,
            read=pending.asked("CacheNodeType"),
            doc="Such as cache.t4g.micro.",
        ),
        column(
            "engine", "varchar", "Engine", not_null=True, default="'redis'", doc="memcached, redis or valkey."
        ),
        column(
            "engine_version",
            "varchar",
            "@",
            read=pending.asked("EngineVersion"),
            canonical=caches.version,
            left_to_aws=True,
            doc="An upgrade that AWS takes and does not make fails.",
        ),
        column(
            "num_nodes",
            "integer",
            "@",
            read=pending.asked("NumCacheNodes"),
            left_to_aws=True,
            doc="One, but of Memcached. The last nodes go first.",
        ),
        ref(
            "cache_subnet_group_id",
            "cache_subnet_group",
            "CacheSubnetGroupName",
            by="name",
            left_to_aws=True,
        ),
        ref(
            "parameter_group_id",
            "cache_parameter_group",
            "CacheParameterGroup.CacheParameterGroupName",
            by="name",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
        ),
        fixed("availability_zone", "varchar", "PreferredAvailabilityZone", left_to_aws=True),
        fixed(
            "port",
            "integer",
            "@",
            read=caches.endpoint("Port"),
            left_to_aws=True,
        ),
        fixed("transit_encryption_enabled", "boolean", "TransitEncryptionEnabled", left_to_aws=True),
        column(
            "preferred_maintenance_window",
            "varchar",
            "PreferredMaintenanceWindow",
            canonical=canonical.lower,
            left_to_aws=True,
        ),
        column("auto_minor_version_upgrade", "boolean", "AutoMinorVersionUpgrade", left_to_aws=True),
        column(
            "snapshot_retention_limit",
            "integer",
            "SnapshotRetentionLimit",
            left_to_aws=True,
            doc="Days; 0 is no snapshots.",
        ),
        column("snapshot_window", "varchar", "SnapshotWindow", left_to_aws=True),
        column("notification_topic_arn", "varchar", "NotificationConfiguration.TopicArn"),
        assigned("endpoint", "varchar", "@", read=caches.endpoint("Address")),
        assigned("pending_modified_values", "jsonb", "PendingModifiedValues", read=canonical.plain),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(CACHE_CLUSTER_SECURITY_GROUPS,),
    listing=List(
        operation="describe_cache_clusters",
        items="CacheClusters",
        params={"ShowCacheNodeInfo": True, "ShowCacheClustersNotInReplicationGroups": True},
    ),
    where=caches.is_alone,
    batched=(tagging.of_many("ARN"),),
    brings=("cache_subnet_group",),
    create=(
        Call(
            operation="create_cache_cluster",
            params={
                **_WHICH,
                **_CHANGED,
                "CacheParameterGroupName": caches.not_aws_own("parameter_group_id"),
                "CacheSubnetGroupName": "cache_subnet_group_id",
                "SecurityGroupIds": Each("cache_cluster_security_groups", "security_group_id", some=True),
                "PreferredAvailabilityZone": "availability_zone",
                "Port": "port",
                "TransitEncryptionEnabled": "transit_encryption_enabled",
                **_TAGS.create,
                "LogDeliveryConfigurations": Old("LogDeliveryConfigurations", caches.logs),
                "NetworkType": Old("NetworkType"),
                "IpDiscovery": Old("IpDiscovery"),
                "PreferredOutpostArn": Old("PreferredOutpostArn"),
            },
            result="CacheCluster",
        ),
    ),
    fetch=Call(
        operation="describe_cache_clusters",
        params={**_WHICH, "ShowCacheNodeInfo": Const(True)},
        result="CacheClusters[0]",
    ),
    update=(
        Update(
            operation="modify_cache_cluster",
            when=(*_NAMES, "cache_cluster_security_groups"),
            params={
                **_WHICH,
                "ApplyImmediately": Edited("[@]", caches.nothing_is_put_off, ()),
                **_CHANGED,
                "CacheNodeIdsToRemove": Edited("@", caches.leaving_nodes, ("num_nodes",)),
                "NotificationTopicStatus": caches.topic_status(),
                "CacheParameterGroupName": "parameter_group_id",
                "SecurityGroupIds": Each("cache_cluster_security_groups", "security_group_id"),
            },
            shows=("engine", "engine_version", "node_type", "num_nodes"),
            then=_AVAILABLE,
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        lost=(
            Lost(of="CacheClusterId", what="its data"),
            Lost(of="[AuthTokenEnabled][?@]", what="its password"),
        ),
        not_kept={
            **caches.NOT_KEPT,
            "AZMode": "AWS spreads nodes",
            "NewAvailabilityZones": "AWS spreads nodes",
            "OutpostMode": "PreferredOutpostArn says it",
            "PreferredAvailabilityZones": "AWS spreads nodes",
            "PreferredOutpostArns": "AWS spreads nodes",
            "ReplicationGroupId": "members of a group are no rows",
            "ScaleConfig": "it is an action",
        },
    ),
    delete=(Call(operation="delete_cache_cluster", params=_WHICH),),
    leaving=lambda cluster: cluster.get("CacheClusterStatus") == "deleting",
    ready=_AVAILABLE,
    gone=Waiter(name="cache_cluster_deleted", params=_WHICH, seconds=3600),
    absent=("CacheClusterNotFound",),
    busy=("InvalidCacheClusterState",),
    eventual=(("InvalidCacheClusterState", ""), ("CacheSubnetGroupNotFoundFault", "")),
    hints={
        "InvalidCacheClusterState": "AWS is still at work on the cluster: see its status, and apply again.",
        "InvalidParameterCombination": "AWS says which columns do not go together.",
    },
)
