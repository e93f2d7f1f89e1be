"""Rules of event buses, and schedules of EventBridge Scheduler."""

from modules.aws_events.event_rule import EVENT_RULE
from modules.aws_events.event_target import EVENT_TARGET
from modules.aws_events.schedule import SCHEDULE
from modules.aws_events.schedule_group import SCHEDULE_GROUP
from modules.spec import Module

MODULE = Module(
    name="aws_events",
    dependencies=("aws_account",),
    resources=(EVENT_RULE, EVENT_TARGET, SCHEDULE_GROUP, SCHEDULE),
    tables=("event_rule", "event_target", "schedule_group", "schedule"),
)
