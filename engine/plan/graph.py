"""The order of a plan's steps, from references alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.errors import OperationError
from engine.plan.model import Change, Found, Key, Kind, Pending, Step
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot

_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "create": ("create",),
    "update": ("update",),
    "replace": ("create", "delete"),
    "delete": ("delete",),
}


def steps(snapshot: Snapshot, changes: Sequence[Change]) -> tuple[Step, ...]:
    """The steps of some changes, in an order that respects what each has to wait for.

    Raises:
        OperationError: 0A000, some changes wait for each other.
    """
    return _Graph(snapshot, changes).ordered()


def pending(value: Any) -> Iterator[Pending]:
    """All that is pending in a value."""
    if isinstance(value, Pending):
        yield value
    elif isinstance(value, dict):  # JSON has no other mapping, and an abstract class is slow to ask for
        for each in value.values():
            yield from pending(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from pending(each)


class _Graph:
    def __init__(self, snapshot: Snapshot, changes: Sequence[Change]) -> None:
        self.snapshot = snapshot
        self.resources = snapshot.resources
        self.changes = changes
        self.nodes = [(kind, change) for change in changes for kind in _kinds(change)]
        self.after: list[set[int]] = [set() for _ in self.nodes]
        self.number = {(kind, id(change)): index for index, (kind, change) in enumerate(self.nodes)}
        self.made: dict[tuple[str, Key], int] = {}
        self.leaving: dict[tuple[str, str], int] = {}
        for index, (kind, change) in enumerate(self.nodes):
            if kind == "create" and change.desired:
                self.made[change.table, change.desired.row.key] = index
            if kind == "delete" and change.found:
                self.leaving[change.table, change.found.identity] = index
        for change in changes:
            if change.taken_along and change.found:
                self.leaving[change.table, change.found.identity] = self.leaving[change.taken_along]

    def ordered(self) -> tuple[Step, ...]:
        self._made_before_used()
        self._complete_before_pointed_to()
        self._let_go_before_removed()
        self._replaced_in_turn()
        self._names_freed()
        self._declared()
        order = self._sorted()
        position = {index: number for number, index in enumerate(order)}
        return tuple(
            Step(
                number=position[index],
                kind=self.nodes[index][0],
                change=self.nodes[index][1],
                after=frozenset(position[each] for each in self.after[index]),
            )
            for index in order
        )

    def _made_before_used(self) -> None:
        for index, (kind, change) in enumerate(self.nodes):
            if kind != "delete" and change.desired:
                for each in pending((change.desired.values, change.desired.parts)):
                    if (each.table, each.key) in self.made:
                        self.after[index].add(self.made[each.table, each.key])

    def _complete_before_pointed_to(self) -> None:
        """What is within a resource is made before what was there already is pointed to that, and before
        anything is pointed to what takes the place of another.
        """
        within: dict[tuple[str, Key], list[int]] = defaultdict(list)
        for index, (kind, change) in enumerate(self.nodes):
            if kind == "create" and (owner := self._owner(change)):
                within[owner].append(index)
        replaced = {
            (each.table, each.desired.row.key)
            for each in self.changes
            if each.action == "replace" and each.desired
        }
        for index, (kind, change) in enumerate(self.nodes if within else ()):
            if kind == "delete" or change.desired is None or self._is_inside(change):
                continue
            for each in pending((change.desired.values, change.desired.parts)):
                place = each.table, each.key
                if place in within and (change.found is not None or place in replaced):
                    self.after[index].update(number for number in within[place] if number != index)

    def _owner(self, change: Change) -> tuple[str, Key] | None:
        """The row that a new resource will be within, if that is to be made as well."""
        name = self.resources[change.table].within
        owner = change.desired.values.get(name) if name and change.desired else None
        return (owner.table, owner.key) if isinstance(owner, Pending) else None

    def _is_inside(self, change: Change) -> bool:
        """Whether a resource is within another, and so part of what has to be complete."""
        return self.resources[change.table].within is not None

    def _let_go_before_removed(self) -> None:
        """A resource is removed after whatever refers to it has been removed or refers to another."""
        for change in self.changes:
            if change.found is None:
                continue
            index = self._letting_go(change, change.found)
            for target in self._referred(change.found):
                if target in self.leaving and self.leaving[target] != index:
                    self.after[self.leaving[target]].add(index)

    def _letting_go(self, change: Change, found: Found) -> int:
        """The step after which a resource refers no more to what it has referred to."""
        if change.action == "update":
            return self.number["update", id(change)]
        return self.leaving[change.table, found.identity]

    def _referred(self, found: Found) -> Iterator[tuple[str, str]]:
        """The resources that one refers to, by table and identity, those that arrays name included."""
        yield from self.snapshot.referred(found)
        for column in self.resources[found.table].columns:
            if column.refers:
                yield from ((column.refers, each) for each in found.values.get(column.name) or ())

    def _replaced_in_turn(self) -> None:
        for change in self.changes:
            if _kinds(change) == ("create", "delete"):
                make, remove = self.number["create", id(change)], self.number["delete", id(change)]
                if change.delete_first:
                    self.after[make].add(remove)
                else:
                    self.after[remove].add(make)
            elif change.action == "replace" and change.taken_along and not change.delete_first:
                # The old one goes along with its owner: not before there is a new one.
                self.after[self.leaving[change.taken_along]].add(self.number["create", id(change)])

    def _names_freed(self) -> None:
        """A natural key that AWS allows only once is free after its holder has gone or changed."""
        holders: dict[tuple[str, Any], int] = {}
        for index, (kind, change) in enumerate(self.nodes):
            if kind != "create" and change.found and self.resources[change.table].unique_in_aws:
                key = natural_key(self.resources[change.table], change.found.values)
                holders[change.table, key] = index
        if not holders:
            return
        for index, (kind, change) in enumerate(self.nodes):
            if kind == "delete" or change.desired is None:
                continue
            key = natural_key(self.resources[change.table], change.desired.values)
            holder = holders.get((change.table, key))
            if key is not None and holder is not None and self.nodes[holder][1] is not change:
                self.after[index].add(holder)

    def _declared(self) -> None:
        sharing: dict[tuple[str, str, Any], list[int]] = defaultdict(list)
        orders = {(order.table, order.shares) for each in self.resources.values() for order in each.after}
        for index, (kind, change) in enumerate(self.nodes):
            for table, column in orders:
                if table == change.table and kind != "delete" and change.desired is not None:
                    sharing[table, column, change.desired.row.values.get(column)].append(index)
        for index, (kind, change) in enumerate(self.nodes):
            for order in self.resources[change.table].after:
                if kind != "delete" and change.desired is not None:
                    ours = change.desired.row.values.get(order.shares)
                    if ours is not None:
                        self.after[index].update(sharing[order.table, order.shares, ours])

    def _sorted(self) -> list[int]:
        before: dict[int, list[int]] = defaultdict(list)
        waiting = [len(each) for each in self.after]
        for index, others in enumerate(self.after):
            for other in others:
                before[other].append(index)
        ready = [index for index, count in enumerate(waiting) if count == 0]
        order: list[int] = []
        while ready:
            following: list[int] = []
            for index in ready:
                order.append(index)
                for each in before[index]:
                    waiting[each] -= 1
                    if waiting[each] == 0:
                        following.append(each)
            ready = following
        if len(order) < len(self.nodes):
            raise _circle(self.nodes[index][1] for index, count in enumerate(waiting) if count > 0)
        return order


def _kinds(change: Change) -> tuple[Kind, ...]:
    """The steps of a change; what AWS removes by itself needs none for that."""
    kinds = _KINDS[change.action]
    return tuple(kind for kind in kinds if kind != "delete") if change.taken_along else kinds


def _circle(changes: Iterable[Change]) -> OperationError:
    names = sorted({str(change) for change in changes})
    return OperationError(
        "these changes wait for each other",
        sqlstate="0A000",
        detail="; ".join(names),
        hint="Apply them in two steps, or give the replaced resource another name.",
    )
