"""Databases: instances, clusters, and what they are set up with."""

from modules.aws_rds.db_cluster import DB_CLUSTER
from modules.aws_rds.db_cluster_parameter_group import DB_CLUSTER_PARAMETER_GROUP
from modules.aws_rds.db_cluster_snapshot import DB_CLUSTER_SNAPSHOT
from modules.aws_rds.db_snapshot import DB_SNAPSHOT
from modules.aws_rds.db_subnet_group import DB_SUBNET_GROUP
from modules.aws_rds.parameter_group import PARAMETER_GROUP
from modules.aws_rds.rds import RDS
from modules.spec import Module

MODULE = Module(
    name="aws_rds",
    dependencies=("aws_account", "aws_security_group"),
    resources=(
        DB_SUBNET_GROUP,
        PARAMETER_GROUP,
        DB_CLUSTER_PARAMETER_GROUP,
        DB_CLUSTER,
        RDS,
        DB_SNAPSHOT,
        DB_CLUSTER_SNAPSHOT,
    ),
    tables=(
        "db_subnet_group",
        "parameter_group",
        "db_cluster_parameter_group",
        "db_cluster",
        "db_cluster_security_groups",
        "rds",
        "rds_security_groups",
        "db_snapshot",
        "db_cluster_snapshot",
    ),
)
