"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html"""

from modules import ownership
from modules.spec import Call, Column, List, OnChange, Per, Resource, Source, ref

_BOTH: dict[str, Source] = {"GroupName": "group_name", "UserName": "user_name"}


def _one(name: str, table: str, path: str) -> Column:
    return ref(
        name, table, path, type="varchar", by=name, not_null=True, on_change=OnChange.REPLACE, cascade=True
    )


IAM_GROUP_MEMBER = Resource(
    table="iam_group_member",
    service="iam",
    is_global=True,
    doc="Which IAM users are in which groups.",
    key=("id",),
    natural_key=("group_name", "user_name"),
    unique=(("group_name", "user_name"),),
    columns=(
        _one("group_name", "iam_group", "GroupName"),
        _one("user_name", "iam_user", "UserName"),
        ownership.managed_by(),
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    listing=List(
        operation="get_group",
        items="@",
        each="Users",
        outer={"GroupName": "Group.GroupName"},
        params={"MaxItems": 1000},
        per=Per(table="iam_group", params={"GroupName": "group_name"}),
        absent=("NoSuchEntity",),
    ),
    create=(Call(operation="add_user_to_group", params=_BOTH),),
    # A user is in few groups, a group may have many users.
    fetch=Call(
        operation="list_groups_for_user",
        params={"UserName": "user_name"},
        result="Groups",
        where={"GroupName": "group_name"},
        joins={"UserName": "user_name"},
    ),
    delete=(Call(operation="remove_user_from_group", params=_BOTH),),
    absent=("NoSuchEntity",),
    hints={"LimitExceeded": "AWS limits in how many groups a user is."},
)
