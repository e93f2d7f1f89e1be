"""What applies have made in transactions that were rolled back: AWS holds it, and no row showed it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import orjson

from engine.caller import Caller
from engine.plan.descriptions import search
from engine.plan.meet import Name
from engine.plan.undo import Remembered
from engine.undoing import Meant
from modules.spec import Resource


async def made_by(
    caller: Caller, resources: Mapping[str, Resource], tables: Collection[str]
) -> Mapping[Name, int]:
    """The operation that made each resource of some tables that it has left over; by table and identity.

    What has no name of its own but its natural key is not among them.
    """
    if not tables:
        return {}
    found = await caller.query(
        "SELECT l.operation::pg_catalog.text, l.table_name, l.answer::pg_catalog.text "
        "FROM iasql.left_over AS l WHERE $1::pg_catalog.jsonb OPERATOR(pg_catalog.?) l.table_name",
        json.dumps(sorted(tables)),
    )
    result: dict[Name, int] = {}
    for operation, table, answer in found:
        identity = _identity(resources[str(table)], orjson.loads(answer or "null"))
        if identity is not None:
            result[str(table), identity] = int(operation or 0)
    return result


def _identity(resource: Resource, answer: object) -> str | None:
    path = resource.column(resource.identity).path if resource.identity else None
    found = search(path, answer) if path and answer is not None else None
    return None if found is None else str(found)


async def remembered(
    caller: Caller, resources: Iterable[Resource], some: Iterable[Remembered], operation: Meant
) -> list[Remembered]:
    """What is remembered, as if an operation's transaction had not been rolled back.

    What the operation has left over is its own from when a row shows it.

    Args:
        some: what is remembered.
    """
    by_table = {each.table: each for each in resources}
    made = await made_by(caller, by_table, operation.unremembered & by_table.keys())
    return [
        replace(each, operation=operation.number)
        if each.current and made.get((each.table, each.identity)) == operation.number
        else each
        for each in some
    ]
