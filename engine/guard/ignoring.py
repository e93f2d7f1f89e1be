"""Which columns of which resources the database's owner has in `iasql.ignored`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from engine.caller import Caller
from engine.guard import rules
from engine.plan import ownership
from engine.plan.ignored import Ignored
from engine.plan.model import Found, Key, Row
from engine.plan.snapshot import Snapshot


async def columns(caller: Caller, snapshot: Snapshot, rows: Mapping[str, Sequence[Row]]) -> Ignored:
    """The columns and parts that neither follow AWS nor are sent, by table and identity.

    Raises:
        DatabaseError: a rule's condition cannot be checked.
    """
    tables = await rules.tables(caller, "ignored", snapshot.tables.keys())
    if not tables:
        return {}
    some = [found for table in sorted(tables) for found in snapshot.tables[table]]
    pairs = _pairs(snapshot, rows)
    found = await rules.matching(caller, "ignored", ownership.as_aws_has_them(snapshot, rows, pairs, some))
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in found:
        names[each.table, snapshot.tables[each.table][each.place].identity].update(each.columns)
    return {resource: frozenset(columns) for resource, columns in names.items()}


def _pairs(snapshot: Snapshot, rows: Mapping[str, Sequence[Row]]) -> dict[tuple[str, Key], Found]:
    """Which row is which resource, as far as their identities say."""
    result: dict[tuple[str, Key], Found] = {}
    for table, some in rows.items():
        name = snapshot.resources[table].identity
        for row in some if name else ():
            found = snapshot.by(table, None, row.values.get(name or ""))
            if found is not None:
                result[table, row.key] = found
    return result
