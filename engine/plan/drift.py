"""What AWS has changed since rows and AWS were last one, by bases alone: no row has to be read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.plan import base as bases
from engine.plan import descriptions, diff, states
from engine.plan.base import Base, State
from engine.plan.meet import Name
from engine.plan.model import Desired, Found, Row, Values, label
from engine.plan.snapshot import Snapshot
from modules.spec import Column, Resource

#: The digest of the base of each resource, by table and AWS's name; of tables whose bases are kept.
Known = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drifted:
    """One column of a resource that AWS has changed, or a resource that has appeared, is gone, or is another.

    Attributes:
        table, identity: of the resource, which AWS calls so.
        label: what people read.
        column: a column, or the table of a part; None for the resource as a whole.
        base: what was agreed; of a whole resource its state, None if it has appeared.
        seen: what AWS has; of a whole resource its state, None if it is gone.
    """

    table: str
    identity: str
    label: str
    column: str | None
    base: Any
    seen: Any

    @property
    def name(self) -> Name:
        return self.table, self.identity


def columns(snapshot: Snapshot, resource: Resource, base: Base, found: Found) -> frozenset[str]:
    """Where AWS has changed something; that a reference's target is gone is no change of it."""
    never_told = {
        name
        for name, value in found.values.items()
        if value is None and name in base.row.values and name not in base.answer.values
    }
    whole = states.completed(resource, base, found)
    now = Desired(Row(table=resource.table, key=(), values=found.values), found.values, found.parts)
    answer = _without_gone(snapshot, resource, whole.answer)
    drifted = states.changed_since(resource, now, answer, told=True) - never_told
    if drifted and whole.fresh and whole.before is not None:
        # AWS may go on for a while giving the answer of before the engine's own change.
        state = State(found.values, found.parts)
        before = states.with_missing(resource, whole.before, state)
        drifted &= states.changed_since(resource, now, before, told=True)
    return drifted


def _without_gone(snapshot: Snapshot, resource: Resource, state: State) -> State:
    """A state without its references to what AWS holds no more."""

    def shown(some: Iterable[Column], values: Values) -> Values:
        gone = {
            column.name: None
            for column in some
            if column.reference
            and values.get(column.name) is not None
            and snapshot.by(column.reference.table, column.reference.by, values[column.name]) is None
        }
        return {**values, **gone} if gone else values

    parts = {
        part.table: tuple(
            element
            for element in (shown(part.columns, each) for each in state.parts.get(part.table, ()))
            if all(element[column.name] is not None for column in part.columns if column.not_null)
        )
        for part in resource.parts
    }
    return State(shown(resource.columns, state.values), parts)


@dataclass(frozen=True)
class Suspects:
    """The resources of which the bases have to be looked at; of all others AWS says what it said.

    Attributes:
        different: AWS says something else of them, or something for the first time.
        gone: AWS says nothing of them.
    """

    different: tuple[Found, ...]
    gone: tuple[Name, ...]

    @property
    def names(self) -> Mapping[str, list[str]]:
        """AWS's names of them, by table."""
        result: dict[str, list[str]] = {}
        for table, identity in (*((each.table, each.identity) for each in self.different), *self.gone):
            result.setdefault(table, []).append(identity)
        return result


def suspects(snapshot: Snapshot, known: Known) -> Suspects:
    """Which resources AWS may have changed."""
    hidden = {(each.table, each.identity) for each in snapshot.hidden}
    different: list[Found] = []
    gone: list[Name] = []
    for table, resource in snapshot.resources.items():
        if table not in known:
            continue  # nothing has ever been agreed there
        digests = known[table]
        for found in snapshot.tables[table]:
            digest = digests.get(found.identity)
            if digest is None or digest != bases.digest(resource, found):
                different.append(found)
        gone += [
            (table, identity)
            for identity in digests
            if snapshot.by(table, None, identity) is None and (table, identity) not in hidden
        ]
    return Suspects(tuple(different), tuple(gone))


def seen(
    snapshot: Snapshot, some: Suspects, kept: Mapping[Name, Base], own: Collection[Name] = ()
) -> Iterator[Drifted]:
    """What AWS has changed.

    Args:
        kept: the bases of the suspects, as far as they have any.
        own: what operations have begun to make or change and were cut off, by table and natural key or AWS's
            name, and what they have lately removed: how AWS has it is the engine's own doing.
    """
    ours = set(own)
    for found in some.different:
        name = found.table, found.identity
        if name not in ours and (found.table, snapshot.natural_name(found)) not in ours:
            yield from _changed(snapshot, found, kept.get(name))
    for name in some.gone:  # in reference order: what others are within comes first
        base = kept.get(name)
        if base is None or base.fresh:
            continue
        if name in ours or _owner(snapshot.resources[base.table], base) in ours:
            ours.add(name)
        else:
            yield _gone(snapshot, base)


def _changed(snapshot: Snapshot, found: Found, base: Base | None) -> Iterator[Drifted]:
    resource = snapshot.resources[found.table]
    shown = label(snapshot.natural_name(found), found.identity)

    def drifted(column: str | None, before: Any, now: Any) -> Drifted:
        return Drifted(
            table=found.table, identity=found.identity, label=shown, column=column, base=before, seen=now
        )

    if base is None:
        yield drifted(None, None, bases.state_of(found))
        return
    if descriptions.is_protected(resource, found):
        return  # nobody is to change it, and its row is put right whatever AWS says
    if base.mark is not None and bases.mark_of(resource, found) not in (None, base.mark):
        yield drifted(None, base.answer, bases.state_of(found))
        return
    ignored = snapshot.ignored.get((found.table, found.identity), frozenset())
    whole = states.completed(resource, base, found)
    for name in sorted(columns(snapshot, resource, base, found) - ignored):
        yield drifted(name, states.of(whole.answer, name), states.of(found, name))


def _owner(resource: Resource, base: Base) -> Name | None:
    """What a resource was within and went along with."""
    column = resource.column(resource.within) if resource.within else None
    if column is None or column.reference is None:
        return None
    return column.reference.table, str(base.row.values.get(column.name))


def _gone(snapshot: Snapshot, base: Base) -> Drifted:
    resource = snapshot.resources[base.table]
    values = {**dict.fromkeys(column.name for column in resource.columns), **base.row.values}
    return Drifted(
        table=base.table,
        identity=base.identity,
        label=label(descriptions.natural_name(resource, values), base.identity),
        column=None,
        base=base.answer,
        seen=None,
    )


def means_the_same(resource: Resource, column: str | None, one: Any, other: Any) -> bool:
    """Whether two values that were seen are one to AWS, as lists are that differ in an order without meaning.

    Args:
        one, other: as they are kept.
    """
    if one == other or column is None:
        # Of what has appeared, other values are no other drift.
        return (column is None and (one is None) == (other is None)) or one == other
    part = next((each for each in resource.parts if each.table == column), None)
    if part is not None:
        return diff.comparable(part, one or ()) == diff.comparable(part, other or ())
    nothing = dict.fromkeys(each.name for each in resource.columns)
    canonical = [
        descriptions.canonical(resource.columns, {**nothing, column: each}, resource.canonical)[column]
        for each in (one, other)
    ]
    return bool(canonical[0] == canonical[1])
