"""What there was before a change and after it, in the same words. Pure.

A resource has one name in both pictures, also if AWS has given it another one meanwhile, and everything that
refers to it has that name. Where something was deleted and something else made under its natural key, that
is the same to whoever writes rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.plan import base as bases
from engine.plan import states
from engine.plan.base import State
from engine.plan.model import Desired, Key, Pending, Plan
from engine.plan.resolve import natural_key_to_be
from engine.plan.snapshot import Snapshot
from modules.spec import Column, Resource

#: A resource's table, and its name in both pictures.
Name = tuple[str, str]
Picture = Mapping[Name, State]


class Alias(str):
    """The name of what a value refers to."""

    __slots__ = ()


class Unknown(str):
    """What AWS calls something that a value refers to, and of which nothing is known."""

    __slots__ = ()


@dataclass(frozen=True)
class Pictures:
    """What there was before and after a change.

    Attributes:
        before, after: each resource; references are an `Alias`, or an `Unknown`.
    """

    before: Picture
    after: Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a row and AWS agreed on for some time.

    Attributes:
        table, identity: of the resource.
        state: that; references are what AWS calls the other resources.
        before, after: whether it was so when the change began, and when it had ended.
        installed: it was there already when the history began.
        replaces: the resource in whose place this one was made.
        since: sorts the earlier before the later.
    """

    table: str
    identity: str
    state: State
    before: bool
    after: bool
    installed: bool
    replaces: str | None
    since: str


def from_record(table: str, record: Mapping[str, Any]) -> Told:
    """What is told, from how it is kept."""
    return Told(
        table=table,
        identity=record["identity"],
        state=bases.state(record["state"]),
        before=record["before"],
        after=record["after"],
        installed=record["installed"],
        replaces=record["replaces"],
        since=record["since"],
    )


def of_history(resources: Sequence[Resource], told: Iterable[Told]) -> Pictures:
    """The account before and after something that history tells.

    Args:
        resources: all, in reference order.
    """
    before: dict[Name, State] = {}
    after: dict[Name, State] = {}
    current: dict[Name, str] = {}
    for each in sorted(told, key=lambda each: each.since):
        name = each.table, each.identity
        if each.before or (each.installed and name not in before):
            before[name] = each.state
            current[name] = each.identity
        elif each.replaces is not None:
            owner = current.pop((each.table, each.replaces), None)
            if owner is not None:
                current[name] = owner
        if each.after:
            after[name] = each.state
    return _Naming(resources).pictures(before, after, current)


class _Naming:
    """Gives resources their names, table by table, since what something refers to is part of what it is."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = {each.table: each for each in resources}

    def pictures(self, before: Picture, after: Picture, current: Mapping[Name, str]) -> Pictures:
        """
        Args:
            before, after: by AWS's names.
            current: the first of AWS's names for what goes on being there, by the last.
        """
        old, new = _by_table(before), _by_table(after)
        then, now = _Side(self._resources, before), _Side(self._resources, after)
        for table, resource in self._resources.items():
            for identity, state in old[table].items():
                then.name(resource, identity, Alias(f"0:{identity}"), state)
            lasting = {current[table, each]: each for each in new[table] if (table, each) in current}
            gone = dict(_by_key(resource, then, old[table], lasting))
            lasts = set(lasting.values())
            fresh = [each for each in new[table] if each not in lasts]
            keys = defaultdict(list)
            for identity in fresh:
                keys[_key(resource, now.renamed(resource, new[table][identity]))].append(identity)
            for first, identity in lasting.items():
                now.name(resource, identity, Alias(f"0:{first}"), new[table][identity])
            for key, identities in keys.items():
                for identity in identities:
                    same = gone.get(key) if len(identities) == 1 else None
                    now.name(resource, identity, same or Alias(f"1:{identity}"), new[table][identity])
        return Pictures(then.picture, now.picture)


def _by_key(
    resource: Resource, side: _Side, some: Mapping[str, State], lasting: Mapping[str, str]
) -> Iterable[tuple[Any, Alias]]:
    """What goes, by natural key, where only one of these goes."""
    keys = defaultdict(list)
    for identity in some:
        if identity not in lasting:
            name = Alias(f"0:{identity}")
            keys[_key(resource, side.picture[resource.table, name])].append(name)
    return [(key, names[0]) for key, names in keys.items() if len(names) == 1]


def _key(resource: Resource, state: State) -> Any:
    return repr(natural_key_to_be(resource, state.values))


def _by_table(picture: Picture) -> dict[str, dict[str, State]]:
    result: dict[str, dict[str, State]] = defaultdict(dict)
    for (table, identity), state in picture.items():
        result[table][identity] = state
    return result


class _Side:
    """One of two pictures, in the making."""

    def __init__(self, resources: Mapping[str, Resource], some: Picture) -> None:
        self.picture: dict[Name, State] = {}
        self._resources = resources
        self._some = some
        self._names: dict[Name, Alias] = {}
        self._by: dict[tuple[str, str], dict[Any, Alias]] = {}

    def name(self, resource: Resource, identity: str, name: Alias, state: State) -> None:
        self._names[resource.table, identity] = name
        self.picture[resource.table, name] = self.renamed(resource, state)

    def renamed(self, resource: Resource, state: State) -> State:
        """A state that refers to other resources by their names here."""
        whole = states.with_missing(resource, state, states.nothing(resource))
        values = self._values(resource.columns, whole.values)
        parts = {
            part.table: tuple(self._values(part.columns, each) for each in whole.parts[part.table])
            for part in resource.parts
        }
        return State(values, parts)

    def _values(self, columns: Iterable[Column], values: Mapping[str, Any]) -> dict[str, Any]:
        return {each.name: self._value(each, values.get(each.name)) for each in columns}

    def _value(self, column: Column, value: Any) -> Any:
        if value is None:
            return None
        if column.reference is not None:
            known = self._known(column.reference.table, column.reference.by, value)
            return Unknown(value) if known is None else known
        if column.refers is not None:
            some = [self._known(column.refers, None, each) or each for each in column.names(value)]
            return some[0] if isinstance(value, str) else some
        return value

    def _known(self, table: str, by: str | None, value: Any) -> Alias | None:
        if isinstance(value, Alias):
            return value
        if by is None:
            return self._names.get((table, str(value)))
        index = self._by.get((table, by))
        if index is None:
            index = self._by[table, by] = {
                state.values.get(by): self._names[other, identity]
                for (other, identity), state in self._some.items()
                if other == table
            }
        return index.get(value)


def of_plan(snapshot: Snapshot, plan: Plan) -> Pictures:
    """What AWS holds, and what it will hold once a plan is carried out."""
    held = {(each.table, each.identity): each for some in snapshot.tables.values() for each in some}
    some = {place: State(each.values, each.parts) for place, each in held.items()}
    side = _Side(snapshot.resources, some)
    for (table, identity), state in some.items():  # in reference order
        side.name(snapshot.resources[table], identity, Alias(f"0:{identity}"), state)
    before = dict(side.picture)
    after = dict(before)
    names = {place: Alias(f"0:{found.identity}") for place, found in plan.pairs.items()}
    made = [each for each in plan.changes if each.action == "create" and each.desired]
    for each in made:
        assert each.desired is not None
        names[each.table, each.desired.row.key] = Alias(f"1:{each.desired.row.key}")
    for each in plan.changes:
        resource = snapshot.resources[each.table]
        if each.desired is None:
            if each.found is not None:
                del after[each.table, f"0:{each.found.identity}"]
            continue
        asked = side.renamed(resource, _asked(resource, each.desired, names, whole=each.found is None))
        if each.found is None:
            after[each.table, names[each.table, each.desired.row.key]] = asked
            continue
        name = each.table, f"0:{each.found.identity}"
        values = {name: value for name, value in asked.values.items() if name in each.changed}
        parts = {name: value for name, value in asked.parts.items() if name in each.changed}
        after[name] = states.with_values(after[name], values, parts)
    return Pictures(before, after)


def _asked(
    resource: Resource, desired: Desired, names: Mapping[tuple[str, Key], Alias], *, whole: bool
) -> State:
    """What a row asks for, with names for what AWS has yet to name.

    Args:
        whole: leave out what the row leaves to AWS, unless it is part of what the row is called.
    """

    def name(value: Any) -> Any:
        if isinstance(value, Pending):
            return names[value.table, value.key]
        return [name(each) for each in value] if isinstance(value, list | tuple) else value

    row = desired.row
    values = {
        column.name: None
        if whole and row.values.get(column.name) is None and column.name not in resource.natural_key
        else name(desired.values.get(column.name))
        for column in resource.columns
    }
    parts = {
        part.table: tuple(
            {column.name: name(each.get(column.name)) for column in part.columns}
            for each in desired.parts.get(part.table, ())
        )
        if row.parts.get(part.table) or not whole
        else ()
        for part in resource.parts
    }
    return State(values, parts)
