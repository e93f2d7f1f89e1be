"""Schedules of EventBridge Scheduler."""

from modules.aws_events.schedule import SCHEDULE
from modules.aws_events.schedule_group import SCHEDULE_GROUP
from modules.spec import Module

MODULE = Module(
    name="aws_events",
    dependencies=("aws_account",),
    resources=(SCHEDULE_GROUP, SCHEDULE),
    tables=("schedule_group", "schedule"),
)
