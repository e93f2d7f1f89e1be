"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBCluster.html"""

from modules import canonical, ownership, pending, tagging
from modules.aws_rds import databases
from modules.aws_rds.databases import INSIGHTS, LOGS, MONITORING
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
    Token,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
    with_others,
)

DB_CLUSTER_SECURITY_GROUPS = Part(
    table="db_cluster_security_groups",
    doc="Which security groups stand around which cluster; none is the default group of its VPC.",
    parent=ref("db_cluster_id", "db_cluster", None, cascade=True, not_null=True),
    path="VpcSecurityGroups[].VpcSecurityGroupId",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("db_cluster_id", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
    left_to_aws=True,
)

_TAGS = tagging.rds("arn", "TagList")
#: Columns that AWS can change, and their parameter.
_CHANGED: dict[str, str] = {
    "engine_version": "EngineVersion",
    "db_cluster_instance_class": "DBClusterInstanceClass",
    "storage_type": "StorageType",
    "backup_retention_period": "BackupRetentionPeriod",
    "preferred_backup_window": "PreferredBackupWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "port": "Port",
    "db_cluster_parameter_group_id": "DBClusterParameterGroupName",
    "deletion_protection": "DeletionProtection",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "iam_database_authentication": "EnableIAMDatabaseAuthentication",
    "backtrack_window": "BacktrackWindow",
    "network_type": "NetworkType",
    "database_insights_mode": "DatabaseInsightsMode",
    "manage_master_user_password": "ManageMasterUserPassword",
}
_SCALING = "ServerlessV2ScalingConfiguration"
_SIZE = "serverless_v2_min_capacity", "serverless_v2_max_capacity", "serverless_v2_seconds_until_auto_pause"
#: What AWS wants together.
_TOGETHER: dict[str, Source] = {
    **databases.TOGETHER,
    f"{_SCALING}.MinCapacity": with_others(*_SIZE),
    f"{_SCALING}.MaxCapacity": with_others(_SIZE[1], _SIZE[0], _SIZE[2]),
    f"{_SCALING}.SecondsUntilAutoPause": with_others(_SIZE[2], _SIZE[0], _SIZE[1]),
}
#: What AWS may put off to the next window.
_PUT_OFF = {
    "EngineVersion": "engine_version",
    "BackupRetentionPeriod": "backup_retention_period",
    "StorageType": "storage_type",
    "AllocatedStorage": "allocated_storage",
    "Iops": "iops",
    "IAMDatabaseAuthenticationEnabled": "iam_database_authentication",
}
_COLUMNS = (*_CHANGED, "allocated_storage", "iops", *MONITORING, *INSIGHTS, *_SIZE, LOGS)


DB_CLUSTER = Resource(
    table="db_cluster",
    service="rds",
    doc="Clusters of databases: Aurora's, whose instances are rows of rds, and Multi-AZ clusters, which make "
    "theirs themselves. A password is never shown: AWS keeps it in the secret of master_user_secret_arn.",
    key=("id",),
    identity="arn",
    natural_key=("db_cluster_identifier",),
    unique=(("db_cluster_identifier",),),
    columns=(
        fixed(
            "db_cluster_identifier",
            "varchar",
            "DBClusterIdentifier",
            not_null=True,
            canonical=canonical.lower,
            doc="Another one makes a new cluster; iasql_call('rds', 'ModifyDBCluster', …) can rename one.",
        ),
        assigned("arn", "varchar", "DBClusterArn"),
        assigned(
            "resource_id", "varchar", "DbClusterResourceId", doc="AWS's mark, which stays when it is renamed."
        ),
        assigned("status", "varchar", "Status"),
        fixed("engine", "varchar", "Engine", not_null=True, doc="Such as aurora-postgresql, or mysql."),
        fixed("engine_mode", "varchar", "EngineMode", left_to_aws=True),
        column("engine_version", "varchar", "@", read=pending.asked("EngineVersion"), left_to_aws=True),
        fixed("database_name", "varchar", "DatabaseName", left_to_aws=True, doc="The first database in it."),
        fixed("master_username", "varchar", "MasterUsername", left_to_aws=True),
        column(
            "manage_master_user_password",
            "boolean",
            "MasterUserSecret",
            not_null=True,
            default="true",
            read=bool,
            doc="Whether AWS makes the password and keeps it in Secrets Manager.",
        ),
        assigned("master_user_secret_arn", "varchar", "MasterUserSecret.SecretArn"),
        assigned("endpoint", "varchar", "Endpoint", doc="Where clients connect to that write."),
        assigned("reader_endpoint", "varchar", "ReaderEndpoint"),
        assigned("hosted_zone_id", "varchar", "HostedZoneId"),
        column("port", "integer", "Port", left_to_aws=True),
        ref("subnet_group_id", "db_subnet_group", "DBSubnetGroup", by="name", left_to_aws=True),
        ref(
            "db_cluster_parameter_group_id",
            "db_cluster_parameter_group",
            "DBClusterParameterGroup",
            by="name",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
        ),
        assigned("availability_zones", "varchar[]", "AvailabilityZones", canonical=canonical.unordered),
        column(
            "db_cluster_instance_class",
            "varchar",
            "DBClusterInstanceClass",
            doc="Of a Multi-AZ cluster's instances.",
        ),
        column(
            "allocated_storage",
            "integer",
            "@",
            read=databases.bought_storage,
            left_to_aws=True,
            doc="GiB, of a Multi-AZ cluster; Aurora's grows by itself.",
        ),
        column("storage_type", "varchar", "@", read=pending.asked("StorageType"), left_to_aws=True),
        column("iops", "integer", "@", read=pending.asked("Iops"), left_to_aws=True),
        fixed("storage_encrypted", "boolean", "StorageEncrypted", left_to_aws=True),
        fixed("kms_key_id", "varchar", "KmsKeyId", left_to_aws=True),
        column(_SIZE[0], "double precision", f"{_SCALING}.MinCapacity", read=canonical.number),
        column(_SIZE[1], "double precision", f"{_SCALING}.MaxCapacity", read=canonical.number),
        column(_SIZE[2], "integer", f"{_SCALING}.SecondsUntilAutoPause", left_to_aws=True),
        column(
            "backup_retention_period",
            "integer",
            "@",
            not_null=True,
            default="1",
            read=pending.asked("BackupRetentionPeriod"),
            doc="Days.",
        ),
        column("preferred_backup_window", "varchar", "PreferredBackupWindow", left_to_aws=True),
        column(
            "preferred_maintenance_window",
            "varchar",
            "PreferredMaintenanceWindow",
            left_to_aws=True,
            canonical=canonical.lower,
        ),
        column(
            "deletion_protection",
            "boolean",
            "DeletionProtection",
            not_null=True,
            default="false",
            read=bool,
            doc="It has to be taken off in an apply of its own before a cluster can be deleted.",
        ),
        column("copy_tags_to_snapshot", "boolean", "CopyTagsToSnapshot", left_to_aws=True),
        column("auto_minor_version_upgrade", "boolean", "AutoMinorVersionUpgrade", left_to_aws=True),
        fixed("publicly_accessible", "boolean", "PubliclyAccessible", left_to_aws=True),
        column(
            "iam_database_authentication",
            "boolean",
            "@",
            read=pending.asked("IAMDatabaseAuthenticationEnabled"),
            left_to_aws=True,
        ),
        column(LOGS, "varchar[]", "@", read=databases.logs, canonical=canonical.unordered),
        column("backtrack_window", "bigint", "BacktrackWindow", left_to_aws=True, doc="Seconds."),
        column("network_type", "varchar", "NetworkType", left_to_aws=True),
        column(
            "monitoring_interval", "integer", "MonitoringInterval", left_to_aws=True, doc="Seconds; 0 is off."
        ),
        column("monitoring_role_arn", "varchar", "MonitoringRoleArn"),
        column("database_insights_mode", "varchar", "DatabaseInsightsMode", left_to_aws=True),
        column(INSIGHTS[0], "boolean", "PerformanceInsightsEnabled", left_to_aws=True),
        column(INSIGHTS[1], "varchar", "PerformanceInsightsKMSKeyId", left_to_aws=True),
        column(INSIGHTS[2], "integer", "PerformanceInsightsRetentionPeriod", left_to_aws=True),
        assigned("pending_modified_values", "jsonb", "PendingModifiedValues", read=canonical.plain),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(DB_CLUSTER_SECURITY_GROUPS,),
    mark="DbClusterResourceId",
    listing=List(operation="describe_db_clusters", items="DBClusters"),
    where=databases.is_of_rds,
    create=(
        Call(
            operation="create_db_cluster",
            params={
                "DBClusterIdentifier": "db_cluster_identifier",
                "Engine": "engine",
                "EngineMode": "engine_mode",
                "DatabaseName": "database_name",
                "MasterUsername": "master_username",
                "DBSubnetGroupName": "subnet_group_id",
                "StorageEncrypted": "storage_encrypted",
                "KmsKeyId": "kms_key_id",
                "PubliclyAccessible": "publicly_accessible",
                "VpcSecurityGroupIds": Each("db_cluster_security_groups", "security_group_id", some=True),
                "EnableCloudwatchLogsExports": LOGS,
                "Iops": "iops",
                **{parameter: name for name, parameter in _CHANGED.items()},
                **_TOGETHER,
                "DBClusterParameterGroupName": databases.not_aws_own("db_cluster_parameter_group_id"),
                **_TAGS.create,
                "AvailabilityZones": Old("AvailabilityZones"),
                "CharacterSetName": Old("CharacterSetName"),
                "ScalingConfiguration": Old("ScalingConfigurationInfo"),
                "RdsCustomClusterConfiguration": Old("RdsCustomClusterConfiguration"),
                "EnableHttpEndpoint": Old("HttpEndpointEnabled"),
                "Domain": Old("DomainMemberships[0].Domain"),
                "DomainIAMRoleName": Old("DomainMemberships[0].IAMRoleName"),
                "EnableGlobalWriteForwarding": Old("GlobalWriteForwardingRequested"),
                "EnableLocalWriteForwarding": Old(
                    "LocalWriteForwardingStatus", lambda status: status in ("enabled", "enabling") or None
                ),
                "ClusterScalabilityType": Old("ClusterScalabilityType"),
                "DBSystemId": Old("DBSystemId"),
                "MasterUserSecretKmsKeyId": Old("MasterUserSecret.KmsKeyId"),
                "CACertificateIdentifier": Old("CertificateDetails.CAIdentifier"),
                "EngineLifecycleSupport": Old("EngineLifecycleSupport"),
                "ReplicationSourceIdentifier": Old("ReplicationSourceIdentifier"),
            },
            result="DBCluster",
        ),
    ),
    fetch=Call(
        operation="describe_db_clusters",
        params={"DBClusterIdentifier": "db_cluster_identifier"},
        result="DBClusters[0]",
    ),
    update=(
        Update(
            operation="modify_db_cluster",
            when=(*_COLUMNS, "db_cluster_security_groups"),
            params={
                "DBClusterIdentifier": "db_cluster_identifier",
                "ApplyImmediately": databases.at_once(
                    _PUT_OFF, [each for each in _COLUMNS if each not in _PUT_OFF.values()]
                ),
                **{parameter: name for name, parameter in _CHANGED.items()},
                **_TOGETHER,
                "Iops": Edited("@", databases.iops, ("iops", "storage_type", "allocated_storage")),
                "VpcSecurityGroupIds": Each("db_cluster_security_groups", "security_group_id"),
                "CloudwatchLogsExportConfiguration.EnableLogTypes": Edited("@", databases.logs_on, (LOGS,)),
                "CloudwatchLogsExportConfiguration.DisableLogTypes": Edited("@", databases.logs_off, (LOGS,)),
            },
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        lost=(
            Lost(of="DBClusterIdentifier", what="its data, but for a last snapshot"),
            Lost(of="GlobalClusterIdentifier", what="its place in a global cluster"),
            Lost(of="AssociatedRoles[].RoleArn", what="its roles"),
            Lost(of="CustomEndpoints", what="its custom endpoints"),
            Lost(of="ReadReplicaIdentifiers", what="its replicas"),
        ),
        not_kept={
            "MasterUserPassword": "nobody is told it; AWS makes one, or it is set by iasql_call",
            "MasterUserAuthenticationType": "AWS does not tell it",
            "RotateMasterUserPassword": "it is an action",
            "OptionGroupName": "clusters have no option group of their own",
            "PreSignedUrl": "it is of one call",
            "SourceRegion": "it is of one call",
            "GlobalClusterIdentifier": "its place in a global cluster is lost",
            "EnableLimitlessDatabase": "ClusterScalabilityType says it",
            "NewDBClusterIdentifier": "the name is fixed",
            "AllowMajorVersionUpgrade": "a new major version is asked for by iasql_call",
            "AllowEngineModeChange": "the mode is fixed",
            "DBInstanceParameterGroupName": "it goes with a new major version",
            "AwsBackupRecoveryPointArn": "it is of one call",
        },
    ),
    delete=(
        Call(
            operation="delete_db_cluster",
            params={
                "DBClusterIdentifier": "db_cluster_identifier",
                "SkipFinalSnapshot": Const(False),
                "FinalDBSnapshotIdentifier": Token("db_cluster_identifier"),
                "DeleteAutomatedBackups": Const(False),
            },
        ),
    ),
    undeletable=databases.protection,
    leaving=lambda cluster: cluster.get("Status") == "deleting",
    # Its instances are made when it is there.
    ready=Waiter(
        name="db_cluster_available",
        params={"DBClusterIdentifier": "db_cluster_identifier"},
        seconds=5400,
        blocks=True,
    ),
    gone=Waiter(
        name="db_cluster_deleted", params={"DBClusterIdentifier": "db_cluster_identifier"}, seconds=3600
    ),
    absent=("DBClusterNotFoundFault",),
    busy=("InvalidDBClusterStateFault",),
    eventual=(
        ("InvalidDBClusterStateFault", ""),
        ("DBSubnetGroupNotFoundFault", ""),
        ("DBClusterParameterGroupNotFound", ""),
    ),
    hints={
        "InvalidDBClusterStateFault": "AWS is still at work on the cluster: see its status, and apply again.",
        "InvalidParameterCombination": "For a new major version, or a password of your own: "
        "iasql_call('rds', 'ModifyDBCluster', …), then iasql_sync().",
    },
)
