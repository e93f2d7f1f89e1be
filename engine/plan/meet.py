"""Which row is which resource, and where the two differ. Pure.

It is found out once for an operation. Most rows show what AWS holds: nothing more has to be known of these.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.plan import descriptions, diff, three_way
from engine.plan.model import Desired, Found, Key, Row
from engine.plan.resolve import Resolver
from engine.plan.snapshot import Snapshot
from modules.spec import Resource

Place = tuple[str, Key]
#: A resource by its table and AWS's name for it.
Name = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """Which row is which resource, and where the two differ.

    Attributes:
        left_out: rows that cannot be used.
        desired: the resolved rows, by table.
        same: the keys of those that show what AWS holds, by table.
        differing: the columns and parts in which others differ, by row; but not where nobody may change them.
        without_resource, without_row: what has no counterpart.
    """

    snapshot: Snapshot
    rows: Mapping[str, Sequence[Row]]
    left_out: Collection[Place]
    resolver: Resolver
    desired: Mapping[str, Sequence[Desired]]
    same: Mapping[str, Collection[Key]]
    differing: Mapping[Place, frozenset[str]]
    without_resource: Sequence[Desired]
    without_row: Sequence[Found]

    @property
    def pairs(self) -> Mapping[Place, Found]:
        return self.resolver.pairs

    def wanted(self) -> Mapping[str, Sequence[str]]:
        """The resources whose bases decide something, by table."""
        names: dict[str, list[str]] = {}
        for place in self.differing:
            names.setdefault(place[0], []).append(self.pairs[place].identity)
        for desired in self.without_resource:
            name = shown_name(self.snapshot.resources[desired.row.table], desired)
            if name is not None:
                names.setdefault(desired.row.table, []).append(name)
        for found in self.without_row:
            names.setdefault(found.table, []).append(found.identity)
        return names


def keys_of(pairs: Mapping[Place, Found]) -> dict[Name, Key]:
    """The key of the row of each resource that has one."""
    return {(table, found.identity): key for (table, key), found in pairs.items()}


def meet(snapshot: Snapshot, rows: Mapping[str, Sequence[Row]], left_out: Collection[Place] = ()) -> Meeting:
    """Pair rows with resources, and see where they differ.

    Args:
        left_out: rows that cannot be used, by table and key.
    """
    resolver = Resolver(snapshot, rows, left_out)
    all_desired: dict[str, list[Desired]] = {}
    same: dict[str, set[Key]] = {}
    differing: dict[Place, frozenset[str]] = {}
    without_resource: list[Desired] = []
    without_row: list[Found] = []
    for resource in snapshot.resources.values():
        paired: set[str] = set()
        alike = same[resource.table] = set()
        all_desired[resource.table] = resolver.table(resource)
        for desired in all_desired[resource.table]:
            place = resource.table, desired.row.key
            found = resolver.pairs.get(place)
            if found is not None:
                paired.add(found.identity)
            if place in left_out:
                continue
            if found is None:
                without_resource.append(desired)
            elif resource.protected is not None and descriptions.is_protected(resource, found):
                continue  # its row is put right, whatever it says
            elif names := diff.changed(resource, resolver.completed(resource, desired, found), found):
                differing[place] = names
            else:
                alike.add(desired.row.key)
        without_row += [each for each in snapshot.tables[resource.table] if each.identity not in paired]
    return Meeting(
        snapshot=snapshot,
        rows=rows,
        left_out=left_out,
        resolver=resolver,
        desired=all_desired,
        same=same,
        differing=differing,
        without_resource=without_resource,
        without_row=without_row,
    )


def shown_name(resource: Resource, desired: Desired) -> str | None:
    """What AWS called the resource that a row has shown; None if it has not shown any."""
    if resource.identity:
        name = desired.row.values.get(resource.identity)
        return None if name is None else str(name)
    return (
        None if three_way.is_pending(desired.values) else descriptions.natural_name(resource, desired.values)
    )
