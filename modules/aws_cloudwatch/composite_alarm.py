"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""

from modules import ownership, tagging
from modules.aws_cloudwatch import alarms
from modules.spec import Call, Const, List, Resource, Source, Update, column

_COLUMNS = (
    *alarms.COLUMNS,
    column(
        "alarm_rule",
        "text",
        "AlarmRule",
        not_null=True,
        doc="Which alarms make this one go off, such as ALARM(a) AND NOT ALARM(b).",
    ),
    column(
        "actions_suppressor", "varchar", "ActionsSuppressor", doc="While that alarm is on, nothing is done."
    ),
    column("actions_suppressor_wait_period", "integer", "ActionsSuppressorWaitPeriod", doc="Seconds."),
    column(
        "actions_suppressor_extension_period", "integer", "ActionsSuppressorExtensionPeriod", doc="Seconds."
    ),
)
_PARAMS: dict[str, Source] = {
    **alarms.PARAMS,
    "AlarmRule": "alarm_rule",
    "ActionsSuppressor": "actions_suppressor",
    "ActionsSuppressorWaitPeriod": "actions_suppressor_wait_period",
    "ActionsSuppressorExtensionPeriod": "actions_suppressor_extension_period",
}

COMPOSITE_ALARM = Resource(
    table="composite_alarm",
    service="cloudwatch",
    doc="CloudWatch alarms of other alarms. AWS deletes no alarm that one of these uses.",
    key=("id",),
    identity="alarm_arn",
    natural_key=("alarm_name",),
    unique=(("alarm_name",), ("alarm_arn",)),
    columns=(*_COLUMNS, alarms.TAGS.column, ownership.managed_by(alarms.TAGS)),
    listing=List(
        operation="describe_alarms",
        items="CompositeAlarms",
        params={"AlarmTypes": ["CompositeAlarm"], "MaxRecords": 100},
    ),
    batched=(tagging.of_many("AlarmArn"),),
    create=(Call(operation="put_composite_alarm", params={**_PARAMS, **alarms.TAGS.create}),),
    fetch=Call(
        operation="describe_alarms",
        params={"AlarmNames[0]": "alarm_name", "AlarmTypes[0]": Const("CompositeAlarm")},
        result="CompositeAlarms[0]",
    ),
    update=(
        Update(operation="put_composite_alarm", when=alarms.names(_COLUMNS), whole=True, params=_PARAMS),
        *alarms.TAGS.update,
    ),
    delete=(Call(operation="delete_alarms", params={"AlarmNames[0]": "alarm_name"}),),
    absent=("ResourceNotFound",),
    # Another composite alarm that uses it may be on its way out.
    busy=("ValidationError",),
    # The alarms that it uses may be on their way in.
    eventual=(("ValidationError", "not exist"),),
    hints={
        "ValidationError": "A rule names alarms that exist, each in ALARM(), OK() or INSUFFICIENT_DATA(). "
        "An alarm that another one uses is not deleted.",
    },
)
