"""What an apply would do: the difference between the rows and what AWS holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import OperationError
from engine.plan import descriptions, diff, graph, ignored, ownership
from engine.plan.meet import Meeting
from engine.plan.model import (
    ACTIONS,
    Change,
    Desired,
    Found,
    Key,
    Pending,
    Plan,
    Restore,
    Row,
    integer_key,
    label,
)
from engine.plan.resolve import Resolver, natural_key, natural_key_to_be
from engine.plan.snapshot import Snapshot
from modules.spec import Column, Resource, Update

#: No resource, and no row.
_NOTHING: Mapping[Any, Any] = {}


def plan_apply(
    snapshot: Snapshot,
    rows: Mapping[str, Sequence[Row]],
    *,
    left_out: Collection[tuple[str, Key]] = (),
    kept: Collection[tuple[str, str]] = (),
    agreed: Mapping[tuple[str, str], frozenset[str]] = _NOTHING,
    gone: Mapping[tuple[str, Key], Found] = _NOTHING,
    meeting: Meeting | None = None,
) -> Plan:
    """What makes AWS hold what the tables hold.

    Args:
        snapshot: what AWS holds; its resources are in reference order.
        rows: the rows of each table.
        left_out: rows of which nothing is made, and whose resources stay as they are, by table and key.
        kept: resources that stay although no row asks for them, by table and identity.
        agreed: columns and parts in which a row and AWS differ and mean the same, by table and identity.
        gone: what AWS called the resources of rows that it holds no more, and that are not made again.
        meeting: which of these very rows is which resource, if that is known.

    Raises:
        OperationError: 0A000, a change that cannot be made in any order.
    """
    planner = _Planner(snapshot, rows, {*left_out, *gone}, kept, agreed, gone, meeting)
    for resource in snapshot.resources.values():
        planner.table(resource)
    changes = _without_circles(snapshot, _deletions_in_turn(snapshot, planner.changes))
    changes.sort(key=lambda change: ACTIONS.index(change.action))
    return Plan(
        changes=tuple(changes),
        steps=graph.steps(snapshot, changes),
        restores=tuple(planner.restores),
        pairs=planner.resolver.pairs,
        unsaid=planner.unsaid,
    )


class _Planner:
    def __init__(
        self,
        snapshot: Snapshot,
        rows: Mapping[str, Sequence[Row]],
        left_out: Collection[tuple[str, Key]],
        kept: Collection[tuple[str, str]],
        agreed: Mapping[tuple[str, str], frozenset[str]],
        gone: Mapping[tuple[str, Key], Found],
        meeting: Meeting | None,
    ) -> None:
        self.snapshot = snapshot
        self.resolver = meeting.resolver if meeting else Resolver(snapshot, rows, left_out, gone)
        self._meeting = meeting
        self._agreed = agreed
        self._left_out = left_out
        self._kept = kept
        self.changes: list[Change] = []
        self.restores: list[Restore] = []
        self.unsaid: dict[tuple[str, str], tuple[str, str]] = {}
        self._removed: set[tuple[str, str]] = set()
        self._replaced: dict[tuple[str, str], Key] = {}
        self._restored: set[tuple[str, str]] = set()
        self._taken_along: dict[tuple[str, str], tuple[str, str]] = {}
        self._held = _held(snapshot)

    def table(self, resource: Resource) -> None:
        """Plan one table; those that it refers to have been planned."""
        paired: set[str] = set()
        same: Collection[Key] = ()
        names_others = any(column.refers for column in resource.columns)
        letting_go = [each for each in resource.columns if each.reference and each.reference.let_go]
        if self._meeting is not None and not self.resolver.refers_to_replaced(resource):
            rows, same = self._meeting.desired[resource.table], self._meeting.same[resource.table]
        else:
            rows = self.resolver.table(resource)
        self._check_names(resource, rows)
        for desired in rows:
            found = self.resolver.pairs.get((resource.table, desired.row.key))
            if (resource.table, desired.row.key) in self._left_out:
                paired |= {found.identity} if found else set()
                continue
            if names_others:
                self._check_elements(resource, desired)
            freed = self._let_go(desired, found, letting_go) if found and letting_go else {}
            if freed:
                desired = replace(desired, values={**desired.values, **freed})
            if desired.row.key in same and found is not None and not freed:
                paired.add(found.identity)
            elif found is None:
                self._create(resource, desired)
            else:
                paired.add(found.identity)
                self._compare(resource, desired, found, freed)
        for found in self.snapshot.tables[resource.table]:
            if found.identity not in paired and (resource.table, found.identity) not in self._kept:
                self._remove_or_restore(resource, found)
        if not resource.create:
            self._tell_renamed(resource)

    def _check_names(self, resource: Resource, rows: Sequence[Desired]) -> None:
        """
        Raises:
            OperationError: 23505, a row would be given a name that another has.
        """
        holders: dict[tuple[object, ...], Desired] = {}
        for desired in rows if resource.unique_in_aws else ():
            name = natural_key_to_be(resource, desired.values)
            other = holders.setdefault(name, desired)
            if other is not desired and not (
                self._has_name(resource, desired, name) and self._has_name(resource, other, name)
            ):
                raise _same_name_twice(resource, self.resolver.name(resource, desired.row))

    def _has_name(self, resource: Resource, desired: Desired, name: tuple[object, ...]) -> bool:
        """Whether a row's resource has a name already."""
        found = self.resolver.pairs.get((resource.table, desired.row.key))
        return found is not None and natural_key(resource, found.values) == name

    def _check_elements(self, resource: Resource, desired: Desired) -> None:
        """
        Raises:
            OperationError: 23503, an array names a resource that the same plan removes.
        """
        for column in resource.columns:
            for each in column.names(desired.values[column.name]) if column.refers else ():
                if (column.refers, each) in self._removed:
                    raise OperationError(
                        f"{resource.table} {self.resolver.name(resource, desired.row)} "
                        f"uses {column.refers} {each}, which would be deleted",
                        sqlstate="23503",
                        hint=f"Take it out of {resource.table}.{column.name} first, or restore its row.",
                        table=resource.table,
                        column=column.name,
                    )

    def _create(self, resource: Resource, desired: Desired) -> None:
        if not resource.create:
            self.restores.append(
                Restore(
                    table=resource.table,
                    row=desired.row,
                    found=None,
                    why=f"{resource.table} {self.resolver.name(resource, desired.row)} is not in AWS, and "
                    "only AWS makes such a thing",
                )
            )
            return
        self.changes.append(
            Change(
                action="create",
                table=resource.table,
                id=integer_key(desired.row),
                name=self.resolver.name(resource, desired.row),
                desired=self.resolver.chosen(resource, desired),
            )
        )

    def _tell_renamed(self, resource: Resource) -> None:
        """Say of a row that was given another name once that this cannot be, where only AWS makes rows."""
        here = [each for each in self.restores if each.table == resource.table]
        gone, back = [each for each in here if not each.found], [each for each in here if not each.row]
        if len(gone) == len(back) == 1 and back[0].found:
            why = self._restore(resource, back[0].found, None, "cannot be changed").why
            self.restores = [each for each in self.restores if each not in (gone[0], back[0])]
            self.restores += [replace(gone[0], why=""), replace(back[0], why=why)]

    def _let_go(self, desired: Desired, found: Found, columns: Iterable[Column]) -> dict[str, Any]:
        """Which of some columns that are left to AWS refer to what the plan removes, and what they are to
        refer to instead.
        """
        to_be: dict[str, Any] = {}
        for column in columns:
            if desired.row.values.get(column.name) is None:
                target = self.snapshot.target(column, found.values[column.name])
                if target in self._replaced:
                    to_be[column.name] = self.resolver.reference(column, self._replaced[target][0])
                elif target in self._removed:
                    to_be[column.name] = None
        return to_be

    def _compare(
        self, resource: Resource, desired: Desired, found: Found, freed: Collection[str] = ()
    ) -> None:
        desired = self.resolver.completed(resource, desired, found)
        if names := self.snapshot.ignored.get((found.table, found.identity)):
            desired = ignored.as_aws_has_them(resource, desired, found, names)
        if descriptions.is_protected(resource, found):
            desired, changed = self._not_to_be_changed(resource, desired, found)
        else:
            changed = diff.changed(resource, desired, found)
            if changed and self._agreed:
                changed -= self._agreed.get((resource.table, found.identity), frozenset())
            changed |= frozenset(freed).difference(names or ())
        if not changed:
            return
        taken_along = self._taken_along_with(resource, found)
        itself = {name for name in changed if diff.replaces(resource, [name])}
        replaced = bool(itself) or self._follows(resource, desired, found, changed)
        _check_settled(resource, desired, found, self._label(found), itself if replaced else changed)
        if replaced and _lets_go(resource, desired, found):
            taken_along = None  # what it goes along with may have to wait for the new one
        if replaced:
            _check_deletable(resource, found, self._label(found))
            self._check_held(resource, found)
            self.resolver.replaced(desired.row)
            self._removed.add((resource.table, found.identity))
            self._replaced[resource.table, found.identity] = desired.row.key
            if taken_along:
                self._taken_along[resource.table, found.identity] = taken_along
        self.changes.append(
            Change(
                action="replace" if replaced else "update",
                table=resource.table,
                id=integer_key(desired.row),
                name=_name(resource, found),
                natural=self.snapshot.natural_name(found),
                becomes=self.resolver.name(resource, desired.row) if replaced else None,
                desired=self.resolver.chosen(resource, desired) if replaced else desired,
                found=found,
                changed=changed,
                delete_first=replaced and not taken_along and _goes_first(resource, desired, found),
                gives_up=() if replaced else tuple(_given_up(resource, found, changed)),
                taken_along=taken_along if replaced else None,
            )
        )

    def _follows(self, resource: Resource, desired: Desired, found: Found, changed: Collection[str]) -> bool:
        """Whether what a resource refers to is replaced, and it with that."""
        for name in changed if self._replaced else ():
            column = next((each for each in resource.columns if each.name == name), None)
            if column is None or column.reference is None or not column.reference.follows:
                continue
            target, value = self.snapshot.target(column, found.values[name]), desired.values[name]
            if isinstance(value, Pending) and target in self._replaced:
                return value.key == self._replaced[target]
        return False

    def _not_to_be_changed(
        self, resource: Resource, desired: Desired, found: Found
    ) -> tuple[Desired, frozenset[str]]:
        """What becomes of a resource that is not the user's to change, and what of it that changes.

        If what it is in is replaced, AWS makes one like it there.
        """
        moved = self._moved(resource, found)
        to_be = replace(found, values={**found.values, **moved})
        if diff.changed(resource, desired, to_be):
            self.restores.append(self._restore(resource, found, desired.row, "cannot be changed"))
        return Desired(desired.row, to_be.values, to_be.parts), frozenset(moved)

    def _remove_or_restore(self, resource: Resource, found: Found) -> None:
        taken_along = self._taken_along_with(resource, found)
        if taken_along:
            self._taken_along[resource.table, found.identity] = taken_along
            if self._within(found) & self._removed:
                self._delete(resource, found, taken_along)
            else:
                self.unsaid[resource.table, found.identity] = taken_along
            return
        stays = descriptions.is_protected(resource, found) or descriptions.is_kept(resource, found)
        if stays or self._within(found) & self._restored:
            self._restored.add((resource.table, found.identity))
            self.restores.append(self._restore(resource, found, None, "cannot be deleted"))
            return
        user = self._held.get((resource.table, found.identity))
        if user is not None:
            self._restored.add((resource.table, found.identity))
            what = (
                f"cannot be deleted, since {user.table} {user.identity}, which {self._bound(user)}, uses it"
            )
            self.restores.append(self._restore(resource, found, None, what))
            return
        self._delete(resource, found)

    def _bound(self, user: Found) -> str:
        """Why something goes on using what it uses."""
        protected = descriptions.is_protected(self.snapshot.resources[user.table], user)
        return "nobody may change" if protected else "no row can show"

    def _check_held(self, resource: Resource, found: Found) -> None:
        """
        Raises:
            OperationError: 0A000, something that no row can show uses what is to be replaced.
        """
        user = self._held.get((resource.table, found.identity))
        if user is not None:
            raise OperationError(
                f"{resource.table} {self._label(found)} cannot be replaced while {user.table} "
                f"{user.identity} uses it",
                sqlstate="0A000",
                detail=f"It is one that {self._bound(user)}, so that nothing points it to the new one.",
                table=resource.table,
            )

    def _delete(self, resource: Resource, found: Found, taken_along: tuple[str, str] | None = None) -> None:
        _check_deletable(resource, found, self._label(found))
        self._removed.add((resource.table, found.identity))
        self.changes.append(
            Change(
                action="delete",
                table=resource.table,
                id=None,
                name=_name(resource, found),
                natural=self.snapshot.natural_name(found),
                found=found,
                taken_along=taken_along,
            )
        )

    def _moved(self, resource: Resource, found: Found) -> dict[str, Pending]:
        """The columns by which a resource refers to what is replaced, with what will be in its place."""
        moved: dict[str, Pending] = {}
        for column in resource.columns if self._replaced else ():
            target = self.snapshot.target(column, found.values[column.name]) if column.reference else None
            if target in self._replaced:
                moved[column.name] = self.resolver.reference(column, self._replaced[target][0])
        return moved

    def _within(self, found: Found) -> set[tuple[str, str]]:
        """What owns a resource and takes it along, by table and identity."""
        owner = self.snapshot.owner(found)
        return {owner} if owner is not None else set()

    def _taken_along_with(self, resource: Resource, found: Found) -> tuple[str, str] | None:
        """What the plan removes and AWS removes a resource along with, by table and identity.

        If AWS refuses to remove that, nothing of it has been taken off before.
        """
        owners = self._within(found) & (self._taken_along.keys() | self._removed)
        if descriptions.is_protected(resource, found) or descriptions.is_kept(resource, found):
            names = [each.name for each in resource.columns if each.reference and not each.reference.let_go]
            owners |= self._referred(resource, found, names) & self._removed
        return next((self._taken_along.get(each, each) for each in owners), None)

    def _referred(self, resource: Resource, found: Found, names: Sequence[str]) -> set[tuple[str, str]]:
        """The resources that some columns refer to, by table and identity."""
        targets = (self.snapshot.target(resource.column(name), found.values[name]) for name in names)
        return {target for target in targets if target is not None}

    def _label(self, found: Found) -> str:
        return label(self.snapshot.natural_name(found), found.identity)

    def _restore(self, resource: Resource, found: Found, row: Row | None, what: str) -> Restore:
        by = f" ({owner} manages it)" if (owner := ownership.owner(found)) else ""
        why = f"{resource.table} {self._label(found)} {what}{by}"
        return Restore(table=resource.table, row=row, found=found, why=why)


def _given_up(resource: Resource, found: Found, changed: Collection[str]) -> Iterator[str]:
    """What has to go for an update, as the resource is described."""
    for call in resource.update:
        room = call.room if isinstance(call, Update) and not set(call.when).isdisjoint(changed) else None
        if room is not None and room.listed is not None:
            for each in room.which(descriptions.search(room.listed, found.description) or []):
                yield f"{room.what} {descriptions.search(room.named, each)}"


def _check_settled(
    resource: Resource, desired: Desired, found: Found, label: str, changed: Iterable[str]
) -> None:
    """
    Raises:
        OperationError: 0A000, AWS does not let some of that be changed of this resource.
    """
    settled = {name: resource.settled[name] for name in sorted(changed) if name in resource.settled}
    names = [name for name, each in settled.items() if each.of(found.description, desired.values)]
    if names:
        raise OperationError(
            f"{resource.table} {label} cannot be changed in {', '.join(names)}",
            sqlstate="0A000",
            detail=settled[names[0]].why,
            hint=settled[names[0]].hint,
            table=resource.table,
            column=names[0],
        )


def _check_deletable(resource: Resource, found: Found, label: str) -> None:
    """
    Raises:
        OperationError: 0A000, AWS would refuse to delete the resource.
    """
    why = resource.undeletable(found.description) if resource.undeletable else None
    if why:
        raise OperationError(
            f"{resource.table} {label} cannot be deleted: it has {why}",
            sqlstate="0A000",
            detail="AWS would not delete it, nor put another one in its place. Nothing has been done.",
            hint=f"Take its {why} off first, in an apply of its own.",
            table=resource.table,
        )


def _held(snapshot: Snapshot) -> dict[tuple[str, str], Found]:
    """What is used by something that no row can show, or nobody may change, and by what; not what takes that
    along.
    """
    held: dict[tuple[str, str], Found] = {}
    for resource in snapshot.resources.values():
        columns = [each for each in resource.columns if each.reference and each.reference.let_go]
        for found in snapshot.tables[resource.table] if columns else ():
            if descriptions.is_protected(resource, found):
                targets = (snapshot.target(column, found.values[column.name]) for column in columns)
                held |= {target: found for target in targets if target is not None}
    for user in snapshot.hidden:
        within = snapshot.resources[user.table].within
        shown = replace(user, values={name: value for name, value in user.values.items() if name != within})
        held |= dict.fromkeys(snapshot.referred(shown), user)
    return held


def _name(resource: Resource, found: Found) -> str:
    """AWS's name, or the natural key of what has none."""
    return found.identity if resource.identity else descriptions.natural_name(resource, found.values)


def _goes_first(resource: Resource, desired: Desired, found: Found) -> bool:
    """Whether a resource has to go before a new one can have its name, or what only one can have."""
    return _lets_go(resource, desired, found) or _same_name(resource, desired, found)


def _lets_go(resource: Resource, desired: Desired, found: Found) -> bool:
    """Whether a resource has what only one can have, and the one in its place is to have it."""
    held = (found.values[name] for name in resource.holds if found.values[name] == desired.values[name])
    return any(each is not None for each in held)


def _same_name(resource: Resource, desired: Desired, found: Found) -> bool:
    return resource.unique_in_aws and natural_key(resource, desired.values) == natural_key(
        resource, found.values
    )


def _same_name_twice(resource: Resource, name: str) -> OperationError:
    return OperationError(
        f"two rows of {resource.table} are {name}",
        sqlstate="23505",
        detail=f"AWS allows one with the same {', '.join(resource.natural_key)}.",
        hint="Change or delete one of the rows.",
        table=resource.table,
    )


def _deletions_in_turn(snapshot: Snapshot, changes: list[Change]) -> list[Change]:
    """Makes what is within a resource that goes first go first as well.

    Raises:
        OperationError: 0A000, something that stays uses a resource that would have to go first.
    """
    first = {
        (change.table, change.found.identity): change
        for change in changes
        if change.delete_first and change.found
    }
    result: list[Change] = []
    order = {table: place for place, table in enumerate(snapshot.resources)}
    for change in sorted(changes, key=lambda change: order[change.table]):
        user = change
        if change.found is not None and change.action in ("update", "replace"):
            used = [first[each] for each in snapshot.referred(change.found, held=True) if each in first]
            if used and change.action == "update":
                raise _name_is_taken(used[0], change)
            if used and not change.delete_first:
                user = replace(change, delete_first=True)
                first[change.table, change.found.identity] = user
        result.append(user)
    return result


def _without_circles(snapshot: Snapshot, changes: list[Change]) -> list[Change]:
    """Takes off by steps of their own what keeps resources that go along with it from being removed.

    Rules of two groups that name each other: neither group can be removed first.
    """
    root = {
        (change.table, change.found.identity): change.taken_along or (change.table, change.found.identity)
        for change in changes
        if change.found and change.action in ("delete", "replace")
    }
    holding: dict[int, set[tuple[str, str]]] = {}
    for place, change in enumerate(changes):
        if change.taken_along and change.found:
            targets = {root[each] for each in snapshot.referred(change.found) if each in root}
            holding[place] = targets - {change.taken_along}
    held = _in_circles((changes[place].taken_along, targets) for place, targets in holding.items())
    return [
        replace(change, taken_along=None) if holding.get(place, set()) & held else change
        for place, change in enumerate(changes)
    ]


def _in_circles(
    edges: Iterable[tuple[tuple[str, str] | None, set[tuple[str, str]]]],
) -> set[tuple[str, str]]:
    """What can only be removed after something that can only be removed after it, or after such a one."""
    after: dict[tuple[str, str] | None, set[tuple[str, str]]] = {}
    for owner, targets in edges:
        after.setdefault(owner, set()).update(targets)
    # A target goes after all owners that name it: what no owner in question names is in no circle.
    while True:
        named = {target for owner, targets in after.items() for target in targets}
        free = [owner for owner in after if owner not in named]
        if not free:
            return named
        for owner in free:
            del after[owner]


def _name_is_taken(old: Change, user: Change) -> OperationError:
    columns = ", ".join(sorted(old.changed))
    return OperationError(
        f"{old.table} {old.label} cannot be replaced while {user.table} {user.label} uses it",
        sqlstate="0A000",
        detail=f"AWS cannot change {columns} in place, and a new {old.table} cannot have the old one's name "
        "until that is gone.",
        hint="Give the row another name in the same change: the new one is then made first, and all that "
        "uses the old one is pointed to it.",
        table=old.table,
    )
