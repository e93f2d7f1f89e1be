"""Where the value of a call's parameter comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Const:
    """Always this value."""

    value: Any


@dataclass(frozen=True)
class Context:
    """Something of the account that the call is made in; `arn` is who makes it.

    Attributes:
        read: makes the parameter's value of that; None: nothing is sent.
    """

    what: Literal["region", "account", "arn"]
    read: Callable[[str], Any] | None = None


@dataclass(frozen=True)
class Derived:
    """A function of one or more columns; omitted if the first of them is NULL.

    Attributes:
        context: what it takes after them, as of `Context`.
    """

    function: Callable[..., Any]
    columns: tuple[str, ...]
    context: tuple[Literal["region", "account", "arn"], ...] = ()


@dataclass(frozen=True)
class Initial:
    """`source`, where the resource that is replaced says nothing: what a column does not tell is kept."""

    source: str | Const | Context | When


@dataclass(frozen=True)
class Edited:
    """What AWS has, with what columns say written into it, so that what has no column is kept.

    Attributes:
        path: where that is in the description of the resource that is changed or replaced.
        function: takes what is there, None if that is nothing, and the columns' values; gives None if
            nothing is to be sent.
        columns: columns, lookups and parts; the value of a part are its rows.
        seen: that is what the call has seen right before it, and not the description.
    """

    path: str
    function: Callable[..., Any]
    columns: tuple[str, ...]
    seen: bool = False


def with_others(column: str, *others: str) -> Derived:
    """A column that AWS wants again whenever others change."""
    return Derived(lambda value, *_: value, (column, *others))


def present(path: str) -> Edited:
    """What AWS has of the resource that is changed or replaced, whatever the row says."""
    return Edited(path, lambda there: there, ())


@dataclass(frozen=True)
class When:
    """`source`, but only if `column` is not NULL."""

    column: str
    source: str | Const | Context


@dataclass(frozen=True)
class Each:
    """One element for each row of a part: a column's value, or a structure of parameters.

    Attributes:
        some: nothing is sent if there are no rows, where AWS would take an empty list for something else.
    """

    part: str
    element: str | Mapping[str, Source]
    some: bool = False


@dataclass(frozen=True)
class Only:
    """The structure of a part's row, where the part has one at most; nothing is sent if it has none."""

    part: str
    element: Mapping[str, Source]


@dataclass(frozen=True)
class Item:
    """The element that a call is made for, the listed name that is described, or what a path finds in it.

    Attributes:
        read: makes the parameter's value of that.
    """

    path: str = "@"
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Answered:
    """What an earlier call of the same update has answered, such as the number of a version that it has made;
    nothing if that call was not made. A call's `taken_back` may have its own answer.

    Attributes:
        operation: that call's.
        path: where it is in the answer.
        read: makes the parameter's value of that.
    """

    operation: str
    path: str
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Old:
    """What a path finds in the description of the resource that is replaced; nothing for a new one.

    Attributes:
        read: makes the parameter's value of that; None: nothing is sent.
    """

    path: str
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Loss:
    """True if the replacement loses something and that has been allowed; else nothing is sent."""


@dataclass(frozen=True)
class Token:
    """What AWS knows a repetition of the call by: the same whenever the same step is tried again for the
    same values, also after a crash.

    Attributes:
        after: a column that stands before it, with a hyphen: for a name that nothing has, such as that of the
            last snapshot of what is deleted.
        unless: nothing is sent if one of these columns has a value.
    """

    after: str | None = None
    unless: tuple[str, ...] = ()


#: A column's name, or one of the above.
Source = (
    str
    | Answered
    | Const
    | Context
    | Derived
    | Edited
    | Initial
    | Loss
    | Old
    | When
    | Each
    | Only
    | Item
    | Token
)


def named(source: Source) -> tuple[str, ...]:
    """The columns, lookups and parts that a value is made of."""
    match source:
        case str():
            return (source,)
        case Derived() | Edited():
            return source.columns
        case When():
            return (source.column, *named(source.source))
        case Initial():
            return named(source.source)
        case Each() | Only():
            return (source.part,)
        case Token():
            return (*([source.after] if source.after else []), *source.unless)
    return ()
