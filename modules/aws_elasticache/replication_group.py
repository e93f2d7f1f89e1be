"""https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html"""

from modules import canonical, ownership, pending, tagging
from modules.aws_elasticache import caches
from modules.aws_elasticache.caches import MEMBERS
from modules.spec import (
    Call,
    Carry,
    Const,
    Detail,
    Each,
    Edited,
    List,
    Lost,
    Old,
    OnChange,
    Part,
    Resource,
    Settled,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
    with_others,
)

REPLICATION_GROUP_SECURITY_GROUPS = Part(
    table="replication_group_security_groups",
    doc="Which security groups stand around which replication group; none is the default group of its VPC.",
    parent=ref("replication_group_id", "replication_group", None, cascade=True, not_null=True),
    path=f"{MEMBERS}[0].SecurityGroups[].SecurityGroupId",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("replication_group_id", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
    left_to_aws=True,
)

_TAGS = tagging.rds("arn")
_WHICH: dict[str, Source] = {"ReplicationGroupId": "replication_group_id"}
_MEMBER = f"{MEMBERS}[0]"
_AVAILABLE = Waiter(name="replication_group_available", params=_WHICH, seconds=5400)
_TRANSIT = "transit_encryption_enabled", "transit_encryption_mode"
#: Columns that AWS can change, and their parameter.
_CHANGED: dict[str, Source] = {
    "ReplicationGroupDescription": "description",
    "CacheNodeType": "node_type",
    "Engine": "engine",
    "AutomaticFailoverEnabled": "automatic_failover_enabled",
    "MultiAZEnabled": "multi_az_enabled",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "SnapshotRetentionLimit": "snapshot_retention_limit",
    "SnapshotWindow": "snapshot_window",
    "NotificationTopicArn": "notification_topic_arn",
    "ClusterMode": "cluster_mode",
    # AWS wants these together.
    "EngineVersion": with_others("engine_version", "engine"),
    "TransitEncryptionEnabled": with_others(*_TRANSIT),
    "TransitEncryptionMode": "transit_encryption_mode",
}
_NAMES = (
    "description", "node_type", "engine", "engine_version", "automatic_failover_enabled", "multi_az_enabled",
    "preferred_maintenance_window", "auto_minor_version_upgrade", "snapshot_retention_limit",
    "snapshot_window", "notification_topic_arn", "cluster_mode", "parameter_group_id", *_TRANSIT,
)  # fmt: skip


def _count_of_replicas(operation: str, count: Edited) -> Update:
    return Update(
        operation=operation,
        when=("replicas_per_node_group",),
        needs="NewReplicaCount",
        params={**_WHICH, "NewReplicaCount": count, "ApplyImmediately": Const(True)},
        shows=("replicas_per_node_group",),
        then=_AVAILABLE,
    )


REPLICATION_GROUP = Resource(
    table="replication_group",
    service="elasticache",
    doc="Caches of Valkey or Redis OSS with their replicas, which have no rows of their own. A password (an "
    "auth token) is in no table: iasql_call('elasticache', 'ModifyReplicationGroup', …) sets one. What is "
    "deleted leaves no snapshot but those that are there.",
    key=("id",),
    identity="arn",
    natural_key=("replication_group_id",),
    unique=(("replication_group_id",), ("arn",)),
    columns=(
        fixed(
            "replication_group_id", "varchar", "ReplicationGroupId", not_null=True, canonical=canonical.lower
        ),
        assigned("arn", "varchar", "ARN"),
        assigned("status", "varchar", "Status", doc="creating, available, modifying, deleting and others."),
        column("description", "varchar", "Description", not_null=True, default="''"),
        column("engine", "varchar", f"{_MEMBER}.Engine", not_null=True, default="'valkey'"),
        column(
            "engine_version",
            "varchar",
            _MEMBER,
            read=pending.asked("EngineVersion"),
            canonical=caches.version,
            left_to_aws=True,
            doc="Such as 8.0; AWS chooses the last number. What AWS takes and does not make fails.",
        ),
        column(
            "node_type",
            "varchar",
            _MEMBER,
            not_null=True,
            read=pending.asked("CacheNodeType"),
            doc="Such as cache.t4g.micro.",
        ),
        column(
            "num_node_groups",
            "integer",
            "NodeGroups",
            read=caches.shards,
            left_to_aws=True,
            doc="How many parts (shards) the data are in; more than one needs cluster mode.",
        ),
        column(
            "replicas_per_node_group",
            "integer",
            "@",
            read=caches.replicas,
            left_to_aws=True,
            doc="How many nodes each part has beside its primary one.",
        ),
        column("cluster_mode", "varchar", "ClusterMode", left_to_aws=True),
        column(
            "automatic_failover_enabled",
            "boolean",
            "AutomaticFailover",
            read=caches.is_on("enabled", "enabling"),
            left_to_aws=True,
            doc="Whether a replica takes over; it needs one.",
        ),
        column(
            "multi_az_enabled",
            "boolean",
            "MultiAZ",
            read=caches.is_on("enabled"),
            left_to_aws=True,
            doc="Whether the replicas are in other zones.",
        ),
        ref(
            "cache_subnet_group_id",
            "cache_subnet_group",
            f"{_MEMBER}.CacheSubnetGroupName",
            by="name",
            left_to_aws=True,
        ),
        ref(
            "parameter_group_id",
            "cache_parameter_group",
            f"{_MEMBER}.CacheParameterGroup.CacheParameterGroupName",
            by="name",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
        ),
        fixed("port", "integer", "@", read=caches.port, left_to_aws=True),
        fixed("at_rest_encryption_enabled", "boolean", "AtRestEncryptionEnabled", left_to_aws=True),
        fixed("kms_key_id", "varchar", "KmsKeyId", doc="The key of what is at rest; NULL is AWS's own."),
        column(_TRANSIT[0], "boolean", "TransitEncryptionEnabled", left_to_aws=True),
        column(
            _TRANSIT[1],
            "varchar",
            "TransitEncryptionMode",
            left_to_aws=True,
            doc="preferred or required; what is there becomes preferred first.",
        ),
        assigned("auth_token_enabled", "boolean", "AuthTokenEnabled", doc="Whether clients need a password."),
        column(
            "preferred_maintenance_window",
            "varchar",
            f"{_MEMBER}.PreferredMaintenanceWindow",
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
        column("notification_topic_arn", "varchar", f"{_MEMBER}.NotificationConfiguration.TopicArn"),
        assigned("primary_endpoint", "varchar", "NodeGroups[0].PrimaryEndpoint.Address"),
        assigned("reader_endpoint", "varchar", "NodeGroups[0].ReaderEndpoint.Address"),
        assigned(
            "configuration_endpoint", "varchar", "ConfigurationEndpoint.Address", doc="Of cluster mode."
        ),
        assigned("member_clusters", "varchar[]", "MemberClusters", canonical=canonical.unordered),
        assigned("pending_modified_values", "jsonb", "PendingModifiedValues", read=canonical.plain),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(REPLICATION_GROUP_SECURITY_GROUPS,),
    listing=List(operation="describe_replication_groups", items="ReplicationGroups"),
    details=(
        Detail(
            operation="describe_cache_clusters",
            items="CacheClusters",
            into=MEMBERS,
            params={"CacheClusterId": "MemberClusters[0]"},
            absent=("CacheClusterNotFound",),
            unless=lambda group: not group.get("MemberClusters"),
            fetched=True,
        ),
    ),
    batched=(tagging.of_many("ARN"),),
    brings=("cache_subnet_group",),
    create=(
        Call(
            operation="create_replication_group",
            params={
                **_WHICH,
                **_CHANGED,
                "NumNodeGroups": Edited(
                    "@", caches.one_shard_at_least, ("num_node_groups", "replicas_per_node_group")
                ),
                "ReplicasPerNodeGroup": "replicas_per_node_group",
                "CacheParameterGroupName": caches.not_aws_own("parameter_group_id"),
                "CacheSubnetGroupName": "cache_subnet_group_id",
                "SecurityGroupIds": Each("replication_group_security_groups", "security_group_id", some=True),
                "Port": "port",
                "AtRestEncryptionEnabled": "at_rest_encryption_enabled",
                "KmsKeyId": "kms_key_id",
                **_TAGS.create,
                "UserGroupIds": Old("UserGroupIds"),
                "LogDeliveryConfigurations": Old("LogDeliveryConfigurations", caches.logs),
                "DataTieringEnabled": Old("DataTiering", lambda word: word == "enabled" or None),
                "NetworkType": Old("NetworkType"),
                "IpDiscovery": Old("IpDiscovery"),
            },
            result="ReplicationGroup",
        ),
    ),
    fetch=Call(operation="describe_replication_groups", params=_WHICH, result="ReplicationGroups[0]"),
    update=(
        _count_of_replicas(
            "increase_replica_count", Edited("@", caches.more_replicas, ("replicas_per_node_group",))
        ),
        Update(
            operation="modify_replication_group",
            when=(*_NAMES, "replication_group_security_groups"),
            params={
                **_WHICH,
                "ApplyImmediately": Edited(MEMBERS, caches.nothing_is_put_off, ()),
                **_CHANGED,
                "NotificationTopicStatus": caches.topic_status(),
                "CacheParameterGroupName": "parameter_group_id",
                "SecurityGroupIds": Each("replication_group_security_groups", "security_group_id"),
            },
            shows=("engine", "engine_version", "node_type"),
            then=_AVAILABLE,
        ),
        Update(
            operation="modify_replication_group_shard_configuration",
            when=("num_node_groups",),
            params={
                **_WHICH,
                "NodeGroupCount": "num_node_groups",
                "NodeGroupsToRetain": Edited("NodeGroups", caches.staying, ("num_node_groups",)),
                "ApplyImmediately": Const(True),
            },
            shows=("num_node_groups",),
            then=_AVAILABLE,
        ),
        _count_of_replicas(
            "decrease_replica_count", Edited("@", caches.fewer_replicas, ("replicas_per_node_group",))
        ),
        *_TAGS.update,
    ),
    settled={
        "num_node_groups": Settled(
            of=caches.is_not_clustered,
            why="A replication group without cluster mode has one part.",
            hint="Ask for one, or make another with cluster_mode enabled.",
        )
    },
    carry=Carry(
        lost=(
            Lost(of="ReplicationGroupId", what="its data"),
            Lost(of="[AuthTokenEnabled][?@]", what="its password"),
            Lost(
                of="GlobalReplicationGroupInfo.GlobalReplicationGroupId", what="its place in a global group"
            ),
        ),
        not_kept={
            **caches.NOT_KEPT,
            "GlobalReplicationGroupId": "its place in a global group is lost",
            "NodeGroupConfiguration": "AWS spreads nodes and data",
            "NodeGroupId": "it is AWS's no more",
            "NodeGroupsToRemove": "NodeGroupsToRetain says it",
            "NumCacheClusters": "ReplicasPerNodeGroup says it",
            "PreferredCacheClusterAZs": "AWS spreads nodes",
            "PrimaryClusterId": "which node is the primary one is AWS's business",
            "RemoveUserGroups": "user groups have no column",
            "ReplicaConfiguration": "AWS spreads nodes",
            "ReplicasToRemove": "AWS chooses them",
            "ReshardingConfiguration": "AWS spreads nodes",
            "ServerlessCacheSnapshotName": "it is of one call",
            "SnapshottingClusterId": "AWS chooses it for a new one",
            "UserGroupIdsToAdd": "user groups have no column",
            "UserGroupIdsToRemove": "user groups have no column",
        },
    ),
    delete=(Call(operation="delete_replication_group", params=_WHICH),),
    leaving=lambda group: group.get("Status") == "deleting",
    ready=_AVAILABLE,
    gone=Waiter(name="replication_group_deleted", params=_WHICH, seconds=3600),
    absent=("ReplicationGroupNotFoundFault",),
    busy=("InvalidReplicationGroupState", "InvalidCacheClusterState"),
    eventual=(
        ("InvalidReplicationGroupState", ""),
        ("InvalidCacheClusterState", ""),
        ("CacheSubnetGroupNotFoundFault", ""),
    ),
    hints={
        "InvalidReplicationGroupState": "AWS is still at work on the group: see its status, and apply again.",
        "InvalidParameterCombination": "AWS says which columns do not go together.",
    },
)
