"""What moves the number of an ECS service's tasks."""

from modules.aws_autoscaling.scalable_target import SCALABLE_TARGET
from modules.aws_autoscaling.scaling_policy import SCALING_POLICY
from modules.spec import Module

MODULE = Module(
    name="aws_autoscaling",
    dependencies=("aws_ecs_fargate", "aws_cloudwatch"),
    resources=(SCALABLE_TARGET, SCALING_POLICY),
    tables=("scalable_target", "scaling_policy"),
)
