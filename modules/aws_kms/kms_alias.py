"""https://docs.aws.amazon.com/kms/latest/APIReference/API_AliasListEntry.html"""

from modules import ownership
from modules.spec import Call, Description, List, OnChange, Resource, Source, Update, fixed, ref

_PARAMS: dict[str, Source] = {"AliasName": "alias_name", "TargetKeyId": "kms_key"}


def _is_aws(description: Description) -> bool:
    return str(description.get("AliasName")).startswith("alias/aws/")


KMS_ALIAS = Resource(
    table="kms_alias",
    service="kms",
    doc="Names of KMS keys. An alias outlives its key, and can be given another one.",
    key=("alias_name",),
    natural_key=("alias_name",),
    columns=(
        fixed("alias_name", "varchar", "AliasName", not_null=True, doc="It begins with alias/."),
        ref(
            "kms_key",
            "kms_key",
            "TargetKeyId",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
            doc="The key. NULL if that is being deleted, no table shows it, or AWS has not made it yet; an "
            "apply leaves the alias as it is then.",
        ),
        ownership.managed_by(None, lambda alias: "AWS" if _is_aws(alias) else None),
    ),
    checks=(("kms_alias_has_its_form", "alias_name LIKE 'alias/%'"),),
    settles=180,
    listing=List(operation="list_aliases", items="Aliases", params={"Limit": 100}),
    protected=_is_aws,
    create=(Call(operation="create_alias", params=_PARAMS),),
    # AWS describes the key that an alias leads to, once it knows the alias.
    fetch=Call(
        operation="describe_key",
        params={"KeyId": "alias_name"},
        result="KeyMetadata",
        joins=_PARAMS,
    ),
    # AWS gives an alias another key without a moment at which it has none.
    update=(Update(operation="update_alias", when=("kms_key",), params=_PARAMS),),
    delete=(Call(operation="delete_alias", params={"AliasName": "alias_name"}),),
    absent=("NotFoundException",),
    hints={
        "AlreadyExistsException": "AWS has an alias of that name; iasql_sync() would show it as a row.",
        "NotFoundException": "AWS has no such key in this region.",
        "KMSInvalidStateException": "The key is being deleted: give kms_alias.kms_key another one.",
    },
)
