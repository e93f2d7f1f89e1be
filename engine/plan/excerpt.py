"""The part of a plan that concerns some tables, with what that needs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from engine.plan import graph, sync
from engine.plan.model import Plan, RowChange
from engine.plan.snapshot import Snapshot


def of_plan(snapshot: Snapshot, plan: Plan, tables: Collection[str]) -> Plan:
    """A plan without what neither concerns some tables nor is needed by what does."""
    by_number = {step.number: step for step in plan.steps}
    waiting = [step for step in plan.steps if step.change.table in tables]
    kept = {step.number for step in waiting}
    while waiting:
        needed = waiting.pop().after - kept
        kept |= needed
        waiting += [by_number[number] for number in needed]
    some = [by_number[number].change for number in kept]
    ids, gone = set(map(id, some)), {(each.table, each.found.identity) for each in some if each.found}
    changes = tuple(each for each in plan.changes if id(each) in ids or each.taken_along in gone)
    return replace(
        plan,
        changes=changes,
        steps=graph.steps(snapshot, list(changes)),
        restores=tuple(each for each in plan.restores if each.table in tables),
    )


def of_row_changes(
    snapshot: Snapshot, changes: Sequence[RowChange], tables: Collection[str]
) -> tuple[RowChange, ...]:
    """The changes of rows in some tables, and the new rows of what those refer to."""
    there = [each for each in tables if each in snapshot.tables]
    referred = sync.with_referred(snapshot, there)
    return tuple(
        each
        for each in changes
        if each.table in tables or (each.action == "create" and (each.table, each.name) in referred)
    )
