"""AWS requests from declarations and values. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.plan.descriptions import search
from engine.plan.model import Desired, Found, Parts, Values
from modules.spec import (
    Call,
    Column,
    Const,
    Context,
    Derived,
    Each,
    Item,
    Part,
    Resource,
    Source,
    Token,
    When,
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the parameters of a call are made from.

    Attributes:
        values, parts: in AWS's space, nothing pending.
        context: region and account.
        item: the element that the call is made for.
        token: the journal's name for the step that the call is made for.
    """

    values: Values
    parts: Parts
    context: Mapping[str, str]
    item: Any = None
    token: str | None = None


def request(call: Call, facts: Facts) -> dict[str, Any]:
    """The parameters of one call; those without a value are left out."""
    return structure(call.params, facts)


def described(call: Call, answer: Mapping[str, Any], facts: Facts) -> dict[str, Any] | None:
    """The description in a call's answer, with what AWS does not repeat there; None if there is none."""
    found: dict[str, Any] | None = search(call.result or "@", answer)
    return {**found, **structure(call.joins, facts)} if found is not None and call.joins else found


def applies(call: Call, facts: Facts) -> bool:
    """Whether the call is to be made for these values."""
    return call.given is None or facts.values.get(call.given[0]) == call.given[1]


def structure(params: Mapping[str, Source], facts: Facts) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for path, source in params.items():
        value = _value(source, facts)
        if value is not None:
            _put(result, path, value)
    return result


def _value(source: Source, facts: Facts) -> Any:
    match source:
        case str():
            return facts.values.get(source)
        case Const():
            return source.value
        case Context():
            return facts.context[source.what]
        case Derived():
            arguments = [facts.values.get(name) for name in source.columns]
            return None if arguments[0] is None else source.function(*arguments)
        case When():
            return None if facts.values.get(source.column) is None else _value(source.source, facts)
        case Each():
            return [_element(source, each, facts) for each in facts.parts.get(source.part, ())]
        case Item():
            return facts.item
        case Token():
            return None if facts.token is None else _client_token(facts.token, facts)


def _client_token(token: str, facts: Facts) -> str:
    """What AWS knows a repetition by: other values are no repetition. At most 32 characters.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html
    """
    text = json.dumps([token, facts.values, facts.parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _element(each: Each, values: Values, facts: Facts) -> Any:
    if isinstance(each.element, str):
        return values[each.element]
    return structure(each.element, Facts(values=values, parts={}, context=facts.context))


def merged(requests: Sequence[Mapping[str, Any]], listed: str) -> dict[str, Any]:
    """One request that asks for what several do, which differ in one list only.

    Args:
        listed: the parameter with that list.
    """
    first, *others = requests
    if not others:
        return dict(first)
    return {**first, listed: [element for each in requests for element in each[listed]]}


_SEGMENT = re.compile(r"([^.\[]+)(?:\[(\d+)\])?\.?")


def _put(target: dict[str, Any], path: str, value: Any) -> None:
    """Set `a.b[0].c` in nested dicts and lists."""
    segments = [(name, index != "") for name, index in _SEGMENT.findall(path)]
    here: Any = target
    for position, (name, listed) in enumerate(segments):
        last = position == len(segments) - 1
        if listed:
            elements = here.setdefault(name, [])
            if last:
                elements.append(value)
                return
            if not elements:
                elements.append({})
            here = elements[0]
        elif last:
            here[name] = value
        else:
            here = here.setdefault(name, {})


def carried(
    resource: Resource, desired: Desired, found: Found, new: Mapping[str, Any], accepted: Collection[str]
) -> dict[str, Any]:
    """A request that keeps what the old description has and no column shows.

    Args:
        found: the resource that is replaced.
        new: the request made from the columns.
        accepted: the parameters that the operation has.
    """
    old = _without_cleared(resource.columns, desired.values, found.values, found.description)
    for part in resource.parts:
        name = part.path
        ours = {_name(part, each): each for each in desired.parts.get(part.table, ())}
        old[name] = [
            _without_cleared(part.columns, ours[_name(part, theirs)], theirs, element)
            for theirs, element in zip(found.parts[part.table], found.description[name], strict=True)
            if _name(part, theirs) in ours
        ]
    whole = resource.carry.whole if resource.carry else ()
    return _merged({name: value for name, value in old.items() if name in accepted}, new, whole)


def _name(part: Part, values: Values) -> tuple[Any, ...]:
    return tuple(values[name] for name in part.natural_key)


def _without_cleared(
    columns: Iterable[Column], ours: Values, theirs: Values, description: Mapping[str, Any]
) -> dict[str, Any]:
    """A description without what the row has set to NULL."""
    cleared = {
        column.path.split(".")[0].split("[")[0]
        for column in columns
        if column.path and ours.get(column.name) is None and theirs.get(column.name) is not None
    }
    return {name: value for name, value in description.items() if name not in cleared}


def _merged(
    old: Mapping[str, Any], new: Mapping[str, Any], whole: Collection[str], within: str = ""
) -> dict[str, Any]:
    """A structure with what a new one says, and with what only the old one has.

    Args:
        whole: paths of the lists of which nothing old is kept.
        within: path of the structure, with a dot.
    """
    result = dict(old)
    for name, value in new.items():
        path = within + name
        result[name] = value if path in whole else _merged_value(old.get(name), value, whole, path + ".")
    return result


def _merged_value(old: Any, new: Any, whole: Collection[str], within: str) -> Any:
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        return _merged(old, new, whole, within)
    if not (isinstance(new, list) and isinstance(old, list) and _structures(new) and _structures(old)):
        return new
    if all("name" in each for each in new):
        by_name = {each.get("name"): each for each in old}
        return [_merged(by_name.get(each["name"], {}), each, whole, within) for each in new]
    pairs = [_merged(before, after, whole, within) for before, after in zip(old, new, strict=False)]
    return pairs + (new[len(old) :] or old[len(new) :])


def _structures(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(each, Mapping) for each in value)
