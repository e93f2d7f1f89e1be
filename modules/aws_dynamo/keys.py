"""Keys of tables and indexes, as columns show them and as AWS has them. Pure functions only.

A key is an object of an attribute and its type, `{"id": "S"}`, or a list of two of them: the one by which
items are spread, and the one by which they are in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Key = Any
_KINDS = ("HASH", "RANGE")


def attributes(key: Key) -> list[tuple[str, str]]:
    """The attributes of a key and their types, in their order."""
    some = [key] if isinstance(key, Mapping) else key if isinstance(key, list) else []
    return [(name, kind) for each in some if isinstance(each, Mapping) for name, kind in each.items()]


def schema(key: Key) -> list[dict[str, str]]:
    """A key as AWS takes it."""
    return [
        {"AttributeName": name, "KeyType": kind}
        for (name, _), kind in zip(attributes(key), _KINDS, strict=False)
    ]


def told(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> Key:
    """A key as AWS tells it.

    Args:
        types: of all attributes that are in keys.
    """
    names = [each["AttributeName"] for kind in _KINDS for each in schema if each["KeyType"] == kind]
    some = [{name: types.get(name)} for name in names]
    return some[0] if len(some) == 1 else some


def types(table: Mapping[str, Any] | None) -> dict[str, str]:
    """The types of the attributes that are in keys of a table."""
    some = (table or {}).get("AttributeDefinitions") or ()
    return {each["AttributeName"]: each["AttributeType"] for each in some}


def primary(table: Mapping[str, Any] | None) -> Key:
    """The key of a table itself."""
    return told((table or {}).get("KeySchema") or (), types(table))


def definitions(keys: Iterable[Key]) -> list[dict[str, str]]:
    """The attributes of some keys, each once, as AWS takes them."""
    some = {name: kind for key in keys for name, kind in attributes(key)}
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in some.items()]


def one_form(key: Key) -> Key:
    """A key such that two of the same meaning are equal."""
    some = [{name: kind} for name, kind in attributes(key)]
    return some[0] if len(some) == 1 else some
