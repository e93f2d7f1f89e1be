"""Leaves an operation's rows where the function in the caller's statement finds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.caller import Caller
from engine.plan import columns
from engine.plan.merge import Settled
from engine.plan.model import Change, Difference, RowChange, Step, label
from modules.spec.names import PUBLIC, bare, schema_of

Record = dict[str, Any]


async def leave(caller: Caller, function: str, records: Sequence[Record]) -> None:
    """Leave rows for one call, to the end of the transaction.

    Args:
        function: name of the function that the statement calls.
        records: its rows, by column.
    """
    text = json.dumps(list(records))
    await caller.query("SELECT pg_catalog.set_config('iasql.result_of_' || $1, $2, true)", function, text)


def of_changes(changes: Sequence[Change]) -> list[Record]:
    """A plan's rows."""
    return [_record(each.action, each.table, each.id, each.label) for each in changes]


def of_steps(steps: Sequence[Step]) -> list[Record]:
    """The rows of `iasql_plan_steps()`."""
    return [
        {
            "step": each.number,
            "action": each.action,
            "table_name": each.change.table,
            "description": each.change.label,
            "waits_for": sorted(each.after),
        }
        for each in steps
    ]


def of_row_changes(changes: Sequence[RowChange], natural: Callable[[RowChange], str]) -> list[Record]:
    """A sync's rows; a row that is not there yet has no id, nor has one that is gone.

    Args:
        natural: the natural key of what a row shows.
    """
    return [
        _record(
            each.action,
            each.table,
            each.key[0] if each.action == "update" and isinstance(each.key[0], int) else None,
            label(natural(each), each.name),
        )
        for each in changes
    ]


def of_differences(differences: Sequence[Difference]) -> list[Record]:
    """The rows of `iasql_diff()`."""
    return [
        _record(each.action, each.table, each.id, each.label or each.name)
        | {
            "column_name": each.column,
            "current_value": each.current,
            "desired_value": each.desired,
            "replaces": each.replaces,
            "loses": each.loses,
            "base_value": each.base,
            "changed_by": each.changed_by,
        }
        for each in differences
    ]


def of_drift(settled: Iterable[Settled], region_of: Callable[[str], str | None]) -> list[Record]:
    """The rows of `iasql_drift()`: what is gone or has appeared as a whole has no column."""
    return [
        {
            "table_name": each.table,
            "id": each.id,
            "name": each.label or each.name,
            "region_name": region_of(each.table),
            "column_name": each.column,
            "base_value": columns.text(each.base) if each.column else each.name if each.base else None,
            "current_value": columns.text(each.answer) if each.column else each.name if each.answer else None,
        }
        for each in settled
    ]


def in_schema(records: Sequence[Record], schema: str) -> list[Record]:
    """Rows of a result in which the tables of one schema go by their own names, and others are qualified."""
    for each in records:
        for name in each.keys() & _TABLES:
            each[name] = shown_name(each[name], schema)
    return list(records)


#: The columns of results that name tables.
_TABLES = {"table_name", "created_table_name", "dropped_table_name"}


def shown_name(table: str, schema: str) -> str:
    """How results call a table, where the tables of one schema go by their own names."""
    return bare(table) if schema_of(table) == schema else table if "." in table else f"{PUBLIC}.{table}"


def _record(action: str, table: str, id: int | None, description: str) -> Record:
    return {"action": action, "table_name": table, "id": id, "description": description}
