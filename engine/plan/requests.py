"""AWS requests from declarations and values. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.plan.descriptions import found, search
from engine.plan.model import Desired, Found, Parts, Values
from modules.spec import (
    UNSET,
    Answered,
    Call,
    Carry,
    Column,
    Const,
    Context,
    Derived,
    Each,
    Edited,
    Initial,
    Item,
    Loss,
    Old,
    Only,
    Resource,
    Source,
    Token,
    Update,
    When,
    named,
)
from modules.spec.calls import Given


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the parameters of a call are made from.

    Attributes:
        values, parts: in AWS's space, nothing pending.
        context: region and account.
        item: the element that the call is made for.
        token: the journal's name for the step that the call is made for.
        old: the resource that is changed or replaced, None for a new one.
        unseen: elements of parts that AWS has and the tables cannot show.
        changed: the columns and parts that an update changes; None: all.
        initial: whether what is sent at first only is meant as well.
        lossy: whether the replacement loses something, as it may.
        answers: what the earlier calls of an update have answered, by operation.
    """

    values: Values
    parts: Parts
    context: Mapping[str, str]
    item: Any = None
    token: str | None = None
    old: Found | None = None
    unseen: Parts = field(default_factory=dict)
    changed: Collection[str] | None = None
    initial: bool = True
    lossy: bool = False
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def request(call: Call, facts: Facts) -> dict[str, Any]:
    """The parameters of one call; without those that have no value, or that an update leaves alone."""
    params = call.params
    if isinstance(call, Update) and facts.changed is not None and not call.whole:
        params = {path: each for path, each in params.items() if _is_changed(call, path, facts.changed)}
    return structure(params, facts)


def _is_changed(call: Update, path: str, changed: Collection[str]) -> bool:
    """Whether an update changes a parameter: each is sent whole, and those that nothing can change always."""
    parameter = whole_parameter(call, path)
    same = (source for other, source in call.params.items() if whole_parameter(call, other) == parameter)
    columns = {name for source in same for name in named(source)} & set(call.when)
    return not columns or not columns.isdisjoint(changed)


def whole_parameter(call: Update, path: str) -> str:
    """The parameter that a path is in, or its key if each key of it counts by itself."""
    first, _, rest = path.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first in call.maps else first.partition("[")[0]


def described(call: Call, answer: Mapping[str, Any], facts: Facts) -> dict[str, Any] | None:
    """The description in a call's answer, with what AWS does not repeat there; None if there is none."""
    there: dict[str, Any] | None = search(call.result or "@", answer)
    if call.where:
        there = picked(call, there, facts)
    if there is None or not (call.joins or call.beside):
        return there
    beside = {key: search(path, answer) for key, path in call.beside.items()}
    return {**there, **beside, **structure(call.joins, facts)}


def picked(call: Call, some: Any, facts: Facts) -> dict[str, Any] | None:
    """The first of what a call has found that has the values which it is looked for by."""
    wanted = structure(call.where, facts)
    found: list[dict[str, Any]] = some if isinstance(some, list) else []
    return next((each for each in found if all(each.get(k) == wanted.get(k) for k in call.where)), None)


def applies(call: Call, values: Values, parts: Parts) -> bool:
    """Whether the call is to be made for these values."""
    if call.given is None:
        return True
    name, wanted = call.given
    there = parts[name] if name in parts else values.get(name)
    if isinstance(wanted, Given):
        return (there is None or there in ("", (), [], {})) is (wanted is UNSET)
    return bool(there == wanted)


def is_made(call: Call, facts: Facts) -> bool:
    """Whether the call is to be made, now that all that its parameters are made from is known."""
    return applies(call, facts.values, facts.parts) and (
        call.needs is None or call.needs in request(call, facts)
    )


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
            here = facts.context[source.what]
            return source.read(here) if source.read else here
        case Derived():
            arguments = [facts.values.get(name) for name in source.columns]
            told = [facts.context[each] for each in source.context]
            return None if arguments[0] is None else source.function(*arguments, *told)
        case When():
            return None if facts.values.get(source.column) is None else _value(source.source, facts)
        case Initial():
            return _value(source.source, facts) if facts.initial else None
        case Edited():
            within = facts.item if source.seen else facts.old.description if facts.old else None
            there = None if within is None else search(source.path, within)
            return source.function(there, *(_of_row(name, facts) for name in source.columns))
        case Each():
            some = [_element(source, each, facts) for each in _elements(source.part, facts)]
            return some or None if source.some else some
        case Only():
            rows = facts.parts.get(source.part, ())
            return structure(source.element, _of_element(rows[0], facts)) if rows else None
        case Item() | Answered():
            within = facts.item if isinstance(source, Item) else facts.answers.get(source.operation)
            there = search(source.path, within)
            return source.read(there) if source.read and there is not None else there
        case Loss():
            return True if facts.lossy else None
        case Old():
            there = search(source.path, facts.old.description) if facts.old and not facts.changed else None
            return source.read(there) if source.read and there is not None else there
        case Token():
            if facts.token is None or any(facts.values.get(name) is not None for name in source.unless):
                return None
            token = _client_token(facts.token, facts)
            return f"{facts.values[source.after]}-{token}" if source.after else token


def _of_row(name: str, facts: Facts) -> Any:
    """The value of a column or lookup, or the rows of a part."""
    return _elements(name, facts) if name in facts.parts else facts.values.get(name)


def _elements(part: str, facts: Facts) -> tuple[Values, ...]:
    """What a part is to have: its rows, and what only AWS has."""
    return (*facts.parts.get(part, ()), *facts.unseen.get(part, ()))


def _client_token(token: str, facts: Facts) -> str:
    """What AWS knows a repetition by: other values are no repetition. At most 32 characters.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html
    """
    text = json.dumps([token, facts.values, facts.parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _element(each: Each, values: Values, facts: Facts) -> Any:
    if isinstance(each.element, str):
        return values[each.element]
    return structure(each.element, _of_element(values, facts))


def _of_element(values: Values, facts: Facts) -> Facts:
    return Facts(values=values, parts={}, context=facts.context, initial=facts.initial)


def unseen(resource: Resource, old: Found) -> Parts:
    """What AWS's lists have and the tables cannot show, so that no row can have taken it out."""
    if not resource.parts or not old.description:
        return {}
    whole = found(resource, old.description).parts
    return {
        table: tuple(each for each in elements if not _is_shown(resource, table, each, old))
        for table, elements in whole.items()
    }


def _is_shown(resource: Resource, table: str, element: Values, old: Found) -> bool:
    part = next(part for part in resource.parts if part.table == table)
    name = part.natural_name(element)
    return any(part.natural_name(each) == name for each in old.parts.get(table, ()))


def merged(requests: Sequence[Mapping[str, Any]], listed: str) -> dict[str, Any]:
    """One request that asks for what several do, which differ in one list only.

    Args:
        listed: path of the parameter with that list.
    """
    first, *others = requests
    if not others:
        return dict(first)
    name, _, rest = listed.partition(".")
    inner = [each[name] for each in requests]
    return {
        **first,
        name: merged(inner, rest) if rest else [element for each in inner for element in each],
    }


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
            here[name] = dict(here.get(name) or {})  # what AWS has told stays as it was
            here = here[name]


def carried(
    resource: Resource,
    desired: Desired,
    replaced: Found,
    new: Mapping[str, Any],
    accepted: Collection[str],
    initial: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A request that keeps what the old description has and no column shows.

    Args:
        replaced: the resource that is.
        new: the request made from the columns.
        accepted: the parameters that the operation has.
        initial: the request for a resource that replaces none, of which what neither has is taken.
    """
    carry = resource.carry
    old = _without_cleared(resource.columns, desired.values, replaced.values, replaced.description, carry)
    for part in resource.parts:
        name = part.path
        if name not in old:
            continue
        ours = {part.natural_name(each): each for each in desired.parts.get(part.table, ())}
        old[name] = [
            _without_cleared(part.columns, ours[part.natural_name(theirs)], theirs, element, carry)
            for theirs, element in zip(replaced.parts[part.table], replaced.description[name], strict=True)
            if part.natural_name(theirs) in ours
        ]
    kept = {name: value for name, value in old.items() if name in accepted and name not in carry.whole}
    kept = _merged(kept, new, carry.whole)
    return _merged(initial, kept, carry.whole) if initial else kept


def _without_cleared(
    columns: Iterable[Column],
    ours: Values,
    theirs: Values,
    description: Mapping[str, Any],
    carry: Carry,
) -> dict[str, Any]:
    """A description without what the row has set to NULL, and what that owns."""
    result = dict(description)
    for column in columns:
        empty, was_empty = ours.get(column.name) is None, theirs.get(column.name) is None
        if empty == was_empty:
            continue
        owned = carry.owned.get(column.name)
        if owned is not None and (empty or isinstance(result.get(owned), Mapping)):
            result.pop(owned, None)
        elif empty and column.path:
            result = _without(result, column.path)
    return result


def _without(description: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A description without what a path finds; without all of its first member if that is no one value."""
    first, _, rest = path.partition(".")
    name, bracket, place = first.partition("[")
    there = description.get(name)
    if rest and bracket and place == "0]" and isinstance(there, list) and there:
        return {**description, name: [_without(there[0], rest), *there[1:]]}
    if rest and not bracket and isinstance(there, Mapping):
        return {**description, name: _without(there, rest)}
    return {each: value for each, value in description.items() if each != name}


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
