"""Brings the tables of installed modules to what this version declares."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from engine.caller import Caller
from engine.database import ddl, pinned
from modules.spec import Resource
from modules.spec.names import in_schema


async def missing(caller: Caller, resources: Sequence[Resource]) -> list[Resource]:
    """Of some resources those that have no table, since an older version did not know them."""
    found = await caller.query(
        "SELECT n.name FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n (name) "
        "WHERE iasql.oid_of(n.name) IS NULL",
        json.dumps([each.table for each in resources]),
    )
    names = {name for (name,) in found}
    return [each for each in resources if each.table in names]


async def complete(caller: Caller, resources: Sequence[Resource]) -> Mapping[str, Collection[str]]:
    """Add the columns and the labels of enum types that the tables of some resources lack.

    Args:
        resources: with all that they refer to.

    Returns:
        the columns that have been added, by table: their rows show nothing of AWS's in them yet.

    Raises:
        DatabaseError: the caller may not alter them, or a column must have values that are not there.
    """
    async with pinned.search_path(caller):
        await _complete_types(caller, resources)
        await _add_triggers(caller, resources)
        return await _add_columns(caller, resources)


async def _add_triggers(caller: Caller, resources: Sequence[Resource]) -> None:
    there = {
        in_schema(str(schema), str(table))
        for schema, table in await caller.query(
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_trigger AS t "
            "JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid "
            "JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
            f"WHERE t.tgname OPERATOR(pg_catalog.=) '{ddl.EMPTYING}'"
        )
    }
    for each in resources:
        for table in ddl.tables_of(each):
            if table not in there:
                for statement in ddl.notice_emptying(table):
                    await caller.query(statement)


async def _complete_types(caller: Caller, resources: Sequence[Resource]) -> None:
    labels: dict[str, set[str | None]] = defaultdict(set)
    for schema, name, label in await caller.query(
        "SELECT n.nspname, t.typname, e.enumlabel FROM pg_catalog.pg_enum AS e "
        "JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) e.enumtypid "
        "JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace"
    ):
        labels[in_schema(str(schema), str(name))].add(label)
    for type in ddl.enum_types(resources):
        for statement in ddl.complete_type(type, [each for each in labels[type.name] if each]):
            await caller.query(statement)


async def _add_columns(caller: Caller, resources: Sequence[Resource]) -> Mapping[str, Collection[str]]:
    present = {
        (in_schema(str(schema), str(table)), column)
        for schema, table, column in await caller.query(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns"
        )
    }
    added: dict[str, list[str]] = defaultdict(list)
    tables = {each.table: each for each in resources}
    for table, column in ddl.columns_of(resources):
        if (table, column.name) not in present:
            for statement in ddl.add_column(tables, table, column):
                await caller.query(statement)
            added[table].append(column.name)
            caller.notice(f"added column {column.name} to {table}")
    return added
