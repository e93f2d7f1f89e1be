"""Parameters of Systems Manager."""

from modules.aws_ssm.parameter import PARAMETER
from modules.spec import Module

MODULE = Module(name="aws_ssm", dependencies=("aws_account",), resources=(PARAMETER,), tables=("parameter",))
