"""What bases, rows and resources say, column by column: how they differ, and what one lacks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.plan import descriptions, diff
from engine.plan.base import Base, State
from engine.plan.model import Desired, Found, Parts, Row, Values
from modules.spec import Column, Resource


def changed_since(resource: Resource, now: Desired, then: State, *, told: bool = False) -> frozenset[str]:
    """The columns and parts in which something differs from what it was.

    Args:
        told: it is what AWS tells, and not what a row says.
    """
    parts = {part.table: then.parts.get(part.table, ()) for part in resource.parts}
    found = Found(table=resource.table, identity="", description={}, values=then.values, parts=parts)
    return diff.changed(resource, now, found, told=told)


def completed(resource: Resource, base: Base, found: Found) -> Base:
    """A base with what is not in it.

    What AWS had not told yet is what the row said. Columns that were not there when it was kept are what AWS
    holds: in these AWS counts as unchanged.
    """
    row = with_missing(resource, base.row, State(found.values, found.parts))
    return replace(base, row=row, answer=with_missing(resource, base.answer, row))


def with_missing(resource: Resource, state: State, other: State) -> State:
    values = {
        column.name: other.values[column.name]
        for column in resource.columns
        if column.name not in state.values
    }
    parts = {part.table: other.parts[part.table] for part in resource.parts if part.table not in state.parts}
    return State({**state.values, **values}, {**state.parts, **parts}) if values or parts else state


def with_values(state: State, values: Values, parts: Parts) -> State:
    return State({**state.values, **values}, {**state.parts, **parts})


def of(some: State | Desired | Found, name: str) -> Any:
    """A column's value, or a part's elements."""
    return some.parts[name] if name in some.parts else some.values.get(name)


def shown(resource: Resource, name: str | None, value: Any) -> Any:
    """A value of a column or part as people may see it."""
    masked = any(column.is_masked for column in resource.columns if column.name == name)
    return descriptions.MASK if masked and value is not None else value


def nothing(resource: Resource) -> State:
    """A resource without any value."""
    return State(
        dict.fromkeys(column.name for column in resource.columns), {part.table: () for part in resource.parts}
    )


def whole(resource: Resource, state: State) -> State:
    """A state with all columns and parts; what is not in it is nothing."""
    return with_missing(resource, state, nothing(resource))


def names(resource: Resource) -> frozenset[str]:
    return frozenset(
        [*(column.name for column in resource.columns), *(part.table for part in resource.parts)]
    )


def references(resource: Resource, some: State | Desired | Found | Row) -> Iterator[tuple[str, Column, Any]]:
    """The foreign keys that are set: the column or part that each is in, and its value."""
    for column in resource.columns:
        if column.reference is not None and some.values.get(column.name) is not None:
            yield column.name, column, some.values[column.name]
    for part in resource.parts:
        for element in some.parts.get(part.table, ()):
            for column in part.columns:
                if column.reference is not None and element.get(column.name) is not None:
                    yield part.table, column, element[column.name]
