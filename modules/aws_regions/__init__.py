"""The regions of the account."""

from modules.aws_regions.aws_regions import AWS_REGIONS
from modules.spec import Module

MODULE = Module(
    name="aws_regions",
    dependencies=(),
    resources=(AWS_REGIONS,),
    tables=("aws_regions",),
    place=90,
)
