"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyMetadata.html"""

from modules import ownership
from modules.aws_iam import entities
from modules.spec import (
    Call,
    Context,
    Description,
    List,
    OnChange,
    Per,
    Resource,
    Source,
    Update,
    assigned,
    column,
    ref,
)

_KEY: dict[str, Source] = {"UserName": "user_name", "AccessKeyId": "access_key_id"}


def _own(description: Description) -> str | None:
    """iasql itself, of the keys of the user that it works as."""
    who = str(description.get("Caller") or "")
    return "iasql" if ":user/" in who and who.rpartition("/")[2] == description.get("UserName") else None


ACCESS_KEY = Resource(
    table="access_key",
    service="iam",
    is_global=True,
    doc="Access keys of IAM users, without their secrets. A row makes none: AWS tells a key's secret only "
    "once, and it would be lost. A deleted row's key is gone for good; an inactive one can be active again.",
    key=("id",),
    identity="access_key_id",
    natural_key=("access_key_id",),
    unique=(("access_key_id",),),
    columns=(
        assigned("access_key_id", "varchar", "AccessKeyId", not_null=True),
        ref(
            "user_name",
            "iam_user",
            "UserName",
            type="varchar",
            by="user_name",
            not_null=True,
            on_change=OnChange.ASSIGNED,
            cascade=True,
        ),
        column("status", "varchar", "Status", not_null=True, doc="Active, or Inactive."),
        entities.CREATED,
        ownership.managed_by(None, _own),
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    listing=List(
        operation="list_access_keys",
        items="AccessKeyMetadata",
        params={"MaxItems": 1000},
        per=Per(table="iam_user", params={"UserName": "user_name"}),
        absent=("NoSuchEntity",),
        joins={"Caller": Context("arn")},
    ),
    update=(Update(operation="update_access_key", when=("status",), params={**_KEY, "Status": "status"}),),
    delete=(Call(operation="delete_access_key", params=_KEY),),
    absent=("NoSuchEntity",),
)
