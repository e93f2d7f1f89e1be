"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html"""

from modules import canonical, ownership, pending, tagging
from modules.aws_rds import databases
from modules.aws_rds.databases import INSIGHTS, LOGS, MONITORING
from modules.spec import (
    Call,
    Carry,
    Column,
    Derived,
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
)

RDS_SECURITY_GROUPS = Part(
    table="rds_security_groups",
    doc="Which security groups stand around which instance; none is the default group of its VPC. "
    "A cluster's instances have those of db_cluster_security_groups.",
    parent=ref("rds_id", "rds", None, cascade=True, not_null=True),
    path="[@][?!DBClusterIdentifier].VpcSecurityGroups[].VpcSecurityGroupId",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("rds_id", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
    left_to_aws=True,
)

_TAGS = tagging.rds("arn", "TagList")
#: Columns that AWS can change, and their parameter.
_CHANGED: dict[str, str] = {
    "db_instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "storage_type": "StorageType",
    "storage_throughput": "StorageThroughput",
    "backup_retention_period": "BackupRetentionPeriod",
    "preferred_backup_window": "PreferredBackupWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "multi_az": "MultiAZ",
    "license_model": "LicenseModel",
    "db_subnet_group_id": "DBSubnetGroupName",
    "parameter_group_id": "DBParameterGroupName",
    "option_group_name": "OptionGroupName",
    "publicly_accessible": "PubliclyAccessible",
    "deletion_protection": "DeletionProtection",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "iam_database_authentication": "EnableIAMDatabaseAuthentication",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "promotion_tier": "PromotionTier",
    "network_type": "NetworkType",
    "database_insights_mode": "DatabaseInsightsMode",
    "dedicated_log_volume": "DedicatedLogVolume",
}
#: A cluster's instance has the cluster's password.
_MANAGED = Derived(
    lambda managed, cluster: managed if cluster is None else None,
    ("manage_master_user_password", "db_cluster_id"),
)
#: What AWS wants together.
_TOGETHER: dict[str, Source] = {
    **databases.TOGETHER,
    "ManageMasterUserPassword": _MANAGED,
}
#: What AWS may put off to the next window.
_PUT_OFF = {
    "DBInstanceClass": "db_instance_class",
    "AllocatedStorage": "allocated_storage",
    "StorageType": "storage_type",
    "StorageThroughput": "storage_throughput",
    "Iops": "iops",
    "Port": "port",
    "BackupRetentionPeriod": "backup_retention_period",
    "MultiAZ": "multi_az",
    "EngineVersion": "engine_version",
    "LicenseModel": "license_model",
    "CACertificateIdentifier": "ca_certificate_identifier",
    "DBSubnetGroupName": "db_subnet_group_id",
    "IAMDatabaseAuthenticationEnabled": "iam_database_authentication",
    "DedicatedLogVolume": "dedicated_log_volume",
}
_COLUMNS = (
    *_CHANGED, "allocated_storage", "max_allocated_storage", "iops", "port", *MONITORING, *INSIGHTS, LOGS,
    "manage_master_user_password",
)  # fmt: skip


def _asked(name: str, type: str, attribute: str, doc: str = "") -> Column:
    """A column that a cluster's instance leaves to that, and that AWS may put off."""
    return column(name, type, "@", read=databases.own_asked(attribute), left_to_aws=True, doc=doc)


def _own(name: str, type: str, attribute: str, doc: str = "") -> Column:
    """The same, of what AWS changes at once."""
    return column(name, type, "@", read=databases.own(attribute), left_to_aws=True, doc=doc)


def _set_up(name: str, type: str, attribute: str, doc: str = "") -> Column:
    """The same, of what AWS never changes."""
    return fixed(name, type, "@", read=databases.own(attribute), left_to_aws=True, doc=doc)


RDS = Resource(
    table="rds",
    service="rds",
    doc="Database instances, those of Aurora clusters included: these leave to their cluster what is the "
    "cluster's. A password is never shown: AWS keeps it in the secret that master_user_secret_arn names.",
    key=("id",),
    identity="arn",
    natural_key=("db_instance_identifier",),
    unique=(("db_instance_identifier",),),
    columns=(
        fixed(
            "db_instance_identifier",
            "varchar",
            "DBInstanceIdentifier",
            not_null=True,
            canonical=canonical.lower,
            doc="Another one makes a new instance; iasql_call('rds', 'ModifyDBInstance', …) can rename one.",
        ),
        assigned("arn", "varchar", "DBInstanceArn"),
        assigned(
            "resource_id", "varchar", "DbiResourceId", doc="AWS's mark, which stays when it is renamed."
        ),
        assigned("status", "varchar", "DBInstanceStatus"),
        column("db_instance_class", "varchar", "@", not_null=True, read=pending.asked("DBInstanceClass")),
        fixed("engine", "varchar", "Engine", not_null=True, doc="Such as postgres, or a cluster's."),
        _asked("engine_version", "varchar", "EngineVersion"),
        ref(
            "db_cluster_id",
            "db_cluster",
            "DBClusterIdentifier",
            by="db_cluster_identifier",
            cascade=True,
            doc="The Aurora cluster that it is an instance of.",
        ),
        _set_up("db_name", "varchar", "DBName", doc="The first database in it; Oracle's SID."),
        _set_up("master_username", "varchar", "MasterUsername"),
        column(
            "manage_master_user_password",
            "boolean",
            "@",
            not_null=True,
            default="true",
            read=databases.is_password_managed,
            doc="Whether AWS makes the password and keeps it in Secrets Manager. To set one yourself: "
            "iasql_call('rds', 'ModifyDBInstance', …).",
        ),
        assigned("master_user_secret_arn", "varchar", "MasterUserSecret.SecretArn"),
        assigned("endpoint_addr", "varchar", "Endpoint.Address", doc="Where clients connect to."),
        assigned("endpoint_port", "integer", "Endpoint.Port"),
        assigned("endpoint_hosted_zone_id", "varchar", "Endpoint.HostedZoneId"),
        column("port", "integer", "@", read=databases.own_told(databases.port), left_to_aws=True),
        _asked("allocated_storage", "integer", "AllocatedStorage", doc="GiB."),
        column(
            "max_allocated_storage",
            "integer",
            "@",
            read=databases.own_told(databases.grows_to),
            doc="GiB up to which the storage grows by itself; NULL is not at all.",
        ),
        _asked("storage_type", "varchar", "StorageType"),
        _asked("iops", "integer", "Iops"),
        _asked("storage_throughput", "integer", "StorageThroughput", doc="MiB a second."),
        _set_up("storage_encrypted", "boolean", "StorageEncrypted"),
        _set_up("kms_key_id", "varchar", "KmsKeyId"),
        column(
            "dedicated_log_volume",
            "boolean",
            "@",
            read=pending.asked("DedicatedLogVolume"),
            left_to_aws=True,
        ),
        fixed("availability_zone", "varchar", "AvailabilityZone", left_to_aws=True),
        _asked("multi_az", "boolean", "MultiAZ", doc="Whether another zone has a standby."),
        ref(
            "db_subnet_group_id",
            "db_subnet_group",
            "@",
            by="name",
            on_change=OnChange.UPDATE,
            read=databases.own_told(databases.subnet_group),
            left_to_aws=True,
        ),
        ref(
            "parameter_group_id",
            "parameter_group",
            "DBParameterGroups[0].DBParameterGroupName",
            by="name",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
        ),
        assigned(
            "parameter_apply_status",
            "varchar",
            "DBParameterGroups[0].ParameterApplyStatus",
            doc="in-sync, applying, or pending-reboot: some of its parameters wait for a restart.",
        ),
        column(
            "option_group_name",
            "varchar",
            "OptionGroupMemberships",
            read=databases.option_group,
            left_to_aws=True,
        ),
        column("publicly_accessible", "boolean", "PubliclyAccessible", left_to_aws=True),
        _asked("backup_retention_period", "integer", "BackupRetentionPeriod", doc="Days; 0 is no backups."),
        _own("preferred_backup_window", "varchar", "PreferredBackupWindow"),
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
            doc="It has to be taken off in an apply of its own before an instance can be deleted.",
        ),
        _own("copy_tags_to_snapshot", "boolean", "CopyTagsToSnapshot"),
        column(
            "auto_minor_version_upgrade",
            "boolean",
            "AutoMinorVersionUpgrade",
            not_null=True,
            default="true",
            read=bool,
        ),
        _asked("iam_database_authentication", "boolean", "IAMDatabaseAuthenticationEnabled"),
        column(
            LOGS,
            "varchar[]",
            "@",
            read=databases.own_told(databases.logs),
            canonical=canonical.unordered,
            doc="Logs that go to CloudWatch, such as {postgresql}.",
        ),
        column(
            "ca_certificate_identifier",
            "varchar",
            "@",
            read=pending.asked("CACertificateIdentifier"),
            left_to_aws=True,
        ),
        column("promotion_tier", "integer", "PromotionTier", left_to_aws=True),
        _asked("license_model", "varchar", "LicenseModel"),
        _set_up("character_set_name", "varchar", "CharacterSetName"),
        _set_up("timezone", "varchar", "Timezone"),
        column("network_type", "varchar", "NetworkType", left_to_aws=True),
        column(
            "monitoring_interval", "integer", "MonitoringInterval", left_to_aws=True, doc="Seconds; 0 is off."
        ),
        column("monitoring_role_arn", "varchar", "MonitoringRoleArn"),
        _own("database_insights_mode", "varchar", "DatabaseInsightsMode"),
        column(INSIGHTS[0], "boolean", "PerformanceInsightsEnabled", left_to_aws=True),
        column(INSIGHTS[1], "varchar", "PerformanceInsightsKMSKeyId", left_to_aws=True),
        column(INSIGHTS[2], "integer", "PerformanceInsightsRetentionPeriod", left_to_aws=True),
        assigned("read_replica_source", "varchar", "@", read=databases.replicated),
        assigned(
            "pending_modified_values",
            "jsonb",
            "PendingModifiedValues",
            read=canonical.plain,
            doc="What AWS has been asked for and not done yet, at once or in the next window.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(RDS_SECURITY_GROUPS,),
    mark="DbiResourceId",
    listing=List(operation="describe_db_instances", items="DBInstances"),
    where=databases.is_instance,
    create=(
        Call(
            operation="create_db_instance",
            params={
                "DBInstanceIdentifier": "db_instance_identifier",
                "Engine": "engine",
                "DBClusterIdentifier": "db_cluster_id",
                "DBName": "db_name",
                "MasterUsername": "master_username",
                "Port": "port",
                "MaxAllocatedStorage": "max_allocated_storage",
                "StorageEncrypted": "storage_encrypted",
                "KmsKeyId": "kms_key_id",
                "AvailabilityZone": Derived(
                    lambda zone, several: None if several else zone, ("availability_zone", "multi_az")
                ),
                "CharacterSetName": "character_set_name",
                "Timezone": "timezone",
                "VpcSecurityGroupIds": Each("rds_security_groups", "security_group_id", some=True),
                "EnableCloudwatchLogsExports": LOGS,
                "Iops": "iops",
                **{parameter: name for name, parameter in _CHANGED.items()},
                **_TOGETHER,
                "DBParameterGroupName": databases.not_aws_own("parameter_group_id"),
                "OptionGroupName": databases.not_aws_own("option_group_name"),
                **_TAGS.create,
                "NcharCharacterSetName": Old("NcharCharacterSetName"),
                "Domain": Old("DomainMemberships[0].Domain"),
                "DomainFqdn": Old("DomainMemberships[0].FQDN"),
                "DomainOu": Old("DomainMemberships[0].OU"),
                "DomainAuthSecretArn": Old("DomainMemberships[0].AuthSecretArn"),
                "DomainDnsIps": Old("DomainMemberships[0].DnsIps"),
                "DomainIAMRoleName": Old("DomainMemberships[0].IAMRoleName"),
                "ProcessorFeatures": Old("ProcessorFeatures"),
                "EnableCustomerOwnedIp": Old("CustomerOwnedIpEnabled"),
                "BackupTarget": Old("BackupTarget"),
                "CustomIamInstanceProfile": Old("CustomIamInstanceProfile"),
                "DBSystemId": Old("DBSystemId"),
                "MasterUserSecretKmsKeyId": Old("MasterUserSecret.KmsKeyId"),
                "MultiTenant": Old("MultiTenant"),
                "EngineLifecycleSupport": Old("EngineLifecycleSupport"),
            },
            result="DBInstance",
        ),
    ),
    fetch=Call(
        operation="describe_db_instances",
        params={"DBInstanceIdentifier": "db_instance_identifier"},
        result="DBInstances[0]",
    ),
    update=(
        Update(
            operation="modify_db_instance",
            when=(*_COLUMNS, "rds_security_groups"),
            params={
                "DBInstanceIdentifier": "db_instance_identifier",
                "ApplyImmediately": databases.at_once(
                    _PUT_OFF, [each for each in _COLUMNS if each not in _PUT_OFF.values()]
                ),
                **{parameter: name for name, parameter in _CHANGED.items()},
                **_TOGETHER,
                "DBPortNumber": "port",
                "MaxAllocatedStorage": Edited(
                    "AllocatedStorage", databases.size_limit, ("max_allocated_storage",)
                ),
                "Iops": Edited("@", databases.iops, ("iops", "storage_type", "allocated_storage")),
                "VpcSecurityGroupIds": Each("rds_security_groups", "security_group_id"),
                "CloudwatchLogsExportConfiguration.EnableLogTypes": Edited("@", databases.logs_on, (LOGS,)),
                "CloudwatchLogsExportConfiguration.DisableLogTypes": Edited("@", databases.logs_off, (LOGS,)),
            },
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        lost=(
            Lost(
                of="[@][?!DBClusterIdentifier].DBInstanceIdentifier", what="its data, but for a last snapshot"
            ),
            Lost(of="ReadReplicaSourceDBInstanceIdentifier", what="what it replicates"),
            Lost(of="ReadReplicaDBInstanceIdentifiers", what="its replicas"),
            Lost(of="ReadReplicaDBClusterIdentifiers", what="its replicas that are clusters"),
            Lost(of="AssociatedRoles[].RoleArn", what="its roles"),
            Lost(of="TdeCredentialArn", what="its TDE credentials"),
        ),
        not_kept={
            "MasterUserPassword": "nobody is told it; AWS makes one, or it is set by iasql_call",
            "MasterUserAuthenticationType": "AWS does not tell it",
            "RotateMasterUserPassword": "it is an action",
            "DBSecurityGroups": "they were for networks that AWS has no more",
            "TdeCredentialArn": "it is lost",
            "TdeCredentialPassword": "it is lost",
            "NewDBInstanceIdentifier": "the name is fixed",
            "AllowMajorVersionUpgrade": "a new major version is asked for by iasql_call",
            "CertificateRotationRestart": "it says how, not what",
            "DisableDomain": "it takes off what Domain puts on",
            "UseDefaultProcessorFeatures": "it takes off what ProcessorFeatures puts on",
            "ReplicaMode": "what it replicates is lost",
            "AutomationMode": "RDS Custom's; a new instance has it full",
            "ResumeFullAutomationModeMinutes": "RDS Custom's; a new instance has it full",
            "AwsBackupRecoveryPointArn": "it is of one call",
        },
    ),
    delete=(
        Call(
            operation="delete_db_instance",
            params={
                "DBInstanceIdentifier": "db_instance_identifier",
                # A cluster's or a source's data are not lost with one instance: AWS makes no snapshot of it.
                "SkipFinalSnapshot": Derived(
                    lambda name, *elsewhere: any(elsewhere),
                    ("db_instance_identifier", "db_cluster_id", "read_replica_source"),
                ),
                "FinalDBSnapshotIdentifier": Token(
                    "db_instance_identifier", unless=("db_cluster_id", "read_replica_source")
                ),
                "DeleteAutomatedBackups": Derived(
                    lambda name, cluster: False if cluster is None else None,
                    ("db_instance_identifier", "db_cluster_id"),
                ),
            },
        ),
    ),
    undeletable=databases.protection,
    leaving=lambda instance: instance.get("DBInstanceStatus") == "deleting",
    ready=Waiter(
        name="db_instance_available",
        params={"DBInstanceIdentifier": "db_instance_identifier"},
        seconds=5400,
    ),
    gone=Waiter(
        name="db_instance_deleted", params={"DBInstanceIdentifier": "db_instance_identifier"}, seconds=5400
    ),
    absent=("DBInstanceNotFound",),
    busy=("InvalidDBInstanceState",),
    eventual=(
        ("InvalidDBInstanceState", ""),
        ("InvalidDBClusterStateFault", ""),
        ("DBParameterGroupNotFound", ""),
        ("DBSubnetGroupNotFoundFault", ""),
    ),
    hints={
        "InvalidDBInstanceState": "AWS is still at work on the instance: see its status, and apply again.",
        "InvalidParameterCombination": "For a new major version, or a password of your own: "
        "iasql_call('rds', 'ModifyDBInstance', …), then iasql_sync().",
    },
)
