"""What snapshots of instances and of clusters have in common."""

from modules import canonical, tagging
from modules.ownership import of_tags
from modules.spec import Column, Description, assigned

#: After the columns that only one kind has.
COLUMNS: tuple[Column, ...] = (
    assigned("snapshot_type", "varchar", "SnapshotType", doc="manual, automated, or awsbackup."),
    assigned("status", "varchar", "Status"),
    assigned(
        "snapshot_create_time",
        "timestamptz",
        "SnapshotCreateTime",
        read=canonical.timestamp,
        canonical=canonical.instant,
    ),
    assigned("engine", "varchar", "Engine"),
    assigned("engine_version", "varchar", "EngineVersion"),
    assigned("allocated_storage", "integer", "AllocatedStorage", doc="GiB."),
    assigned("storage_type", "varchar", "StorageType"),
    assigned("master_username", "varchar", "MasterUsername"),
    assigned("port", "integer", "Port"),
    assigned("vpc_id", "varchar", "VpcId"),
    assigned("license_model", "varchar", "LicenseModel"),
    assigned("kms_key_id", "varchar", "KmsKeyId"),
    assigned("iam_database_authentication", "boolean", "IAMDatabaseAuthenticationEnabled"),
)


def owner(snapshot: Description) -> str | None:
    """The owner that a snapshot's tags name; nobody changes them here."""
    return of_tags(tagging.read(snapshot.get("TagList")))
