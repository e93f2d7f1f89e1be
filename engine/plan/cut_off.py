"""What operations began and were cut off, and a later one finds done in AWS: it is still theirs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.plan.base import Base
from engine.plan.brought import came_of_itself
from engine.plan.meet import Meeting, Name, keys_of
from engine.plan.model import Found, Key, Row
from modules.spec import Resource


@dataclass(frozen=True)
class Open:
    """A step of which it is not known whether AWS has performed it.

    Attributes:
        name: AWS's for the resource, or the natural key of what had none yet.
        kind: create, update or delete.
        becomes: the natural key of what was to take the place of the resource; None: nothing was.
        known: a later operation has found a short while ago that it was made.
    """

    operation: int
    table: str
    name: str
    kind: str
    becomes: str | None = None
    known: bool = False

    def names(self) -> Iterator[Name]:
        """What it may be known by now."""
        yield self.table, self.name
        if self.becomes is not None:
            yield self.table, self.becomes


def names(steps: Iterable[Open], *, known: bool = False) -> frozenset[Name]:
    """What was being made or removed.

    Args:
        known: of which that is known, instead of that of which it is not.
    """
    some = (each for each in steps if each.kind != "update" and each.known == known)
    return frozenset(name for each in some for name in each.names())


def known(
    meeting: Meeting, steps: Sequence[Open], kept: Sequence[tuple[Base, Found]] = ()
) -> Mapping[Name, Open]:
    """Of which resources it is known now what became of the steps; by AWS's names.

    It is of those that AWS holds, if they were to be made or changed, and of those that it does not hold any
    more, if they were to be removed, or if something was to take their place and is made by this operation.

    Args:
        meeting: as a later operation met them.
        kept: bases of what it has found to be in the place of something.
    """
    removed = {
        (each.table, each.name): each
        for each in steps
        if each.kind == "delete"
        and each.table in meeting.snapshot.tables
        and meeting.snapshot.by(each.table, None, each.name) is None
    }
    begun = {name: each for each in steps if each.kind != "delete" for name in each.names()}
    if not begun:
        return removed
    replacing = {
        (base.table, base.identity): begun[base.table, base.replaces]
        for base, _ in kept
        if base.replaces is not None and (base.table, base.replaces) in begun
    }
    left = {
        (desired.row.table, shown): begun[desired.row.table, shown]
        for desired in meeting.without_resource
        if (shown := _shown(meeting.snapshot.resources[desired.row.table], desired.row)) is not None
        and (desired.row.table, shown) in begun
    }
    return {**removed, **left, **_held(meeting, begun), **replacing}


def ended(
    resources: Iterable[Resource], lost: Iterable[Name], begun: Mapping[Name, Open]
) -> Mapping[Name, int]:
    """The operations that removed what is lost, or what it was within, and were cut off.

    Args:
        begun: what `known` says.
    """
    removing = {name: step.operation for name, step in begun.items() if step.kind == "delete"}
    tables = {table: operation for (table, _), operation in removing.items()}
    owners = {
        each.table: column.reference.table
        for each in resources
        if each.within and (column := each.column(each.within)).reference is not None
    }
    return {
        name: operation
        for name in (lost if removing else ())
        if (operation := removing.get(name, tables.get(owners.get(name[0], "")))) is not None
    }


def _held(meeting: Meeting, begun: Mapping[Name, Open]) -> Mapping[Name, Open]:
    keys = keys_of(meeting.pairs)
    return {
        (one.table, one.identity): begun[name]
        for some in meeting.snapshot.tables.values()
        for one in some
        for name in _names(meeting, one, _row(meeting, one, keys))
        if name in begun and not _makes_way(one, begun[name])
    }


def _makes_way(one: Found, step: Open) -> bool:
    """Whether a resource is what a step was to put something else in the place of: that is not its end."""
    return step.becomes not in (None, step.name) and one.identity == step.name


def attributed(
    meeting: Meeting, kept: Iterable[tuple[Base, Found]], begun: Mapping[Name, Open]
) -> Iterator[tuple[Base, Found]]:
    """Bases, with the operation that has made of each what it is, if that was cut off.

    Args:
        kept: what a later operation finds that rows and AWS agree on, each with AWS's answer.
        begun: what `known` says.
    """
    keys = keys_of(meeting.pairs) if begun else {}
    for base, one in kept:
        step = _step_of(meeting, one, begun)
        if step is None:
            yield base, one
        else:
            old = base.replaces or _old(meeting, one, _row(meeting, one, keys), step)
            yield replace(base, begun_by=step.operation, replaces=old), one


def replaced(meeting: Meeting, changing: Iterable[Name], begun: Mapping[Name, Open]) -> Mapping[Name, str]:
    """In whose place operations that were cut off have made what a plan goes on to change; by AWS's names.

    Args:
        begun: what `known` says.
    """
    keys = keys_of(meeting.pairs) if begun else {}
    result = {}
    for name in changing if begun else ():
        one = meeting.snapshot.by(name[0], None, name[1])
        step = _step_of(meeting, one, begun) if one is not None else None
        if one is not None and step is not None:
            old = _old(meeting, one, _row(meeting, one, keys), step)
            if old is not None:
                result[name] = old
    return result


def _step_of(meeting: Meeting, one: Found, begun: Mapping[Name, Open]) -> Open | None:
    """The step that made a resource, or that with which AWS has made it."""
    step = begun.get((one.table, one.identity))
    if step is None and begun and came_of_itself(meeting.snapshot, one):
        makers = (meeting.snapshot.by(table, None, name) for table, name in meeting.snapshot.referred(one))
        steps = (_step_of(meeting, each, begun) for each in makers if each is not None)
        step = next((each for each in steps if each is not None and each.kind != "delete"), None)
    return step


def _row(meeting: Meeting, one: Found, keys: Mapping[Name, Key]) -> Row | None:
    key = keys.get((one.table, one.identity))
    desired = meeting.resolver.desired.get((one.table, key)) if key is not None else None
    return desired.row if desired else None


def _names(meeting: Meeting, one: Found, row: Row | None) -> Iterator[Name]:
    yield one.table, one.identity
    yield one.table, meeting.snapshot.natural_name(one)
    if row is not None:
        resource = meeting.snapshot.resources[one.table]
        yield one.table, meeting.resolver.name(resource, row)
        if (shown := _shown(resource, row)) is not None:
            yield one.table, shown


def _old(meeting: Meeting, one: Found, row: Row | None, step: Open) -> str | None:
    """In whose place a step made something: the row shows that still, or the step says it."""
    shown = _shown(meeting.snapshot.resources[one.table], row)
    if shown not in (None, one.identity):
        return shown
    is_own = step.table == one.table and step.becomes is not None
    return step.name if is_own and step.name != one.identity else None


def _shown(resource: Resource, row: Row | None) -> str | None:
    """What the row calls its resource."""
    shown = row.values.get(resource.identity) if row is not None and resource.identity else None
    return None if shown is None else str(shown)
