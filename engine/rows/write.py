"""Writes rows: one statement a table and kind of change, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import OperationError
from engine.plan.model import RowChange, Values
from engine.rows.statements import Clear, Delete, Fill, Insert, Number, Rename, Statement, Update
from engine.rows.writer import Writer
from modules.spec import Part, Resource


async def write(
    writer: Writer, resources: Sequence[Resource], changes: Iterable[RowChange], *, all_there: bool = False
) -> None:
    """Make the changes of rows: new ones first, those that go last.

    Args:
        resources: in reference order, all that the changes are of.
        all_there: the rows that change are locked, so that none can have gone.

    Raises:
        DatabaseError: a constraint or privilege of the user's stands against it.
        OperationError: 09000, a trigger or a rule has kept a row from being written.
    """
    statements = list(_statements(resources, changes))
    for each, rows in zip(statements, await writer.run(statements), strict=True):
        if isinstance(each, Insert) or (all_there and isinstance(each, Update | Rename)):
            done = int(rows[0][0] or 0) if rows else 0
            if done < len(each.records):
                raise _kept_from(each.table)


def _kept_from(table: str) -> OperationError:
    return OperationError(
        f"a trigger or a rule on {table} keeps rows from showing what AWS holds",
        sqlstate="09000",
        detail="What a row does not show must not count as shown: it would look deleted or changed.",
        hint=f"Let a trigger on {table} return NEW for what iasql writes, or drop it.",
        table=table,
    )


async def numbers(writer: Writer, counts: Mapping[str, int]) -> Callable[[str], int]:
    """Fetch serial numbers for new rows.

    Args:
        counts: how many of each table.

    Returns:
        from a table's name to the next number.
    """
    rows = await writer.run([Number(table, count) for table, count in counts.items()])
    fetched = {
        table: [int(number or 0) for number, _ in some] for table, some in zip(counts, rows, strict=True)
    }
    return lambda table: fetched[table].pop(0)


def _statements(resources: Sequence[Resource], changes: Iterable[RowChange]) -> Iterator[Statement]:
    by_table: dict[tuple[str, str], list[RowChange]] = defaultdict(list)
    for change in changes:
        by_table[change.table, change.action].append(change)
    for resource in reversed(resources):
        yield from _free_identities(resource, by_table[resource.table, "delete"])
    for resource in resources:
        some = by_table[resource.table, "update"]
        yield from _rename(resource, [each for each in some if set(resource.key) & each.values.keys()])
        by_table[resource.table, "update"] = [_renamed(resource, each) for each in some]
    for resource in resources:
        yield from _insert(resource, by_table[resource.table, "create"])
    for resource in resources:
        yield from _update(resource, by_table[resource.table, "update"])
        some = by_table[resource.table, "create"] + by_table[resource.table, "update"]
        for part in resource.parts:
            yield from _replace_parts(part, [each for each in some if part.table in each.parts])
            yield from _fill_parts(resource, part, [each for each in some if part.table in each.filled])
    for resource in reversed(resources):
        yield from _delete(resource, by_table[resource.table, "delete"])


def _insert(resource: Resource, changes: list[RowChange]) -> Iterator[Statement]:
    if changes:
        records = [dict(zip(resource.key, each.key, strict=True)) | dict(each.values) for each in changes]
        yield Insert(resource.table, list(records[0]), records)


def _rename(resource: Resource, changes: list[RowChange]) -> Iterator[Statement]:
    """Give rows other keys; what refers to them follows, and so does what is done to them after this."""
    if changes:
        [key] = resource.key
        records = [{"old": str(each.key[0]), "new": str(each.values[key])} for each in changes]
        yield Rename(resource.table, key, records)


def _renamed(resource: Resource, change: RowChange) -> RowChange:
    """What is left to do to a row that has its new key."""
    if not set(resource.key) & change.values.keys():
        return change
    key = tuple(change.values.get(name, old) for name, old in zip(resource.key, change.key, strict=True))
    values = {name: value for name, value in change.values.items() if name not in resource.key}
    return replace(change, key=key, values=values)


def _update(resource: Resource, changes: list[RowChange]) -> Iterator[Statement]:
    by_columns: dict[tuple[tuple[str, ...], ...], list[dict[str, Any]]] = defaultdict(list)
    for each in changes:
        if each.values or each.fills:
            record = dict(zip(resource.key, each.key, strict=True)) | dict(each.values) | dict(each.fills)
            by_columns[tuple(sorted(each.values)), tuple(sorted(each.fills))].append(record)
    for (values, fills), records in by_columns.items():
        yield Update(resource.table, resource.key, values, fills, records)


def _replace_parts(part: Part, changes: list[RowChange]) -> Iterator[Statement]:
    """Write the rows of a part anew for some parents."""
    if changes:
        yield Delete(part.relation, part.parent.name, [each.key[0] for each in changes])
        records = _elements(part, {each.key[0]: each.parts[part.table] for each in changes})
        if records:
            yield Insert(part.relation, list(records[0]), records)


def _fill_parts(resource: Resource, part: Part, changes: list[RowChange]) -> Iterator[Statement]:
    """Write the rows of a part for those of some parents that are still there and have none."""
    records = _elements(part, {each.key[0]: each.filled[part.table] for each in changes})
    if records:
        keys = [each.key[0] for each in changes]
        columns = list(records[0])
        yield Fill(part.relation, columns, records, part.parent.name, resource.table, resource.key[0], keys)


def _elements(part: Part, elements: Mapping[Any, Sequence[Values]]) -> list[dict[str, Any]]:
    """Rows of a part, by the key of their parents."""
    return [
        {part.parent.name: key} | {column.name: element[column.name] for column in part.columns}
        for key, some in elements.items()
        for element in some
    ]


def _free_identities(resource: Resource, changes: list[RowChange]) -> Iterator[Statement]:
    """Make unique identities available to other rows before the rows that have them go."""
    for name in resource.unique_if_not_null if changes else ():
        yield Clear(resource.table, name, resource.key[0], [each.key[0] for each in changes])


def _delete(resource: Resource, changes: list[RowChange]) -> Iterator[Statement]:
    if changes:
        keys = [each.key[0] for each in changes]
        for part in resource.parts:
            yield Delete(part.relation, part.parent.name, keys)
        yield Delete(resource.table, resource.key[0], keys)
