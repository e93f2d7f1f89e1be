"""Logs and alarms."""

from modules.aws_cloudwatch.composite_alarm import COMPOSITE_ALARM
from modules.aws_cloudwatch.functions import TAIL
from modules.aws_cloudwatch.log_group import LOG_GROUP
from modules.aws_cloudwatch.metric_alarm import METRIC_ALARM
from modules.spec import Module

MODULE = Module(
    name="aws_cloudwatch",
    dependencies=("aws_account",),
    resources=(LOG_GROUP, METRIC_ALARM, COMPOSITE_ALARM),
    tables=("log_group", "metric_alarm", "composite_alarm"),
    place=20,
    functions=(TAIL,),
)
