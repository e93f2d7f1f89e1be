"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html"""

from modules.aws_iam import inline

IAM_USER_POLICY = inline.policies("user", "iam_user_policy", "iam_user")
