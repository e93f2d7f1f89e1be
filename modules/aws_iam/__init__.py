"""Who may do what: users and their groups, roles that AWS services assume, and policies."""

from modules.aws_iam.access_key import ACCESS_KEY
from modules.aws_iam.functions import REQUEST_KEY
from modules.aws_iam.iam_group import IAM_GROUP
from modules.aws_iam.iam_group_member import IAM_GROUP_MEMBER
from modules.aws_iam.iam_group_policy import IAM_GROUP_POLICY
from modules.aws_iam.iam_policy import IAM_POLICY
from modules.aws_iam.iam_user import IAM_USER
from modules.aws_iam.iam_user_policy import IAM_USER_POLICY
from modules.aws_iam.instance_profile import INSTANCE_PROFILE
from modules.aws_iam.oidc_provider import OIDC_PROVIDER
from modules.aws_iam.role import ROLE
from modules.aws_iam.role_policy import ROLE_POLICY
from modules.spec import Module

MODULE = Module(
    name="aws_iam",
    dependencies=("aws_account",),
    resources=(
        IAM_POLICY,
        ROLE,
        ROLE_POLICY,
        INSTANCE_PROFILE,
        IAM_USER,
        IAM_USER_POLICY,
        ACCESS_KEY,
        IAM_GROUP,
        IAM_GROUP_POLICY,
        IAM_GROUP_MEMBER,
        OIDC_PROVIDER,
    ),
    tables=(
        "iam_policy",
        "role",
        "role_policy",
        "instance_profile",
        "iam_user",
        "iam_user_policy",
        "access_key",
        "iam_group",
        "iam_group_policy",
        "iam_group_member",
        "oidc_provider",
    ),
    place=30,
    functions=(REQUEST_KEY,),
)
