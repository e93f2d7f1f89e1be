"""Who may do what: roles that AWS services assume, and policies."""

from modules.aws_iam.iam_policy import IAM_POLICY
from modules.aws_iam.role import ROLE
from modules.spec import Module

MODULE = Module(
    name="aws_iam",
    dependencies=("aws_account",),
    resources=(IAM_POLICY, ROLE),
    tables=("iam_policy", "role"),
    place=30,
)
