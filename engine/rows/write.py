"""Writes rows: one statement a table and kind of change, whatever their number."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.caller import Caller
from engine.database.sql import among, equal, identifier, literal, names, relation
from engine.plan.model import RowChange, Values
from modules.spec import Part, Resource


async def write(caller: Caller, resources: Sequence[Resource], changes: Iterable[RowChange]) -> None:
    """Make the changes of rows: new ones first, those that go last.

    Args:
        resources: in reference order, all that the changes are of.

    Raises:
        DatabaseError: a constraint or privilege of the user's stands against it.
    """
    by_table: dict[tuple[str, str], list[RowChange]] = defaultdict(list)
    for change in changes:
        by_table[change.table, change.action].append(change)
    for resource in reversed(resources):
        await _free_identities(caller, resource, by_table[resource.table, "delete"])
    for resource in resources:
        await _insert(caller, resource, by_table[resource.table, "create"])
    for resource in resources:
        await _update(caller, resource, by_table[resource.table, "update"])
        some = by_table[resource.table, "create"] + by_table[resource.table, "update"]
        for part in resource.parts:
            await _replace_parts(caller, part, [each for each in some if part.table in each.parts])
            await _fill_parts(caller, resource, part, [each for each in some if part.table in each.filled])
    for resource in reversed(resources):
        await _delete(caller, resource, by_table[resource.table, "delete"])


async def numbers(caller: Caller, counts: Mapping[str, int]) -> Callable[[str], int]:
    """Fetch serial numbers for new rows.

    Args:
        counts: how many of each table.

    Returns:
        from a table's name to the next number.
    """
    fetched: dict[str, list[int]] = {table: [] for table in counts}
    if counts:
        statement = " UNION ALL ".join(
            f"SELECT {literal(table)}, pg_catalog.nextval(pg_catalog.pg_get_serial_sequence("
            f"{literal(relation(table))}, 'id')) FROM pg_catalog.generate_series(1, {count})"
            for table, count in counts.items()
        )
        for table, number in await caller.query(statement):
            fetched[table or ""].append(int(number or 0))
    return lambda table: fetched[table].pop(0)


async def _insert(caller: Caller, resource: Resource, changes: list[RowChange]) -> None:
    if changes:
        records = [dict(zip(resource.key, each.key, strict=True)) | dict(each.values) for each in changes]
        await _insert_records(caller, resource.table, records)


async def _insert_records(caller: Caller, table: str, records: list[dict[str, Any]]) -> None:
    columns = names(records[0])
    await caller.query(
        f"INSERT INTO {relation(table)} ({columns}) SELECT {columns} FROM "
        f"pg_catalog.jsonb_populate_recordset(NULL::{relation(table)}, $1::pg_catalog.jsonb)",
        json.dumps(records),
    )


async def _update(caller: Caller, resource: Resource, changes: list[RowChange]) -> None:
    by_columns: dict[tuple[tuple[str, ...], ...], list[dict[str, Any]]] = defaultdict(list)
    for each in changes:
        if each.values or each.fills:
            record = dict(zip(resource.key, each.key, strict=True)) | dict(each.values) | dict(each.fills)
            by_columns[tuple(sorted(each.values)), tuple(sorted(each.fills))].append(record)
    for (values, fills), records in by_columns.items():
        new = [f"{identifier(name)} = r.{identifier(name)}" for name in values]
        new += [
            f"{identifier(name)} = COALESCE(t.{identifier(name)}, r.{identifier(name)})" for name in fills
        ]
        same = " AND ".join(equal(f"t.{identifier(name)}", f"r.{identifier(name)}") for name in resource.key)
        await caller.query(
            f"UPDATE {relation(resource.table)} AS t SET {', '.join(new)} FROM "
            f"pg_catalog.jsonb_populate_recordset("
            f"NULL::{relation(resource.table)}, $1::pg_catalog.jsonb) AS r WHERE {same}",
            json.dumps(records),
        )


async def _replace_parts(caller: Caller, part: Part, changes: list[RowChange]) -> None:
    """Write the rows of a part anew for some parents."""
    if changes:
        await _delete_where(caller, part.relation, part.parent.name, [each.key[0] for each in changes])
        await _insert_parts(caller, part, {each.key[0]: each.parts[part.table] for each in changes})


async def _fill_parts(caller: Caller, resource: Resource, part: Part, changes: list[RowChange]) -> None:
    """Write the rows of a part for those of some parents that are still there and have none."""
    if not changes:
        return
    key, parent = identifier(resource.key[0]), identifier(part.parent.name)
    there = await caller.query(
        f"SELECT pg_catalog.to_jsonb(t.{key})::text FROM {relation(resource.table)} AS t "
        f"WHERE {among(identifier(resource.key[0]))} AND NOT EXISTS "
        f"(SELECT FROM {relation(part.relation)} AS p WHERE {equal(f'p.{parent}', f't.{key}')}) "
        "FOR UPDATE OF t",
        json.dumps([each.key[0] for each in changes]),
    )
    keys = {json.loads(key or "null") for (key,) in there}
    await _insert_parts(
        caller, part, {each.key[0]: each.filled[part.table] for each in changes if each.key[0] in keys}
    )


async def _insert_parts(caller: Caller, part: Part, elements: Mapping[Any, Sequence[Values]]) -> None:
    """Add rows of a part, by the key of their parents."""
    records = [
        {part.parent.name: key} | {column.name: element[column.name] for column in part.columns}
        for key, some in elements.items()
        for element in some
    ]
    if records:
        await _insert_records(caller, part.relation, records)


async def _free_identities(caller: Caller, resource: Resource, changes: list[RowChange]) -> None:
    """Make unique identities available to other rows before the rows that have them go."""
    for name in resource.unique_if_not_null if changes else ():
        ours = among(identifier(resource.key[0]))
        await caller.query(
            f"UPDATE {relation(resource.table)} SET {identifier(name)} = NULL WHERE {ours}",
            json.dumps([each.key[0] for each in changes]),
        )


async def _delete(caller: Caller, resource: Resource, changes: list[RowChange]) -> None:
    if not changes:
        return
    keys = [each.key[0] for each in changes]
    for part in resource.parts:
        await _delete_where(caller, part.relation, part.parent.name, keys)
    await _delete_where(caller, resource.table, resource.key[0], keys)


async def _delete_where(caller: Caller, table: str, column: str, values: list[Any]) -> None:
    await caller.query(f"DELETE FROM {relation(table)} WHERE {among(identifier(column))}", json.dumps(values))
