"""Statements about rows, in which other rows go by what people call them, and not by serial numbers. Pure.

`engine.database.spoken` makes SQL of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modules.spec import EnumType

Type = str | EnumType


@dataclass(frozen=True)
class Given:
    """A value as it stands."""

    value: Any
    type: Type


@dataclass(frozen=True)
class Looked:
    """A column's value in the one row of a table that fits."""

    table: str
    column: str
    where: Where


@dataclass(frozen=True)
class Listed:
    """An array, of values and of what is looked up."""

    elements: tuple[Given | Looked, ...]
    type: Type


Expression = Given | Looked | Listed
#: What each column of a row has to be.
Where = tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is done to rows of a table.

    Attributes:
        values: the new ones by column; of a deletion none.
        where: which rows; of an insertion none.
        needed: what has to be there, or nothing is done: a NULL would mean something else.
    """

    do: Literal["insert", "update", "delete"]
    table: str
    values: Mapping[str, Expression]
    where: Where = ()
    needed: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Remark:
    """What whoever runs the statements has to know at this place."""

    text: str


Said = Statement | Remark
