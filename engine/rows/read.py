"""Reads the rows, in one round trip, and whether they have been written since."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from sys import intern
from typing import Any

from engine.caller import Caller
from engine.database.sql import identifier, literal, relation
from engine.errors import OperationError
from engine.plan.model import Key, Parts, Row
from engine.rows import shape
from modules.spec import Column, Resource

#: Rows that cannot be used, by table and key, with what is wrong with each.
Unusable = dict[tuple[str, Key], OperationError]


async def read(
    caller: Caller, resources: Sequence[Resource], unusable: Unusable | None = None
) -> dict[str, list[Row]]:
    """The rows of some resources' tables, with those of their parts, ordered by key.

    Args:
        unusable: takes the rows with values of a wrong shape, instead of an error.

    Raises:
        DatabaseError: the caller may not read one of them.
        OperationError: 42501, row security hides rows; 42703, a column is missing; 22023, a value has a shape
            that its column cannot have.
    """
    if not resources:
        return {}
    columns = _columns(resources)
    selects = [
        f"SELECT {literal(table)}, t.xmin::text, pg_catalog.to_jsonb(t)::text FROM {relation(table)} AS t"
        for table in columns
    ]
    # Last: the tables are locked by then, so that nobody can change what it looks at.
    wanted = literal(json.dumps(columns))
    selects.append(f"SELECT '', p.problem, p.table_name FROM iasql.unreadable({wanted}) AS p")
    statement = " UNION ALL ".join(selects)
    texts: dict[str, list[str]] = defaultdict(list)
    versions: dict[str, list[str]] = defaultdict(list)
    for table, version, text in await caller.query(statement):
        texts[table or ""].append(text or "null")
        versions[table or ""].append(intern(version or ""))
    if "" in texts:
        raise _unreadable(list(zip(versions[""], texts[""], strict=True)))
    records = {table: list(zip(versions[table], _parsed(some), strict=True)) for table, some in texts.items()}
    rows = {resource.table: _rows(resource, records) for resource in resources}
    for resource in resources:
        for key, error in shape.wrong(resource, rows[resource.table]):
            if unusable is None or error.column in resource.natural_key:
                raise error
            unusable.setdefault((resource.table, key), error)
    return rows


def _columns(resources: Sequence[Resource]) -> dict[str, list[str]]:
    """The tables of some resources and of their parts, with the columns that each must have."""
    columns: dict[str, list[str]] = {}
    for resource in resources:
        columns[resource.table] = list({**dict.fromkeys(resource.key), **_names(resource.columns)})
        for part in resource.parts:
            columns[part.relation] = list(
                {**dict.fromkeys(part.key), part.parent.name: None, **_names(part.columns)}
            )
    return columns


def _names(columns: Iterable[Column]) -> dict[str, None]:
    return dict.fromkeys(column.name for column in columns)


def _unreadable(problems: Sequence[tuple[str, str]]) -> OperationError:
    """
    Args:
        problems: "row security" or the name of a column that is missing, with the table.
    """
    hidden = [table for problem, table in problems if problem == _ROW_SECURITY]
    if hidden:
        return OperationError(
            f"row security hides rows of {', '.join(hidden)} from this role",
            sqlstate="42501",
            detail="What has no row is deleted in AWS, so a role that may not see every row gets no plan.",
            hint="Let the role see all of it (ALTER ROLE … BYPASSRLS), or call this as the tables' owner.",
            table=hidden[0],
        )
    missing = ", ".join(f"{table}.{column}" for column, table in problems)
    return OperationError(
        f"columns that iasql needs are missing: {missing}",
        sqlstate="42703",
        detail="A column that is not there must not count as empty: AWS would lose what it holds.",
        hint="Give renamed columns their names back; SELECT iasql_upgrade() adds those that are missing.",
        table=problems[0][1],
        column=problems[0][0],
    )


_ROW_SECURITY = "row security"


async def versions(caller: Caller, resources: Sequence[Resource]) -> dict[str, dict[str, str]]:
    """The version of each row, by table and by its key as text."""
    selects = []
    for each in resources:
        selects.append(_version(each.table, each.table, each.key[0]))
        selects += [_version(each.table, part.relation, part.parent.name) for part in each.parts]
    found: dict[str, dict[str, list[str]]] = {each.table: defaultdict(list) for each in resources}
    for table, key, version in await caller.query(" UNION ALL ".join(selects)) if selects else ():
        found[table or ""][key or ""].append(version or "")
    return {
        table: {key: version_of(*some) for key, some in by_key.items()} for table, by_key in found.items()
    }


def _version(resource: str, table: str, key: str) -> str:
    name = identifier(key)
    return f"SELECT {literal(resource)}, t.{name}::text, t.xmin::text FROM {relation(table)} AS t"


def version_of(*xmins: str) -> str:
    """The version of a row from those of what it consists of; of the row alone it is its own."""
    return " ".join(sorted(xmins)) if len(xmins) > 1 else xmins[0]


def _parsed(texts: list[str]) -> list[dict[str, Any]]:
    """Many records at once, so that they share the names of their columns."""
    result: list[dict[str, Any]] = []
    for at in range(0, len(texts), _TOGETHER):
        result += json.loads(f"[{','.join(texts[at : at + _TOGETHER])}]")
    return result


_TOGETHER = 1000
#: One for all that have none: there are many of them.
_NO_PARTS: Parts = {}


_Records = list[tuple[str, dict[str, Any]]]


def _rows(resource: Resource, records: dict[str, _Records]) -> list[Row]:
    parts = {
        part.table: _by_parent(part.parent.name, records.get(part.relation, [])) for part in resource.parts
    }
    rows = [_row(resource, version, record, parts) for version, record in records.get(resource.table, [])]
    return sorted(rows, key=lambda row: row.key)


def _row(
    resource: Resource, version: str, record: dict[str, Any], parts: dict[str, dict[Any, _Records]]
) -> Row:
    key = tuple(record[name] for name in resource.key)
    if not parts:
        return Row(table=resource.table, key=key, values=record, parts=_NO_PARTS, version=version)
    own = {table: elements.get(key[0], []) for table, elements in parts.items()}
    return Row(
        table=resource.table,
        key=key,
        values=record,
        parts={table: tuple(element for _, element in some) for table, some in own.items()},
        version=version_of(version, *(each for some in own.values() for each, _ in some)),
    )


def _by_parent(parent: str, records: _Records) -> dict[Any, _Records]:
    result: dict[Any, _Records] = defaultdict(list)
    for version, record in sorted(records, key=lambda each: str(each[1].get("id", ""))):
        result[record[parent]].append((version, record))
    return result
