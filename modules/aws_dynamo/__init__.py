"""Tables of items, by key."""

from modules.aws_dynamo.dynamo_table import DYNAMO_TABLE
from modules.spec import Module

MODULE = Module(
    name="aws_dynamo", dependencies=("aws_account",), resources=(DYNAMO_TABLE,), tables=("dynamo_table",)
)
