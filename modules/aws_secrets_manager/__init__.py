"""Secrets, without their values."""

from modules.aws_secrets_manager.secret import SECRET
from modules.aws_secrets_manager.secret_policy import SECRET_POLICY
from modules.spec import Module

MODULE = Module(
    name="aws_secrets_manager",
    dependencies=("aws_account",),
    resources=(SECRET, SECRET_POLICY),
    tables=("secret", "secret_policy"),
)
