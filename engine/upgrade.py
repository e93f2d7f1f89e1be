"""Brings the tables of installed modules to what this version declares."""

from __future__ import annotations

from collections.abc import Iterable

from engine import ddl
from engine.caller import Caller
from engine.sql import literal
from modules import registry


async def add_columns(caller: Caller, modules: Iterable[str]) -> None:
    """Add the columns that the tables lack, with a notice for each.

    Raises:
        DatabaseError: the caller may not alter a table, or a column must have values that are not there.
    """
    present = {
        (table, column)
        for table, column in await caller.query(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = "
            + literal("public")
        )
    }
    for name in modules:
        for table, column in ddl.columns_of(registry.BY_NAME[name]):
            if (table, column.name) not in present:
                for statement in ddl.add_column(table, column):
                    await caller.query(statement)
                caller.notice(f"added column {column.name} to {table}")
