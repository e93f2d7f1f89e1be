"""What applies have made in transactions that were rolled back: AWS holds it, and no row showed it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from engine.caller import Caller
from engine.plan.meet import Name
from engine.plan.memory import Remembered
from engine.undoing import Meant


async def made_by(caller: Caller, tables: Collection[str]) -> Mapping[Name, int]:
    """The last operation that made and left over each resource of some tables; by table and identity."""
    if not tables:
        return {}
    found = await caller.query(
        "SELECT l.table_name, l.identity, l.operation::pg_catalog.text FROM iasql.left_over AS l "
        "WHERE $1::pg_catalog.jsonb OPERATOR(pg_catalog.?) l.table_name ORDER BY l.operation",
        json.dumps(sorted(tables)),
    )
    return {(str(table), str(identity)): int(operation or 0) for table, identity, operation in found}


async def remembered(caller: Caller, some: Iterable[Remembered], operation: Meant) -> Iterable[Remembered]:
    """What is remembered, as if an operation's transaction had not been rolled back.

    What the operation has left over is its own from when a row shows it.

    Args:
        some: what is remembered.
    """
    made = await made_by(caller, operation.unremembered)
    return [
        replace(each, operation=operation.number)
        if each.current and made.get((each.table, each.identity)) == operation.number
        else each
        for each in some
    ]
