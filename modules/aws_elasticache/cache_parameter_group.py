"""https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheParameterGroup.html"""

from collections.abc import Mapping

from modules import canonical, ownership, parameters, tagging
from modules.spec import (
    Call,
    Carry,
    Description,
    Detail,
    Item,
    List,
    PerKey,
    Resource,
    Source,
    assigned,
    column,
    fixed,
)

#: How many parameters one call of AWS changes at most.
_MOST = 20
_NAME: dict[str, Source] = {"CacheParameterGroupName": "name"}
_TAGS = tagging.rds("arn")


def _to_set(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterName": name, "ParameterValue": value} for name, value in values.items()]


def _to_reset(names: list[str]) -> list[dict[str, str]]:
    return [{"ParameterName": name} for name in names]


def _datastore(group: Description) -> str | None:
    """A datastore over several regions, which has its parameters in one place."""
    return "ElastiCache global datastore" if group.get("IsGlobal") else None


CACHE_PARAMETER_GROUP = Resource(
    table="cache_parameter_group",
    service="elasticache",
    doc="Parameters of caches. AWS's own, default.…, cannot be changed or deleted.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        fixed("name", "varchar", "CacheParameterGroupName", not_null=True, canonical=canonical.lower),
        assigned("arn", "varchar", "ARN"),
        fixed(
            "family",
            "varchar",
            "CacheParameterGroupFamily",
            not_null=True,
            doc="What it is for, such as valkey8, redis7 or memcached1.6.",
        ),
        fixed("description", "varchar", "Description", not_null=True),
        column(
            "parameters",
            "jsonb",
            "Parameters",
            not_null=True,
            default="'{}'",
            read=parameters.read,
            canonical=parameters.as_texts,
            doc='What has been set, such as {"maxmemory-policy": "allkeys-lru"}; what is taken out is AWS\'s '
            "again.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, _datastore),
    ),
    listing=List(
        operation="describe_cache_parameter_groups",
        items="CacheParameterGroups",
        params={"MaxRecords": 100},
    ),
    details=(
        Detail(
            operation="describe_cache_parameters",
            items="Parameters",
            into="Parameters",
            params={"CacheParameterGroupName": "CacheParameterGroupName", "Source": "'user'"},
        ),
    ),
    batched=(tagging.of_many("ARN"),),
    create=(
        Call(
            operation="create_cache_parameter_group",
            params={
                **_NAME,
                "CacheParameterGroupFamily": "family",
                "Description": "description",
                **_TAGS.create,
            },
            result="CacheParameterGroup",
        ),
    ),
    update=(
        PerKey(
            operation="modify_cache_parameter_group",
            column="parameters",
            which="set",
            params={**_NAME, "ParameterNameValues": Item(read=_to_set)},
            most=_MOST,
            new=True,
        ),
        PerKey(
            operation="reset_cache_parameter_group",
            column="parameters",
            which="removed",
            params={**_NAME, "ParameterNameValues": Item(read=_to_reset)},
            most=_MOST,
        ),
        *_TAGS.update,
    ),
    carry=Carry(not_kept={"ResetAllParameters": "a row says which parameters are set back"}),
    delete=(Call(operation="delete_cache_parameter_group", params=_NAME),),
    absent=("CacheParameterGroupNotFound",),
    # Also for as long as what had it is being changed or deleted.
    busy=("InvalidCacheParameterGroupState",),
    protected=lambda group: (group.get("CacheParameterGroupName") or "").startswith("default."),
    hints={
        "InvalidCacheParameterGroupState": "A cache uses it, or AWS is still at work on one that did.",
        "InvalidParameterValue": "Check the family, and the names and values of the parameters.",
    },
)
