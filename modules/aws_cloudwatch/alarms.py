"""What metric and composite alarms have in common."""

import re
from typing import Any

from modules import canonical, tagging
from modules.spec import Column, Description, Source, assigned, column, fixed

TAGS = tagging.alarms("alarm_arn")
_ACTIONS = {
    "AlarmActions": ("alarm_actions", "goes off"),
    "OKActions": ("ok_actions", "is over"),
    "InsufficientDataActions": ("insufficient_data_actions", "lacks data"),
}
#: The parameters that both have; a call sets them whole.
PARAMS: dict[str, Source] = {
    "AlarmName": "alarm_name",
    "AlarmDescription": "alarm_description",
    "ActionsEnabled": "actions_enabled",
    **{name: own for name, (own, _) in _ACTIONS.items()},
}

_OF_SCALING = re.compile(r"DO NOT EDIT OR DELETE\. For TargetTrackingScalingPolicy (\S+?)\.?")


def _actions(path: str, name: str, when: str) -> Column:
    doc = f"ARNs of what is done when the alarm {when}."
    return column(name, "varchar[]", path, canonical=canonical.unordered, doc=doc)


COLUMNS = (
    fixed("alarm_name", "varchar", "AlarmName", not_null=True),
    assigned("alarm_arn", "varchar", "AlarmArn"),
    column("alarm_description", "varchar", "AlarmDescription", canonical=canonical.none_if_empty),
    column("actions_enabled", "boolean", "ActionsEnabled", not_null=True, default="true"),
    *(_actions(path, name, when) for path, (name, when) in _ACTIONS.items()),
)


def of_scaling(alarm: Description) -> str | None:
    """The scaling policy that has made an alarm for itself."""
    found = _OF_SCALING.fullmatch(str(alarm.get("AlarmDescription") or ""))
    return f"scaling policy {found[1]}" if found else None


def names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Of some columns those that a call changes in place."""
    return tuple(each.name for each in columns if not each.is_aws_to_say and each.name not in _NOT_SENT)


_NOT_SENT = ("alarm_name", "tags")


def none_if(default: str) -> Any:
    """A value that means the same as none."""
    return lambda value: None if value in ("", default) else value
