"""AWS's descriptions as values of columns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any

import jmespath
from jmespath import functions

from engine.plan.model import Found, Parts, Values
from modules.spec import Column, Description, EnumType, Resource

#: What plans and messages show of what is masked.
MASK = "***"
#: One for all that have none: there are many of them.
_NO_PARTS: Parts = {}


def found(resource: Resource, description: Description) -> Found:
    """One resource as AWS describes it; references still as AWS gives them."""
    return all_found(resource, [description])[0]


def all_found(resource: Resource, some: Iterable[Description]) -> list[Found]:
    """Resources of one table as AWS describes them; references still as AWS gives them."""
    readers = _readers(resource.columns)
    of_parts = {part: _readers(part.columns) for part in resource.parts}
    result = []
    for description in some:
        values = {name: read(description) for name, read in readers}
        parts: Parts = _NO_PARTS
        if of_parts:
            parts = {
                part.table: tuple(
                    {name: read(each) for name, read in own} for each in search(part.path, description) or ()
                )
                for part, own in of_parts.items()
            }
        name = values[resource.identity] if resource.identity else natural_name(resource, values)
        result.append(
            Found(
                table=resource.table, identity=str(name), description=description, values=values, parts=parts
            )
        )
    return result


def search(path: str, description: Any) -> Any:
    """What a JMESPath expression finds."""
    return _compiled(path)(description)


@cache
def _compiled(path: str) -> Callable[[Any], Any]:
    if path == "@":
        return lambda description: description
    if path.isidentifier() and path.isascii():
        return lambda value: value.get(path) if isinstance(value, dict) else None
    if _NAMES.fullmatch(path):
        return partial(_follow, path.split("."))
    return partial(jmespath.compile(path).search, options=_OPTIONS)


class _Functions(functions.Functions):  # type: ignore[misc]
    """The functions of JMESPath, and those of declarations."""

    @functions.signature({"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_from_json(self, text: str | None) -> Any:
        return json.loads(text) if text else None


_OPTIONS = jmespath.Options(custom_functions=_Functions())


#: Other paths are mostly names joined by dots, which need no interpreter either.
_NAMES = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


def _follow(names: Sequence[str], value: Any) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def values_of(columns: Iterable[Column], description: Any) -> dict[str, Any]:
    """The values of some columns, as AWS describes them."""
    return {name: read(description) for name, read in _readers(columns)}


def _readers(columns: Iterable[Column]) -> list[tuple[str, Callable[[Any], Any]]]:
    """What finds the value of each column in a description, by the column's name."""
    return [(column.name, _reader(column)) for column in columns]


def _reader(column: Column) -> Callable[[Any], Any]:
    search, read = _compiled(column.path or "@"), column.read
    if column.is_untold or (read is None and column.path is None):
        return lambda description: None
    if isinstance(column.type, EnumType):
        return partial(_one_of, column.type.values, search, read)
    return search if read is None else lambda description: read(search(description))


def _one_of(
    allowed: Sequence[str], search: Callable[[Any], Any], read: Callable[[Any], Any] | None, description: Any
) -> Any:
    value = search(description) if read is None else read(search(description))
    return value if value in allowed else None


def masked(resource: Resource, description: Description) -> Description:
    """A description with a mask in the place of what plans and messages do not show."""
    for column in resource.columns:
        if column.is_masked and column.path and search(column.path, description) is not None:
            description = _with_mask(column.path.split("."), description)
    return description


def _with_mask(names: Sequence[str], description: Description) -> Description:
    first, *others = names
    return {**description, first: _with_mask(others, description[first]) if others else MASK}


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
    if resource.called is not None and (name := resource.called(values)):
        return name
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


def is_kept(resource: Resource, found: Found) -> bool:
    """Whether AWS deletes a resource only with what it refers to."""
    return resource.stays is not None and resource.stays(found.description)


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
