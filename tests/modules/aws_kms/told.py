"""What botocore's models do not say of what KMS tells."""

_POLICY = '{"Version":"2012-10-17","Statement":[]}'

EXAMPLES = {
    "kms_key": {
        "KeyPolicy.Policy": (_POLICY, _POLICY.replace("2012-10-17", "2008-10-17")),
        "get_key_policy.Policy": (_POLICY, _POLICY.replace("2012-10-17", "2008-10-17")),
        "KeyState": ("Enabled", "Disabled"),
        "KeyRotationEnabled": True,
        "MultiRegionKeyType": "PRIMARY",
        "KeyManager": "CUSTOMER",
    }
}
