"""Whether a row's values have the shape that their columns are declared with. Pure.

Types in Postgres say less than a column means: an array may have any number of dimensions, and JSON anything
in it. What no request to AWS could be made of is refused with its place, before anything is planned.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from engine.errors import OperationError
from engine.plan.model import Key, Row, Values
from modules.spec import Column, Resource

#: What a declaration's functions raise for a value of a shape that they do not know.
_NO_SHAPE = (TypeError, ValueError, KeyError, IndexError, AttributeError)


def wrong(resource: Resource, rows: Iterable[Row]) -> Iterator[tuple[Key, OperationError]]:
    """The rows with a value of a wrong shape: the key of each, and 22023 with table, row and column."""
    columns = _shaped(resource.columns)
    parts = {part: some for part in resource.parts if (some := _shaped(part.columns))}
    if not columns and not parts:
        return  # as it is for most
    for row in rows:
        errors = _wrong(resource.table, row.key, columns, row.values)
        for part, some in parts.items():
            for element in row.parts[part.table]:
                place = tuple(element[name] for name in part.key)
                errors = chain(errors, _wrong(part.relation, place, some, element))
        yield from ((row.key, each) for each in errors)


def incomplete(
    resources: Iterable[Resource], rows: Mapping[str, Sequence[Row]]
) -> dict[tuple[str, Key], OperationError]:
    """The rows that AWS can hold nothing for, by table and key: 23502 with table, row and column.

    What a row has shown is there, whatever it lacks: AWS may not show what it refers to.
    """
    return {
        (resource.table, row.key): _error(
            resource.table, row.key, column.name, "AWS makes none without it", "23502"
        )
        for resource in resources
        for column in resource.columns
        if column.needed
        for row in rows.get(resource.table, ())
        if row.values[column.name] is None
        and (resource.identity is None or row.values[resource.identity] is None)
    }


def _shaped(columns: Iterable[Column]) -> list[Column]:
    return [each for each in columns if isinstance(each.type, str) and each.type.endswith(("[]", "jsonb"))]


def _wrong(table: str, key: Key, columns: Iterable[Column], values: Values) -> Iterator[OperationError]:
    for column in columns:
        value = values[column.name]
        if value is None:
            continue
        reason = _of_list(value) if str(column.type).endswith("[]") else _of_document(column, value)
        if reason is not None:
            yield _error(table, key, column.name, reason)


def _of_list(value: Any) -> str | None:
    if any(isinstance(each, list) for each in value):
        return "it has more than one dimension"
    if any(each is None for each in value):
        return "one of its elements is NULL"
    return None


def _of_document(column: Column, value: Any) -> str | None:
    try:
        document = json.loads(value) if isinstance(value, str) else value
        if column.canonical is not None:
            column.canonical(document)
    except _NO_SHAPE:
        return "it is not a document of the kind that AWS takes here"
    elements = document if isinstance(document, list) and column.canonical is None else [document]
    return None if all(isinstance(each, dict) for each in elements) else "it is not a JSON object"


def _error(table: str, key: Key, column: str, reason: str, sqlstate: str = "22023") -> OperationError:
    row = ", ".join(map(str, key))
    value = "NULL" if sqlstate == "23502" else "the value"
    return OperationError(
        f"{value} of {column} in row {row} of {table} cannot be used: {reason}",
        sqlstate=sqlstate,
        hint=f"UPDATE {table} SET {column} = … for that row.",
        table=table,
        column=column,
    )
