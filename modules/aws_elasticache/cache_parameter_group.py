"""https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheParameterGroup.html"""

from collections.abc import Mapping

from modules import canonical, ownership, parameters, tagging
from modules.spec import (
    Call,
    Carry,
    Description,
    List,
    Resource,
    Source,
    assigned,
    fixed,
)

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
        parameters.what_is_set('{"maxmemory-policy": "allkeys-lru"}'),
        _TAGS.column,
        ownership.managed_by(_TAGS, _datastore),
    ),
    listing=List(
        operation="describe_cache_parameter_groups",
        items="CacheParameterGroups",
        params={"MaxRecords": 100},
    ),
    details=(parameters.told("describe_cache_parameters", "CacheParameterGroupName"),),
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
        *parameters.changed(
            _NAME,
            "ParameterNameValues",
            put="modify_cache_parameter_group",
            to_set=_to_set,
            take="reset_cache_parameter_group",
            to_reset=_to_reset,
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
