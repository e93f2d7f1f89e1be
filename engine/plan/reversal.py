"""What has AWS hold again what it held before an operation, of which a step failed. Pure.

The rows have no part in it: they go on asking for what they ask for. In their place stands a picture of AWS
as it is now, with what the operation did taken back; the plan of that picture is the reversal. What the
operation has not touched is in the picture as AWS has it, so that nothing is planned for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.plan import descriptions
from engine.plan.apply import plan_apply
from engine.plan.base import State
from engine.plan.brought import came_of_itself
from engine.plan.meet import Name, Place
from engine.plan.memory import Remembered, Touched, touched
from engine.plan.model import Change, Found, Plan, Restore, Row, label
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot
from engine.plan.states import with_values
from engine.plan.sync import Mirror
from engine.plan.undo import as_new, differing, found_of
from modules.spec import Resource


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """How AWS is to be as it was.

    Attributes:
        plan: of steps that do it; its rows are not those of the tables.
        shown: which resource each of these rows stands for, as far as AWS holds it.
        left: what is not taken back, in words.
        unseen: of these, how many AWS may show a moment later.
    """

    plan: Plan
    shown: Mapping[Place, str]
    left: tuple[str, ...]
    unseen: int = 0


def reversal(snapshot: Snapshot, remembered: Iterable[Remembered], operation: int) -> Reversal:
    """Plan to take back what an operation has done.

    Args:
        snapshot: what AWS holds now.
        remembered: what is agreed now, and all that the operation began or ended.

    Raises:
        OperationError: as `plan_apply` raises it.
    """
    return _Reversal(snapshot, remembered, operation).run()


class _Reversal:
    def __init__(self, snapshot: Snapshot, remembered: Iterable[Remembered], operation: int) -> None:
        self._snapshot = snapshot
        self._resources = snapshot.resources
        self._agreed: set[Name] = set()
        some = []
        for each in remembered:
            some.append(each)
            if each.current:
                self._agreed.add((each.table, each.identity))
        self._gone: set[Name] = set()
        self._back: dict[Name, Found] = {}
        self._new: set[Name] = set()
        self._left: list[str] = []
        self._unseen = 0
        for one in touched(list(self._resources.values()), some, operation):
            self._take_back(one)

    def run(self) -> Reversal:
        while self._gone or self._back:
            along = self._along()
            rows, shown = self._rows(along)
            plan = plan_apply(self._snapshot, rows)
            others = [each for each in plan.changes if not self._is_own(each, along)]
            if not others:
                self._left += [each.why for each in plan.restores if each.why and self._is_to_change(each)]
                return self._result(plan, shown)
            self._spare(others)
        return self._result(Plan(changes=(), steps=(), restores=(), pairs={}), {})

    def _result(self, plan: Plan, shown: Mapping[Place, str]) -> Reversal:
        return Reversal(plan=plan, shown=shown, left=tuple(self._left), unseen=self._unseen)

    def _take_back(self, one: Touched) -> None:
        resource = one.resource
        name = resource.table, one.identity
        found = self._snapshot.by(resource.table, None, one.identity)
        if one.before is None:
            if found is not None:
                self._gone.add(name)
            elif one.now is not None:
                self._leave(one, "AWS does not show it", unseen=True)
        elif one.now is None and one.after is None:
            again = found_of(resource, one.identity, one.before)
            if found is not None:
                self._leave(one, "AWS shows it still", unseen=True)
            elif self._is_free(resource, again):
                self._back[name] = again
                self._new.add(name)
            else:
                self._leave(one, "there is one of this name again")
        elif found is None or one.after is None:
            self._leave(one, "AWS does not show it", unseen=True)
        else:
            changed = differing(resource, one.before, one.after)
            now = State(found.values, found.parts)
            if changed and changed.isdisjoint(differing(resource, one.before, now)):
                self._leave(one, "AWS does not show the change", unseen=True)
                return
            # What was replaced along with something else has no change of its own, and is again.
            values = {each: one.before.values.get(each) for each in changed if each not in found.parts}
            parts = {each: one.before.parts.get(each, ()) for each in changed if each in found.parts}
            state = with_values(State(found.values, found.parts), values, parts)
            self._back[name] = replace(found, values=state.values, parts=state.parts)

    def _is_free(self, resource: Resource, again: Found) -> bool:
        if not resource.unique_in_aws:
            return True
        key = natural_key(resource, again.values)
        return all(
            natural_key(resource, each.values) != key for each in self._snapshot.tables[resource.table]
        )

    def _leave(self, one: Touched, why: str, *, unseen: bool = False) -> None:
        self._unseen += unseen
        state = one.after or one.before
        assert state is not None
        found = found_of(one.resource, one.identity, state)
        self._left.append(f"{found.table} {label(self._snapshot.natural_name(found), found.identity)}: {why}")

    # The picture ----------------------------------------------------------------------------------------

    def _rows(self, along: Collection[Name]) -> tuple[dict[str, list[Row]], dict[Place, str]]:
        """What the rows would be that show AWS as it is to be."""
        picture = Snapshot(list(self._resources.values()), self._listed(along))
        mirror, number = Mirror(picture, {}, {}), 0
        for table, resource in self._resources.items():
            for found in picture.tables[table]:
                number -= 1
                own = resource.key == ("id",)
                key = (number,) if own else tuple(found.values[name] for name in resource.key)
                mirror.add(found, key)
        rows: dict[str, list[Row]] = {table: [] for table in self._resources}
        shown: dict[Place, str] = {}
        for table, resource in self._resources.items():
            for found in picture.tables[table]:
                change = mirror.created(resource, found)
                if (table, found.identity) in self._new:
                    change = as_new(resource, change)
                else:
                    shown[table, change.key] = found.identity
                values = {**dict(zip(resource.key, change.key, strict=True)), **change.values}
                rows[table].append(Row(table=table, key=change.key, values=values, parts=change.parts))
        return rows, shown

    def _listed(self, along: Collection[Name]) -> Mapping[str, Sequence[Found]]:
        listed: dict[str, list[Found]] = defaultdict(list)
        for table, some in self._snapshot.tables.items():
            for found in some:
                name = table, found.identity
                if name not in self._gone and name not in along:
                    listed[table].append(self._back.get(name, found))
        for table, identity in self._new:
            listed[table].append(self._back[table, identity])
        return listed

    def _along(self) -> frozenset[Name]:
        """What AWS has made along with what goes, and takes away with it."""
        result: set[Name] = set()
        for table, some in self._snapshot.tables.items():  # in reference order
            for found in some:
                name = table, found.identity
                if name not in self._agreed and self._goes_along(found, result):
                    result.add(name)
        return frozenset(result)

    def _goes_along(self, found: Found, along: Collection[Name]) -> bool:
        if self._snapshot.owner(found) in along:
            return True
        is_awss = self._is_protected(found) or came_of_itself(self._snapshot, found)
        return is_awss and not self._gone.isdisjoint(self._snapshot.referred(found))

    def _is_protected(self, found: Found) -> bool:
        resource = self._resources[found.table]
        return descriptions.is_protected(resource, found) or descriptions.is_kept(resource, found)

    # What is not the operation's ------------------------------------------------------------------------

    def _is_own(self, change: Change, along: Collection[Name]) -> bool:
        """Whether a change takes back what the operation did, or goes along with that."""
        if change.found is None:
            return change.action == "create"  # of what is to come again: all others are there
        name = change.table, change.found.identity
        if change.action == "delete":
            return name in self._gone or name in along
        return name in self._back

    def _is_to_change(self, restore: Restore) -> bool:
        """Whether a change is refused that takes back what the operation did."""
        found = restore.found
        return found is not None and ((found.table, found.identity) in self._gone | self._back.keys())

    def _spare(self, others: Iterable[Change]) -> None:
        """Leave what the operation made and something else uses now; or all, if that is not what it is."""
        used: set[Name] = set()
        for each in others:
            if each.found is not None:
                used |= set(self._snapshot.referred(each.found)) & self._gone
        why = "something uses it that the apply has not made"
        if not used:
            used = self._gone | self._back.keys()
            why = "AWS has been changed meanwhile"
        for name in sorted(used):
            found = self._snapshot.by(name[0], None, name[1]) or self._back[name]
            self._left.append(f"{name[0]} {label(self._snapshot.natural_name(found), name[1])}: {why}")
        self._gone -= used
        self._new -= used
        self._back = {name: found for name, found in self._back.items() if name not in used}
