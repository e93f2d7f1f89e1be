"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutGroupPolicy.html"""

from modules.aws_iam import inline

IAM_GROUP_POLICY = inline.policies("group", "iam_group_policy", "iam_group")
