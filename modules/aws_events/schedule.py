"""https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html"""

from typing import Any

from modules import canonical, ownership
from modules.spec import (
    Call,
    Column,
    Derived,
    Describe,
    EnumType,
    List,
    Per,
    Resource,
    Source,
    Token,
    Update,
    assigned,
    column,
    fixed,
    ref,
)


def _document(name: str, path: str, default: str | None, doc: str) -> Column:
    return column(name, "jsonb", path, not_null=True, default=default, read=lambda told: told, doc=doc)


def _moment(name: str, path: str, doc: str) -> Column:
    return column(name, "timestamptz", path, read=canonical.timestamp, canonical=canonical.instant, doc=doc)


def _as_it_is(name: str) -> Derived:
    return Derived(lambda document: document, (name,))


_CHANGED: dict[str, Source] = {
    "ScheduleExpression": "schedule_expression",
    "ScheduleExpressionTimezone": "schedule_expression_timezone",
    "Description": "description",
    "State": "state",
    "FlexibleTimeWindow": _as_it_is("flexible_time_window"),
    "Target": _as_it_is("target"),
    "StartDate": _as_it_is("start_date"),
    "EndDate": _as_it_is("end_date"),
    "ActionAfterCompletion": "action_after_completion",
    "KmsKeyArn": "kms_key_arn",
}
#: A call sets all of a schedule: AWS sets back what it is not given.
_PARAMS: dict[str, Source] = {"Name": "name", "GroupName": "group_name", "ClientToken": Token(), **_CHANGED}
_NAME: dict[str, Source] = {"Name": "name", "GroupName": "group_name"}


def _when() -> tuple[str, ...]:
    def of(source: Any) -> str:
        return str(source.columns[0]) if isinstance(source, Derived) else str(source)

    return tuple(of(source) for source in _CHANGED.values())


SCHEDULE = Resource(
    table="schedule",
    service="scheduler",
    doc="What EventBridge Scheduler invokes, and when. The tags are those of the group.",
    key=("id",),
    identity="arn",
    natural_key=("group_name", "name"),
    unique=(("arn",),),
    columns=(
        fixed("name", "varchar", "Name", not_null=True),
        assigned("arn", "varchar", "Arn"),
        ref(
            "group_name",
            "schedule_group",
            "GroupName",
            type="varchar",
            by="name",
            default=lambda group: group.get("Name") == "default",
            left_to_aws=True,
            doc="NULL is the group `default`.",
        ),
        column(
            "schedule_expression",
            "varchar",
            "ScheduleExpression",
            not_null=True,
            doc="Such as rate(5 minutes), cron(0 8 * * ? *) or at(2030-01-01T08:00:00).",
        ),
        column(
            "schedule_expression_timezone",
            "varchar",
            "ScheduleExpressionTimezone",
            not_null=True,
            default="'UTC'",
        ),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        column(
            "state",
            EnumType(name="schedule_state_enum", values=("ENABLED", "DISABLED")),
            "State",
            not_null=True,
            default="'ENABLED'",
        ),
        _document(
            "flexible_time_window",
            "FlexibleTimeWindow",
            '\'{"Mode": "OFF"}\'',
            "How late AWS may be, as CreateSchedule takes it.",
        ),
        _document(
            "target",
            "Target",
            None,
            "What is invoked: an object with Arn and RoleArn and what CreateSchedule takes besides.",
        ),
        _moment("start_date", "StartDate", "Nothing is invoked before it."),
        _moment("end_date", "EndDate", "Nothing is invoked after it."),
        column(
            "action_after_completion",
            "varchar",
            "ActionAfterCompletion",
            left_to_aws=True,
            doc="DELETE has AWS delete the schedule, and so its row, after the last time.",
        ),
        column(
            "kms_key_arn", "varchar", "KmsKeyArn", doc="The key that encrypts the schedule; NULL is AWS's."
        ),
        ownership.managed_by(),
    ),
    listing=List(
        operation="list_schedules",
        items="Schedules[].Name",
        params={"MaxResults": 100},
        per=Per(table="schedule_group", params={"GroupName": "name"}),
        absent=("ResourceNotFoundException",),
    ),
    describe=Describe(operation="get_schedule", ids="Name", batch=1, items="@", per_params=("GroupName",)),
    create=(Call(operation="create_schedule", params=_PARAMS),),
    fetch=Call(operation="get_schedule", params=_NAME, result="@"),
    update=(Update(operation="update_schedule", when=_when(), whole=True, params=_PARAMS),),
    delete=(Call(operation="delete_schedule", params=_NAME),),
    absent=("ResourceNotFoundException",),
    # AWS may not see yet what a role of now lets it do.
    eventual=(("ValidationException", "must allow"),),
    hints={
        "ConflictException": "AWS has a schedule of that name; iasql_sync() would show it as a row.",
        "ValidationException": "AWS checks the expression, and that it may assume the target's role.",
    },
)
