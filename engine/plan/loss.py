"""What a replacement loses: what AWS cannot make again, and who goes on naming the old resource. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.plan import descriptions
from engine.plan.model import Change, Found, Plan
from engine.plan.ownership import owner
from engine.plan.snapshot import Snapshot
from modules.spec import Resource
from modules.spec.names import bare

#: How many names of one kind are said.
_SHOWN = 5


def users(snapshot: Snapshot, changes: Iterable[Change]) -> Mapping[tuple[str, str], frozenset[str]]:
    """The tables of which a resource refers to what is replaced, by its table and identity.

    Tables go by their names in any region.
    """
    replaced = {(each.table, each.found.identity) for each in changes if each.found}
    result: dict[tuple[str, str], set[str]] = defaultdict(set)
    for found in (found for some in snapshot.tables.values() for found in some) if replaced else ():
        for target in (*snapshot.referred(found), *snapshot.named(found)):
            if target in replaced:
                result[target].add(bare(found.table))
    return {target: frozenset(tables) for target, tables in result.items()}


def completed(snapshot: Snapshot, plan: Plan, replaced: Mapping[int, Found]) -> Plan:
    """A plan whose replacements know all of the old resources, and what is lost with these.

    Args:
        replaced: the old resource of each replacement, by the place of its change in the plan.
    """
    if not replaced:
        return plan
    naming = _Naming(snapshot, plan)
    new: dict[int, Change] = {}
    for place, found in replaced.items():
        change = plan.changes[place]
        resource = snapshot.resources[change.table]
        loses = (
            *_lost(resource, found),
            *_lost_elements(resource, change),
            *_hidden(snapshot, found),
            *naming.of(found),
        )
        new[id(change)] = replace(change, found=found, loses=loses)
    return replace(
        plan,
        changes=tuple(new.get(id(each), each) for each in plan.changes),
        steps=tuple(replace(each, change=new.get(id(each.change), each.change)) for each in plan.steps),
    )


def _lost(resource: Resource, found: Found) -> Iterator[str]:
    for each in resource.carry.lost:
        there = descriptions.search(each.of, found.description)
        if there and there != "0":
            yield each.what + (f" ({_names(there)})" if isinstance(there, list) else "")


def _lost_elements(resource: Resource, change: Change) -> Iterator[str]:
    """What no column shows of elements that go while others come: they may have been given other names."""
    for part in resource.parts if resource.carry.description and change.found and change.desired else ():
        assert change.found is not None
        assert change.desired is not None
        theirs, ours = change.found.parts[part.table], change.desired.parts[part.table]
        kept = {part.natural_name(each) for each in ours}
        if kept <= {part.natural_name(each) for each in theirs}:
            continue  # they go, and nothing comes
        shown = {descriptions.first_key(column.path or "") for column in part.columns}
        elements = descriptions.search(part.path, change.found.description) or ()
        if len(elements) != len(theirs):
            continue  # what is not shown of them cannot be told
        for values, element in zip(theirs, elements, strict=True):
            if not isinstance(element, Mapping):
                continue  # a name alone hides nothing
            names = sorted(name for name, value in element.items() if value and name not in shown)
            if part.natural_name(values) not in kept and names:
                yield f"{', '.join(names)} of {part.table} {' '.join(map(str, part.natural_name(values)))}"


def _names(some: Sequence[Any]) -> str:
    names = [str(each) for each in some if isinstance(each, str | int)]
    if len(names) < len(some):
        return str(len(some))
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _hidden(snapshot: Snapshot, found: Found) -> Iterator[str]:
    """What is in a resource, and no table can show."""
    for other in snapshot.hidden:
        if snapshot.owner(other) == (found.table, found.identity):
            yield f"{other.table} {other.identity}, which no row can show"


class _Naming:
    """Who names what is replaced in a way that no column shows, so that nothing points it to the new one."""

    def __init__(self, snapshot: Snapshot, plan: Plan) -> None:
        self._snapshot = snapshot
        self._names = {
            each.found.identity for each in plan.changes if each.action == "replace" and each.found
        }
        going = {id(each.found) for each in plan.changes if each.action == "delete"}
        self._wanted = {id(each.found): each for each in plan.changes if each.desired}
        self._by: dict[str, list[Found]] = defaultdict(list)
        for found in (found for some in snapshot.tables.values() for found in some):
            if id(found) not in going:
                for name in self._named(found):
                    self._by[name].append(found)

    def of(self, found: Found) -> Iterator[str]:
        for other in self._by[found.identity]:
            if (found.table, found.identity) not in set(self._snapshot.referred(other)):
                yield f"{other.table} {other.identity} goes on naming {found.identity}"

    def _named(self, found: Found) -> set[str]:
        """The replaced resources that one goes on naming, its own name and its owner's not counted: what a
        replaced one has made for itself goes with it."""
        reflected = self._snapshot.resources[found.table].reflects
        own = {name: each for name, each in found.description.items() if name not in reflected}
        names = set(_strings(own)) & self._names - {found.identity, *(owner(found) or "").split()}
        change = self._wanted.get(id(found)) if names else None
        if change is None or change.desired is None:
            return names
        before = set(_strings([found.values, found.parts]))
        after = set(_strings([change.desired.values, change.desired.parts]))
        return {name for name in names if name in after or name not in before}


_QUOTED = re.compile(r'"([^"\\]+)"')


def _strings(value: Any) -> Iterator[str]:
    """All texts in a value, and those in documents that are texts."""
    if isinstance(value, str):
        yield value
        if value.startswith("{"):
            yield from _QUOTED.findall(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)
