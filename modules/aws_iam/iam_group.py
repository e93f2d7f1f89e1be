"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_GroupDetail.html"""

from modules import ownership
from modules.aws_iam import entities
from modules.spec import Call, List, Resource, Source, Update, assigned, column, present

_NAMED: dict[str, Source] = {"GroupName": "group_name"}

IAM_GROUP = Resource(
    table="iam_group",
    service="iam",
    is_global=True,
    doc="Groups of IAM users. A group keeps its users and policies under another name or path; its ARN is "
    "another one then. AWS has no tags for groups.",
    key=("group_name",),
    identity="group_id",
    natural_key=("group_name",),
    unique=(("group_id",), ("arn",)),
    columns=(
        assigned("arn", "varchar", "Arn"),
        assigned("group_id", "varchar", "GroupId"),
        column("group_name", "varchar", "GroupName", not_null=True),
        entities.PATH,
        entities.attached("AttachedManagedPolicies", read=entities.arns),
        entities.CREATED,
        ownership.managed_by(),
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    listing=List(
        operation="get_account_authorization_details",
        items="GroupDetailList",
        params={"Filter": ["Group"], "MaxItems": 1000},
    ),
    create=(Call(operation="create_group", params={**_NAMED, "Path": "path"}, result="Group"),),
    fetch=Call(operation="get_group", params=_NAMED, result="Group", joins=entities.SENT),
    # What follows a new name uses it.
    update=(
        Update(
            operation="update_group",
            when=("group_name", "path"),
            params={
                "GroupName": present("GroupName"),
                "NewGroupName": "group_name",
                "NewPath": "path",
            },
        ),
        *entities.attachments("group", _NAMED),
    ),
    delete=(Call(operation="delete_group", params=_NAMED),),
    absent=("NoSuchEntity",),
    hints={
        "DeleteConflict": "Remove the group's users and inline policies first.",
        "EntityAlreadyExists": "AWS has a group of that name, in any letters; iasql_sync() would show it.",
        "NoSuchEntity": "Check the ARNs in iam_group.attached_policies_arns.",
    },
)
