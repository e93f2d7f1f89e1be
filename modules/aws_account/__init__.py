"""The account that everything else is in."""

from modules.aws_account.aws_account import AWS_ACCOUNT
from modules.spec import Module

MODULE = Module(
    name="aws_account",
    dependencies=(),
    resources=(AWS_ACCOUNT,),
    tables=("aws_account",),
    place=10,
)
