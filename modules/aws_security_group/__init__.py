"""Firewalls around network interfaces."""

from modules.aws_security_group.security_group import SECURITY_GROUP
from modules.aws_security_group.security_group_rule import SECURITY_GROUP_RULE
from modules.spec import Module

MODULE = Module(
    name="aws_security_group",
    dependencies=("aws_vpc",),
    resources=(SECURITY_GROUP, SECURITY_GROUP_RULE),
    tables=("security_group", "security_group_rule"),
    place=50,
)
