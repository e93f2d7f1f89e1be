"""Containers that run without servers of one's own."""

from modules.aws_ecs_fargate.cluster import CLUSTER
from modules.aws_ecs_fargate.functions import DEPLOY
from modules.aws_ecs_fargate.service import SERVICE
from modules.aws_ecs_fargate.task_definition import TASK_DEFINITION
from modules.spec import Module

MODULE = Module(
    name="aws_ecs_fargate",
    dependencies=("aws_ecr", "aws_elb", "aws_security_group", "aws_cloudwatch", "aws_iam"),
    resources=(CLUSTER, SERVICE, TASK_DEFINITION),
    tables=("cluster", "service", "task_definition", "container_definition", "service_security_groups"),
    place=80,
    functions=(DEPLOY,),
)
