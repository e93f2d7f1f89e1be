"""A plan, column by column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.plan import states
from engine.plan.base import Base, State
from engine.plan.merge import Settled
from engine.plan.model import Change, Difference, Key, Pending, Plan, label
from modules.spec import OnChange, Resource


def of_plan(
    resources: Mapping[str, Resource], plan: Plan, kept: Mapping[tuple[str, str], Base] | None = None
) -> list[Difference]:
    """What each change of a plan changes, in the order of its changes.

    Args:
        kept: the bases of resources that the plan changes, by table and identity.
    """
    names = {
        (change.table, change.desired.row.key): change.natural or change.name
        for change in plan.changes
        if change.desired
    }

    def said(change: Change, name: str, value: Any) -> str | None:
        return _text(states.shown(resources[change.table], name, value), names)

    return [
        Difference(
            action=change.action,
            table=change.table,
            id=change.id,
            name=change.name,
            label=change.label,
            column=name,
            current=said(change, name, _current(change, name)),
            desired=said(change, name, _desired(change, name)),
            replaces=(replaces := change.action == "replace" and on_change is OnChange.REPLACE),
            loses="; ".join(change.loses if replaces else change.gives_up) or None,
            base=said(change, name, _base(change, name, kept or {})),
            changed_by=_changed_by(change, name, kept or {}),
        )
        for change in plan.changes
        for name, on_change in _columns(resources[change.table], change)
    ]


def of_settled(settled: Iterable[Settled]) -> list[Difference]:
    """What rows follow of what AWS has changed, what is gone from it, and what is in conflict."""
    return [
        Difference(
            action="conflict"
            if each.conflict
            else "gone"
            if each.column is None and each.answer is None
            else "follow",
            table=each.table,
            id=each.id,
            name=each.name,
            label=label(each.label, each.name),
            column=each.column,
            current=text(each.answer) if each.column else None,
            desired=text(each.row if each.conflict else each.taken) if each.column else None,
            replaces=False,
            base=text(each.base) if each.column else None,
            changed_by="both" if each.conflict else "aws",
        )
        for each in settled
    ]


def _changed_by(change: Change, name: str, kept: Mapping[tuple[str, str], Base]) -> str:
    """Which side is not as it was when the two last agreed."""
    if change.found is None:
        return "row"
    base = kept.get((change.table, change.found.identity))
    if base is None:
        return "aws" if change.desired is None else "row"
    if change.desired is None:
        return "row"
    ours, theirs = _desired(change, name), _current(change, name)
    if theirs == _of(base.answer, name, theirs):
        return "row"
    return "aws" if ours == _of(base.row, name, ours) else "both"


def _of(state: State, name: str, otherwise: Any) -> Any:
    """What a state has; of what it lacks, something else."""
    return state.parts.get(name, state.values.get(name, otherwise))


def _base(change: Change, name: str, kept: Mapping[tuple[str, str], Base]) -> Any:
    base = kept.get((change.table, change.found.identity)) if change.found else None
    if base is None:
        return None
    return states.of(base.row, name)


def text(value: Any) -> str | None:
    """A value of either side as text; None for nothing."""
    return _text(value, {})


def _columns(resource: Resource, change: Change) -> Iterator[tuple[str, OnChange]]:
    """The columns and parts that a change is about."""
    columns = [(column.name, column.on_change) for column in resource.columns]
    for name, on_change in [*columns, *((part.table, part.on_change) for part in resource.parts)]:
        if change.action in ("create", "delete"):
            value = _current(change, name) if change.action == "delete" else _desired(change, name)
            if on_change is not OnChange.ASSIGNED and value not in (None, ()):
                yield name, on_change
        elif name in change.changed:
            yield name, on_change


def _current(change: Change, name: str) -> Any:
    return None if change.found is None else states.of(change.found, name)


def _desired(change: Change, name: str) -> Any:
    return None if change.desired is None else states.of(change.desired, name)


def _text(value: Any, names: Mapping[tuple[str, Key], str]) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Pending):
        return _plain(value, names)
    return json.dumps(value, default=lambda each: _plain(each, names))


def _plain(value: Any, names: Mapping[tuple[str, Key], str]) -> str:
    """What JSON has no form for; a resource that is yet to be made by its natural key."""
    if isinstance(value, Pending):
        return f"(new {value.table} {names.get((value.table, value.key), '')})".replace(" )", ")")
    return str(value)
