"""Brings the tables of installed modules to what this version declares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from engine.caller import Caller
from engine.database import ddl
from engine.database.sql import equal, in_public, literal
from modules.catalogue import Catalogue
from modules.spec import Module


async def complete(caller: Caller, catalogue: Catalogue, modules: Iterable[str]) -> None:
    """Add the columns and the labels of enum types that the tables lack.

    Raises:
        DatabaseError: the caller may not alter them, or a column must have values that are not there.
    """
    chosen = catalogue.named(modules)
    await _complete_types(caller, chosen)
    await _add_columns(caller, catalogue, chosen)


async def _complete_types(caller: Caller, modules: Iterable[Module]) -> None:
    labels: dict[str | None, set[str | None]] = defaultdict(set)
    for name, label in await caller.query(
        "SELECT t.typname, e.enumlabel FROM pg_catalog.pg_enum AS e "
        "JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) e.enumtypid "
        f"WHERE {in_public('t.typnamespace')}"
    ):
        labels[name].add(label)
    for module in modules:
        for type in ddl.enum_types(module):
            for statement in ddl.complete_type(type, [each for each in labels[type.name] if each]):
                await caller.query(statement)


async def _add_columns(caller: Caller, catalogue: Catalogue, modules: Iterable[Module]) -> None:
    present = {
        (table, column)
        for table, column in await caller.query(
            "SELECT table_name, column_name FROM information_schema.columns "
            f"WHERE {equal('table_schema', literal('public'))}"
        )
    }
    for module in modules:
        for table, column in ddl.columns_of(module):
            if (table, column.name) not in present:
                for statement in ddl.add_column(catalogue, table, column):
                    await caller.query(statement)
                caller.notice(f"added column {column.name} to {table}")
