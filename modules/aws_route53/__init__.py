"""Names of the Domain Name System: zones and their records."""

from modules.aws_route53.health_check import HEALTH_CHECK
from modules.aws_route53.hosted_zone import HOSTED_ZONE
from modules.aws_route53.resource_record_set import RESOURCE_RECORD_SET
from modules.spec import Module

MODULE = Module(
    name="aws_route53",
    dependencies=("aws_account",),
    resources=(HOSTED_ZONE, HEALTH_CHECK, RESOURCE_RECORD_SET),
    tables=("hosted_zone", "health_check", "resource_record_set"),
)
