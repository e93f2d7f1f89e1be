"""What rows and AWS have each changed since they were last one, and what is to become of it. Pure.

It is a merge of three: the base, the rows, and what AWS holds. What AWS alone has changed, the rows follow;
what the rows alone have changed is left for the plan; what both have changed is a conflict, unless it can be
merged part by part. After that the plan compares the rows with AWS, and what differs is the user's change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from engine.plan import base as bases
from engine.plan import brought, descriptions, diff, states
from engine.plan.base import Base, State
from engine.plan.meet import Meeting, Name, Place, shown_name
from engine.plan.model import Desired, Found, Row, RowChange, integer_key
from engine.plan.ownership import owner
from engine.plan.pair import Pair
from engine.plan.resolve import natural_key
from engine.plan.sync import Mirror
from modules import ownership
from modules.spec import Resource


class Mode(Enum):
    """What becomes of what AWS has changed; from the strictest to the laxest."""

    CAREFUL = "careful"
    MERGE = "merge"
    ENFORCE = "enforce"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What has become of one column in which AWS differs from the base.

    Attributes:
        table, id, name: of the resource; `id` is the row's integer key, `name` AWS's name.
        label: its natural key, as a person would write it.
        column: a column, or the table of a part; None for the resource as a whole.
        base, row, answer: its values; AWS's is None if the resource is gone.
        taken: what the row will have.
        conflict: why it can be neither the row's nor AWS's value; "" if the row follows AWS.
    """

    table: str
    id: int | None
    name: str
    column: str | None
    base: Any
    row: Any
    answer: Any
    label: str = ""
    taken: Any = None
    conflict: str = ""

    @property
    def has_appeared(self) -> bool:
        """Whether AWS holds something that no row has shown, and that gets one."""
        return self.column is None and self.answer is not None and not self.conflict


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The rows after they have followed AWS, and what a plan of them has to know.

    Attributes:
        rows: by table.
        follows: the changes of rows by which they follow AWS.
        settled: the same column by column, and all conflicts.
        agreed: columns and parts in which a row and AWS differ and mean the same, by resource.
        gone: what AWS called the resources that are gone from it and whose rows stay, by row.
        conflicting: rows about which there is a conflict.
        kept: resources that stay although no row asks for them.
        deleted_though: what is to be deleted although AWS has changed it, by table and natural key, with the
            columns.
        keep: the bases that are new once the rows have followed, each with AWS's answer.
        meeting: which row is which resource, if no row has to follow and nothing is gone.
    """

    rows: Mapping[str, Sequence[Row]]
    follows: tuple[RowChange, ...] = ()
    settled: tuple[Settled, ...] = ()
    agreed: Mapping[Name, frozenset[str]] = field(default_factory=dict)
    gone: Mapping[Place, Found] = field(default_factory=dict)
    conflicting: frozenset[Place] = frozenset()
    kept: frozenset[Name] = frozenset()
    deleted_though: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    keep: tuple[tuple[Base, Found], ...] = ()
    meeting: Meeting | None = None

    @property
    def conflicts(self) -> list[Settled]:
        return [each for each in self.settled if each.conflict]


def merged(
    meeting: Meeting,
    kept: Mapping[Name, Base],
    mode: Mode,
    *,
    delete_unknown: bool = False,
    unfinished: Collection[Name] = (),
    lately: Collection[Name] = (),
) -> Merged:
    """Let the rows follow what AWS has changed.

    Args:
        kept: the bases of what the meeting wants.
        delete_unknown: in the mode `enforce`, resources without a row and without a base are left to be
            deleted.
        unfinished: what earlier operations began and did not finish to make, by table and natural key, or to
            remove, by table and AWS's name: how AWS has it is the engine's own doing, so that the row counts.
        lately: what of that has been found a short while ago: AWS may show only now what it made with it.
    """
    return _Merge(meeting, kept, mode, delete_unknown, frozenset(unfinished), frozenset(lately)).run()


@dataclass(frozen=True)
class Finished:
    """What operations that were cut off have made for rows that do not show it yet.

    Attributes:
        follows: the changes by which they do.
        keep: the bases that are new then, each with AWS's answer.
    """

    follows: tuple[RowChange, ...]
    keep: tuple[tuple[Base, Found], ...]


def finished(
    meeting: Meeting,
    kept: Mapping[Name, Base],
    unfinished: Collection[Name],
    lately: Collection[Name] = (),
) -> Finished:
    """Find what operations that were cut off have made; the arguments are as for `merged`."""
    return _Merge(meeting, kept, Mode.MERGE, False, frozenset(unfinished), frozenset(lately)).finished()


class _Merge:
    def __init__(
        self,
        meeting: Meeting,
        kept: Mapping[Name, Base],
        mode: Mode,
        delete_unknown: bool,
        unfinished: frozenset[Name],
        lately: frozenset[Name],
    ) -> None:
        self.snapshot = meeting.snapshot
        self.resolver = meeting.resolver
        self.mirror = Mirror(meeting.snapshot, meeting.rows, meeting.pairs)
        self.enforce = mode is Mode.ENFORCE
        self._meeting = meeting
        self._resources = meeting.snapshot.resources
        self._kept = kept
        self._careful = mode is Mode.CAREFUL
        self._delete_unknown = delete_unknown and self.enforce
        self._unfinished = unfinished
        self._begun = unfinished | lately
        self._removed: set[tuple[str, Any]] = set()
        self._finished: set[Name] = set()
        self._settled: list[Settled] = []
        self._agreed: dict[Name, frozenset[str]] = {}
        self._conflicting: set[Place] = set()
        self._resources_kept: set[Name] = set()
        self._deleted_though: list[tuple[str, str, tuple[str, ...]]] = []
        self._keep: list[tuple[Base, Found]] = []
        self._created: list[RowChange] = []
        self._updated: dict[Place, RowChange] = {}

    def run(self) -> Merged:
        meeting = self._meeting
        self.resolver.gone.clear()  # what an earlier merge of the same meeting has found
        for desired in meeting.without_resource:  # in reference order
            self._row_alone(desired)
        self._resources_alone()
        for place, names in meeting.differing.items():
            self._pair(self.resolver.desired[place].row, meeting.pairs[place], names)
        for desired in meeting.without_resource if self.resolver.gone else ():
            resource = self._resources[desired.row.table]
            if (resource.table, desired.row.key) not in self.resolver.gone:
                self.check_needs(resource, desired.row, states.names(resource))
        follows = (*self._created, *self._updated.values())
        return Merged(
            rows=followed(self._resources, meeting.rows, follows),
            follows=follows,
            settled=tuple(self._settled),
            agreed=self._agreed,
            gone=self.resolver.gone,
            conflicting=frozenset(self._conflicting),
            kept=frozenset(self._resources_kept),
            deleted_though=tuple(self._deleted_though),
            keep=tuple(self._keep),
            meeting=None if follows or self.resolver.gone else meeting,
        )

    # What has come of it --------------------------------------------------------------------------------

    def agree(self, found: Found, names: Iterable[str]) -> None:
        self._agreed[found.table, found.identity] = frozenset(names)

    def settle(
        self,
        table: str,
        row: Row | None,
        name: str,
        column: str | None,
        values: tuple[Any, Any, Any],
        conflict: str = "",
        *,
        label: str = "",
        taken: Any = None,
    ) -> None:
        """
        Args:
            values: the base's, the row's and AWS's.
            conflict: why it can be neither's; "" if the row follows AWS.
            label: the natural key, if there is no row that has it.
            taken: what the row will have.
        """
        if conflict and row is not None:
            self._conflicting.add((table, row.key))
        base, ours, theirs = (states.shown(self._resources[table], column, each) for each in values)
        self._settled.append(
            Settled(
                table=table,
                id=integer_key(row),
                name=name,
                column=column,
                base=base,
                row=ours,
                answer=theirs,
                label=self.resolver.name(self._resources[table], row) if row else label,
                taken=states.shown(self._resources[table], column, taken),
                conflict=conflict,
            )
        )

    def label(self, found: Found) -> str:
        """The natural key of a resource, with those of what it refers to."""
        return self.snapshot.natural_name(found)

    def follow(self, change: RowChange, base: Base, found: Found) -> None:
        self._updated[change.table, change.key] = change
        self.keep(base, found)

    def keep(self, base: Base, found: Found) -> None:
        self._keep.append((base, found))

    # A row without a resource ---------------------------------------------------------------------------

    def _row_alone(self, desired: Desired) -> None:
        resource = self._resources[desired.row.table]
        name = shown_name(resource, desired)
        base = self._kept.get((resource.table, name)) if name is not None else None
        if base is None:
            return  # it is to be made
        if self.enforce and not base.fresh and not base.answer.values.get(ownership.NAME):
            return  # the same; what something else owned is that one's to make again
        if self._is_removed(resource, base):
            self._removed.add((base.table, base.identity))
            return  # the same, by an operation that was cut off
        state = states.with_missing(
            resource, base.answer, states.with_missing(resource, base.row, states.nothing(resource))
        )
        gone = Found(
            table=base.table,
            identity=base.identity,
            description={},
            values=state.values,
            parts=state.parts,
        )
        self.resolver.gone[resource.table, desired.row.key] = gone
        desired = self.resolver.resolve(resource, desired.row)
        why = "AWS does not show it yet" if base.fresh else "it is gone from AWS"
        changed = sorted(
            states.changed_since(resource, desired, states.with_missing(resource, base.row, state))
            - self._replaced_targets(resource, base)
        )
        for each in changed:
            values = states.of(base.row, each), states.of(desired, each), None
            self.settle(resource.table, desired.row, gone.identity, each, values, why)
        if not changed and not base.fresh:
            self.settle(resource.table, desired.row, gone.identity, None, (True, True, None))

    def _is_removed(self, resource: Resource, base: Base) -> bool:
        """Whether an operation that was cut off has removed a resource, or what it was within."""
        if (resource.table, base.identity) in self._unfinished:
            return True
        column = resource.column(resource.within) if resource.within else None
        if column is None or column.reference is None:
            return False
        owner = column.reference.table, base.row.values.get(column.name)
        return owner in self._unfinished or owner in self._removed

    def _replaced_targets(self, resource: Resource, base: Base) -> frozenset[str]:
        """The columns in which a base names what AWS holds no more: what a row names there may have replaced
        it.
        """
        return frozenset(
            name
            for name, column, value in states.references(resource, base.row)
            if self.snapshot.target(column, value) is None
        )

    def check_needs(self, resource: Resource, row: Row, names: Collection[str]) -> None:
        """Refuse that some columns and parts of a row refer to what is gone."""
        for name, column, key in states.references(resource, row):
            gone = self.resolver.gone.get((column.reference.table, (key,))) if column.reference else None
            if gone is not None and name in names:
                why = f"{gone.table} {gone.identity} is gone from AWS"
                own = self._meeting.pairs.get((row.table, row.key))
                called = own.identity if own else self.resolver.name(resource, row)
                self.settle(resource.table, row, called, name, (None, gone.identity, None), why)

    def enforces(self, found: Found) -> bool:
        """Whether a row wins whatever AWS says: not where something else owns the resource."""
        return self.enforce and owner(found) is None

    # A resource without a row ---------------------------------------------------------------------------

    def _resources_alone(self) -> None:
        """Give a row to what has none and never had one."""
        new: list[Found] = []
        for found in self._meeting.without_row:
            base = self._base(found)
            if base is not None:
                self._deleted(found, base)
            elif not (self._delete_unknown and self.enforces(found)) and not self._is_leftover(found):
                if self._is_asked_again(found):
                    self._resources_kept.add((found.table, found.identity))
                else:
                    new.append(found)
        for found in new:
            self.mirror.add_new(self._resources[found.table], found)
        for found in new:  # in reference order
            if not self.mirror.keys.keys() >= set(self.snapshot.referred(found)):
                del self.mirror.keys[found.table, found.identity]
                self._cannot_have_row(found)
        for found in new:
            if (found.table, found.identity) in self.mirror.keys:
                resource = self._resources[found.table]
                self._created.append(self.mirror.created(resource, found))
                self.keep(bases.agreed(resource, found), found)
                values = None, None, True
                self.settle(found.table, None, found.identity, None, values, label=self.label(found))

    def _cannot_have_row(self, found: Found) -> None:
        """What refers to something whose row has been deleted: AWS would take it along, or refuse."""
        goes_along = self._goes_with_its_owner(found)
        if goes_along and self._is_of_leftover(found):
            # It gets its row with that, or goes with it.
            self._resources_kept.add((found.table, found.identity))
            return
        if not (goes_along and (self.enforce or self._came_of_itself(found) or self._is_protected(found))):
            self._resources_kept.add((found.table, found.identity))
            why = "no row has shown it, and what it refers to has no row any more"
            values = None, None, True
            self.settle(found.table, None, found.identity, None, values, why, label=self.label(found))

    def _is_protected(self, found: Found) -> bool:
        resource = self._resources[found.table]
        return descriptions.is_protected(resource, found) or descriptions.is_kept(resource, found)

    def _goes_with_its_owner(self, found: Found) -> bool:
        """Whether AWS takes a resource along with what has no row; nobody else can, if it is protected."""
        owner = self.snapshot.owner(found)
        return self._is_protected(found) or (owner is not None and owner not in self.mirror.keys)

    def _deleted(self, found: Found, base: Base) -> None:
        """What is to be deleted, since its row has been."""
        resource = self._resources[found.table]
        row = Row(table=found.table, key=(), values=found.values)
        now = Desired(row, found.values, found.parts)
        base = states.completed(resource, base, found)
        changed = sorted(states.changed_since(resource, now, base.answer))
        for name in changed if self._careful else ():
            values = states.of(base.answer, name), None, states.of(found, name)
            why, label = "its row has been deleted", self.label(found)
            self.settle(found.table, None, found.identity, name, values, why, label=label)
        if changed and not self.enforce and not self._is_protected(found):
            self._deleted_though.append((found.table, self.label(found), tuple(changed)))

    def _base(self, found: Found) -> Base | None:
        """The base of a resource, if it is of this one and not of another that had its name."""
        base = self._kept.get((found.table, found.identity))
        if base is None or base.mark is None:
            return base
        mark = bases.mark_of(self._resources[found.table], found)
        return base if mark in (None, base.mark) else None

    # A row and its resource -----------------------------------------------------------------------------

    def finished(self) -> Finished:
        along = brought.tables(self.snapshot)
        for place in self._meeting.differing:
            row = self.resolver.desired[place].row
            if place[0] in along or self._is_unfinished(self._resources[place[0]], row):
                self._finish(row)
        return Finished(tuple(self._updated.values()), tuple(self._keep))

    def _finish(self, row: Row) -> None:
        """Give a row the resource that an operation made for it and was cut off before the row showed that.

        It is one that no row has shown, and is what the row asks for; or AWS has made it along with such a
        one, so that the row is to have it, changed in place.
        """
        resource = self._resources[row.table]
        is_unfinished = self._is_unfinished(resource, row)
        desired = self.resolver.resolve(resource, row)
        for found in self._meeting.without_row:
            name = found.table, found.identity
            if (
                found.table == row.table
                and name not in self._finished
                and self._base(found) is None
                and (
                    self._is_as_asked(resource, desired, found)
                    if is_unfinished
                    else self._is_along(resource, desired, found)
                )
            ):
                self._finished.add(name)
                theirs = self.mirror.values(resource, found)
                values = {each.name: theirs[each.name] for each in resource.columns if each.is_aws_to_say}
                change = RowChange(
                    action="update", table=row.table, key=row.key, name=found.identity, values=values
                )
                before = self._meeting.pairs.get((row.table, row.key))
                base = replace(bases.agreed(resource, found), replaces=before.identity if before else None)
                self.follow(change, base, found)
                return

    def _is_as_asked(self, resource: Resource, desired: Desired, found: Found) -> bool:
        return not diff.changed(resource, self.resolver.completed(resource, desired, found), found)

    def _is_along(self, resource: Resource, desired: Desired, found: Found) -> bool:
        """Whether AWS has made a resource along with what an operation that was cut off made, and a row asks
        for such a one there.
        """
        key = natural_key(resource, desired.values)
        return (
            key is not None
            and key == natural_key(resource, found.values)
            and self._came_of_itself(found)
            and self._is_within_unfinished(found)
        )

    def _pair(self, row: Row, found: Found, names: frozenset[str]) -> None:
        resource = self._resources[row.table]
        desired = self.resolver.completed(resource, self.resolver.resolve(resource, row), found)
        if self.resolver.gone:
            names = diff.changed(resource, desired, found)
        names -= self.snapshot.ignored.get((found.table, found.identity), frozenset())
        base = self._base(found)
        if base is not None:
            Pair(self, resource, desired, found, base).merge(names)
        elif not (self.enforces(found) or self._is_unfinished(resource, row) or self._came_of_itself(found)):
            self._adopt(resource, desired, found, names)

    def _adopt(self, resource: Resource, desired: Desired, found: Found, names: frozenset[str]) -> None:
        """Let a row have a resource that is there already, if it says nothing else about it.

        What it does not say follows AWS.
        """
        said = [name for name in sorted(names) if states.of(desired, name) not in (None, {}, [], ())]
        for name in said:
            why = "it was there already, and no row has shown it"
            values = None, states.of(desired, name), states.of(found, name)
            self.settle(found.table, desired.row, found.identity, name, values, why)
        if not said:
            own = State(desired.values, desired.parts)
            base = Base(table=found.table, identity=found.identity, row=own, answer=own)
            Pair(self, resource, desired, found, base).merge(names)

    def _is_asked_again(self, found: Found) -> bool:
        """Whether an operation that was cut off may have made it for a row with what AWS does not tell: it is
        asked for again, and AWS knows by a token whether it has made it.
        """
        resource = self._resources[found.table]
        untold = {column.name for column in resource.columns if column.is_untold}
        for desired in self._meeting.without_resource if untold and self._unfinished else ():
            if desired.row.table == found.table and self._is_unfinished(resource, desired.row):
                desired = self.resolver.completed(resource, desired, found)
                if diff.changed(resource, desired, found) <= untold:
                    return True
        return False

    def _is_leftover(self, found: Found) -> bool:
        """Whether an operation that was cut off was to take away what AWS has made along with something."""
        kind = brought.kind_of(self.snapshot, found) if self._begun else None
        return kind is not None and kind.unwanted is not None and self._is_within_unfinished(found)

    def _is_within_unfinished(self, found: Found) -> bool:
        """Whether a resource refers to one that an operation that was cut off was making."""
        owners = {self.mirror.keys.get(name): name[0] for name in self.snapshot.referred(found)}
        return any(
            row.key in owners and self._is_among(self._begun, self._resources[table], row)
            for table in set(owners.values())
            for row in self._meeting.rows[table]
        )

    def _is_of_leftover(self, found: Found) -> bool:
        """Whether a resource is within such a thing."""
        owners = (
            self.snapshot.by(table, None, identity) for table, identity in self.snapshot.referred(found)
        )
        return any(self._is_leftover(each) for each in owners if each is not None)

    def _came_of_itself(self, found: Found) -> bool:
        """Whether AWS has made a resource along with another, and nobody has touched it."""
        return brought.came_of_itself(self.snapshot, found)

    def _is_unfinished(self, resource: Resource, row: Row) -> bool:
        """Whether an operation that was cut off was making a row's resource, or one in the place of that."""
        return self._is_among(self._unfinished, resource, row)

    def _is_among(self, some: Collection[Name], resource: Resource, row: Row) -> bool:
        if not some:
            return False
        found = self._meeting.pairs.get((row.table, row.key))
        names = {self.resolver.name(resource, row), found.identity if found else None}
        return any((row.table, name) in some for name in names)


def followed(
    resources: Mapping[str, Resource], rows: Mapping[str, Sequence[Row]], follows: Sequence[RowChange]
) -> Mapping[str, Sequence[Row]]:
    """Rows with some changes that add or update rows."""
    if not follows:
        return rows
    result = {table: list(some) for table, some in rows.items()}
    updates = {(each.table, each.key): each for each in follows if each.action == "update"}
    for table in {table for table, _ in updates}:
        result[table] = [
            change.written(row) if (change := updates.get((table, row.key))) else row for row in result[table]
        ]
    for each in follows:
        if each.action == "create":
            values = dict(zip(resources[each.table].key, each.key, strict=True)) | dict(each.values)
            result[each.table].append(Row(table=each.table, key=each.key, values=values, parts=each.parts))
    return result
