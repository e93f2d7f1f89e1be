"""Whether a session's role may do to the tables what a plan does to AWS.

Who may create, change or delete a resource is who may insert, update or delete its row. The rows that show
the result are written by a function of the tables' owner. Where there is none, they are written by the same
role, so that it needs the columns that AWS assigns too: else something would be done in AWS that no row could
show.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from engine.caller import Caller
from engine.database import write_function
from engine.database.sql import identifier, names, relation
from engine.errors import OperationError, listed
from engine.plan import graph, sync
from engine.plan.model import Action, Change, Plan, RowChange, Values
from engine.plan.snapshot import Snapshot
from modules.spec import Column, OnChange, Part, Resource

_SHOWN = 20


class Need(NamedTuple):
    """One privilege of a table, or of a column; USAGE is of the sequence of the table's key."""

    table: str
    privilege: str
    column: str = ""


async def permitted(
    caller: Caller, snapshot: Snapshot, plan: Plan, *, strict: bool, followed: Collection[str] | None = None
) -> Plan:
    """A plan without what the role may not do, if it says `iasql.only_mine`; else the plan as it is.

    Args:
        strict: whether the plan is to be carried out, and not only shown.
        followed: the tables whose rows follow AWS without the role's rights; None: these are to be looked up.

    Raises:
        OperationError: 42501, the role lacks privileges for what would be done, or for what its own changes
            need; with each privilege that lacks, what needs it, and the GRANT.
    """
    ((only_mine, role),) = await caller.query(
        "SELECT pg_catalog.current_setting('iasql.only_mine', true), current_user::pg_catalog.text"
    )
    leaves_out = only_mine in ("on", "true", "yes", "1")
    if not (strict or leaves_out):
        return plan
    if followed is None:
        followed = await write_function.find(caller, tables_of(snapshot.resources.values()))
    concerned = await _concerned(caller, snapshot.resources, plan, followed)
    if not concerned:
        return plan  # whatever its size
    needs = [
        list(of_change(snapshot.resources[each.table], each, followed)) if each.table in concerned else []
        for each in plan.changes
    ]
    by_itself = [each for each in brought(snapshot.resources, plan) if each.table not in followed]
    lacking = await lacked(caller, [*(each for some in needs for each in some), *by_itself])
    if not lacking:
        return plan
    if not leaves_out:
        raise _denied(lacking, _reasons(plan.changes, needs), str(role))
    barred = [
        change for change, some in zip(plan.changes, needs, strict=True) if not lacking.isdisjoint(some)
    ]
    left = without(snapshot, plan, barred, _needs_others)
    for change in barred:
        caller.notice(f"left out: {change}, for which this role lacks privileges")
    return left


async def _concerned(
    caller: Caller, resources: Mapping[str, Resource], plan: Plan, followed: Collection[str]
) -> set[str]:
    """The tables of which it has to be seen what is done: the role lacks something that it could take.

    It is asked of whole tables first, and of columns where that is not enough: never of each change.
    """
    actions = {(each.table, each.action) for each in plan.changes}
    by_itself = {each.table for each in brought(resources, plan) if each.table not in followed}
    for level in (_of_table, _of_columns):
        needs = {
            table: {
                need for each, action in actions if each == table for need in level(resources[table], action)
            }
            for table in {table for table, _ in actions}
        }
        for table, some in needs.items():
            some |= set(_at_most_shown(resources[table], followed))
        lacking = await lacked(caller, (each for some in needs.values() for each in some))
        actions = {(table, action) for table, action in actions if not lacking.isdisjoint(needs[table])}
        if not actions:
            break
    return {table for table, _ in actions} | by_itself


async def lacked(caller: Caller, needs: Iterable[Need]) -> frozenset[Need]:
    """Those of some privileges that the role does not have."""
    needed = [[need.table, need.privilege, need.column or None] for need in sorted(set(needs))]
    if not needed:
        return frozenset()
    rows = await caller.query("SELECT * FROM iasql.lacking($1::pg_catalog.jsonb)", json.dumps(needed))
    return frozenset(Need(str(table), str(privilege), column or "") for table, privilege, column in rows)


def tables_of(resources: Iterable[Resource]) -> Iterator[str]:
    """The tables of some resources and of their parts."""
    for resource in resources:
        yield from (resource.table, *(part.relation for part in resource.parts))


def without(
    snapshot: Snapshot,
    plan: Plan,
    barred: Sequence[Change],
    refusal: Callable[[Change, Sequence[Change]], OperationError],
) -> Plan:
    """A plan without some changes.

    Args:
        refusal: what is said of a change that has to wait for some of these.

    Raises:
        OperationError: the refusal.
    """
    ids = {id(change) for change in barred}
    out = {step.number: step.change for step in plan.steps if id(step.change) in ids}
    stay = {(each.table, each.found.identity): each for each in barred if each.found}
    for step in plan.steps:
        if id(step.change) not in ids and step.after & out.keys():
            raise refusal(step.change, [out[number] for number in step.after & out.keys()])
    for change in plan.changes:  # what goes along with something has no step
        if id(change) not in ids and change.taken_along in stay:
            raise refusal(change, [stay[change.taken_along]])
    kept = [change for change in plan.changes if id(change) not in ids]
    return replace(plan, changes=tuple(kept), steps=graph.steps(snapshot, kept))


def _needs_others(change: Change, others: Sequence[Change]) -> OperationError:
    return OperationError(
        f"{change} needs a change that this role may not make",
        sqlstate="42501",
        detail="\n".join(map(str, others)) or None,
        hint="Whoever may make that has to apply it first.",
        table=change.table,
    )


def _reasons(changes: Sequence[Change], needs: Sequence[Sequence[Need]]) -> dict[Need, str]:
    """What needs each privilege, first of all."""
    reasons: dict[Need, str] = {}
    for change, some in zip(changes, needs, strict=True):
        for need in some:
            reasons.setdefault(need, str(change))
    return reasons


def of_row(resource: Resource, change: RowChange) -> Iterator[Need]:
    """The privileges that it takes to write one row, with those of its parts."""
    if change.action == "update":
        yield from (Need(change.table, "UPDATE", name) for name in (*change.values, *change.fills))
    elif change.action == "create":
        yield from of_new_row(resource)
    else:
        yield Need(change.table, "DELETE")
    for part in resource.parts:
        if change.action == "delete" or part.table in change.parts:
            yield Need(part.relation, "DELETE")
        if change.parts.get(part.table) or change.filled.get(part.table):
            yield Need(part.relation, "INSERT")
            yield from _of_sequence(part.relation, part.key)


def of_new_row(resource: Resource) -> Iterator[Need]:
    """The privileges that it takes to add a row whose key the engine fetches."""
    yield Need(resource.table, "INSERT")
    yield from _of_sequence(resource.table, resource.key)


def _of_sequence(table: str, key: tuple[str, ...]) -> Iterator[Need]:
    if key == ("id",):
        yield Need(table, "USAGE")


async def writable(
    caller: Caller,
    resources: Mapping[str, Resource],
    changes: Sequence[RowChange],
    followed: Collection[str],
) -> list[RowChange]:
    """Those changes of rows that can be made; the others wait for somebody whose role may.

    Args:
        followed: the tables whose rows follow AWS without the role's rights.
    """
    needs = [
        [each for each in of_row(resources[change.table], change) if each.table not in followed]
        for change in changes
    ]
    lacking = await lacked(caller, [each for some in needs for each in some])
    may = [lacking.isdisjoint(some) for some in needs]
    waiting = sorted({change.table for change, yes in zip(changes, may, strict=True) if not yes})
    if waiting:
        caller.notice(
            f"rows of {', '.join(waiting)} are not brought up to date: this role may not write them",
            hint="SELECT iasql_sync() of somebody who may does it.",
        )
    return [change for change, yes in zip(changes, may, strict=True) if yes]


#: The privileges that any change of a kind can take of the table.
_PRIVILEGES: Mapping[Action, tuple[str, ...]] = {
    "create": ("INSERT",),
    "update": ("UPDATE",),
    "replace": ("INSERT", "UPDATE", "DELETE"),
    "delete": ("DELETE",),
}


def _of_table(resource: Resource, action: Action) -> Iterator[Need]:
    yield from (Need(resource.table, each) for each in _PRIVILEGES[action])
    yield from _of_parts(resource, action)


def _of_columns(resource: Resource, action: Action) -> Iterator[Need]:
    for privilege in _PRIVILEGES[action]:
        if privilege == "DELETE":
            yield Need(resource.table, privilege)
        else:
            users = (each for each in resource.columns if each.on_change is not OnChange.ASSIGNED)
            yield from (Need(resource.table, privilege, each.name) for each in users)
    yield from _of_parts(resource, action)


def _of_parts(resource: Resource, action: Action) -> Iterator[Need]:
    for part in resource.parts:
        privileges = ("DELETE",) if action == "delete" else ("INSERT", "UPDATE", "DELETE")
        yield from (Need(part.relation, each) for each in privileges)


def _at_most_shown(resource: Resource, followed: Collection[str]) -> Iterator[Need]:
    """What it can take besides to show the result, where that takes the role's rights."""
    if resource.table not in followed:
        yield Need(resource.table, "UPDATE")
    for part in resource.parts:
        if part.relation not in followed:
            yield from _of_sequence(part.relation, part.key)


def of_change(resource: Resource, change: Change, followed: Collection[str] = ()) -> Iterator[Need]:
    """The privileges that one change takes, and the rows that will show it.

    Args:
        followed: the tables whose rows follow AWS without the role's rights.
    """
    table = resource.table
    if change.action in ("create", "replace"):
        yield from _inserted(resource, change)
    if change.action in ("update", "replace"):
        columns = {column.name for column in resource.columns}
        yield from (Need(table, "UPDATE", name) for name in change.changed if name in columns)
    if change.action in ("delete", "replace"):
        yield Need(table, "DELETE")
    for part in resource.parts:
        yield from _of_part(part, change, shown=part.relation not in followed)
    if change.desired is not None and table not in followed:
        yield from _shown(resource, change.desired.row.values)


def _inserted(resource: Resource, change: Change) -> Iterator[Need]:
    values = change.desired.row.values if change.desired else {}
    for column in resource.columns:
        value = values.get(column.name)
        if column.on_change is not OnChange.ASSIGNED and value is not None and not _is_default(column, value):
            yield Need(resource.table, "INSERT", column.name)


def _is_default(column: Column, value: Any) -> bool:
    """Whether a value is what Postgres gives a new row, which takes no privilege of the column."""
    default = (column.default or "").removeprefix("'").removesuffix("'")
    return bool(default) and default in (value, json.dumps(value))


def _shown(resource: Resource, values: Values) -> Iterator[Need]:
    for column in resource.columns:
        reset = column.path is None and column.on_change is OnChange.UPDATE
        chosen = column.left_to_aws and values.get(column.name) is None
        if column.on_change is OnChange.ASSIGNED or reset or chosen:
            yield Need(resource.table, "UPDATE", column.name)


def _of_part(part: Part, change: Change, *, shown: bool) -> Iterator[Need]:
    """What a change of a list's elements takes of the table that they are rows of.

    Args:
        shown: whether it takes a privilege to show what AWS has chosen.
    """
    ours = len(change.desired.row.parts.get(part.table, ())) if change.desired else 0
    theirs = len(change.found.parts.get(part.table, ())) if change.found else 0
    if part.left_to_aws and change.desired is not None and not ours:
        if shown:
            yield Need(part.relation, "INSERT")
            yield from _of_sequence(part.relation, part.key)
        return
    if change.action in ("update", "replace") and part.table not in change.changed:
        return
    if ours > theirs:
        yield Need(part.relation, "INSERT")
    if theirs > ours:
        yield Need(part.relation, "DELETE")
    if ours and theirs:
        yield Need(part.relation, "UPDATE")


def brought(resources: Mapping[str, Resource], plan: Plan) -> Iterator[Need]:
    """What it takes to show what AWS makes of its own accord along with what the plan makes."""
    made = {each.table for each in plan.changes if each.action in ("create", "replace")}
    for table in sync.tables_brought(resources, made):
        yield from of_new_row(resources[table])


def _denied(lacking: Iterable[Need], reasons: Mapping[Need, str], role: str) -> OperationError:
    by_table: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for need in sorted(lacking):
        by_table[need.table][need.privilege].append(need.column)
    by_itself = "what AWS makes by itself"
    lines = [
        f"{reasons.get(need, by_itself)} needs {need.privilege} on {_where(need)}" for need in sorted(lacking)
    ]
    missing = ", ".join(f"{'/'.join(privileges)} on {table}" for table, privileges in by_table.items())
    return OperationError(
        f"permission denied for what would be done: {missing}",
        sqlstate="42501",
        detail=listed(lines, _SHOWN),
        hint=" ".join(_grants(by_table, role)),
        table=min(lacking).table,
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
            yield f"GRANT {', '.join(rights)} ON {relation(table)} TO {identifier(role)};"
        if "USAGE" in privileges:
            yield f"GRANT USAGE ON SEQUENCE {relation(table + '_id_seq')} TO {identifier(role)};"
