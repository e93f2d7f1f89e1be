"""For random accounts and random rows: an undo takes back what an apply did, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from engine.errors import OperationError
from engine.plan.base import Base
from engine.plan.descriptions import canonical
from engine.plan.diff import comparable
from engine.plan.meet import Name
from engine.plan.memory import Remembered
from engine.plan.model import Found
from engine.plan.undo import Undo, undone
from tests.engine.test_properties import _SETTINGS, _applied, _edit, _name
from tests.engine.world import World

_FEWER = settings(_SETTINGS, max_examples=100)
pytestmark = pytest.mark.timeout(900)


class _Bases(dict[Name, tuple[Base, Found]]):
    """Bases that are not forgotten when they are written over or go.

    Attributes:
        operation: what changes them now.
        past: what they have been.
    """

    def __init__(self, some: dict[Name, tuple[Base, Found]]) -> None:
        super().__init__(some)
        self.operation = 0
        self.past: list[Remembered] = []
        self._since = dict.fromkeys(some, (0, 0))
        self._moment = 0

    def __setitem__(self, name: Name, value: tuple[Base, Found]) -> None:
        there = self.get(name)
        if there is None or there[0].row != value[0].row:
            self._end(name)
            self._moment += 1
            self._since[name] = self.operation, self._moment
        super().__setitem__(name, value)

    def __delitem__(self, name: Name) -> None:
        self._end(name)
        super().__delitem__(name)

    def pop(self, name: Name, *default: Any) -> Any:
        self._end(name)
        return super().pop(name, *default)

    def remembered(self) -> Iterator[Remembered]:
        """All that there is and was."""
        yield from self.past
        yield from (self._remembered(name, None) for name in self)

    def _end(self, name: Name) -> None:
        if name in self:
            self.past.append(self._remembered(name, self.operation))

    def _remembered(self, name: Name, ended_by: int | None) -> Remembered:
        operation, moment = self._since[name]
        return Remembered(
            table=name[0],
            identity=name[1],
            state=self[name][0].row,
            operation=operation,
            ended_by=ended_by,
            replaces=self[name][0].replaces,
            current=ended_by is None,
            since=f"{moment:09}",
            until=None if ended_by is None else f"{self._moment:09}",
        )


def _undone(world: World, operation: int) -> Undo:
    assert isinstance(world.bases, _Bases)
    return undone(world.resources, world.rows, world.bases.remembered(), operation)


def _shown(world: World, *, chosen: bool = True) -> dict[str, list[str]]:
    """What each table says, without what AWS calls things, in any order.

    Args:
        chosen: with the columns and parts that can be left to AWS, which fills them at the next change.
    """
    names: dict[tuple[str, Any], str] = {}
    result: dict[str, list[str]] = {}
    for resource in world.resources:  # in reference order
        result[resource.table] = []
        for row in world.rows[resource.table]:

            def said(columns: Any, values: Any) -> dict[str, Any]:
                own = {
                    each.name: values.get(each.name)
                    for each in columns
                    if not each.is_aws_to_say and (chosen or not each.left_to_aws)
                }
                for each in columns:
                    if each.reference and own.get(each.name) is not None:
                        own[each.name] = names.get((each.reference.table, own[each.name]), "?")
                return own

            values = canonical(resource.columns, row.values, resource.canonical)
            text = repr(sorted(said(resource.columns, values).items(), key=repr))
            for part in resource.parts:
                if (part.left_to_aws or part.chosen) and not chosen:
                    continue
                elements = comparable(part, row.parts.get(part.table, ()))
                text += repr(sorted(repr(said(part.columns, each)) for each in elements))
            result[resource.table].append(text)
            names[resource.table, row.key[0]] = text
        result[resource.table].sort()
    return result


def _differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, Any]:
    """The tables that do not say the same, with both."""
    return {table: (one[table], other[table]) for table in one if one[table] != other[table]}


def _worked(world: World, draw: Any, operation: int) -> None:
    """Edit rows and apply that as an operation."""
    assert isinstance(world.bases, _Bases)
    for _ in range(draw(st.integers(1, 4))):
        _edit(world, draw)
    world.bases.operation = operation
    _applied(world)


def _begun(data: st.DataObject) -> World:
    """An account of which the history begins now."""
    world = _name(World(), data.draw)
    _applied(world)
    world.sync()
    world.bases = _Bases(world.bases)
    return world


@given(st.data())
@_FEWER
def test_an_undo_takes_back_what_an_apply_did(data: st.DataObject) -> None:
    world = _begun(data)
    before, without_chosen = _shown(world), _shown(world, chosen=False)
    _worked(world, data.draw, 1)
    result = _undone(world, 1)
    assert result.conflicts == ()
    world.write(result.changes)
    assert _differing(before, _shown(world)) == {}
    world.bases.operation = 2  # type: ignore[attr-defined]
    try:
        world.apply()
    except OperationError as error:
        event(f"refused {error.sqlstate}")
        assume(False)
    assert _differing(without_chosen, _shown(world, chosen=False)) == {}
    assert not world.plan().changes


@given(st.data())
@_FEWER
def test_an_undo_is_undone(data: st.DataObject) -> None:
    world = _begun(data)
    _worked(world, data.draw, 1)
    after = _shown(world, chosen=False)
    world.write(_undone(world, 1).changes)
    world.bases.operation = 2  # type: ignore[attr-defined]
    _applied(world)
    result = _undone(world, 2)
    assert result.conflicts == ()
    world.write(result.changes)
    _applied(world)  # what AWS makes along with what is made comes with it
    assert _differing(after, _shown(world, chosen=False)) == {}


@given(st.data())
@_FEWER
def test_two_operations_are_undone_one_after_the_other_or_the_first_is_refused(data: st.DataObject) -> None:
    world = _begun(data)
    before = _shown(world, chosen=False)
    _worked(world, data.draw, 1)
    _worked(world, data.draw, 2)
    world.write(_undone(world, 2).changes)
    world.bases.operation = 3  # type: ignore[attr-defined]
    _applied(world)
    result = _undone(world, 1)
    if result.conflicts:
        event("refused")
        return
    event("undone")
    world.write(result.changes)
    assert _differing(before, _shown(world, chosen=False)) == {}


@given(st.data())
@_FEWER
def test_an_undo_leaves_what_was_done_since_or_is_refused(data: st.DataObject) -> None:
    world = _begun(data)
    _worked(world, data.draw, 1)
    _worked(world, data.draw, 2)
    after = _shown(world)
    result = _undone(world, 1)
    if result.conflicts:
        event("refused")
        assert result.changes == ()
        return
    event("undone" if result.changes else "nothing left of it")
    world.write(result.changes)
    if not result.changes:
        assert _differing(after, _shown(world)) == {}
