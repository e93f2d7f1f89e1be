"""Indexes, as columns show them and as AWS has them. Pure functions only.

An index is an element of an object by its name: `{"by_mail": {"key": {"mail": "S"}}}`. `projection` is ALL,
KEYS_ONLY or a list of attributes, and `throughput` is of a table that has some.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modules.aws_dynamo import keys
from modules.spec import Description, Values

ON_DEMAND, PROVISIONED = "PAY_PER_REQUEST", "PROVISIONED"
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
Index = Mapping[str, Any]


def billing(mode: str | None) -> str:
    """What a table is paid by: each request, or what is kept free for it, where AWS may say nothing."""
    return mode or PROVISIONED


def units(there: Any) -> dict[str, int] | None:
    """Units of capacity; none are none."""
    some = {name: (there or {}).get(name) for name in _UNITS}
    return {name: each for name, each in some.items() if each} or None


def kept(mode: str | None, throughput: Any) -> Any:
    """The units that are kept free for a table, if any are."""
    return throughput if mode == PROVISIONED else None


def told(table: Description | None) -> dict[str, Any] | None:
    """Indexes with keys of their own, as AWS tells them, without those that are on their way out."""
    some = {}
    for each in (table or {}).get("GlobalSecondaryIndexes") or ():
        if each.get("IndexStatus") == "DELETING":
            continue
        found = units(each.get("ProvisionedThroughput"))
        index = _told(each, each["KeySchema"], keys.types(table))
        some[each["IndexName"]] = {**index, **({"throughput": found} if found else {})}
    return some or None


def told_locals(table: Description | None) -> dict[str, Any] | None:
    """Indexes with another order only, as AWS tells them: the other attribute of the key is the table's."""
    some = {}
    for each in (table or {}).get("LocalSecondaryIndexes") or ():
        orders = [one for one in each["KeySchema"] if one["KeyType"] == "RANGE"]
        some[each["IndexName"]] = _told(each, orders, keys.types(table))
    return some or None


def _told(index: Index, schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> dict[str, Any]:
    projection = index.get("Projection") or {}
    kind = projection.get("ProjectionType") or "ALL"
    if kind == "INCLUDE":
        kind = sorted(projection.get("NonKeyAttributes") or ())
    return {"key": keys.told(schema, types), **({} if kind == "ALL" else {"projection": kind})}


def local(primary: keys.Key, index: Index) -> keys.Key:
    """The whole key of an index that has the table's first attribute."""
    first = [dict([each]) for each in keys.attributes(primary)[:1]]
    return first + [dict([each]) for each in keys.attributes(index.get("key"))[:1]]


def new_locals(primary: keys.Key, some: Any) -> list[dict[str, Any]] | None:
    """Indexes of a new table that have its first attribute; None if there are none."""
    return [
        {"IndexName": name, "KeySchema": keys.schema(local(primary, each)), "Projection": _projection(each)}
        for name, each in (some or {}).items()
    ] or None


def new(there: Sequence[Index] | None, mode: str, throughput: Any, some: Any) -> list[dict[str, Any]] | None:
    """Indexes of a new table with keys of their own; None if there are none.

    Args:
        there: those of the table that is replaced, whose limits are kept.
    """
    default = kept(mode, throughput)
    limits = {each["IndexName"]: each.get("OnDemandThroughput") for each in there or ()}
    return [
        {
            **_new(name, each, default and (each.get("throughput") or default)),
            **({"OnDemandThroughput": limits[name]} if limits.get(name) else {}),
        }
        for name, each in (some or {}).items()
    ] or None


def _new(name: str, index: Index, units: Any) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": keys.schema(index.get("key")),
        "Projection": _projection(index),
        **({"ProvisionedThroughput": units} if units else {}),
    }


def _projection(index: Index) -> dict[str, Any]:
    match index.get("projection") or "ALL":
        case list() as some:
            return {"ProjectionType": "INCLUDE", "NonKeyAttributes": some}
        case kind:
            return {"ProjectionType": kind}


def definitions(primary: keys.Key, globals_: Any, locals_: Any) -> list[dict[str, str]]:
    """The attributes of all keys of a new table."""
    some = [each.get("key") for each in (*(globals_ or {}).values(), *(locals_ or {}).values())]
    return keys.definitions([primary, *some])


def comparable(values: Values) -> Values:
    """A table's values such that two of the same meaning are equal: of an index, what is not said is filled
    in.
    """
    units = kept(values.get("billing_mode"), values.get("throughput"))
    result = {**values, "throughput": units, "primary_key": keys.one_form(values.get("primary_key"))}
    for name, default in (("global_indexes", units), ("local_indexes", None)):
        some = values.get(name)
        if isinstance(some, Mapping):
            result[name] = {key: _whole(each, default) for key, each in some.items()} or None
    if not values.get("kms_encryption"):
        result["kms_key_arn"] = None
    if not values.get("point_in_time_recovery"):
        result["recovery_period_in_days"] = None
    return result


def _whole(index: Any, units: Any) -> Any:
    if not isinstance(index, Mapping):
        return index
    projection = index.get("projection") or "ALL"
    return {
        "key": keys.one_form(index.get("key")),
        "projection": sorted(projection) if isinstance(projection, list) else projection,
        "throughput": units and (index.get("throughput") or units),
    }


def first_units(
    there: Sequence[Mapping[str, Any]] | None, mode: str, throughput: Any, some: Any
) -> list[Any] | None:
    """Units for the indexes that a table has, which AWS wants along with the first units of the table."""
    default = kept(mode, throughput)
    if default is None:
        return None
    return [
        _units_of(each["IndexName"], (some or {}).get(each["IndexName"], {}).get("throughput") or default)
        for each in there or ()
        if units(each.get("ProvisionedThroughput")) is None
    ] or None


def _units_of(name: str, units: Any) -> dict[str, Any]:
    return {"Update": {"IndexName": name, "ProvisionedThroughput": units}}


def attributes_of(asked: Any) -> list[dict[str, str]] | None:
    """The attributes of the key of an index that a table has not yet.

    Args:
        asked: one index by its name, and the table as it has been seen.
    """
    [(name, index)] = asked["item"].items()
    return None if _there(asked, name) else keys.definitions([index["key"]])


def change(asked: Any) -> list[dict[str, Any]] | None:
    """What makes an index, or gives it other units; None if AWS has it so."""
    [(name, index)] = asked["item"].items()
    there, default = _there(asked, name), units(asked["seen"].get("ProvisionedThroughput"))
    wanted = default and (index.get("throughput") or default)
    if there is None:
        return [{"Create": _new(name, index, wanted)}]
    if wanted is None or units(there.get("ProvisionedThroughput")) == wanted:
        return None
    return [_units_of(name, wanted)]


def _there(asked: Any, name: str) -> Index | None:
    some = asked["seen"].get("GlobalSecondaryIndexes") or ()
    return next((each for each in some if each["IndexName"] == name), None)


def is_redefined(description: Description, values: Values) -> bool:
    """Whether an index that is there is asked to have another key, or other attributes."""
    there = comparable({"global_indexes": told(description)})["global_indexes"]
    wanted = comparable({"global_indexes": values.get("global_indexes")})["global_indexes"]
    return any(
        _defined((there or {})[name]) != _defined(index)
        for name, index in (wanted or {}).items()
        if name in (there or {})
    )


def _defined(index: Index) -> Iterable[Any]:
    return index["key"], index["projection"]
