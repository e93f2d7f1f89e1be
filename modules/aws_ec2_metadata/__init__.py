"""What AWS tells of instances besides what their rows ask for."""

from modules.aws_ec2_metadata.instance_metadata import INSTANCE_METADATA
from modules.spec import Module

MODULE = Module(
    name="aws_ec2_metadata",
    dependencies=("aws_ec2",),
    resources=(INSTANCE_METADATA,),
    tables=("instance_metadata",),
)
