"""AWS's descriptions as values of columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any, cast

import jmespath

from engine.plan.model import Found, Parts, Values
from modules.spec import Column, Description, EnumType, Resource

#: One for all that have none: there are many of them.
_NO_PARTS: Parts = {}


def found(resource: Resource, description: Description) -> Found:
    """One resource as AWS describes it; references still as AWS gives them."""
    values = values_of(resource.columns, description)
    parts: Parts = _NO_PARTS
    if resource.parts:
        parts = {
            part.table: tuple(values_of(part.columns, each) for each in search(part.path, description) or ())
            for part in resource.parts
        }
    name = values[resource.identity] if resource.identity else natural_name(resource, values)
    return Found(
        table=resource.table, identity=str(name), description=description, values=values, parts=parts
    )


def search(path: str, description: Any) -> Any:
    """What a JMESPath expression finds."""
    return _compiled(path)(description)


@cache
def _compiled(path: str) -> Callable[[Any], Any]:
    if path == "@":
        return lambda description: description
    if _NAMES.fullmatch(path):
        return partial(_follow, path.split("."))
    return cast(Callable[[Any], Any], jmespath.compile(path).search)


#: Most paths are names joined by dots, which need no interpreter.
_NAMES = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


def _follow(names: Sequence[str], value: Any) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def values_of(columns: Iterable[Column], description: Any) -> dict[str, Any]:
    """The values of some columns, as AWS describes them."""
    return {column.name: _value(column, description) for column in columns}


def _value(column: Column, description: Any) -> Any:
    name = column.name_in_description
    if name is not None:
        value = description.get(name) if isinstance(description, dict) else None
    else:
        value = search(column.path, description) if column.path else description
    if column.read is not None:
        value = column.read(value)
    elif column.path is None:
        return None
    if isinstance(column.type, EnumType) and value not in column.type.values:
        return None
    return value


def without(resource: Resource, description: Description, names: Iterable[str]) -> Description:
    """A description without what says what some columns and parts are: they have been changed since."""
    paths = {column.name: column.path or "" for column in resource.columns}
    paths |= {part.table: part.path for part in resource.parts}
    keys = {first for name in names if (first := first_key(paths[name]))}
    return {key: value for key, value in description.items() if key not in keys}


@cache
def first_key(path: str) -> str | None:
    """The key with which a path begins, if it begins with one."""
    found = _KEY.match(path)
    return found.group() if found else None


_KEY = re.compile(r"[A-Za-z_]\w*(?!\w*\()", re.ASCII)


def natural_name(
    resource: Resource, values: Values, refer: Callable[[Column, Any], Any] = lambda column, value: value
) -> str:
    """The natural key as a person would write it.

    Args:
        refer: how a person would write a reference.
    """
    columns = resource.natural_columns
    comparable = canonical(columns, values, resource.canonical)
    return " ".join(word for column in columns if (word := _word(column, comparable[column.name], refer)))


def _word(column: Column, value: Any, refer: Callable[[Column, Any], Any]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return column.name.removeprefix("is_") if value else ""
    return str(refer(column, value) if column.reference else value)


def is_protected(resource: Resource, found: Found) -> bool:
    """Whether a resource is not the user's to change."""
    return resource.protected is not None and resource.protected(found.description)


def canonical(
    columns: Iterable[Column], values: Values, whole: Callable[[Values], Values] | None
) -> dict[str, Any]:
    """Values in the form in which they are compared."""
    result = {
        column.name: column.canonical(values.get(column.name))
        if column.canonical is not None
        else values.get(column.name)
        for column in columns
    }
    return dict(whole(result)) if whole is not None else result
