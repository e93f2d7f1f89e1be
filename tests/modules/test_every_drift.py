"""Whatever AWS changes of a resource that a column or a part shows, the watch sees it.

Nothing here knows a resource, as in `test_every_attribute`: what AWS tells of one is filled from botocore's
models, once as it was agreed and once with something changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from engine.drivers.declared.driver import DeclaredDriver
from engine.plan import base as bases
from engine.plan import descriptions, diff, drift
from engine.plan.model import Found
from engine.plan.snapshot import Snapshot
from modules.catalogue import find_modules
from modules.spec import Column, Part, Resource
from tests.modules.told import PATIENCE, TellingCloud

RESOURCES = find_modules().resources


@cache
def told(table: str, variant: int) -> Found:
    """A resource as AWS tells it, with whichever of the values that a model allows."""
    resource = RESOURCES[table]
    per = resource.listing.per
    scope = {name: f"{name}-0-{variant}" for name in per.scope} if per else {}
    driver = DeclaredDriver(TellingCloud(resource, variant), PATIENCE)
    return asyncio.run(driver.list_all(resource, scope, lambda names: None))[0]


def agreed(table: str) -> Found:
    """It, as it was agreed. That it is one that AWS lets nobody change is another test's business."""
    return told(table, 0)


def seen(table: str, before: Found, now: Found) -> list[drift.Drifted]:
    """What the watch sees where one was agreed and AWS has the other."""
    resource = replace(RESOURCES[table], protected=None)
    # What it refers to is there: each reference means itself.
    snapshot = _Alone(resource, now)
    known = {table: {before.identity: bases.digest(resource, before)}}
    suspects = drift.suspects(snapshot, known)
    kept = {(table, before.identity): bases.agreed(resource, before)}
    return list(drift.seen(snapshot, suspects, kept))


class _Alone(Snapshot):
    """An account with one resource, in which all that this refers to is there."""

    def __init__(self, resource: Resource, found: Found) -> None:
        super().__init__([replace(resource, columns=())], {})
        self.resources = {resource.table: resource}
        self.tables = {resource.table: [found]}

    def by(self, table: str, column: str | None, value: Any) -> Found | None:
        if table in self.tables:
            return next((each for each in self.tables[table] if each.identity == value), None)
        return Found(table=table, identity=str(value), description={}, values={})

    def natural_name(self, found: Found) -> str:
        return "it"


def another(column: Column, value: Any, other: Any) -> Any:
    """Another value of a column."""
    form = column.canonical or (lambda each: each)
    if other is not None and form(other) != form(value):
        return other
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case dict():
            return {**value, "another": "one"}
        case list():
            return [*value, "another"]
        case str():
            return f"{value}2"
    return {"boolean": True, "integer": 7, "jsonb": {"another": "one"}}.get(str(column.type), "another")


_COLUMNS = [
    (table, column.name)
    for table, resource in RESOURCES.items()
    for column in resource.columns
    if not column.is_aws_to_say
]
_PARTS = [
    (table, part.table, column.name)
    for table, resource in RESOURCES.items()
    for part in resource.parts
    for column in part.columns
    if not column.is_aws_to_say
]


@pytest.mark.parametrize(("table", "name"), _COLUMNS)
def test_every_column(table: str, name: str) -> None:
    column, before, other = RESOURCES[table].column(name), agreed(table), told(table, 1)
    now = replace(
        before, values={**before.values, name: another(column, before.values[name], other.values[name])}
    )
    found = {each.column: (each.base, each.seen) for each in seen(table, before, now)}
    forms = _form(RESOURCES[table], before), _form(RESOURCES[table], now)
    # An id is told even if it means the same as a reference to a row would.
    if forms[0][name] != forms[1][name] or column.unless:
        assert found.pop(name) == (before.values[name], now.values[name])
    # Another column goes along only if what it means depends on this one, or is what this one means.
    assert name not in found
    assert found or forms[0][name] != forms[1][name]
    assert [each for each in found if forms[0][str(each)] == forms[1][str(each)]] == []


@pytest.mark.parametrize(("table", "part", "name"), _PARTS)
def test_every_column_of_a_part(table: str, part: str, name: str) -> None:
    before, other = agreed(table), told(table, 1)
    column = next(each for each in _part(table, part).columns if each.name == name)
    first, *more = before.parts[part] or other.parts[part]
    theirs = other.parts[part][0] if other.parts[part] else {}
    changed = {**first, name: another(column, first[name], theirs.get(name))}
    now = replace(before, parts={**before.parts, part: (changed, *more)})
    assert [each.column for each in seen(table, before, now)] == [part]


def _part(table: str, name: str) -> Part:
    return next(each for each in RESOURCES[table].parts if each.table == name)


@pytest.mark.parametrize("table", RESOURCES)
def test_every_attribute_that_a_column_shows(table: str) -> None:
    resource, before, other = RESOURCES[table], agreed(table), told(table, 1)
    for name, value in other.description.items():
        now = _described(resource, {**before.description, name: value}, before)
        if now is None:
            continue
        differ = {
            column.name
            for column in resource.columns
            if not column.is_aws_to_say
            and _form(resource, now)[column.name] != _form(resource, before)[column.name]
        }
        differ |= {
            part.table
            for part in resource.parts
            if diff.comparable(part, now.parts[part.table]) != diff.comparable(part, before.parts[part.table])
        }
        assert {each.column for each in seen(table, before, now)} == differ, name


def _described(resource: Resource, description: Mapping[str, Any], before: Found) -> Found | None:
    """The same resource with another description; None if that is another one, or none."""
    if resource.where is not None and not resource.where(description):
        return None
    try:
        found = descriptions.found(resource, description)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # two variants of a union do not go together
    return found if found.identity == before.identity else None


def _form(resource: Resource, found: Found) -> Mapping[str, Any]:
    return descriptions.canonical(resource.columns, found.values, resource.canonical)


@pytest.mark.parametrize("table", RESOURCES)
def test_what_is_gone_and_what_has_appeared(table: str) -> None:
    resource, found = replace(RESOURCES[table], protected=None), told(table, 0)
    there = _Alone(resource, found)
    suspects = drift.suspects(there, {table: {}})
    (appeared,) = drift.seen(there, suspects, {})
    assert (appeared.column, appeared.base, appeared.seen) == (None, None, bases.state_of(found))
    there.tables = {table: []}
    suspects = drift.suspects(there, {table: {found.identity: bases.digest(resource, found)}})
    base = bases.agreed(resource, found)
    (gone,) = drift.seen(there, suspects, {(table, found.identity): base})
    assert (gone.column, gone.base, gone.seen) == (None, base.answer, None)


@pytest.mark.parametrize("table", RESOURCES)
def test_what_is_as_it_was_is_no_drift(table: str) -> None:
    before = agreed(table)
    assert seen(table, before, replace(before, description={})) == []
