"""Reads the rows, in one round trip."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from engine.caller import Caller
from engine.model import Parts, Row
from engine.sql import literal, public
from modules.spec import Resource


async def read(caller: Caller, resources: Sequence[Resource]) -> dict[str, list[Row]]:
    """The rows of some resources' tables, with those of their parts, ordered by key.

    Raises:
        DatabaseError: the caller may not read one of them.
    """
    tables = [resource.table for resource in resources]
    tables += [part.table for resource in resources for part in resource.parts]
    if not tables:
        return {}
    statement = " UNION ALL ".join(
        f"SELECT {literal(table)}, pg_catalog.to_jsonb(t)::text FROM {public(table)} AS t" for table in tables
    )
    texts: dict[str, list[str]] = defaultdict(list)
    for table, text in await caller.query(statement):
        texts[table or ""].append(text or "null")
    records = {table: _parsed(some) for table, some in texts.items()}
    return {resource.table: _rows(resource, records) for resource in resources}


def _parsed(texts: list[str]) -> list[dict[str, Any]]:
    """Many records at once, so that they share the names of their columns."""
    result: list[dict[str, Any]] = []
    for at in range(0, len(texts), _TOGETHER):
        result += json.loads(f"[{','.join(texts[at : at + _TOGETHER])}]")
    return result


_TOGETHER = 1000
#: One for all that have none: there are many of them.
_NO_PARTS: Parts = {}


def _rows(resource: Resource, records: dict[str, list[dict[str, Any]]]) -> list[Row]:
    parts = {part.table: _by_parent(part.parent.name, records.get(part.table, [])) for part in resource.parts}
    rows = [
        Row(
            table=resource.table,
            key=(key := tuple(record[name] for name in resource.key)),
            values=record,
            parts={table: tuple(elements.get(key[0], ())) for table, elements in parts.items()}
            if parts
            else _NO_PARTS,
        )
        for record in records.get(resource.table, [])
    ]
    return sorted(rows, key=lambda row: row.key)


def _by_parent(parent: str, records: list[dict[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
    result: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for record in sorted(records, key=lambda record: str(record.get("id", ""))):
        result[record[parent]].append(record)
    return result
