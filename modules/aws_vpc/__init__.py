"""Networks and their subnets."""

from modules.aws_vpc.subnet import SUBNET
from modules.aws_vpc.vpc import VPC
from modules.spec import Module

MODULE = Module(
    name="aws_vpc",
    dependencies=("aws_account",),
    resources=(VPC, SUBNET),
    tables=("vpc", "subnet"),
    place=60,
)
