"""What becomes of one row and its resource, which have a base. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, Protocol

from engine.plan import base as bases
from engine.plan import drift, states, three_way
from engine.plan.base import Base, State
from engine.plan.model import Desired, Found, Row, RowChange, Values
from engine.plan.resolve import Resolver
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror
from engine.plan.three_way import Sides
from modules.spec import Part, Resource


class Decisions(Protocol):
    """What takes down what has been decided, of all rows."""

    snapshot: Snapshot
    resolver: Resolver
    mirror: Mirror

    def enforces(self, found: Found) -> bool:
        """Whether a row wins whatever AWS says."""

    def agree(self, found: Found, names: Iterable[str]) -> None:
        """In some columns row and AWS differ and mean the same."""

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
        """A column follows AWS, or is in conflict with it."""

    def follow(self, change: RowChange, base: Base, found: Found) -> None:
        """A row is to follow AWS, and has a new base then."""

    def check_needs(self, resource: Resource, row: Row, names: Collection[str]) -> None:
        """See that some columns of a row do not refer to what is gone."""


class Pair:
    """One row and its resource, which have a base."""

    def __init__(
        self, merge: Decisions, resource: Resource, desired: Desired, found: Found, base: Base
    ) -> None:
        self._merge = merge
        self._resource = resource
        self._desired = desired
        self._found = found
        self._kept = base
        self._base = states.completed(resource, base, found)
        self._values: dict[str, Any] = {}
        self._parts: dict[str, tuple[Values, ...]] = {}

    def merge(self, names: Iterable[str]) -> None:
        """Decide about the columns and parts in which the two differ."""
        changed = states.changed_since(self._resource, self._desired, self._base.row)
        drifted = drift.columns(self._merge.snapshot, self._resource, self._kept, self._found)
        agreed = [name for name in names if name not in changed and name not in drifted]
        if agreed:
            self._merge.agree(self._found, agreed)
        if self._merge.resolver.gone:
            self._merge.check_needs(self._resource, self._desired.row, changed)
        if not self._merge.enforces(self._found):
            for name in sorted(names):
                if name in drifted:
                    self._take(name, by_both=name in changed)
        self._follow()

    def _take(self, name: str, *, by_both: bool) -> None:
        """Take over what AWS has changed, or what it and the row make together."""
        values = (
            states.of(self._base.answer, name),
            states.of(self._desired, name),
            states.of(self._found, name),
        )
        conflict = ""
        try:
            taken = self._merged(name) if by_both else values[2]
        except three_way.Conflict:
            taken, conflict = None, "both have been changed"
        target = None if conflict else self._without_row(name, taken)
        if target is not None:
            conflict = f"AWS has it refer to {target[0]} {target[1]}, whose row has been deleted"
        self._merge.settle(
            self._resource.table,
            self._desired.row,
            self._found.identity,
            name,
            values,
            conflict,
            taken=None if conflict else taken,
        )
        if not conflict:
            (self._parts if name in self._found.parts else self._values)[name] = taken

    def _without_row(self, name: str, value: Any) -> tuple[str, str] | None:
        """What a value refers to that is there and has no row, so that no row can refer to it."""
        is_part = name in self._found.parts
        state = State({}, {name: value}) if is_part else State({name: value}, {})
        for _, column, each in states.references(self._resource, state):
            target = self._merge.snapshot.target(column, each)
            if target is not None and target not in self._merge.mirror.keys:
                return target
        return None

    def _merged(self, name: str) -> Any:
        both = (self._base.row, self._base.answer, self._desired, self._found)
        sides: Sides[Any] = Sides(*(states.of(each, name) for each in both))
        if name in self._found.parts:
            part = next(each for each in self._resource.parts if each.table == name)
            return three_way.of_part(part, sides)
        return three_way.of_column(self._resource.column(name), sides)

    def _follow(self) -> None:
        """Have the row follow what has been taken over."""
        if not self._values and not self._parts:
            return
        mirror, row = self._merge.mirror, self._desired.row
        columns = [column for column in self._resource.columns if column.name in self._values]
        change = RowChange(
            action="update",
            table=row.table,
            key=row.key,
            name=self._found.identity,
            values={column.name: mirror.value(column, self._values[column.name]) for column in columns},
            parts={
                part.table: tuple(self._element(part, each) for each in self._parts[part.table])
                for part in self._resource.parts
                if part.table in self._parts
            },
        )
        taken = {name: states.of(self._found, name) for name in self._values}
        taken_parts = {name: states.of(self._found, name) for name in self._parts}
        base = replace(
            self._base,
            row=states.with_values(self._base.row, taken, taken_parts),
            answer=states.with_values(self._base.answer, taken, taken_parts),
            mark=bases.mark_of(self._resource, self._found),
        )
        self._merge.follow(change, base, self._found)

    def _element(self, part: Part, element: Values) -> Values:
        """An element in row space; one of the row's own as it stands there."""
        own = self._desired.row.parts.get(part.table, ())
        # Without rows of its own it may have been given what these stand for, as AWS has it.
        for place, each in enumerate(self._desired.parts.get(part.table, ()) if own else ()):
            if each is element:
                return own[place]
        return {
            column.name: self._merge.mirror.value(column, element[column.name]) for column in part.columns
        }
