"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_InstanceProfile.html"""

from modules import ownership, tagging
from modules.aws_iam import entities
from modules.spec import (
    SET,
    After,
    Call,
    Detail,
    List,
    OnChange,
    Resource,
    Source,
    Update,
    assigned,
    fixed,
    present,
    ref,
)

_NAMED: dict[str, Source] = {"InstanceProfileName": "instance_profile_name"}
_WITH_ROLE: dict[str, Source] = {**_NAMED, "RoleName": "role_name"}
#: The role that is in it, whatever the row says.
_WITH_OLD: dict[str, Source] = {**_NAMED, "RoleName": present("Roles[0].RoleName")}
_TAGS = tagging.iam("instance_profile", _NAMED)

INSTANCE_PROFILE = Resource(
    table="instance_profile",
    service="iam",
    is_global=True,
    doc="Instance profiles, by which EC2 instances have a role. AWS deletes one that running instances use, "
    "which are then without credentials.",
    key=("instance_profile_name",),
    identity="arn",
    natural_key=("instance_profile_name",),
    unique=(("arn",),),
    columns=(
        assigned("arn", "varchar", "Arn"),
        fixed("instance_profile_name", "varchar", "InstanceProfileName", not_null=True),
        entities.FIXED_PATH,
        ref(
            "role_name",
            "role",
            "Roles[0].RoleName",
            type="varchar",
            by="role_name",
            on_change=OnChange.UPDATE,
            cascade=False,
            doc="The one role in it. AWS takes no two, so that there is none for a moment when another one "
            "takes its place.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    mark="InstanceProfileId",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    listing=List(operation="list_instance_profiles", items="InstanceProfiles", params={"MaxItems": 1000}),
    details=(
        # The listing leaves them out.
        Detail(
            operation="list_instance_profile_tags",
            items="Tags",
            into="Tags",
            params={"InstanceProfileName": "InstanceProfileName"},
        ),
    ),
    create=(
        Call(
            operation="create_instance_profile",
            params={**_NAMED, "Path": "path", **_TAGS.create},
            result="InstanceProfile",
        ),
        Call(operation="add_role_to_instance_profile", given=("role_name", SET), params=_WITH_ROLE),
    ),
    fetch=Call(operation="get_instance_profile", params=_NAMED, result="InstanceProfile"),
    update=(
        Update(
            operation="remove_role_from_instance_profile",
            when=("role_name",),
            needs="RoleName",
            params=_WITH_OLD,
            tolerate=("NoSuchEntity",),
            # Who may not pass the new role is refused then.
            taken_back=Call(operation="add_role_to_instance_profile", params=_WITH_OLD),
        ),
        Update(
            operation="add_role_to_instance_profile",
            when=("role_name",),
            given=("role_name", SET),
            params=_WITH_ROLE,
        ),
        *_TAGS.update,
    ),
    delete=(
        Call(
            operation="remove_role_from_instance_profile",
            given=("role_name", SET),
            params=_WITH_ROLE,
            tolerate=("NoSuchEntity",),
            taken_back=Call(operation="add_role_to_instance_profile", params=_WITH_ROLE),
        ),
        Call(operation="delete_instance_profile", params=_NAMED),
    ),
    after=(After(table="role_policy", shares="role_name", why="instances use what the role may do at once"),),
    absent=("NoSuchEntity",),
    hints={
        "EntityAlreadyExists": "AWS has a profile of that name; iasql_sync() would show it as a row.",
        "LimitExceeded": "An instance profile has one role, and a role is in some profiles only.",
    },
)
