"""What moves the number of an ECS service's tasks, and groups of instances."""

from modules.aws_autoscaling.autoscaling_group import AUTOSCALING_GROUP
from modules.aws_autoscaling.autoscaling_policy import AUTOSCALING_POLICY
from modules.aws_autoscaling.scalable_target import SCALABLE_TARGET
from modules.aws_autoscaling.scaling_policy import SCALING_POLICY
from modules.spec import Module

MODULE = Module(
    name="aws_autoscaling",
    dependencies=("aws_ecs_fargate", "aws_cloudwatch", "aws_ec2"),
    resources=(SCALABLE_TARGET, SCALING_POLICY, AUTOSCALING_GROUP, AUTOSCALING_POLICY),
    tables=(
        "scalable_target",
        "scaling_policy",
        "autoscaling_group",
        "autoscaling_group_target_groups",
        "autoscaling_policy",
    ),
)
