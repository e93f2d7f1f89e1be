"""Columns of tables, and the tables of parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from modules.spec.names import PUBLIC, in_schema

#: A column's value: what JSON can hold, in the form that `to_jsonb` gives it.
Value = Any
#: One resource as AWS describes it.
Description = Mapping[str, Any]
Values = Mapping[str, Value]


class OnChange(Enum):
    """What it means that a row's value differs from AWS's."""

    UPDATE = "AWS can change it in place"
    REPLACE = "AWS cannot change it: a new resource takes the place of the old one"
    ASSIGNED = "AWS assigns it: the row is corrected, AWS is not"


@dataclass(frozen=True, kw_only=True)
class EnumType:
    """A PostgreSQL enum type, `<table>_<column>_enum`.

    Attributes:
        name: name of the type.
        values: its labels, at least those of botocore's model.
    """

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A foreign key.

    Attributes:
        table: the table referred to, by its primary key.
        by: column of that table whose value AWS uses to refer to it; None: its identity.
        cascade: ON UPDATE CASCADE ON DELETE CASCADE.
        default: picks the description that NULL stands for, if NULL stands for one.
        follows: if that is replaced, what refers to it is replaced as well, although AWS could point it to
            the new one: only so is the old one whole until it goes.
        dangles: AWS removes the other one although this goes on naming it, which then leads nowhere.
        sets: columns of the other one that AWS sets by itself as long as this is there, such as the number of
            tasks that a scaling moves: they are neither compared nor sent.
        let_go: of what is left to AWS: NULL lets go of the other one where the same plan removes that, and
            goes along to the new one where the plan replaces it.
    """

    table: str
    by: str | None = None
    cascade: bool = False
    default: Callable[[Description], bool] | None = None
    follows: bool = False
    dangles: bool = False
    sets: tuple[str, ...] = ()
    let_go: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a missing value stands for when a resource is made and AWS would not choose.

    Attributes:
        table: the table from which it is chosen.
        choose: takes the row's values, and of each candidate the values and AWS's name. Candidates that
            exist come first, by name, and then those that the plan makes.
    """

    table: str
    choose: Callable[[Values, Iterable[tuple[Values, Any]]], list[Any]]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        type: SQL type or enum type.
        path: where its value is in the description; None if `read` finds it or AWS does not tell it.
        on_change: what a difference means.
        not_null, default: as in SQL; `default` is an SQL expression.
        needed: AWS makes nothing without it, although the table lets it be NULL.
        reference: makes it a foreign key.
        refers: table whose identities the value or the elements of the array are (not a foreign key).
        read: computes the value from what `path` gives (or from the whole description without a path).
        canonical: brings a value into the form in which two of them are compared.
        left_to_aws: NULL means "whatever AWS chooses"; the row is filled once AWS has chosen.
        unless: not read from AWS if one of these columns could be.
        chosen: fills a missing value before the create.
        untold: AWS takes it and does not tell it: it is sent and never read. It differs if the row says
            something else than when it and AWS were last one. It is `left_to_aws`: NULL leaves it alone.
        masked: plans and messages do not show it, as it may hold secrets, or much that nobody reads.
        secret: may be a secret that AWS does not tell: it is `untold` and `masked`. With a path, AWS tells it
            there all the same: it is not read from there, and the journal has a mask in its place.
        place_of: another column, of a region: this is the schema that has its tables in the database, if any.
        doc: becomes the column's COMMENT.
    """

    name: str
    type: str | EnumType
    path: str | None = None
    on_change: OnChange = OnChange.UPDATE
    not_null: bool = False
    default: str | None = None
    needed: bool = False
    reference: Reference | None = None
    refers: str | None = None
    read: Callable[[Any], Value] | None = None
    canonical: Callable[[Value], Value] | None = None
    left_to_aws: bool = False
    unless: tuple[str, ...] = ()
    chosen: Choice | None = None
    untold: bool = False
    masked: bool = False
    secret: bool = False
    place_of: str | None = None
    doc: str = ""

    def names(self, value: Value) -> tuple[str, ...]:
        """What a value names in the table that the column `refers` to."""
        if self.refers is None or value is None:
            return ()
        return (value,) if isinstance(value, str) else tuple(value)

    @property
    def is_aws_to_say(self) -> bool:
        """Whether a row never asks for it to be what it is: AWS assigns it, or it asks for an action."""
        return self.on_change is OnChange.ASSIGNED or (
            self.path is None and self.on_change is OnChange.UPDATE and not self.is_untold
        )

    @property
    def is_untold(self) -> bool:
        """Whether AWS does not tell it."""
        return self.untold or self.secret

    @property
    def is_masked(self) -> bool:
        """Whether plans and messages do not show it."""
        return self.masked or self.secret


def column(name: str, type: str | EnumType, path: str | None = None, **more: Any) -> Column:
    """A column that AWS can change in place."""
    return Column(name=name, type=type, path=path, **more)


def fixed(name: str, type: str | EnumType, path: str | None = None, **more: Any) -> Column:
    """A column whose change replaces the resource."""
    return Column(name=name, type=type, path=path, on_change=OnChange.REPLACE, **more)


def assigned(name: str, type: str | EnumType, path: str | None = None, **more: Any) -> Column:
    """A column whose value is AWS's to give."""
    return Column(name=name, type=type, path=path, on_change=OnChange.ASSIGNED, **more)


def ref(
    name: str,
    table: str,
    path: str | None,
    *,
    type: str = "integer",
    on_change: OnChange = OnChange.REPLACE,
    by: str | None = None,
    cascade: bool = False,
    default: Callable[[Description], bool] | None = None,
    follows: bool = False,
    dangles: bool = False,
    sets: tuple[str, ...] = (),
    let_go: bool = False,
    **more: Any,
) -> Column:
    """A foreign key; `path` is where AWS names the other resource."""
    reference = Reference(
        table=table,
        by=by,
        cascade=cascade,
        default=default,
        follows=follows,
        dangles=dangles,
        let_go=let_go,
        sets=sets,
    )
    return Column(name=name, type=type, path=path, on_change=on_change, reference=reference, **more)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table whose rows are elements of a list inside another resource.

    Attributes:
        table: its own name for the table, by which calls and changes of the resource know it.
        schema: where the table is.
        parent: its column that refers to the other resource.
        path: where the list is in that resource's description.
        columns: the columns besides `parent` and the key; a path "@" is the element itself.
        key: the columns of the primary key; ("id",) is a serial number.
        natural_key: what tells one element from another.
        on_change: what a difference means for the other resource.
        canonical: brings an element's values into the form in which two of them are compared.
        left_to_aws: no rows mean "whatever AWS chooses"; they are added once AWS has chosen.
        chosen: what no rows mean once the resource is there.
    """

    table: str
    parent: Column
    path: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    natural_key: tuple[str, ...]
    on_change: OnChange
    canonical: Callable[[Values], Values] | None = None
    left_to_aws: bool = False
    chosen: Choice | None = None
    checks: tuple[tuple[str, str], ...] = ()
    doc: str = ""
    schema: str = PUBLIC

    @property
    def relation(self) -> str:
        """The name by which the table goes in a database."""
        return in_schema(self.schema, self.table)

    def natural_name(self, element: Values) -> tuple[Value, ...]:
        """What tells an element from the others."""
        return tuple(element[name] for name in self.natural_key)

    def column(self, name: str) -> Column:
        return next(each for each in (self.parent, *self.columns) if each.name == name)
