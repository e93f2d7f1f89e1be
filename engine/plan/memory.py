"""What is remembered of resources around an operation, and what has the place of each of them now. Pure."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.plan import base as bases
from engine.plan import states
from engine.plan.base import State
from engine.plan.descriptions import natural_name
from engine.plan.meet import Name
from engine.plan.resolve import natural_key
from engine.plan.states import whole
from modules.spec import Column, Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """What a row and AWS agreed on for some time.

    Attributes:
        table, identity: of the resource.
        state: that; references are what AWS calls the other resources.
        operation: that made it so; `ended_by` the one that ended it.
        replaces: the resource in whose place this one was made.
        current: whether it is so now.
        since, until: sort the earlier before the later; until is None for what is so now.
    """

    table: str
    identity: str
    state: State
    operation: int | None
    ended_by: int | None
    replaces: str | None
    current: bool
    since: str
    until: str | None = None


def from_record(table: str, record: Mapping[str, Any]) -> Remembered:
    """What is remembered, from how it is kept."""
    return Remembered(
        table=table,
        identity=record["identity"],
        state=bases.state(record["state"]),
        operation=record["operation"],
        ended_by=record["ended_by"],
        replaces=record["replaces"],
        current=record["current"],
        since=record["since"],
        until=record["until"],
    )


@dataclass(frozen=True)
class Touched:
    """A resource that an operation touched, by the name that it has now.

    Attributes:
        before, after: what was agreed then; None: it was not there.
        now: what is agreed now.
    """

    resource: Resource
    identity: str
    before: State | None
    after: State | None
    now: Remembered | None


def touched(
    resources: Sequence[Resource], remembered: Iterable[Remembered], operation: int
) -> Iterator[Touched]:
    """What an operation touched; what was agreed before it refers to what has the place now of what it
    referred to.

    Args:
        resources: all, in reference order.
        remembered: what is agreed now of each resource, and all that the operation began or ended, or that
            took the place of another.
    """
    memory = Memory(resources, remembered, operation)
    for each in memory.touched():
        before = each.before and memory.renamed((each.resource.table, each.identity), each.before)
        yield replace(each, before=before)


class Memory:
    """What was agreed before and after an operation, and what is now.

    Attributes:
        now: what is agreed now.
        before, after: what the operation ended, and what it began.
        past: the last that was agreed of what is not there any more, as far as that is known.
    """

    def __init__(
        self, resources: Sequence[Resource], remembered: Iterable[Remembered], operation: int
    ) -> None:
        """
        Args:
            resources: all, in reference order.
        """
        self.now: dict[Name, Remembered] = {}
        self.before: dict[Name, Remembered] = {}
        self.after: dict[Name, Remembered] = {}
        self.past: dict[Name, Remembered] = {}
        self._resources = {each.table: each for each in resources}
        self._successors: dict[Name, str] = {}
        self._made_again: dict[Name, str] = {}
        self._born: dict[Name, str] = {}
        for each in sorted(remembered, key=lambda each: each.since):
            if each.table in self._resources:
                self._add(each, operation)
        self._find_made_again()
        self._pair_unnamed()

    def _add(self, each: Remembered, operation: int) -> None:
        name = each.table, each.identity
        self._born.setdefault(name, each.since)
        if each.current:
            self.now[name] = each
        else:
            self.past[name] = each
        if each.replaces is not None:
            self._successors[each.table, each.replaces] = each.identity
        if each.operation == operation:
            self.after[name] = each
        elif each.ended_by == operation:
            self.before[name] = each

    def current(self, name: Name) -> str:
        """What AWS calls now what has the place of a resource."""
        return self._followed(name, self._successors)

    def meant(self, name: Name) -> str:
        """The same, or what AWS calls the resource now that it was deleted and made again."""
        return self._followed(name, ChainMap(self._successors, self._made_again))

    def _followed(self, name: Name, successors: Mapping[Name, str]) -> str:
        table, identity = name
        seen: set[str] = set()  # a name may have come back to what had it before
        while (table, identity) not in self.now and identity not in seen:
            seen.add(identity)
            identity = successors.get((table, identity), identity)
        return identity

    def missing(self) -> Mapping[str, set[str]]:
        """What is not there any more, and of which it has to be known what it was last; by table."""
        result: dict[str, set[str]] = defaultdict(set)
        for table, identity in self._needed():
            name = table, self.current((table, identity))
            if name not in self.now and (name not in self.past or name in self.after):
                result[table].add(name[1])
        return result

    def _needed(self) -> Iterator[Name]:
        yield from self.after
        for each in (*self.before.values(), *self.after.values(), *self.past.values()):
            for _, column, value in states.references(self._resources[each.table], each.state):
                if column.reference is not None and column.reference.by is None:
                    yield column.reference.table, str(value)

    def touched(self) -> Iterator[Touched]:
        # What has no name but its natural key may have been replaced under the same one.
        replaced = {
            (each.table, each.replaces)
            for each in self.after.values()
            if each.replaces not in (None, each.identity)
        }
        for name in dict.fromkeys((*self.after, *self.before)):
            if name in replaced:
                continue  # what took its place is looked at
            table = name[0]
            after, before = self.after.get(name), self.before.get(name)
            if after is not None and after.replaces is not None:
                before = self.before.get((table, after.replaces))
            current = self.current(name) if before is None or after is None else self.meant(name)
            yield Touched(
                self._resources[table],
                current,
                before.state if before else None,
                after.state if after else None,
                self.now.get((table, current)),
            )

    def renamed(self, name: Name, state: State) -> State:
        """A state that refers to what has the place now of what it referred to."""
        resource = self._resources[name[0]]
        values = self._references(resource.columns, state.values)
        parts = {
            part.table: tuple(self._references(part.columns, each) for each in elements)
            for part in resource.parts
            if (elements := state.parts.get(part.table)) is not None
        }
        return State(values, parts)

    def _references(self, columns: Iterable[Column], values: Mapping[str, Any]) -> dict[str, Any]:
        result = dict(values)
        for column in columns:
            if column.reference is not None and values.get(column.name) is not None:
                result[column.name] = self._reference(column, values[column.name])
        return result

    def _reference(self, column: Column, value: Any) -> Any:
        reference = column.reference
        assert reference is not None
        if reference.by is None:
            return self.meant((reference.table, str(value)))
        target = self._resources[reference.table].column(reference.by)
        if not target.is_aws_to_say:
            return value
        for name, each in ChainMap(self.before, self.past).items():
            named = each.table == reference.table and each.state.values.get(reference.by) == value
            if named and (now := self.now.get((each.table, self.meant(name)))):
                return now.state.values.get(reference.by)
        return value

    # What was deleted and made again ---------------------------------------------------------------------

    def _find_made_again(self) -> None:
        """See in what has the natural key of something that was deleted before that it was made again."""
        by_table: dict[str, list[Name]] = defaultdict(list)
        for name, each in self.past.items():
            ended_here = name in self.before and name not in self.after
            if (each.table, self.current(name)) not in self.now and not ended_here:
                by_table[each.table].append(name)
        for table, resource in self._resources.items():  # in reference order: keys have others in them
            if table in by_table:
                self._find_in(resource, by_table[table])

    def _find_in(self, resource: Resource, gone: Iterable[Name]) -> None:
        made: dict[Any, list[Remembered]] = defaultdict(list)
        for each in self.now.values():
            if each.table == resource.table:
                made[_key(resource, each.state)].append(each)
        for name in gone:
            old = self.past[name]
            key = _key(resource, self.renamed(name, old.state))
            # Several may have one key; one that was there already is another one.
            again = [
                each
                for each in made.get(key, ())
                if old.until is not None and self._born[each.table, each.identity] >= old.until
            ]
            if len(again) == 1:
                self._made_again[name] = again[0].identity

    def _pair_unnamed(self) -> None:
        """See one resource in what has no name but its natural key, and was made anew with another."""
        for table, identity in list(self.before):
            resource = self._resources[table]
            if resource.identity is None and (table, identity) not in self.after:
                state = self.renamed((table, identity), self.before[table, identity].state)
                new = natural_name(resource, state.values)
                if (table, new) in self.after and (table, new) not in self.before:
                    self.after[table, new] = replace(self.after[table, new], replaces=identity)
                    self._successors[table, identity] = new


def _key(resource: Resource, state: State) -> Any:
    """What a resource that is made again has in common with the old one."""
    values = whole(resource, state).values
    if not all(resource.column(name).is_aws_to_say for name in resource.natural_key):
        return natural_key(resource, values)
    # AWS calls each otherwise: of these it is all that the row says.
    said = (each.name for each in resource.columns if not (each.is_aws_to_say or each.left_to_aws))
    return repr(sorted((name, values[name]) for name in said))
