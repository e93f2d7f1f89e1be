"""Keys and images of virtual machines."""

from modules.aws_ec2.ami import AMI
from modules.aws_ec2.key_pair import KEY_PAIR
from modules.spec import Module

MODULE = Module(
    name="aws_ec2",
    dependencies=("aws_account",),
    resources=(AMI, KEY_PAIR),
    tables=("ami", "key_pair"),
)
