"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.aws_iam import entities
from modules.spec import (
    Call,
    Derived,
    Describe,
    Item,
    List,
    PerItem,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
)

_SCHEME = "https://"
_ARN = "OpenIDConnectProviderArn"
_NAMED: dict[str, Source] = {_ARN: "arn"}
_CLIENT: dict[str, Source] = {**_NAMED, "ClientID": Item()}
_TAGS = tagging.iam("open_id_connect_provider", _NAMED)


def _without_scheme(url: Any) -> Any:
    """AWS takes a URL with the scheme and tells it without."""
    return url.removeprefix(_SCHEME) if isinstance(url, str) else url


OIDC_PROVIDER = Resource(
    table="oidc_provider",
    service="iam",
    is_global=True,
    doc="OpenID Connect providers, whose users may assume roles that trust them.",
    key=("id",),
    identity="arn",
    natural_key=("url",),
    unique=(("arn",), ("url",)),
    columns=(
        assigned("arn", "varchar", _ARN),
        fixed(
            "url",
            "varchar",
            "Url",
            not_null=True,
            canonical=_without_scheme,
            doc="With https:// or, as AWS tells it, without.",
        ),
        column(
            "client_ids",
            "text[]",
            "ClientIDList",
            canonical=canonical.unordered,
            doc="For whom its tokens may be, such as sts.amazonaws.com.",
        ),
        column(
            "thumbprints",
            "text[]",
            "ThumbprintList",
            left_to_aws=True,
            canonical=canonical.unordered,
            doc="SHA-1 of certificates that its server may have, where AWS does not know who signs them. "
            "NULL is what AWS finds.",
        ),
        entities.CREATED,
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    settles=30,
    listing=List(operation="list_open_id_connect_providers", items="OpenIDConnectProviderList[].Arn"),
    describe=Describe(
        operation="get_open_id_connect_provider", ids=_ARN, batch=1, items="@", joins={_ARN: Item()}
    ),
    create=(
        Call(
            operation="create_open_id_connect_provider",
            params={
                "Url": Derived(lambda url: _SCHEME + _without_scheme(url), ("url",)),
                "ClientIDList": "client_ids",
                "ThumbprintList": "thumbprints",
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    fetch=Call(operation="get_open_id_connect_provider", params=_NAMED, result="@", joins=_NAMED),
    update=(
        Update(
            operation="update_open_id_connect_provider_thumbprint",
            when=("thumbprints",),
            params={**_NAMED, "ThumbprintList": "thumbprints"},
        ),
        PerItem(
            operation="add_client_id_to_open_id_connect_provider",
            column="client_ids",
            which="added",
            params=_CLIENT,
            inside=True,
        ),
        PerItem(
            operation="remove_client_id_from_open_id_connect_provider",
            column="client_ids",
            which="removed",
            params=_CLIENT,
            inside=True,
        ),
        *_TAGS.update,
    ),
    delete=(Call(operation="delete_open_id_connect_provider", params=_NAMED),),
    absent=("NoSuchEntity",),
    hints={
        "EntityAlreadyExists": "AWS has a provider of that URL; iasql_sync() would show it as a row.",
        "InvalidInput": "A URL begins with https://, and a thumbprint has 40 hexadecimal digits.",
        "OpenIdIdpCommunicationError": "AWS could not reach the URL to read its certificate.",
    },
)
