"""A plan for the rows that can be used, made around those that cannot. Pure.

A row that cannot be used is left out, and what refers to it. What they are in AWS stays as it is, and so does
what that uses there: nothing is deleted or replaced because of a value that nobody can read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.plan import states
from engine.plan.apply import plan_apply
from engine.plan.merge import Merged
from engine.plan.model import Change, Key, Plan, Row
from engine.plan.snapshot import Snapshot
from modules.spec import Resource

Place = tuple[str, Key]


@dataclass(frozen=True)
class Around:
    """A plan, and what it leaves alone.

    Attributes:
        rows: those that are left out, by table and key.
        resources: those without a row that would be deleted and stay, by table and identity.
    """

    plan: Plan
    rows: frozenset[Place] = frozenset()
    resources: frozenset[tuple[str, str]] = frozenset()


def plan_merged(snapshot: Snapshot, merged: Merged) -> Plan:
    """What makes AWS hold what the tables hold, once their rows have followed AWS.

    Raises:
        OperationError: as `plan_apply` raises it.
    """
    return plan_apply(
        snapshot,
        merged.rows,
        kept=merged.kept,
        agreed=merged.agreed,
        gone=merged.gone,
        meeting=merged.meeting,
    )


def plan_around(snapshot: Snapshot, merged: Merged, unusable: Collection[Place]) -> Around:
    """The same, as far as the rows can be used.

    Args:
        unusable: the rows that cannot, by table and key; those about which there is a conflict cannot either.

    Raises:
        OperationError: as `plan_apply` raises it.
    """
    rows, unusable = merged.rows, {*unusable, *merged.conflicting}
    if not unusable:
        return Around(plan_merged(snapshot, merged))  # as it is for most
    out, kept = _with_referring(snapshot.resources, rows, unusable), merged.kept
    while True:
        plan = plan_apply(snapshot, rows, left_out=out, kept=kept, agreed=merged.agreed, gone=merged.gone)
        used = set(_used(snapshot, plan, out, kept))
        touched = [each for each in plan.changes if _takes_away(each, used)]
        if not touched:
            return Around(plan, out, kept)
        replaced = {(each.table, each.desired.row.key) for each in touched if each.desired}
        out = _with_referring(snapshot.resources, rows, out | replaced)
        kept |= {(each.table, each.found.identity) for each in touched if each.found and not each.desired}


def _takes_away(change: Change, used: Collection[tuple[str, str]]) -> bool:
    return (
        change.action in ("delete", "replace")
        and change.found is not None
        and (change.table, change.found.identity) in used
    )


def _used(
    snapshot: Snapshot, plan: Plan, out: Iterable[Place], kept: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """What the resources use that are left alone, by table and identity."""
    held = [plan.pairs[place] for place in out if place in plan.pairs]
    held += [found for table, identity in kept if (found := snapshot.by(table, None, identity))]
    for found in held:
        yield from snapshot.referred(found)
        yield from snapshot.named(found)


def _with_referring(
    resources: Mapping[str, Resource], rows: Mapping[str, Sequence[Row]], out: Collection[Place]
) -> frozenset[Place]:
    """Some rows, and all that refer to them, directly or not."""
    found = set(out)
    for resource in resources.values():  # in reference order
        for row in rows.get(resource.table, ()):
            targets = (
                (column.reference.table, (value,))
                for _, column, value in states.references(resource, row)
                if column.reference
            )
            if not found.isdisjoint(targets):
                found.add((resource.table, row.key))
    return frozenset(found)
