"""The part of a plan that concerns some tables, or some of its changes, with what that needs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from engine.plan import descriptions, graph, sync
from engine.plan.model import Change, Plan, Restore, RowChange, Step
from engine.plan.snapshot import Snapshot


def of_plan(snapshot: Snapshot, plan: Plan, tables: Collection[str]) -> Plan:
    """A plan without what neither concerns some tables nor is needed by what does."""
    return with_needed(
        snapshot, plan, lambda change: change.table in tables, lambda restore: restore.table in tables
    )


def with_needed(
    snapshot: Snapshot,
    plan: Plan,
    is_wanted: Callable[[Change], bool],
    is_restored: Callable[[Restore], bool],
) -> Plan:
    """A plan without what is neither wanted nor needed by what is: what that has to wait for.

    What would go along with something that stays is removed by itself, if it can be.
    """
    kept = _needed(plan, filter(is_wanted, plan.changes))
    removed = _removed(each for each in plan.changes if id(each) in kept)
    alone = {
        id(each): replace(each, taken_along=None)
        for each in plan.changes
        if is_wanted(each) and each.taken_along and each.taken_along not in removed
    }
    if alone:
        changes = [alone.get(id(each), each) for each in plan.changes if _goes_alone(snapshot, each, alone)]
        plan = replace(plan, changes=tuple(changes), steps=graph.steps(snapshot, changes))
        kept = _needed(plan, filter(is_wanted, plan.changes))
        removed = _removed(each for each in plan.changes if id(each) in kept)
    changes = [each for each in plan.changes if id(each) in kept or each.taken_along in removed]
    return replace(
        plan,
        changes=tuple(changes),
        steps=graph.steps(snapshot, changes),
        restores=tuple(filter(is_restored, plan.restores)),
    )


def _needed(plan: Plan, wanted: Iterable[Change]) -> set[int]:
    """Some changes of a plan and all that their steps wait for, by `id()`."""
    steps: dict[int, list[Step]] = defaultdict(list)
    for step in plan.steps:
        steps[id(step.change)].append(step)
    changes = {step.number: step.change for step in plan.steps}
    waiting = list(wanted)
    kept = set(map(id, waiting))
    while waiting:
        for step in steps[id(waiting.pop())]:
            others = [changes[number] for number in step.after if id(changes[number]) not in kept]
            kept.update(map(id, others))
            waiting += others
    return kept


def _removed(changes: Iterable[Change]) -> set[tuple[str, str] | None]:
    """What some changes remove, by table and identity."""
    return {
        (each.table, each.found.identity)
        for each in changes
        if each.found and each.action in ("delete", "replace")
    }


def _goes_alone(snapshot: Snapshot, change: Change, alone: Collection[int]) -> bool:
    """Whether a change can be made, now that some are to be made without what takes them along."""
    resource = snapshot.resources[change.table]
    protected = change.found is not None and (
        descriptions.is_protected(resource, change.found) or descriptions.is_kept(resource, change.found)
    )
    return id(change) not in alone or (bool(resource.delete) and not protected)


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
