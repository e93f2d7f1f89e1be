"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBClusterParameterGroup.html"""

from modules.aws_rds import parameters

DB_CLUSTER_PARAMETER_GROUP = parameters.group(
    "db_cluster_parameter_group",
    "DBClusterParameterGroup",
    of="clusters",
    user="A cluster",
    family="aurora-postgresql16",
)
