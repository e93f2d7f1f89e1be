"""AWS's descriptions as values of columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, cast

import jmespath

from engine.model import Found, Parts, Row, Values
from modules.canonical import timestamp
from modules.spec import Column, Description, EnumType, Part, Resource

#: One for all that have none: there are many of them.
_NO_PARTS: Parts = {}


def found(resource: Resource, description: Description) -> Found:
    """One resource as AWS describes it; references still as AWS gives them."""
    values = _values(resource.columns, description)
    parts: Parts = _NO_PARTS
    if resource.parts:
        parts = {
            part.table: tuple(_values(part.columns, each) for each in search(part.path, description) or ())
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


def _values(columns: Iterable[Column], description: Any) -> dict[str, Any]:
    return {column.name: _value(column, description) for column in columns}


def _value(column: Column, description: Any) -> Any:
    value = search(column.path, description) if column.path else description
    if column.read is not None:
        value = column.read(value)
    elif column.path is None:
        return None
    if isinstance(column.type, EnumType) and value not in column.type.values:
        return None
    return value


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


class Account:
    """All that was found in AWS, by table, with every reference resolved or NULL.

    Attributes:
        hidden: what the tables cannot show.
        read_at: when AWS began to be read, on the clock of `time.monotonic`.
    """

    def __init__(
        self,
        resources: Sequence[Resource],
        listed: Mapping[str, Sequence[Found]],
        rows: Mapping[str, Sequence[Row]] | None = None,
        read_at: float = 0.0,
    ) -> None:
        """
        Args:
            resources: in reference order.
            listed: what was found of each; references as AWS gives them.
            rows: the rows; of two resources that one row could show, it goes on to show the one it shows.
        """
        self.read_at = read_at
        self._index: dict[tuple[str, str], dict[Any, Found]] = {}
        self.resources = {resource.table: resource for resource in resources}
        self._added: dict[tuple[str, str], int] = {}
        self.hidden: list[Found] = []
        self.tables: dict[str, list[Found]] = {}
        for resource in resources:
            self.tables[resource.table] = self._unique_keys(
                resource,
                [self.resolved(resource, each) for each in listed.get(resource.table, ())],
                {row.values.get(resource.identity or "") for row in (rows or {}).get(resource.table, ())},
            )

    def by(self, table: str, column: str | None, value: Any) -> Found | None:
        """The resource of a table for which AWS uses this value, by `column` or its identity."""
        name = column or ""
        index = self._index.get((table, name))
        if index is None:
            index = {
                (each.values.get(column) if column else each.identity): each
                for each in self.tables.get(table, ())
            }
            if table in self.tables:
                self._index[table, name] = index
        return index.get(value)

    def target(self, column: Column, value: Any) -> tuple[str, str] | None:
        """The table and identity of the resource that a foreign key's value means, if it is there."""
        assert column.reference is not None
        found = self.by(column.reference.table, column.reference.by, value)
        return (column.reference.table, found.identity) if found else None

    def referred(self, found: Found) -> Iterator[tuple[str, str]]:
        """The table and identity of all that a resource refers to by foreign keys, its parts' included."""
        resource = self.resources[found.table]
        pairs = [(column, found.values.get(column.name)) for column in resource.columns]
        for part in resource.parts:
            for element in found.parts.get(part.table, ()):
                pairs += [(column, element[column.name]) for column in part.columns]
        for column, value in pairs:
            if column.reference and value is not None and (target := self.target(column, value)):
                yield target

    def add(self, resource: Resource, each: Found) -> Found:
        """Take in a resource that has just been made or changed, whose references are resolved.

        It is found by what refers to it from then on; one that it takes the place of is not taken out.
        """
        some = self.tables[resource.table]
        place = self._added.setdefault((resource.table, each.identity), len(some))
        some[place : place + 1] = [each]
        for (table, name), index in self._index.items():
            if table == resource.table:
                index[each.values.get(name) if name else each.identity] = each
        return each

    def resolved(self, resource: Resource, each: Found) -> Found:
        """A resource without the references to what there is not."""
        values = self._references(resource.columns, each.values)
        if not resource.parts:
            return each if values is each.values else replace(each, values=values)
        parts = {
            part.table: tuple(self._references(part.columns, values) for values in each.parts[part.table])
            for part in resource.parts
        }
        parts = {
            part.table: tuple(values for values in parts[part.table] if _complete(part, values))
            for part in resource.parts
        }
        return replace(each, values=values, parts=parts)

    def _references(self, columns: Iterable[Column], values: Values) -> Values:
        """Values without the references to what there is not; the same object if there are none."""
        unknown = {
            column.name: None
            for column in columns
            if (reference := column.reference)
            and values[column.name] is not None
            and self.by(reference.table, reference.by, values[column.name]) is None
        }
        result = {**values, **unknown} if unknown else values
        superfluous = {
            column.name: None
            for column in columns
            if column.unless and any(result.get(name) is not None for name in column.unless)
        }
        return {**result, **superfluous} if superfluous else result

    def _unique_keys(self, resource: Resource, found: list[Found], known: Collection[Any]) -> list[Found]:
        """Leaves out what the table cannot show: a second resource with the same key, or without a
        value that the table requires.

        Args:
            known: the identities that rows have.
        """
        shown: dict[Any, Found] = {}
        for each in sorted(
            found, key=lambda each: (each.identity not in known, _age(resource, each), each.identity)
        ):
            key = (
                each.identity
                if resource.key == ("id",)
                else tuple(each.values.get(name) for name in resource.key)
            )
            missing = any(each.values.get(name) is None for name in resource.required)
            if missing or key in shown:
                self.hidden.append(each)
            else:
                shown[key] = each
        return list(shown.values())


def _age(resource: Resource, found: Found) -> str:
    """What sorts the older before the younger."""
    created = search(resource.created, found.description) if resource.created else None
    return timestamp(created) or ""


def _complete(part: Part, values: Values) -> bool:
    return all(values[column.name] is not None for column in part.columns if column.not_null)


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
