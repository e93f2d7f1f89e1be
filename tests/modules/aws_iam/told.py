"""What botocore's models do not say of what IAM tells."""

_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
_OTHER = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
_INLINE = {"PolicyDocument": (_POLICY, _OTHER)}

EXAMPLES = {
    "iam_policy": {
        "IsDefaultVersion": True,
        "Document": (_POLICY, _OTHER),
        "VersionId": "v-",
    },
    "role": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    "role_policy": _INLINE,
    "iam_user_policy": _INLINE,
    "iam_group_policy": _INLINE,
}

EXCUSED = {"access_key": {"update_access_key.UserName": "without it AWS takes the caller's own key"}}
