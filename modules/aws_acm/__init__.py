"""Certificates."""

from modules.aws_acm.certificate import CERTIFICATE
from modules.spec import Module

MODULE = Module(
    name="aws_acm",
    dependencies=("aws_account",),
    resources=(CERTIFICATE,),
    tables=("certificate",),
)
