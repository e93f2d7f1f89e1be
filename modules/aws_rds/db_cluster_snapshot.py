"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBClusterSnapshot.html"""

from modules import canonical, ownership
from modules.aws_rds import snapshots
from modules.spec import List, Resource, assigned

DB_CLUSTER_SNAPSHOT = Resource(
    table="db_cluster_snapshot",
    service="rds",
    doc="Snapshots of clusters, such as the last one of what has been deleted. Edits are undone: "
    "iasql_call('rds', 'CreateDBClusterSnapshot', …) makes one.",
    key=("id",),
    identity="arn",
    natural_key=("db_cluster_snapshot_identifier",),
    columns=(
        assigned("db_cluster_snapshot_identifier", "varchar", "DBClusterSnapshotIdentifier", not_null=True),
        assigned("arn", "varchar", "DBClusterSnapshotArn"),
        assigned("db_cluster_identifier", "varchar", "DBClusterIdentifier"),
        *snapshots.COLUMNS,
        assigned("availability_zones", "varchar[]", "AvailabilityZones", canonical=canonical.unordered),
        assigned("engine_mode", "varchar", "EngineMode"),
        assigned("storage_encrypted", "boolean", "StorageEncrypted"),
        ownership.managed_by(None, snapshots.owner),
    ),
    listing=List(operation="describe_db_cluster_snapshots", items="DBClusterSnapshots"),
    protected=lambda snapshot: True,
)
