"""What is served from near whoever asks for it, in all regions at once."""

from modules.aws_cloudfront.distribution import DISTRIBUTION
from modules.aws_cloudfront.origin_access_control import ORIGIN_ACCESS_CONTROL
from modules.spec import Module

MODULE = Module(
    name="aws_cloudfront",
    dependencies=("aws_account",),
    resources=(ORIGIN_ACCESS_CONTROL, DISTRIBUTION),
    tables=("origin_access_control", "distribution", "distribution_origin"),
)
