"""For random accounts and random work: the statements that say it make the same account of another one."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from engine.errors import OperationError
from engine.plan.model import Row
from engine.plan.pictures import Told, of_history, of_plan
from engine.plan.said import Expression, Given, Listed, Looked, Said, Statement, Where
from engine.plan.script import Unsayable, script
from modules.spec import Part, Resource
from tests.engine.test_properties import _SETTINGS, _applied, _edit, _used
from tests.engine.test_undo_properties import _begun, _differing, _shown, _worked
from tests.engine.world import RESOURCE, World

_FEWER = settings(_SETTINGS, max_examples=50, derandomize=True)
pytestmark = pytest.mark.timeout(900)


class _Tables:
    """Carries statements out on lists, as strictly as tables do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._parts = {part.relation: (each, part) for each in world.resources for part in each.parts}

    def run(self, some: Iterable[Said]) -> None:
        for each in some:
            if not isinstance(each, Statement):
                continue
            if any(self._value(one) is None for one in each.needed):
                raise AssertionError(f"what {each} refers to is not there")
            if each.table in self._parts:
                self._of_part(each, *self._parts[each.table])
            else:
                self._of_table(each, RESOURCE[each.table])

    def _of_table(self, said: Statement, resource: Resource) -> None:
        rows = self._world.rows[resource.table]
        values = {name: self._value(each) for name, each in said.values.items()}
        if said.do == "insert":
            row = self._new(resource, values)
            assert not _taken(resource, rows, row), said
            rows.append(row)
            return
        [row] = [each for each in rows if self._fits(each.values, said.where)]
        if said.do == "delete":
            assert not _used(self._world, row), said
            assert not any(row.parts.values()), said
            rows.remove(row)
            return
        key = tuple(values.get(name, row.values.get(name)) for name in resource.key)
        new = Row(table=row.table, key=key, values={**row.values, **values}, parts=row.parts)
        assert key == row.key or not _used(self._world, row), said
        rows.remove(row)
        assert not _taken(resource, rows, new), said
        rows.append(new)

    def _new(self, resource: Resource, values: dict[str, Any]) -> Row:
        record: dict[str, Any] = {
            column.name: False if column.default == "false" else None for column in resource.columns
        }
        record |= values
        if resource.key == ("id",):
            record["id"] = self._world._key(resource.table)
        parts: dict[str, Any] = {part.table: () for part in resource.parts}
        key = tuple(record[name] for name in resource.key)
        return Row(table=resource.table, key=key, values=record, parts=parts)

    def _of_part(self, said: Statement, resource: Resource, part: Part) -> None:
        values = {name: self._value(each) for name, each in said.values.items()}
        parent = values.get(part.parent.name)
        if parent is None:
            [parent] = [self._value(each) for name, each in said.where if name == part.parent.name]
        rows = self._world.rows[resource.table]
        [row] = [each for each in rows if each.key == (parent,)]
        where = [(name, each) for name, each in said.where if name != part.parent.name]
        elements = row.parts.get(part.table, ())
        there = [each for each in elements if self._fits(each, where)]
        match said.do:
            case "insert":
                new = {each.name: values.get(each.name) for each in part.columns}
                elements = (*elements, new)
            case "update":
                [old] = there
                elements = tuple({**each, **values} if each is old else each for each in elements)
            case "delete":
                assert there, said
                elements = tuple(each for each in elements if each not in there)
        new_row = Row(
            table=row.table, key=row.key, values=row.values, parts={**row.parts, part.table: elements}
        )
        rows[rows.index(row)] = new_row

    def _fits(self, values: Any, where: Where | list[tuple[str, Expression]]) -> bool:
        return all(_same(values.get(name), self._value(each)) for name, each in where)

    def _value(self, value: Expression) -> Any:
        match value:
            case Given():
                return value.value
            case Listed():
                return [self._value(each) for each in value.elements]
            case Looked():
                rows = self._world.rows[value.table]
                fitting = [each for each in rows if self._fits(each.values, value.where)]
                assert len(fitting) == 1, (value, rows)
                return fitting[0].values[value.column]


def _taken(resource: Resource, rows: Iterable[Row], row: Row) -> bool:
    """Whether a table would refuse a row: of two NULLs it does not think that they are the same."""
    for columns in resource.unique:
        ours = [row.values[name] for name in columns]
        if None not in ours and any([each.values[name] for name in columns] == ours for each in rows):
            return True
    return any(each.key == row.key for each in rows)


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _told(world: World, since: int, until: int) -> Iterator[Told]:
    """What history tells of the operations after one, up to another one."""
    for each in world.bases.remembered():  # type: ignore[attr-defined]
        ended = each.ended_by if each.ended_by is not None else until + 1
        yield Told(
            table=each.table,
            identity=each.identity,
            state=each.state,
            before=each.operation <= since < ended,
            after=each.operation <= until < ended,
            installed=False,
            replaces=each.replaces,
            since=each.since,
        )


def _another(world: World) -> World:
    """The same account in another place, where everything new has other ids."""
    other = copy.deepcopy(world)
    other._numbers = itertools.count(500_000)
    other.bases = dict(other.bases)
    return other


def _replayed(other: World, some: Iterable[Said]) -> bool:
    """Run statements and apply; whether that is not refused."""
    _Tables(other).run(some)
    try:
        other.apply()
    except OperationError as error:
        event(f"refused {error.sqlstate}")
        return False
    return True


@given(st.data())
@_FEWER
def test_an_operation_that_is_said_makes_the_same_of_another_account(data: st.DataObject) -> None:
    world = _begun(data)
    other = _another(world)
    for number in range(1, data.draw(st.integers(1, 3)) + 1):
        _worked(world, data.draw, number)
        try:
            said = script(world.resources, of_history(world.resources, _told(world, number - 1, number)))
        except Unsayable as error:
            event(f"unsayable: {error.table}")
            return
        if not _replayed(other, said):
            return
        assert _differing(_shown(world, chosen=False), _shown(other, chosen=False)) == {}, said
        assert not other.plan().changes


@given(st.data())
@_FEWER
def test_all_operations_since_a_moment_are_said_at_once(data: st.DataObject) -> None:
    world = _begun(data)
    other = _another(world)
    last = data.draw(st.integers(1, 4))
    for number in range(1, last + 1):
        _worked(world, data.draw, number)
    try:
        said = script(world.resources, of_history(world.resources, _told(world, 0, last)))
    except Unsayable as error:
        event(f"unsayable: {error.table}")
        return
    if _replayed(other, said):
        event("said" if said else "nothing to say")
        assert _differing(_shown(world, chosen=False), _shown(other, chosen=False)) == {}, said


@given(st.data())
@_FEWER
def test_what_is_pending_is_said_before_it_is_applied(data: st.DataObject) -> None:
    world = _begun(data)
    other = _another(world)
    for _ in range(data.draw(st.integers(1, 6))):
        _edit(world, data.draw)
    try:
        plan, account = world.plan(), world.account()
        said = script(world.resources, of_plan(account, plan))
    except (OperationError, Unsayable) as error:
        event(f"refused: {type(error).__name__}")
        return
    _applied(world)
    if _replayed(other, said):
        assert _differing(_shown(world, chosen=False), _shown(other, chosen=False)) == {}, said
