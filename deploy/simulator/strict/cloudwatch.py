"""CloudWatch: composite alarms, which moto cannot make, hold the alarms that they use.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
"""

from __future__ import annotations

import re

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Existing, Outcome, Rule, backend

_USED = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*[\"']?(?:arn:[^)\"']*:alarm:)?([^)\"']+?)[\"']?\s*\)")


def used_alarm_stays(call: AwsCall) -> Outcome:
    """An alarm that a composite alarm uses is not deleted, unless that goes in the same call."""
    going = set(call.members("AlarmNames.member"))
    for alarm in backend(call, "cloudwatch").alarms.values():
        used = going & set(_USED.findall(alarm.rule or "")) if alarm.name not in going else None
        if used:
            return AwsError(
                "ValidationError",
                f"Could not delete alarms [{', '.join(sorted(used))}]: alarm {alarm.name} uses them",
            )
    return None


def used_alarms_are_there(call: AwsCall) -> Outcome:
    """The rule of a composite alarm names alarms that exist."""
    there = backend(call, "cloudwatch").alarms
    lacking = [each for each in _USED.findall(call.text("AlarmRule")) if each not in there]
    if not lacking:
        return None
    return AwsError(
        "ValidationError",
        f"Could not save the composite alarm as alarms [{', '.join(lacking)}] in the alarm rule do not exist",
    )


_MADE = (
    b'<PutCompositeAlarmResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">'
    b"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PutCompositeAlarmResponse>"
)


def composite_alarm_is_put(call: AwsCall) -> Outcome:
    """A composite alarm takes the place of one of its name, in all that it has."""
    cloudwatch = backend(call, "cloudwatch")
    tags = zip(call.members("Tags.member", "Key"), call.members("Tags.member", "Value"), strict=True)
    nothing = dict.fromkeys(
        ("namespace", "metric_name", "comparison_operator", "evaluation_periods", "period", "threshold")
    )
    alarm = cloudwatch.put_metric_alarm(
        **nothing,
        statistic=None,
        dimensions=[],
        name=call.text("AlarmName"),
        description=call.text("AlarmDescription") or None,
        alarm_actions=call.members("AlarmActions.member"),
        ok_actions=call.members("OKActions.member"),
        insufficient_data_actions=call.members("InsufficientDataActions.member"),
        actions_enabled=call.text("ActionsEnabled") != "false",
        rule=call.text("AlarmRule"),
        tags=[{"Key": key, "Value": value} for key, value in tags],
    )
    alarm.actions_suppressor = call.text("ActionsSuppressor") or None
    for name in ("actions_suppressor_wait_period", "actions_suppressor_extension_period"):
        given = call.text("".join(word.capitalize() for word in name.split("_")))
        setattr(alarm, name, int(given) if given else None)
    return Existing(
        operation="DescribeAlarms",
        parameters={"Action": "DescribeAlarms", "Version": "2010-08-01"},
        reshape=lambda body: _MADE,
    )


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("monitoring", "DeleteAlarms"): (used_alarm_stays,),
    ("monitoring", "PutCompositeAlarm"): (used_alarms_are_there, composite_alarm_is_put),
}
