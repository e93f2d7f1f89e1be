"""Merges one value that a row and AWS may both have changed. Pure.

Maps are merged by key, parts by their natural keys, lists whose order means nothing as sets. Everything else
is one value, which only one side can have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.plan import descriptions, diff
from engine.plan.model import Pending, Values
from modules.spec import Column, Part

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sides(Generic[T]):
    """What one value is and was.

    Attributes:
        row, answer: as they were when they were last one.
        ours, theirs: what the row and what AWS say now.
    """

    row: T
    answer: T
    ours: T
    theirs: T


class Conflict(Exception):
    """Both sides have changed a value, to different ones."""


def of_column(column: Column, sides: Sides[Any]) -> Any:
    """The value that both sides are to have.

    Raises:
        Conflict: both have changed it, and it is one value.
    """
    values = (sides.row, sides.answer, sides.ours, sides.theirs)
    if all(map(_is_map, values)):
        return _maps(sides)
    if all(isinstance(each, list) for each in values) and _is_set(column, sides.theirs):
        return _lists(sides)
    raise Conflict


def _is_map(value: Any) -> bool:
    """Whether a value has keys that mean something each, as tags have."""
    return isinstance(value, Mapping) and not any(isinstance(each, list | Mapping) for each in value.values())


_MISSING = object()


def _maps(sides: Sides[Mapping[str, Any]]) -> dict[str, Any]:
    keys = dict.fromkeys([*sides.theirs, *sides.ours, *sides.row, *sides.answer])
    merged = {
        key: _one(
            Sides(
                sides.row.get(key, _MISSING),
                sides.answer.get(key, _MISSING),
                sides.ours.get(key, _MISSING),
                sides.theirs.get(key, _MISSING),
            )
        )
        for key in keys
    }
    return {key: value for key, value in merged.items() if value is not _MISSING}


def _one(sides: Sides[Any]) -> Any:
    if sides.ours == sides.theirs or sides.theirs == sides.answer:
        return sides.ours
    if sides.ours == sides.row:
        return sides.theirs
    raise Conflict


def _is_set(column: Column, value: Sequence[Any]) -> bool:
    """Whether the order of a list means nothing."""
    if column.canonical is None or not all(isinstance(each, str) for each in value):
        return False
    # Two elements that no list of AWS's has, so that their order shows in whatever form keeps it.
    return bool(column.canonical(["b", "a"]) == column.canonical(["a", "b"]))


def _lists(sides: Sides[list[Any]]) -> list[Any]:
    """What is there is kept, without what either side has taken out, with what either has added."""
    gone = [each for each in sides.row if each not in sides.ours]
    gone += [each for each in sides.answer if each not in sides.theirs]
    both = [*sides.theirs, *(each for each in sides.ours if each not in sides.theirs)]
    return [each for each in both if each not in gone]


def of_part(part: Part, sides: Sides[Sequence[Values]]) -> tuple[Values, ...]:
    """The elements of a part that both sides are to have.

    Raises:
        Conflict: both have changed the same element.
    """
    by_key = Sides(*(_by_key(part, each) for each in (sides.row, sides.answer, sides.ours, sides.theirs)))
    keys = dict.fromkeys([*by_key.theirs, *by_key.ours, *by_key.row, *by_key.answer])
    merged = [
        _element(
            part,
            Sides(by_key.row.get(key), by_key.answer.get(key), by_key.ours.get(key), by_key.theirs.get(key)),
        )
        for key in keys
    ]
    return tuple(each for each in merged if each is not None)


def _by_key(part: Part, elements: Sequence[Values]) -> dict[str, Values]:
    """
    Raises:
        Conflict: two elements have the same natural key, so that it does not tell them apart.
    """
    result: dict[str, Values] = {}
    for each in elements:
        comparable = descriptions.canonical(part.columns, each, part.canonical)
        key = repr([comparable.get(name) for name in part.natural_key])
        if key in result:
            raise Conflict
        result[key] = each
    return result


def _element(part: Part, sides: Sides[Values | None]) -> Values | None:
    same = _same_element(part)
    if same(sides.ours, sides.theirs) or same(sides.theirs, sides.answer):
        return sides.ours
    if same(sides.ours, sides.row):
        return sides.theirs
    raise Conflict


def _same_element(part: Part) -> Callable[[Values | None, Values | None], bool]:
    def same(a: Values | None, b: Values | None) -> bool:
        if a is None or b is None:
            return a is b
        return diff.comparable(part, [a]) == diff.comparable(part, [b])

    return same


def is_pending(value: Any) -> bool:
    """Whether a value names what is yet to be made."""
    if isinstance(value, Mapping):
        return any(map(is_pending, value.values()))
    return isinstance(value, Pending) or (isinstance(value, list | tuple) and any(map(is_pending, value)))
