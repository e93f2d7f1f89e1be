"""Certificates."""

from modules.aws_acm.certificate import CERTIFICATE
from modules.aws_acm.functions import IMPORT, REQUEST
from modules.spec import Module

MODULE = Module(
    name="aws_acm",
    dependencies=("aws_account",),
    resources=(CERTIFICATE,),
    tables=("certificate",),
    functions=(REQUEST, IMPORT),
)
