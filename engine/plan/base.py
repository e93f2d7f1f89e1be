"""The base of a resource: the pair of its row and of AWS's answer when the two were last one. Pure.

A row has changed if it differs from the base's row, and AWS has if its answer differs from the base's answer.
The two are never compared with each other where there is a base: what AWS makes of what it was sent, another
order, say, or a default, is no difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.plan import descriptions
from engine.plan.model import Desired, Found, Parts, Values
from modules.spec import Resource


@dataclass(frozen=True, slots=True)
class State:
    """All columns and parts of a resource; references are what AWS calls the other resource."""

    values: Values
    parts: Parts


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """What a row and AWS's answer were when they were last one.

    Attributes:
        table: of the resource, by the name that it goes by.
        identity: AWS's name for the resource.
        mark: what AWS never changes of it and gives another one of the same name anew; None: there is none.
        row, answer: the two; often they are the same. The answer lacks what AWS has not told yet.
        before: AWS's answer before the engine changed the resource, while AWS may still give that.
        fresh: whether the engine has made or changed it so recently that AWS may not show that yet.
        replaces: AWS's name for the resource in whose place the engine has made it.
        begun_by: the operation whose doing it is, if not that of the one that keeps it.
    """

    table: str
    identity: str
    row: State
    answer: State
    mark: str | None = None
    before: State | None = None
    fresh: bool = False
    replaces: str | None = None
    begun_by: int | None = None


def agreed(resource: Resource, found: Found) -> Base:
    """The base of a resource whose row shows what AWS holds."""
    state = state_of(found)
    return Base(
        table=found.table, identity=found.identity, row=state, answer=state, mark=mark_of(resource, found)
    )


def begun(resource: Resource, found: Found) -> Base:
    """The base of a resource that has been made and not completed: what AWS has told of it so far."""
    told = _told(resource, found)
    return Base(
        table=found.table, identity=found.identity, row=told, answer=told, mark=mark_of(resource, found)
    )


def applied(
    resource: Resource,
    desired: Desired,
    found: Found,
    before: Found | None,
    changed: Collection[str] = (),
) -> Base:
    """The base of a resource that AWS has been made to hold for a row, and the row shows what AWS chose.

    What the calls that did it have not told is left out of the answer.

    Args:
        found: the resource as those calls described it.
        before: the resource before that, if it was there.
        changed: the columns and parts of it that were changed. What else is not as before somebody else has
            changed meanwhile: that is not agreed, unless the row leaves it to AWS.
    """
    answer, told = state_of(found), _told(resource, found)
    left = {
        each.name for each in resource.columns if each.left_to_aws and desired.values.get(each.name) is None
    }
    # What AWS has chosen in these calls, or let go of, since it counted only beside something else.
    chosen = {
        each.name
        for each in resource.columns
        if each.left_to_aws and each.name in told.values
        if each.name in left or told.values[each.name] is None
    }
    values = {
        column.name: answer.values[column.name]
        if column.is_aws_to_say or column.name in left
        else desired.values.get(column.name)
        for column in resource.columns
    }
    parts = {
        part.table: answer.parts[part.table]
        if (part.left_to_aws or part.chosen) and not desired.parts.get(part.table)
        else tuple(
            {column.name: each.get(column.name) for column in part.columns}
            for each in desired.parts.get(part.table, ())
        )
        for part in resource.parts
    }
    return Base(
        table=found.table,
        identity=found.identity,
        row=State(values, parts),
        answer=_with_before(told, before, {*changed, *chosen}),
        mark=mark_of(resource, found),
        before=state_of(before) if before else None,
        fresh=resource.settles > 0,
    )


def _with_before(state: State, before: Found | None, changed: Collection[str]) -> State:
    if before is None:
        return state
    values = {name: value for name, value in before.values.items() if name not in changed}
    parts = {name: value for name, value in before.parts.items() if name not in changed}
    return State({**state.values, **values}, {**state.parts, **parts})


def _told(resource: Resource, found: Found) -> State:
    """What a description says of a resource, and not what was only sent."""
    there = found.description
    values, parts = found.values, found.parts
    untold = [
        column.name
        for column in resource.columns
        if column.is_untold
        or (column.path and values[column.name] is not None and _is_untold(column.path, there))
    ]
    if untold:
        values = {name: value for name, value in values.items() if name not in untold}
    untold = [part.table for part in resource.parts if _is_untold(part.path, there)]
    if untold:
        parts = {table: elements for table, elements in parts.items() if table not in untold}
    return State(values, parts)


def _is_untold(path: str, description: Mapping[str, Any]) -> bool:
    first = descriptions.first_key(path)
    if first is None:
        return False
    return description.get(first) is None or (
        first != path and descriptions.search(path, description) is None
    )


def state_of(found: Found) -> State:
    """What a resource's columns and parts are in AWS."""
    return State(found.values, found.parts)


def mark_of(resource: Resource, found: Found) -> str | None:
    value = descriptions.search(resource.mark, found.description) if resource.mark else None
    return None if value is None else str(value)


def digest(resource: Resource, found: Found) -> str:
    """A short text that two answers have in common only if all that is not AWS's to say is the same.

    Two answers that mean the same may have different ones.
    """
    values = [found.values[name] for name in resource.asked]
    text = orjson.dumps((values, found.parts), _plain, orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def _plain(value: Any) -> str:
    return str(value)


def as_record(resource: Resource, base: Base, found: Found) -> Mapping[str, Any]:
    """A base as it is kept; what is not there is NULL."""
    record: dict[str, Any] = {
        "identity": base.identity,
        "answer": _document(base.answer),
        "digest": digest(resource, found),
    }
    if base.mark is not None:
        record["mark"] = base.mark
    if base.row is not base.answer:
        record["row"] = _document(base.row)
    if base.replaces is not None:
        record["replaces"] = base.replaces
    if base.begun_by is not None:
        record["begun_by"] = base.begun_by
    if base.fresh:
        record["settles"] = resource.settles
        record["before"] = _document(base.before) if base.before else None
    return record


def _document(state: State) -> Mapping[str, Any]:
    return {"values": state.values, "parts": state.parts} if state.parts else {"values": state.values}


def from_record(table: str, record: Mapping[str, Any]) -> Base:
    answer = state(record["answer"])
    return Base(
        table=table,
        identity=record["identity"],
        mark=record["mark"],
        row=state(record["row"]) if record["row"] else answer,
        answer=answer,
        before=state(record["before"]) if record["before"] else None,
        fresh=record["fresh"],
    )


def state(document: Mapping[str, Any]) -> State:
    """A state, from how it is kept."""
    return State(
        document["values"], {table: tuple(elements) for table, elements in document.get("parts", {}).items()}
    )
