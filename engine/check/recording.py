"""Runs a declaration's functions on values like AWS's, to see which keys they ask for.

A function sees a description in which every member may be there or not, and every comparison with a text may
come out either way: each of these is tried both ways, until all ways through the function have been seen.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine.check.models import Described, Shape, keys_of

#: Ways through a function that are tried at most.
_WAYS = 256


@dataclass(frozen=True)
class Asked:
    """A key that a function asks for and that there is not.

    Attributes:
        of: what it was asked of.
        allowed: the keys that there are.
    """

    key: str
    of: str
    allowed: tuple[str, ...]


def asked_of(function: Callable[[Any], Any], described: Described) -> list[Asked]:
    """The unknown keys that a function of a description, or of a part of it, asks for."""
    return _tried(lambda way: function(_sample(described, way)))


def asked_of_values(function: Callable[[Any], Any], of: str, names: Iterable[str]) -> list[Asked]:
    """The unknown columns that a function of a row's values asks for.

    Args:
        of: the table.
        names: its columns.
    """
    known = tuple(names)
    return _tried(lambda way: function(_columns(of, known, way)))


def asked_of_choice(
    function: Callable[[Any, Any], Any], of: str, names: Iterable[str], table: str, others: Iterable[str]
) -> list[Asked]:
    """The unknown columns that the rule of a `Choice` asks for, of a row's values or of a candidate's.

    Args:
        of, names: the row's table, and its columns.
        table, others: the candidates' table, and its columns.
    """
    own, known = tuple(names), tuple(others)
    return _tried(
        lambda way: function(_columns(of, own, way), [(_columns(table, known, way), _Text("name", way))])
    )


def _tried(run: Callable[[_Way], Any]) -> list[Asked]:
    found: dict[Asked, None] = {}
    for way in _ways():
        # The values are not AWS's, so that a function may fail on them: only the keys count.
        with suppress(Exception):
            run(way)
        found |= dict.fromkeys(way.asked)
    return list(found)


class _Way:
    """One way through a function: the answers to its questions, in order, then always yes."""

    def __init__(self, answers: list[bool]) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self._next = 0

    def turn(self) -> bool:
        if self._next == len(self.answers):
            self.answers.append(True)
        self._next += 1
        return self.answers[self._next - 1]


def _ways() -> Iterator[_Way]:
    answers: list[bool] = []
    for _ in range(_WAYS):
        way = _Way(answers)
        yield way
        while answers and not answers[-1]:
            answers.pop()
        if not answers:
            return
        answers[-1] = False


class _Text(str):
    """A text that is equal to another, and begins with it, or not."""

    _way: _Way

    def __new__(cls, value: str, way: _Way) -> _Text:
        text = super().__new__(cls, value)
        text._way = way
        return text

    def __eq__(self, other: object) -> bool:
        return self._way.turn()

    def __ne__(self, other: object) -> bool:
        return not self._way.turn()

    def __hash__(self) -> int:
        return super().__hash__()

    def __str__(self) -> str:
        return self

    def startswith(self, *prefix: Any) -> bool:
        return self._way.turn()

    def endswith(self, *suffix: Any) -> bool:
        return self._way.turn()


class _Recording(dict[str, Any]):
    """A mapping of known keys that notes which others it is asked for."""

    def __init__(self, of: str, known: Mapping[str, Callable[[], Any]], way: _Way) -> None:
        super().__init__()
        self._of = of
        self._known = known
        self._way = way

    def _has(self, key: Any) -> bool:
        if key not in self._known:
            self._way.asked.append(Asked(str(key), self._of, tuple(self._known)))
            return False
        return True

    def __getitem__(self, key: str) -> Any:
        if not self._has(key):
            raise KeyError(key)
        if not super().__contains__(key):
            self[key] = self._known[key]()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        there = key in self
        return self[key] if there else default

    def __contains__(self, key: object) -> bool:
        return self._has(key) and self._way.turn()

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def keys(self) -> Any:
        return self._known.keys()

    def __bool__(self) -> bool:
        return True


def _columns(of: str, names: tuple[str, ...], way: _Way) -> _Recording:
    return _Recording(of, {name: lambda: _Text("text", way) for name in names}, way)


def _sample(described: Described, way: _Way) -> Any:
    value = _value(described.shape, way)
    if not isinstance(value, _Recording):
        return value
    joined = {name: lambda shape=shape: _value(shape, way) for name, shape in described.joined.items()}
    return _Recording("the description", {**value._known, **joined}, way)


def _value(shape: Shape, way: _Way) -> Any:
    if shape is None:
        return _Text("text", way)
    match shape.type_name:
        case "structure":
            members = {name: lambda each=each: _value(each, way) for name, each in shape.members.items()}
            return _Recording(shape.name, members, way)
        case "map":
            known = {name: lambda: _value(shape.value, way) for name in keys_of(shape)}
            return _Recording(shape.name, known, way) if known else {}
        case "list":
            return [_value(shape.member, way)]
        case "boolean":
            return way.turn()
        case "integer" | "long":
            return 1
        case "float" | "double":
            return 1.0
        case "timestamp":
            return datetime.datetime.now(datetime.UTC)
        case "blob":
            return b""
    return _Text("text", way)
