"""https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControl.html"""

from modules import canonical, ownership
from modules.spec import Call, Edited, Item, List, Resource, Source, Update, assigned, column

_WHICH: dict[str, Source] = {"Id": "origin_access_control_id"}
_CONFIG = "OriginAccessControlConfig"
_SENT: dict[str, Source] = {
    f"{_CONFIG}.Name": "name",
    f"{_CONFIG}.Description": Edited("Description", lambda there, text: text or "", ("description",)),
    f"{_CONFIG}.OriginAccessControlOriginType": "origin_type",
    f"{_CONFIG}.SigningBehavior": "signing_behavior",
    f"{_CONFIG}.SigningProtocol": "signing_protocol",
}
#: An answer has within what a listing tells at once.
_AS_LISTED = (f"{each.rpartition('.')[2]}: {each}" for each in _SENT)
_SEEN = Call(operation="get_origin_access_control", params=_WHICH, result="@")
_OUTDATED = ("PreconditionFailed",)

ORIGIN_ACCESS_CONTROL = Resource(
    table="origin_access_control",
    service="cloudfront",
    is_global=True,
    doc="How distributions sign what they ask an origin for, so that a bucket can be closed to everybody "
    "else: its policy lets the service cloudfront.amazonaws.com read, for the distribution's ARN.",
    key=("id",),
    identity="origin_access_control_id",
    natural_key=("name",),
    unique=(("name",), ("origin_access_control_id",)),
    columns=(
        column("name", "varchar", "Name", not_null=True),
        assigned("origin_access_control_id", "varchar", "Id", doc="AWS's id of it, such as E327GJI25M56DG."),
        column(
            "description",
            "varchar",
            "Description",
            read=canonical.none_if_empty,
            canonical=canonical.none_if_empty,
        ),
        column(
            "origin_type",
            "varchar",
            "OriginAccessControlOriginType",
            not_null=True,
            default="'s3'",
            doc="s3, lambda, mediastore or mediapackagev2.",
        ),
        column(
            "signing_behavior",
            "varchar",
            "SigningBehavior",
            not_null=True,
            default="'always'",
            doc="always; never; or no-override: not where whoever asks has signed.",
        ),
        column("signing_protocol", "varchar", "SigningProtocol", not_null=True, default="'sigv4'"),
        ownership.managed_by(),
    ),
    listing=List(
        operation="list_origin_access_controls",
        items="OriginAccessControlList.Items",
    ),
    create=(
        Call(
            operation="create_origin_access_control",
            params=_SENT,
            result=f"OriginAccessControl.{{Id: Id, {', '.join(_AS_LISTED)}}}",
        ),
    ),
    update=(
        Update(
            operation="update_origin_access_control",
            when=("name", "description", "origin_type", "signing_behavior", "signing_protocol"),
            seen=_SEEN,
            outdated=_OUTDATED,
            maps=(_CONFIG,),
            params={
                **_WHICH,
                "IfMatch": Item("ETag"),
                _CONFIG: Item(f"OriginAccessControl.{_CONFIG}"),
                **_SENT,
            },
        ),
    ),
    delete=(
        Call(
            operation="delete_origin_access_control",
            seen=_SEEN,
            outdated=_OUTDATED,
            params={**_WHICH, "IfMatch": Item("ETag")},
        ),
    ),
    absent=("NoSuchOriginAccessControl",),
    busy=("OriginAccessControlInUse",),
    hints={
        "OriginAccessControlInUse": "A distribution still has it: see distribution_origin.",
        "OriginAccessControlAlreadyExists": "The account has one of that name: iasql_sync() shows it.",
        "TooManyOriginAccessControls": "AWS allows 100 in an account unless its owner has asked for more.",
    },
)
