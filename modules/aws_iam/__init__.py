"""Who may do what: roles that AWS services assume, and policies."""

from modules.aws_iam.iam_policy import IAM_POLICY
from modules.aws_iam.instance_profile import INSTANCE_PROFILE
from modules.aws_iam.role import ROLE
from modules.aws_iam.role_policy import ROLE_POLICY
from modules.spec import Module

MODULE = Module(
    name="aws_iam",
    dependencies=("aws_account",),
    resources=(IAM_POLICY, ROLE, ROLE_POLICY, INSTANCE_PROFILE),
    tables=("iam_policy", "role", "role_policy", "instance_profile"),
    place=30,
)
