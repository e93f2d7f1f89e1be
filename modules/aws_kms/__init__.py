"""Keys, and the names that they go by."""

from modules.aws_kms.kms_alias import KMS_ALIAS
from modules.aws_kms.kms_key import KMS_KEY
from modules.spec import Module

MODULE = Module(
    name="aws_kms",
    dependencies=("aws_account",),
    resources=(KMS_KEY, KMS_ALIAS),
    tables=("kms_key", "kms_alias"),
)
