"""Keys of rows that a plan adds, before PostgreSQL has given them their serial numbers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.plan.model import RowChange, Values


@dataclass(frozen=True, slots=True)
class NewKey:
    """Stands for the serial number of a new row, in its key and in what refers to it.

    Attributes:
        place: of the row among the new ones of its table.
    """

    table: str
    place: int


def counted(changes: Iterable[RowChange]) -> Mapping[str, int]:
    """How many serial numbers some changes need, by table."""
    return Counter(key.table for change in changes for key in change.key if isinstance(key, NewKey))


def numbered(changes: Iterable[RowChange], next_number: Callable[[str], int]) -> list[RowChange]:
    """The changes with serial numbers in the place of all new keys.

    Args:
        changes: with all new rows that they refer to.
        next_number: gives the next number of a table.
    """
    changes = list(changes)
    keys = [key for change in changes for key in change.key if isinstance(key, NewKey)]
    numbers = {key: next_number(key.table) for key in keys}
    return [_numbered(change, numbers) for change in changes] if numbers else changes


def _numbered(change: RowChange, numbers: Mapping[NewKey, int]) -> RowChange:
    def number(value: Any) -> Any:
        return numbers[value] if isinstance(value, NewKey) else value

    def values(some: Values) -> Values:
        return {name: number(value) for name, value in some.items()}

    return replace(
        change,
        key=tuple(number(each) for each in change.key),
        values=values(change.values),
        fills=values(change.fills),
        parts={table: tuple(values(each) for each in some) for table, some in change.parts.items()},
        filled={table: tuple(values(each) for each in some) for table, some in change.filled.items()},
    )
