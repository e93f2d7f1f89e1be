"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBParameterGroup.html"""

from modules.aws_rds import parameters

PARAMETER_GROUP = parameters.group(
    "parameter_group",
    "DBParameterGroup",
    of="instances",
    user="An instance",
    family="postgres16 or aurora-mysql8.0",
)
