"""https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html"""

from modules import ownership, tagging
from modules.spec import Call, Detail, List, Resource, Token, assigned, fixed

_TAGS = tagging.schedule_group("arn")

SCHEDULE_GROUP = Resource(
    table="schedule_group",
    service="scheduler",
    doc="Groups of schedules. AWS makes the group `default`, and lets nobody delete it.",
    key=("name",),
    identity="arn",
    natural_key=("name",),
    unique=(("arn",),),
    columns=(
        fixed("name", "varchar", "Name", not_null=True),
        assigned("arn", "varchar", "Arn"),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    listing=List(operation="list_schedule_groups", items="ScheduleGroups", params={"MaxResults": 100}),
    details=(
        Detail(operation="list_tags_for_resource", items="Tags", into="Tags", params={"ResourceArn": "Arn"}),
    ),
    where=lambda group: group.get("State") != "DELETING",
    protected=lambda group: group.get("Name") == "default",
    create=(
        Call(
            operation="create_schedule_group",
            params={"Name": "name", "ClientToken": Token(), **_TAGS.create},
        ),
    ),
    fetch=Call(operation="get_schedule_group", params={"Name": "name"}, result="@"),
    update=_TAGS.update,
    delete=(Call(operation="delete_schedule_group", params={"Name": "name"}),),
    absent=("ResourceNotFoundException",),
    # A group of that name may be on its way out, with its schedules.
    eventual=(("ConflictException", "delet"),),
    hints={"ConflictException": "AWS has a group of that name; iasql_sync() would show it as a row."},
)
