"""What differs between a resolved row and its resource."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from engine.plan import descriptions
from engine.plan.model import Desired, Found, Values
from modules.spec import Column, OnChange, Part, Resource


def changed(resource: Resource, desired: Desired, found: Found, *, told: bool = False) -> frozenset[str]:
    """The columns and parts that AWS would have to change.

    Args:
        told: what is desired is what AWS tells: nothing of it is left to AWS.
    """
    if _same(resource, desired, found):
        return frozenset()
    ours = descriptions.canonical(resource.columns, desired.values, resource.canonical)
    theirs = descriptions.canonical(resource.columns, found.values, resource.canonical)
    names = {
        column.name
        for column in resource.columns
        if column.on_change is not OnChange.ASSIGNED
        and (told or not _no_opinion(column, desired))
        and ours[column.name] != theirs[column.name]
    }
    names |= beside(resource.columns, names, desired.values, found.values)
    names |= {
        part.table
        for part in resource.parts
        if (told or not part.left_to_aws or desired.parts.get(part.table))
        and comparable(part, desired.parts.get(part.table, ()))
        != comparable(part, found.parts.get(part.table, ()))
    }
    return frozenset(names)


def beside(columns: Iterable[Column], names: Collection[str], ours: Values, theirs: Values) -> set[str]:
    """The columns that say otherwise what some references say: an id, of what may have no row.

    AWS has one value for both, so what becomes of the one becomes of the other.

    Args:
        names: of the columns in which two sides differ.
    """
    return {
        column.name
        for column in columns
        if any(each in names for each in column.unless) and ours.get(column.name) != theirs.get(column.name)
    }


def between(resource: Resource, old: Found, new: Found, ignored: Collection[str] = ()) -> list[str]:
    """What is not AWS's to give and differs between two looks at a resource, in words.

    Args:
        ignored: columns and parts that do not count.
    """
    before = descriptions.canonical(resource.columns, old.values, resource.canonical)
    after = descriptions.canonical(resource.columns, new.values, resource.canonical)
    names = [
        column.name
        if column.is_masked
        else f"{column.name}: {_shown(before[column.name])} → {_shown(after[column.name])}"
        for column in resource.columns
        if column.on_change is not OnChange.ASSIGNED
        and before[column.name] != after[column.name]
        and column.name not in ignored
    ]
    return names + [
        part.table
        for part in resource.parts
        if part.table not in ignored
        and comparable(part, old.parts.get(part.table, ())) != comparable(part, new.parts.get(part.table, ()))
    ]


def _shown(value: Any) -> str:
    return "NULL" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)


def _same(resource: Resource, desired: Desired, found: Found) -> bool:
    """Whether all values are the same as they stand, which most are."""
    return all(
        desired.values.get(column.name) == found.values.get(column.name) for column in resource.columns
    ) and all(desired.parts.get(part.table) == found.parts.get(part.table) for part in resource.parts)


def _no_opinion(column: Column, desired: Desired) -> bool:
    return column.left_to_aws and desired.row.values.get(column.name) is None


def comparable(part: Part, elements: Iterable[Values]) -> list[Any]:
    """A part's elements as something that compares equal whatever their order."""
    return sorted(
        (descriptions.canonical(part.columns, each, part.canonical) for each in elements),
        key=lambda each: repr(sorted(each.items(), key=lambda item: item[0])),
    )


def replaces(resource: Resource, names: Iterable[str]) -> bool:
    """Whether AWS cannot make these changes in place."""
    parts = {part.table: part.on_change for part in resource.parts}
    return any(
        (parts[name] if name in parts else resource.column(name).on_change) is OnChange.REPLACE
        for name in names
    )
