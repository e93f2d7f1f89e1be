"""Caches: clusters, replication groups, and the subnets that they stand in and their parameters."""

from modules.aws_elasticache.cache_cluster import CACHE_CLUSTER
from modules.aws_elasticache.cache_parameter_group import CACHE_PARAMETER_GROUP
from modules.aws_elasticache.cache_subnet_group import CACHE_SUBNET_GROUP
from modules.aws_elasticache.replication_group import REPLICATION_GROUP
from modules.spec import Module

MODULE = Module(
    name="aws_elasticache",
    dependencies=("aws_account", "aws_security_group"),
    resources=(CACHE_SUBNET_GROUP, CACHE_PARAMETER_GROUP, REPLICATION_GROUP, CACHE_CLUSTER),
    tables=(
        "cache_subnet_group",
        "cache_parameter_group",
        "replication_group",
        "replication_group_security_groups",
        "cache_cluster",
        "cache_cluster_security_groups",
    ),
)
