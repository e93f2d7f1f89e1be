"""The order of a plan's steps, from references alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.errors import OperationError
from engine.plan.model import Change, Found, Key, Kind, Pending, Step
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot
from modules.spec import After

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
        self.to_be_named: dict[tuple[str, Any], int] = {}
        self.leaving: dict[tuple[str, str], int] = {}
        for index, (kind, change) in enumerate(self.nodes):
            if kind == "create" and change.desired:
                self.made[change.table, change.desired.row.key] = index
                if (resource := self.resources[change.table]).key_in_name:
                    self.to_be_named[change.table, natural_key(resource, change.desired.values)] = index
            if kind == "delete" and change.found:
                self.leaving[change.table, change.found.identity] = index
        self.first = {
            (each.table, each.found.identity) for each in changes if each.delete_first and each.found
        }
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
                self.after[index].update(self._named_before_made(change))

    def _named_before_made(self, change: Change) -> Iterator[int]:
        """The steps that make what a row names as AWS will call it."""
        for column in self.resources[change.table].columns if self.to_be_named and change.desired else ():
            key_of = self.resources[column.refers].key_in_name if column.refers else None
            if key_of is None or column.refers is None or change.desired is None:
                continue
            places = (
                (column.refers, key_of(each)) for each in column.names(change.desired.values[column.name])
            )
            yield from (self.to_be_named[place] for place in places if place in self.to_be_named)

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
            held: set[tuple[str, str]] | None = None
            for target in self._referred(change.found):
                if target not in self.leaving or self.leaving[target] == index:
                    continue
                if target in self.first:  # what goes on naming it would only be in its way
                    if held is None:
                        held = set(self.snapshot.referred(change.found, held=True))
                    if target not in held:
                        continue
                self.after[self.leaving[target]].add(index)

    def _letting_go(self, change: Change, found: Found) -> int:
        """The step after which a resource refers no more to what it has referred to."""
        if change.action == "update":
            return self.number["update", id(change)]
        return self.leaving[change.table, found.identity]

    def _referred(self, found: Found) -> Iterator[tuple[str, str]]:
        """The resources that one refers to, by table and identity, those that arrays name included."""
        yield from self.snapshot.referred(found)
        yield from self.snapshot.named(found)

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
            if kind != "create" and change.found:
                holders |= dict.fromkeys(self._held(change, change.found.values), index)
        if not holders:
            return
        for index, (kind, change) in enumerate(self.nodes):
            if kind == "delete" or change.desired is None:
                continue
            key = natural_key(self.resources[change.table], change.desired.values)
            wanted = [] if key is None else [(change.table, key)]
            for each in (*wanted, *self._held(change, change.desired.values)):
                if each in holders and self.nodes[holders[each]][1] is not change:
                    self.after[index].add(holders[each])

    def _held(self, change: Change, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """What only one resource of a table can have at a time, and one of these values has."""
        names = self.resources[change.table].holds
        some = ((name, values.get(name)) for name in names)
        return [
            (change.table, (name, value))
            for name, value in some
            if value is not None and not isinstance(value, Pending)
        ]

    def _declared(self) -> None:
        made: dict[tuple[str, str, Any], list[int]] = defaultdict(list)
        left: dict[tuple[str, str, Any], list[int]] = defaultdict(list)
        orders = {(order.table, order.shares) for each in self.resources.values() for order in each.after}
        for index, (kind, change) in enumerate(self.nodes):
            for table, column in orders if orders else ():
                if table != change.table:
                    continue
                if kind != "delete" and change.desired is not None:
                    made[table, column, _hashable(change.desired.values.get(column))].append(index)
                if kind != "create" and change.found is not None and self._leaves(change, column):
                    left[table, column, change.found.values.get(column)].append(index)
        for index, (kind, change) in enumerate(self.nodes):
            for order in self.resources[change.table].after:
                if kind != "delete" and change.desired is not None:
                    ours = self._shared(change, order, change.desired.values)
                    if ours is not None:
                        self.after[index].update(made[order.table, order.shares, _hashable(ours)])
                if kind == "delete" and change.found is not None and order.gone_first:
                    theirs = self._shared(change, order, change.found.values)
                    for other in left[order.table, order.shares, theirs] if theirs is not None else ():
                        self.after[other].add(index)

    def _leaves(self, change: Change, column: str) -> bool:
        """Whether a resource goes, or refers to something else than before."""
        if change.action != "update" or change.desired is None or change.found is None:
            return True
        return bool(change.desired.values.get(column) != change.found.values.get(column))

    def _shared(self, change: Change, order: After, values: Mapping[str, Any]) -> Any:
        """What a resource and those of another table have in common, as AWS calls or will call it."""
        if order.through is None:
            return values.get(order.shares)
        reference = self.resources[change.table].column(order.through).reference
        assert reference is not None
        value = values.get(order.through)
        if isinstance(value, Pending):
            number = self.made.get((value.table, value.key))
            desired = self.nodes[number][1].desired if number is not None else None
            return desired.values.get(order.shares) if desired else None
        found = self.snapshot.by(reference.table, reference.by, value)
        return found.values.get(order.shares) if found else None

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


def _hashable(value: Any) -> Any:
    """What is pending, or a value, as a key."""
    return (value.table, value.key) if isinstance(value, Pending) else value


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
