"""What others have done to the rows since they were read: it is kept, and said.

AWS is read for seconds, in which another session may commit edits. They were made to rows that the operation
has not seen, so it leaves these rows as they are; they go on being changes that have not been applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.caller import Caller
from engine.plan.model import Key, Row, RowChange
from engine.rows import read
from engine.rows.statements import Lock
from engine.rows.writer import Writer
from modules.spec import Resource

Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class Edits:
    """What has happened to some rows.

    Attributes:
        rows: as they are now, with those that are gone as they were.
        keys: of the rows that were added, changed or deleted.
    """

    rows: Rows
    keys: frozenset[tuple[str, Key]] = frozenset()


async def since(caller: Caller, resources: Sequence[Resource], rows: Rows) -> Edits:
    """What has been committed since some rows were read."""
    known = {table: {str(row.key[0]): row.version for row in some} for table, some in rows.items()}
    if await read.versions(caller, resources) == known:
        return Edits(rows)
    now = await read.read(caller, resources)
    merged: dict[str, list[Row]] = {}
    keys: set[tuple[str, Key]] = set()
    for table, before in rows.items():
        old, new = {row.key: row for row in before}, {row.key: row for row in now[table]}
        merged[table] = sorted({**old, **new}.values(), key=lambda row: row.key)
        for key in old.keys() | new.keys():
            if key not in old or key not in new or old[key].version != new[key].version:
                keys.add((table, key))
    return Edits(merged, frozenset(keys))


async def claim(
    writer: Writer, resources: Iterable[Resource], rows: Rows, changes: Iterable[RowChange]
) -> list[RowChange]:
    """The changes of rows that are as they were read; these rows are locked to the end of the transaction.

    The others are left alone, and the client is told so.

    Raises:
        DatabaseError: 55P03 after the session's `lock_timeout`; 40001, in a transaction that must not see
            what others have committed.
    """
    chosen = list(changes)
    gone: set[tuple[str, Key]] = set()
    for resource in resources:
        keys = {each.key for each in chosen if each.table == resource.table and each.action != "create"}
        known = {row.key: row.version for row in rows.get(resource.table, ()) if row.key in keys}
        now = await _locked(writer, resource, known) if known else {}
        gone |= {(resource.table, key) for key, version in known.items() if now.get(key) != version}
    return leave(writer.caller, chosen, frozenset(gone))


def leave(caller: Caller, changes: Iterable[RowChange], keys: frozenset[tuple[str, Key]]) -> list[RowChange]:
    """The changes that are not of some rows; the client is told of the others."""
    kept: list[RowChange] = []
    for each in changes:
        if (each.table, each.key) in keys and each.action != "create":
            caller.notice(
                f"{each.table} {each.name} was changed by another session meanwhile: its row is left "
                "as it is",
                severity="WARNING",
                hint="SELECT * FROM iasql_plan_apply() shows what differs from AWS now.",
            )
        else:
            kept.append(each)
    return kept


async def _locked(writer: Writer, resource: Resource, keys: Iterable[Key]) -> dict[Key, str]:
    """The versions of some rows, after nobody else can change them any more."""
    by_text = {str(key[0]): key for key in keys}
    own = [(resource.table, resource.key[0]), *((part.relation, part.parent.name) for part in resource.parts)]
    found: dict[Key, list[str]] = {}
    for rows in await writer.run([Lock(table, column, list(by_text)) for table, column in own]):
        for key, version in rows:
            found.setdefault(by_text[key or ""], []).append(version or "")
    return {key: read.version_of(*some) for key, some in found.items()}
