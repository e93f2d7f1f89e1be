"""Every attribute that AWS's calls know and no column shows stays what it is, whatever a row changes.

Nothing here knows a resource: what AWS tells of one is filled from botocore's models, and what the engine
sends is compared with it, attribute by attribute. So it holds for modules that are still to be written.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from engine.caller import Stop
from engine.check.models import Shape, service
from engine.drivers.declared.driver import DeclaredDriver
from engine.drivers.declared.lookup import Lookup
from engine.drivers.declared.worker import DeclaredWorker
from engine.drivers.job import Job
from engine.plan import descriptions, loss
from engine.plan.model import Change, Desired, Found, Plan, Row
from engine.plan.snapshot import Snapshot
from modules.catalogue import find_modules
from modules.spec import Call, Column, Each, Kept, OnChange, Part, Resource, Update, named
from tests.modules.told import PATIENCE, Asked, TellingCloud, excused


def _input(resource: Resource, call: Call) -> Shape:
    return service(resource.service).input(call.operation)


RESOURCES = find_modules().resources
_CONTEXT = {"account": "111111111111", "region": "us-east-1", "arn": "arn:aws:iam::111111111111:user/told"}


@dataclass(frozen=True)
class Edit:
    """A change of one column of a row, or of one of its parts.

    Attributes:
        column: its name; None: the part loses its last element.
        part: the part's table, if it is of one; the first element's is changed then.
        cleared: it becomes NULL.
    """

    column: Column | None
    part: Part | None = None
    cleared: bool = False

    def __str__(self) -> str:
        names = [each for each in (self.part and self.part.table, self.column and self.column.name) if each]
        return ".".join(names) + (" cleared" if self.cleared else "")

    @property
    def changed(self) -> str:
        """What a plan names it by."""
        if self.part is not None:
            return self.part.table
        assert self.column is not None
        return self.column.name

    @property
    def replaces(self) -> bool:
        of = self.part or self.column
        return of is not None and of.on_change is OnChange.REPLACE

    def of(self, old: Found, other: Found) -> Desired:
        """A row that asks for a resource as it is but for this."""
        if self.part is None:
            return _desired(old, self._edited(old.values, other.values), old.parts)
        first, *more = old.parts[self.part.table]
        if self.column is None:
            elements = [first, *more[:-1]] if more else []
        else:
            elements = [self._edited(first, other.parts[self.part.table][0]), *more]
        return _desired(old, old.values, {**old.parts, self.part.table: tuple(elements)})

    def _edited(self, values: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
        assert self.column is not None
        name = self.column.name
        return {**values, name: None if self.cleared else _other(self.column, values[name], other[name])}


def _other(column: Column, old: Any, other: Any) -> Any:
    """Another value of a column."""
    if other is not None and other != old:
        return other
    match old:
        case bool():
            return not old
        case int():
            return old + 1
        case str():
            return f"{old}2"
        case dict():
            return {**old, "another": "one"}
    if column.reference is not None and column.type == "integer":
        return "another"  # as AWS names it
    return {"boolean": True, "integer": 7}.get(str(column.type), other)


def _desired(old: Found, values: Mapping[str, Any], parts: Mapping[str, Any]) -> Desired:
    return Desired(Row(table=old.table, key=(1,), values={}), values, parts)


def _edits(resource: Resource) -> Iterator[Edit]:
    """Every change that a row can ask for."""
    required = set(_required(resource))
    for column in resource.columns:
        if not column.is_aws_to_say:
            yield Edit(column)
            if not (column.not_null or column.left_to_aws or column.name in required):
                yield Edit(column, cleared=True)
    for part in resource.parts:
        # AWS chooses what the only row would say.
        if not (part.left_to_aws and part.key == (part.parent.name,)):
            yield Edit(None, part)
        for column in part.columns:
            if column.name not in part.natural_key:
                yield Edit(column, part)
                if not column.not_null:
                    yield Edit(column, part, cleared=True)


def _required(resource: Resource) -> Iterator[str]:
    """The columns without which AWS makes nothing."""
    yield from resource.natural_key
    for call in resource.create:
        for name in _input(resource, call).required_members:
            yield from named(call.params.get(name, ""))


def _told(resource: Resource, variant: int) -> tuple[TellingCloud, Found]:
    """An account, and a resource with all that a replacement has to know."""
    cloud = TellingCloud(resource, variant)
    driver = DeclaredDriver(cloud, PATIENCE)
    per = resource.listing.per
    scope = {name: f"{name}-0-{variant}" for name in per.scope} if per else {}

    async def read() -> Found:
        found = (await driver.list_all(resource, scope, lambda names: None))[0]
        return await driver.replaceable(_unhindered(resource), found, used_by=(), first=False)

    return cloud, asyncio.run(read())


def _unhindered(resource: Resource) -> Resource:
    """The resource where nothing stands in the way of its deletion; of several, a fetch shows the first."""
    fetch = resource.fetch
    if fetch is not None and fetch.where:
        fetch = replace(fetch, where={}, result=f"({fetch.result})[0]")
    create = tuple(replace(each, then=None, until=None) for each in resource.create)
    update = tuple(replace(each, then=None, until=None) for each in resource.update)
    update = tuple(replace(each, shows=()) if isinstance(each, Update) else each for each in update)
    return replace(
        resource,
        obstacles=(),
        taken=None,
        ready=None,
        gone=None,
        fetch=fetch,
        create=create,
        update=update,
    )


def _worker(cloud: TellingCloud) -> DeclaredWorker:
    lookup = Lookup(cloud, Snapshot(tuple(RESOURCES.values()), {}))  # nothing else is there
    return DeclaredWorker(cloud, _CONTEXT, PATIENCE, Stop(), lookup)


def _job(resource: Resource, edit: Edit, old: Found, desired: Desired) -> Job:
    change = Change(
        action="replace" if edit.replaces else "update",
        table=resource.table,
        id=1,
        name="it",
        desired=desired,
        found=old,
        changed=frozenset({edit.changed}),
    )
    return Job(number=1, resource=_unhindered(resource), change=change, desired=desired, token="token")


_EDITS = [(table, edit) for table, resource in RESOURCES.items() for edit in _edits(resource)]
_REPLACED = [(table, edit) for table, edit in _EDITS if edit.replaces and RESOURCES[table].delete]
_UPDATED = [(table, edit) for table, edit in _EDITS if not edit.replaces]


@pytest.mark.parametrize("variant", [0, 1])
@pytest.mark.parametrize(("table", "edit"), _REPLACED, ids=lambda each: str(each))
def test_a_replacement_keeps_every_attribute(table: str, edit: Edit, variant: int) -> None:
    resource = RESOURCES[table]
    cloud, old = _told(resource, variant)
    _, other = _told(resource, variant + 1)
    desired = edit.of(old, other)
    asked = _replaced(cloud, resource, edit, old, desired)
    assert cloud.complaints == []
    assert _unexcused(resource, _missing_of_all(resource, edit, old, asked)) == []


@pytest.mark.parametrize("table", [name for name, each in RESOURCES.items() if each.parts and each.delete])
def test_of_elements_that_go_with_a_replacement_only_what_no_column_shows_is_lost(table: str) -> None:
    resource = RESOURCES[table]
    _, old = _told(resource, 0)
    _, other = _told(resource, 1)
    edit = Edit(resource.columns[0])
    change = replace(
        _job(resource, edit, old, _desired(old, old.values, other.parts)).change, action="replace"
    )
    plan = Plan(changes=(change,), steps=(), restores=(), pairs={})
    [done] = loss.completed(Snapshot((resource,), {}), plan, {0: old}).changes
    for part in resource.parts:
        shown = {descriptions.first_key(column.path or "") for column in part.columns}
        said = [each for each in done.loses if f" of {part.table} " in each]
        assert not any(shown & set(each.partition(" of ")[0].split(", ")) for each in said)


def _replaced(
    cloud: TellingCloud, resource: Resource, edit: Edit, old: Found, desired: Desired
) -> list[Asked]:
    """The calls that put another resource in the place of one."""
    job = _job(resource, edit, old, desired)
    cloud.asked.clear()
    cloud.answers = _of_new(resource, old, desired)

    async def make() -> None:
        async for _ in _worker(cloud).create(job):
            pass

    asyncio.run(make())
    return cloud.asked


@pytest.mark.parametrize("variant", [0, 1])
@pytest.mark.parametrize(("table", "edit"), _UPDATED, ids=lambda each: str(each))
def test_an_update_changes_nothing_else(table: str, edit: Edit, variant: int) -> None:
    resource = RESOURCES[table]
    cloud, old = _told(resource, variant)
    _, other = _told(resource, variant + 1)
    desired = edit.of(old, other)
    job = _job(resource, edit, old, desired)
    cloud.asked.clear()
    if edit.column is not None and edit.column.name in resource.key:
        cloud.answers = _of_new(resource, old, desired)  # it is known by another name then
    asyncio.run(_worker(cloud).change(job))
    assert cloud.complaints == []
    assert [each for each in cloud.asked if each.operation in _operations(resource.update)], (
        "nothing is asked"
    )
    assert _unexcused(resource, _reset(resource, edit, old, cloud.asked)) == []
    again = set(_sent_again(resource, edit, old, cloud.asked))
    assert again - set(excused(table)) == set()


def _operations(some: Iterable[Call]) -> set[str]:
    return {each.operation for each in some}


def _reset(resource: Resource, edit: Edit, old: Found, asked: list[Asked]) -> Iterator[Lost]:
    """The attributes that calls set to something else, or leave out where AWS takes that for a reset."""
    changed = set(_paths(resource, edit))
    for call in resource.update:
        shape = _input(resource, call)
        for each in asked:
            if each.operation == call.operation:
                whole = _is_whole(call)
                there = {
                    name: value for name, value in old.description.items() if whole or name in each.params
                }
                yield from _missing_of(shape, each.params, there, changed)


#: What AWS calls operations that set all that they know, and set back what they are not given.
_WHOLE = ("put_", "set_", "replace_")


def _is_whole(call: Call) -> bool:
    return call.operation.startswith(_WHOLE) or (isinstance(call, Update) and call.whole)


def _sent_again(resource: Resource, edit: Edit, old: Found, asked: list[Asked]) -> Iterator[str]:
    """The parameters that ask for what is so already, so that somebody's change since would be undone."""
    changed = set(_paths(resource, edit))
    for call in resource.update:
        shape = _input(resource, call)
        for each in asked:
            if each.operation != call.operation or _is_whole(call):
                continue
            for name, value in each.params.items():
                same = name in old.description and _same(shape.members[name], value, old.description[name])
                if same and name not in shape.required_members and name not in changed:
                    yield f"{call.operation}.{name}"


def _unexcused(resource: Resource, lost: Iterator[Lost]) -> list[str]:
    reasons = {**resource.carry.not_kept, **excused(resource.table)}
    return [str(each) for each in lost if not any(each.is_in(path) for path in reasons)]


def _of_new(resource: Resource, old: Found, desired: Desired) -> dict[str, Any]:
    """What AWS answers of the new resource, which has nothing yet but what its row says."""
    answers: dict[str, Any] = {look.operation: {} for look in resource.carry.looks}
    shown = dict(old.description)
    for column in resource.columns:
        if column.path and column.path.isidentifier() and column.read is None:
            shown[column.path] = desired.values[column.name]
    for call in (*resource.create, *([resource.fetch] if resource.fetch else ())):
        if call.result and not call.where:
            answers[call.operation] = _answer(call.result, shown)
    return answers


def _answer(path: str, value: Any) -> Any:
    """An answer in which a path such as `a`, `a[0]` or `a[0].b` finds a value."""
    first, _, rest = path.partition(".")
    name, bracket, _ = first.partition("[")
    inner = _answer(rest, value) if rest else value
    return inner if first == "@" else {name: [inner] if bracket else inner}


def _missing_of_all(resource: Resource, edit: Edit, old: Found, asked: list[Asked]) -> Iterator[Lost]:
    """The attributes of a replaced resource that no call has given the new one."""
    changed = {*_paths(resource, edit), *_named_by_columns(resource)}
    for call in {each.operation: each for each in resource.create}.values():
        calls = [each.params for each in asked if each.operation == call.operation]
        together = {name: value for params in calls for name, value in params.items()}
        if calls:
            yield from _missing_of(_input(resource, call), together, old.description, changed)
    for operation in dict.fromkeys(kept.operation for kept in resource.carry.calls):
        some = [kept for kept in resource.carry.calls if kept.operation == operation]
        yield from _missing_kept(resource, some, old, asked)


def _named_by_columns(resource: Resource) -> Iterator[str]:
    """The parameters of what a replacement keeps that say of which resource."""
    for call in resource.carry.calls:
        yield from (path for path, source in call.params.items() if isinstance(source, str))


def _missing_kept(resource: Resource, some: list[Kept], old: Found, asked: list[Asked]) -> Iterator[Lost]:
    """The attributes that calls of one operation are to keep, and do not."""
    shape = _input(resource, some[0])
    calls = [each.params for each in asked if each.operation == some[0].operation]
    named = {path for call in some for path, source in call.params.items() if isinstance(source, str | Each)}
    there = [descriptions.search(kept.of, old.description) for kept in some]
    if any(there) and not calls:
        yield Lost(some[0].of, there[0], f"no call of {some[0].operation}")
    elif some[0].each and there[0] and isinstance(there[0][0], dict):
        for item, params in zip(there[0], calls, strict=True):
            yield from _missing_of(shape, params, item, named)
    elif not some[0].each:
        together = {name: value for params in calls for name, value in params.items()}
        yield from _missing_of(shape, together, old.description, named)


@dataclass(frozen=True)
class Lost:
    """An attribute that a call knows, and was not given as it is."""

    path: str
    there: Any
    sent: Any

    def __str__(self) -> str:
        return f"{self.path}: {self.there!r} is there, {self.sent!r} is sent"

    def is_in(self, path: str) -> bool:
        """Whether it is at a path, in whichever elements, or within it."""
        return f"{re.sub(_PLACE, '', self.path)}.".startswith(f"{path}.")


_PLACE = r"\[\d+\]"


def _missing_of(
    shape: Shape, params: Mapping[str, Any], there: Mapping[str, Any], changed: Collection[str]
) -> Iterator[Lost]:
    """Of what is there the attributes that an operation knows by the same name, and was not given."""
    for name, member in shape.members.items():
        if name in there and name.lower() != "tags" and name not in changed:
            yield from _missing(member, params.get(name), there[name], name, changed)


def _missing(shape: Shape, sent: Any, there: Any, path: str, changed: Collection[str]) -> Iterator[Lost]:
    if path in changed or _same(shape, sent, there):
        return
    if isinstance(there, dict) and shape.type_name in ("structure", "map"):
        for name, value in there.items():
            member = shape.members.get(name) if shape.type_name == "structure" else shape.value
            if member is not None:
                inner = sent.get(name) if isinstance(sent, dict) else None
                yield from _missing(member, inner, value, f"{path}.{name}", changed)
    elif isinstance(there, list) and shape.type_name == "list":
        for place, value in enumerate(there):
            inner = sent[place] if isinstance(sent, list) and place < len(sent) else None
            yield from _missing(shape.member, inner, value, f"{path}[{place}]", changed)
    else:
        yield Lost(path, there, sent)


def _same(shape: Shape, sent: Any, there: Any) -> bool:
    """Whether AWS takes what is sent for what is there: also as a text, or wrapped."""
    if sent == there:
        return True
    if there == {"Value": sent}:
        return True
    if shape.type_name == "string" and isinstance(there, dict) and sent is not None:
        return sent in there.values() or bool(json.loads(sent) == there)
    if isinstance(sent, int) and isinstance(there, str):
        return str(sent) == there
    if isinstance(sent, str) and isinstance(there, datetime.datetime):
        return datetime.datetime.fromisoformat(sent) == there
    if shape.type_name == "structure" and set(shape.members) == {"Value"}:
        return bool((sent or {}).get("Value", False) == there)
    return False


def _paths(resource: Resource, edit: Edit) -> Iterator[str]:
    """Where a column is in a description, and in the calls' parameters."""
    calls = (*resource.create, *resource.update)
    params = [(path, source) for call in calls for path, source in call.params.items()]
    if edit.part is None:
        assert edit.column is not None
        yield edit.column.path or ""
        yield from (path for path, source in params if edit.column.name in named(source))
    elif edit.column is None:
        yield edit.part.path
        yield from (path for path, source in params if edit.part.table in named(source))
    else:
        yield f"{edit.part.path}[0].{edit.column.path}"
        if edit.cleared and edit.column.name in resource.carry.owned:
            yield f"{edit.part.path}[0].{resource.carry.owned[edit.column.name]}"
        for path, source in params:
            if isinstance(source, Each) and source.part == edit.part.table:
                inner = source.element if isinstance(source.element, Mapping) else {}
                yield from (
                    f"{path}[0].{at}" for at, each in inner.items() if edit.column.name in named(each)
                )


@pytest.mark.parametrize("table", ["log_group", "listener", "target_group", "service", "task_definition"])
def test_what_a_declaration_does_not_keep_is_found(table: str) -> None:
    forgetful = replace(RESOURCES[table], carry=replace(RESOURCES[table].carry, description=False, calls=()))
    whole = RESOURCES[table]
    edit = next(each for each in _edits(whole) if each.replaces)
    cloud, old = _told(whole, 0)
    _, other = _told(whole, 1)
    desired = edit.of(old, other)
    asked = _replaced(cloud, forgetful, edit, old, desired)
    assert list(_missing_of_all(whole, edit, old, asked))
