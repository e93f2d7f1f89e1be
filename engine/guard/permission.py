"""Whether a session's role may do to the tables what a plan does to AWS.

Who may create, change or delete a resource is who may insert, update or delete its row. The rows that show
the result are written by the same role, so that it needs the columns that AWS assigns too: else something
would be done in AWS that no row could show.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.caller import Caller
from engine.database.sql import identifier, names, public
from engine.errors import OperationError
from engine.plan import sync
from engine.plan.model import Change, Plan, Values
from modules.spec import OnChange, Part, Resource

_SHOWN = 20


@dataclass(frozen=True, order=True, slots=True)
class Need:
    """One privilege of a table, or of a column; USAGE is of the sequence of the table's key."""

    table: str
    privilege: str
    column: str = ""


async def check(caller: Caller, resources: Mapping[str, Resource], plan: Plan) -> None:
    """Refuse a plan with a change that the role may not make, before anything is done.

    Raises:
        OperationError: 42501, with each privilege that lacks, what needs it, and the GRANT.
    """
    reasons: dict[Need, str] = {}
    for change in plan.changes:
        for need in of_change(resources[change.table], change):
            reasons.setdefault(need, f"{change.action} {change.table} {change.name}")
    for need in brought(resources, plan):
        reasons.setdefault(need, f"what AWS makes in {need.table} by itself")
    if not reasons:
        return
    needed = [[need.table, need.privilege, need.column or None] for need in sorted(reasons)]
    rows = await caller.query("SELECT * FROM iasql.lacking($1::pg_catalog.jsonb)", json.dumps(needed))
    if rows:
        lacking = [Need(str(table), str(privilege), column or "") for table, privilege, column in rows]
        ((role,),) = await caller.query("SELECT current_user::pg_catalog.text")
        raise _denied(lacking, reasons, str(role))


def of_change(resource: Resource, change: Change) -> Iterator[Need]:
    """The privileges that one change takes, and the rows that will show it."""
    table = resource.table
    if change.action in ("create", "replace"):
        yield from _inserted(resource, change)
    if change.action in ("update", "replace"):
        columns = {column.name for column in resource.columns}
        yield from (Need(table, "UPDATE", name) for name in change.changed if name in columns)
    if change.action in ("delete", "replace"):
        yield Need(table, "DELETE")
    for part in resource.parts:
        yield from _of_part(part, change)
    if change.desired is not None:
        yield from _shown(resource, change.desired.row.values)


def _inserted(resource: Resource, change: Change) -> Iterator[Need]:
    values = change.desired.row.values if change.desired else {}
    for column in resource.columns:
        if column.on_change is not OnChange.ASSIGNED and values.get(column.name) is not None:
            yield Need(resource.table, "INSERT", column.name)


def _shown(resource: Resource, values: Values) -> Iterator[Need]:
    for column in resource.columns:
        reset = column.path is None and column.on_change is OnChange.UPDATE
        chosen = column.left_to_aws and values.get(column.name) is None
        if column.on_change is OnChange.ASSIGNED or reset or chosen:
            yield Need(resource.table, "UPDATE", column.name)


def _of_part(part: Part, change: Change) -> Iterator[Need]:
    """What a change of a list's elements takes of the table that they are rows of."""
    ours = len(change.desired.row.parts.get(part.table, ())) if change.desired else 0
    theirs = len(change.found.parts.get(part.table, ())) if change.found else 0
    if part.left_to_aws and change.desired is not None and not ours:
        yield Need(part.table, "INSERT")  # shows what AWS has chosen
        if part.key == ("id",):
            yield Need(part.table, "USAGE")
        return
    if change.action in ("update", "replace") and part.table not in change.changed:
        return
    if ours > theirs:
        yield Need(part.table, "INSERT")
    if theirs > ours:
        yield Need(part.table, "DELETE")
    if ours and theirs:
        yield Need(part.table, "UPDATE")


def brought(resources: Mapping[str, Resource], plan: Plan) -> Iterator[Need]:
    """What it takes to show what AWS makes of its own accord along with what the plan makes."""
    made = {each.table for each in plan.changes if each.action in ("create", "replace")}
    for table in sync.tables_brought(resources, made):
        yield Need(table, "INSERT")
        if resources[table].key == ("id",):
            yield Need(table, "USAGE")


def _denied(lacking: list[Need], reasons: Mapping[Need, str], role: str) -> OperationError:
    by_table: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for need in lacking:
        by_table[need.table][need.privilege].append(need.column)
    lines = [f"{reasons[need]} needs {need.privilege} on {_where(need)}" for need in lacking]
    if len(lines) > _SHOWN:
        lines = [*lines[:_SHOWN], f"… and {len(lines) - _SHOWN} more"]
    missing = ", ".join(f"{'/'.join(privileges)} on {table}" for table, privileges in by_table.items())
    return OperationError(
        f"permission denied for what would be done: {missing}",
        sqlstate="42501",
        detail="\n".join(lines),
        hint=" ".join(_grants(by_table, role)),
        schema="public",
        table=lacking[0].table,
    )


def _where(need: Need) -> str:
    return f"{need.table} ({need.column})" if need.column else need.table


def _grants(by_table: Mapping[str, Mapping[str, list[str]]], role: str) -> Iterator[str]:
    for table, privileges in by_table.items():
        rights = [
            f"{privilege} ({names(columns)})" if all(columns) else privilege
            for privilege, columns in privileges.items()
            if privilege != "USAGE"
        ]
        if rights:
            yield f"GRANT {', '.join(rights)} ON {public(table)} TO {identifier(role)};"
        if "USAGE" in privileges:
            yield f"GRANT USAGE ON SEQUENCE {public(table + '_id_seq')} TO {identifier(role)};"
