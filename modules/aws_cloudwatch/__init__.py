"""Logs."""

from modules.aws_cloudwatch.functions import TAIL
from modules.aws_cloudwatch.log_group import LOG_GROUP
from modules.spec import Module

MODULE = Module(
    name="aws_cloudwatch",
    dependencies=("aws_account",),
    resources=(LOG_GROUP,),
    tables=("log_group",),
    place=20,
    functions=(TAIL,),
)
