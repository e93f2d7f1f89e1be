"""Roles that AWS services assume."""

from modules.aws_iam.role import ROLE
from modules.spec import Module

MODULE = Module(
    name="aws_iam",
    dependencies=("aws_account",),
    resources=(ROLE,),
    tables=("role",),
    place=30,
)
