"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html"""

from modules.aws_iam import inline

ROLE_POLICY = inline.policies("role", "role_policy", "role")
