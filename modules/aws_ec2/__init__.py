"""Virtual machines, their keys and images."""

from modules.aws_ec2.ami import AMI
from modules.aws_ec2.instance import INSTANCE
from modules.aws_ec2.key_pair import KEY_PAIR
from modules.spec import Module

MODULE = Module(
    name="aws_ec2",
    dependencies=("aws_account", "aws_security_group"),
    resources=(AMI, KEY_PAIR, INSTANCE),
    tables=("ami", "key_pair", "instance", "instance_security_groups"),
)
