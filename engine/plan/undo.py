"""What puts rows back to what they were before an operation. Pure.

The history tells for each resource that the operation touched what was agreed before and after it. A picture
of the account is made from what is agreed now, with that taken back; a sync with this picture, instead of
with AWS, is the undo. What somebody has changed since stands in its way: it is refused, with the names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.plan import states
from engine.plan.base import State, state_of
from engine.plan.meet import Name, keys_of
from engine.plan.memory import Memory, Remembered, Touched
from engine.plan.model import Desired, Found, Key, Pending, Row, RowChange
from engine.plan.resolve import Resolver, natural_key, natural_key_to_be
from engine.plan.snapshot import Snapshot
from engine.plan.states import whole
from engine.plan.sync import Mirror, deleted
from modules.spec import Column, Resource


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Why something cannot be put back: it has been changed since.

    Attributes:
        table: of the resource; `name` as a person would write it.
        column: None for the resource as a whole.
        why: as a sentence goes on.
    """

    table: str
    name: str
    column: str | None
    why: str

    def __str__(self) -> str:
        column = f", {self.column}" if self.column else ""
        return f"{self.table} {self.name}{column}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Undo:
    """What an undo does.

    Attributes:
        changes: of rows, if nothing stands in the way.
        conflicts: what does.
    """

    changes: tuple[RowChange, ...]
    conflicts: tuple[Conflict, ...]


def undone(
    resources: Sequence[Resource],
    rows: Mapping[str, Sequence[Row]],
    remembered: Iterable[Remembered],
    operation: int,
    *,
    keep_new: bool = False,
) -> Undo:
    """What puts rows back to what they were before an operation.

    Args:
        keep_new: leave rows of what it began to show: it was there already.
        resources: all, in reference order.
        remembered: what is agreed now of each resource, and all that the operation began or ended, or that
            took the place of another.
    """
    return _Undo(resources, rows, remembered, operation, keep_new).run()


class _Undo:
    def __init__(
        self,
        resources: Sequence[Resource],
        rows: Mapping[str, Sequence[Row]],
        remembered: Iterable[Remembered],
        operation: int,
        keep_new: bool,
    ) -> None:
        self._keep_new = keep_new
        self._resources = {each.table: each for each in resources}
        self._rows = rows
        self._memory = Memory(resources, remembered, operation)
        listed = self._listed({name: each.state for name, each in self._memory.now.items()})
        self._snapshot = Snapshot(resources, listed, rows)
        self._resolver = Resolver(self._snapshot, rows)
        for resource in resources:
            self._resolver.table(resource)
        self._keys = keys_of(self._resolver.pairs)
        self._conflicts: list[Conflict] = []
        self._again: dict[Name, Key] = {}  # the rows that ask already for what was deleted

    def run(self) -> Undo:
        """What an undo does."""
        back: dict[Name, State] = {}
        columns: dict[Name, frozenset[str]] = {}
        gone: set[Name] = set()
        order = {table: at for at, table in enumerate(self._resources)}
        for each in sorted(self._memory.touched(), key=lambda each: order[each.resource.table]):
            name = each.resource.table, each.identity
            if each.before is None:
                if self._is_there(each) and self._is_as_after(each):
                    gone.add(name)
            elif each.now is None and each.after is None:
                if not self._is_asked_for(each) and self._is_free(each):
                    back[name] = each.before
            else:
                columns[name] = self._put_back(each, back)
        self._check_unused(gone, back)
        picture = self._picture(back, gone)
        changes = () if self._conflicts else tuple(self._changes(picture, back, columns, gone))
        return Undo(changes=changes, conflicts=tuple(self._conflicts))

    # What stands in the way -----------------------------------------------------------------------------

    def _put_back(self, each: Touched, back: dict[Name, State]) -> frozenset[str]:
        """Put a resource back that was changed, or replaced; the columns and parts in which it was."""
        resource, before, after, now = each.resource, each.before, each.after, each.now
        assert before is not None
        if now is None:
            self._refuse(each, None, "it has been deleted since")
            return frozenset()
        if after is None:
            self._refuse(each, None, "it has been made again since")
            return frozenset()
        changed = differing(resource, before, after)
        self._check(each, changed, after, now)
        values = {name: before.values.get(name) for name in changed if name not in before.parts}
        parts = {name: before.parts[name] for name in changed if name in before.parts}
        back[resource.table, each.identity] = states.with_values(now.state, values, parts)
        return changed

    def _is_asked_for(self, each: Touched) -> bool:
        """Whether a row that has not been applied asks for what was deleted; if for less, that is refused."""
        resource, before = each.resource, each.before
        assert before is not None
        state = whole(resource, self._pending(resource, self._memory.renamed((resource.table, ""), before)))
        called = natural_key_to_be(resource, state.values)
        taken = {(table, key) for (table, _), key in self._again.items()}
        for (table, key), desired in self._resolver.desired.items():
            if table != resource.table or (table, key) in self._resolver.pairs:
                continue
            if natural_key_to_be(resource, desired.values) == called and (table, key) not in taken:
                if not states.changed_since(resource, desired, state):
                    self._again[table, each.identity] = key
                    return True
                if resource.unique_in_aws:
                    self._refuse(each, None, "there is a row of this name, which has not been applied")
                    return True
        return False

    def _pending(self, resource: Resource, state: State) -> State:
        """A state that refers to rows that have not been applied where these ask for what it refers to."""

        def renamed(columns: Iterable[Column], values: Mapping[str, Any]) -> dict[str, Any]:
            result = dict(values)
            for column in columns:
                if (reference := column.reference) is None or values.get(column.name) is None:
                    continue
                by = reference.by or self._resources[reference.table].identity or ""
                for (table, identity), key in self._again.items():
                    then = self._called(table, identity, reference.by)
                    if table == reference.table and then == values[column.name]:
                        result[column.name] = Pending(table, key, by)
            return result

        parts = {
            part.table: tuple(renamed(part.columns, each) for each in state.parts[part.table])
            for part in resource.parts
            if part.table in state.parts
        }
        return State(renamed(resource.columns, state.values), parts)

    def _called(self, table: str, identity: str, by: str | None) -> Any:
        """What another resource called one that was deleted."""
        then = self._memory.before.get((table, identity))
        return identity if by is None else then.state.values.get(by) if then else None

    def _is_free(self, each: Touched) -> bool:
        """Whether nothing has the name of what was deleted; if something has, that is refused."""
        resource, state = each.resource, each.before
        assert state is not None
        if resource.unique_in_aws:
            state = whole(resource, self._memory.renamed((resource.table, ""), state))
            key = natural_key(resource, state.values)
            for one in self._snapshot.tables[resource.table]:
                if natural_key(resource, one.values) == key:
                    # What has no name of AWS's is the same again if it says the same.
                    if resource.identity or differing(resource, state, state_of(one)):
                        self._refuse(each, None, "there is one of this name again")
                    return False
        return True

    def _is_there(self, each: Touched) -> bool:
        """Whether what the operation made is there, and is to go; if it was made again, that is refused."""
        if each.now is None and not self._keep_new:
            table = each.resource.table
            again = self._memory.now.get((table, self._memory.meant((table, each.identity))))
            if again is not None:
                who = (
                    f"operation {again.operation} has made it again" if again.operation else "is there again"
                )
                self._refuse(each, None, f"it was deleted since, and {who}")
        return each.now is not None and not self._keep_new

    def _is_as_after(self, each: Touched) -> bool:
        """Whether what the operation made has not been changed since; if it has, that is refused."""
        if (each.resource.table, each.identity) not in self._keys:
            return False  # its row has been deleted already
        before = len(self._conflicts)
        assert each.after is not None
        assert each.now is not None
        self._check(each, states.names(each.resource), each.after, each.now)
        return len(self._conflicts) == before

    def _check(self, each: Touched, names: Collection[str], after: State, now: Remembered) -> None:
        """Refuse what has been changed since, in the rows or in AWS."""
        resource = each.resource
        after = self._memory.renamed((resource.table, each.identity), after)
        since = differing(resource, after, now.state) & set(names)
        who = f"operation {now.operation} has changed it" if now.operation else "it has been changed"
        for name in sorted(since):
            self._refuse(each, name, f"{who} since")
        key = self._keys.get((resource.table, each.identity))
        if key is None:
            self._refuse(each, None, "its row has been deleted, which has not been applied")
            return
        desired = self._resolver.desired[resource.table, key]
        edited = states.changed_since(resource, desired, whole(resource, now.state)) & set(names)
        if each.before is not None:  # what is as it was before has nothing done to it
            before = whole(resource, self._memory.renamed((resource.table, each.identity), each.before))
            edited &= states.changed_since(resource, desired, before)
        for name in sorted(edited - since):
            self._refuse(each, name, "its row has been changed, which has not been applied")

    def _check_unused(self, gone: Collection[Name], back: Mapping[Name, State]) -> None:
        """Refuse to delete rows that others refer to, which stay."""
        leaving = {(table, self._keys[table, identity]): (table, identity) for table, identity in gone}
        for table, resource in self._resources.items() if leaving else ():
            for row in self._rows.get(table, ()):
                found = self._resolver.pairs.get((table, row.key))
                if (table, row.key) in leaving or (found and (table, found.identity) in back):
                    continue
                for _, column, value in states.references(resource, row):
                    assert column.reference is not None
                    used = leaving.get((column.reference.table, (value,)))
                    if used is not None and not column.reference.cascade:
                        self._refuse_used(used, f"{table} {self._resolver.name(resource, row)}")

    def _refuse_used(self, used: Name, user: str) -> None:
        table, identity = used
        found = found_of(self._resources[table], identity, self._memory.now[used].state)
        name = self._snapshot.natural_name(found)
        self._conflicts.append(Conflict(table=table, name=name, column=None, why=f"{user} refers to it"))

    def _refuse(self, each: Touched, column: str | None, why: str) -> None:
        state = each.after or each.before
        assert state is not None
        name = self._snapshot.natural_name(found_of(each.resource, each.identity, state))
        self._conflicts.append(Conflict(table=each.resource.table, name=name, column=column, why=why))

    # What the rows are to show --------------------------------------------------------------------------

    def _listed(self, agreed: Mapping[Name, State]) -> dict[str, list[Found]]:
        listed: dict[str, list[Found]] = defaultdict(list)
        for (table, identity), state in agreed.items():
            listed[table].append(found_of(self._resources[table], identity, state))
        return listed

    def _picture(self, back: Mapping[Name, State], gone: Collection[Name]) -> Snapshot:
        """The account as the rows are to show it."""
        agreed = {name: each.state for name, each in self._memory.now.items() if name not in gone}
        agreed |= {name: self._memory.renamed(name, state) for name, state in back.items()}
        return Snapshot(list(self._resources.values()), self._listed(agreed), self._rows)

    def _changes(
        self,
        picture: Snapshot,
        back: Mapping[Name, State],
        columns: Mapping[Name, frozenset[str]],
        gone: Collection[Name],
    ) -> Iterator[RowChange]:
        mirror = Mirror(picture, self._rows, {})
        mirror.keys |= self._keys
        for table, identity in columns:
            resource, shown = self._resources[table], picture.by(table, None, identity)
            if shown is not None and resource.key != ("id",):
                mirror.add(shown, tuple(shown.values[name] for name in resource.key))
        made = [name for name in back if name not in columns]
        for table, resource in self._resources.items():
            for found in picture.tables[table]:
                if (table, found.identity) in made:
                    mirror.add_new(resource, found)
                    yield as_new(resource, mirror.created(resource, found))
        by_key = {(table, row.key): row for table, some in self._rows.items() for row in some}
        for name, names in columns.items():
            resource, shown = self._resources[name[0]], picture.by(name[0], None, name[1])
            if shown is None:
                continue
            row = by_key[name[0], self._keys[name]]
            same = states.names(resource) - names
            change = mirror.updated(resource, row, shown, same)
            if change is not None:
                yield change
        for table, resource in reversed(self._resources.items()):
            for name in gone:
                if name[0] == table:
                    yield deleted(resource, by_key[table, self._keys[name]])


def as_new(resource: Resource, change: RowChange) -> RowChange:
    """The row of what is to be made again, which AWS has yet to name."""
    values = {
        column.name: None if column.is_aws_to_say and not column.not_null else change.values[column.name]
        for column in resource.columns
    }
    return replace(change, values={**change.values, **values})


def differing(resource: Resource, one: State, other: State) -> frozenset[str]:
    """The columns and parts that are not AWS's to say in which two states differ."""
    # Both ways, as a row that leaves something to AWS differs from none that says something.
    return _changed(resource, one, other) | _changed(resource, other, one)


def _changed(resource: Resource, one: State, other: State) -> frozenset[str]:
    now = whole(resource, one)
    row = Row(table=resource.table, key=(), values=now.values)
    return states.changed_since(resource, Desired(row, now.values, now.parts), whole(resource, other))


def found_of(resource: Resource, identity: str, state: State) -> Found:
    """A resource as it would be in AWS."""
    all_of_it = whole(resource, state)
    return Found(
        table=resource.table,
        identity=identity,
        description={},
        values=all_of_it.values,
        parts=all_of_it.parts,
    )
