"""Networks, their subnets, and the ways in and out of them."""

from modules.aws_vpc.availability_zone import AVAILABILITY_ZONE
from modules.aws_vpc.internet_gateway import INTERNET_GATEWAY
from modules.aws_vpc.subnet import SUBNET
from modules.aws_vpc.vpc import VPC
from modules.spec import Module

MODULE = Module(
    name="aws_vpc",
    dependencies=("aws_account",),
    resources=(VPC, SUBNET, AVAILABILITY_ZONE, INTERNET_GATEWAY),
    tables=("vpc", "subnet", "availability_zone", "internet_gateway"),
    place=60,
)
