"""What botocore's models do not say of what RDS tells."""

from tests.modules.told import ABSENT

EXAMPLES = {
    # An instance of its own: one of a cluster shows the cluster's attributes, which are no rows of it.
    "rds": {
        "DBInstances.PendingModifiedValues": ABSENT,
        "DBInstances.DBClusterIdentifier": ABSENT,
        "DBInstances.ReadReplicaSourceDBInstanceIdentifier": ABSENT,
        "DBInstances.ReadReplicaSourceDBClusterIdentifier": ABSENT,
        "DBInstances.Engine": ("postgres", "mysql"),
        "DBInstances.MultiAZ": False,
        "DBInstances.MaxAllocatedStorage": (500, 600),
        "DBInstances.StorageType": ("io1", "io2"),
    },
    "db_cluster": {
        "DBClusters.PendingModifiedValues": ABSENT,
        "DBClusters.Engine": ("mysql", "postgres"),
    },
}
