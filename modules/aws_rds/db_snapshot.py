"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSnapshot.html"""

from modules import ownership
from modules.aws_rds import snapshots
from modules.spec import List, Resource, assigned

DB_SNAPSHOT = Resource(
    table="db_snapshot",
    service="rds",
    doc="Snapshots of instances, such as the last one of what has been deleted. Edits are undone: "
    "iasql_call('rds', 'CreateDBSnapshot', …) makes one.",
    key=("id",),
    identity="arn",
    natural_key=("db_snapshot_identifier",),
    columns=(
        assigned("db_snapshot_identifier", "varchar", "DBSnapshotIdentifier", not_null=True),
        assigned("arn", "varchar", "DBSnapshotArn"),
        assigned("db_instance_identifier", "varchar", "DBInstanceIdentifier"),
        *snapshots.COLUMNS,
        assigned("availability_zone", "varchar", "AvailabilityZone"),
        assigned("iops", "integer", "Iops"),
        assigned("storage_throughput", "integer", "StorageThroughput"),
        assigned("encrypted", "boolean", "Encrypted"),
        ownership.managed_by(None, snapshots.owner),
    ),
    listing=List(operation="describe_db_snapshots", items="DBSnapshots"),
    protected=lambda snapshot: True,
)
