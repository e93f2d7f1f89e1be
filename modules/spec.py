"""What a declaration of a resource can say. Every field is typed, keyword-only and frozen.

A *column* joins our name, its SQL type, the path of its value in AWS's description and what a change of it
means. A *call* joins an AWS operation and, by parameter path, where each parameter's value comes from.

Paths into descriptions are JMESPath expressions (https://jmespath.org/specification.html); paths of
parameters are names joined by dots, with `[0]` for the first element of a list. Both are checked
against botocore's service models by `tests/modules`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Literal

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
    """

    table: str
    by: str | None = None
    cascade: bool = False
    default: Callable[[Description], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        type: SQL type or enum type.
        path: where its value is in the description; None if `read` finds it or AWS does not tell it.
        on_change: what a difference means.
        not_null, default: as in SQL; `default` is an SQL expression.
        reference: makes it a foreign key.
        refers: table whose identities the elements of this array are (not a foreign key).
        read: computes the value from what `path` gives (or from the whole description without a path).
        canonical: brings a value into the form in which two of them are compared.
        left_to_aws: NULL means "whatever AWS chooses"; the row is filled once AWS has chosen.
        unless: not read from AWS if one of these columns could be.
        chosen: names a rule of `engine.defaults` that fills a missing value before the create.
        doc: becomes the column's COMMENT.
    """

    name: str
    type: str | EnumType
    path: str | None = None
    on_change: OnChange = OnChange.UPDATE
    not_null: bool = False
    default: str | None = None
    reference: Reference | None = None
    refers: str | None = None
    read: Callable[[Any], Value] | None = None
    canonical: Callable[[Value], Value] | None = None
    left_to_aws: bool = False
    unless: tuple[str, ...] = ()
    chosen: Literal["one_subnet_per_zone"] | None = None
    doc: str = ""


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
    **more: Any,
) -> Column:
    """A foreign key; `path` is where AWS names the other resource."""
    reference = Reference(table=table, by=by, cascade=cascade, default=default)
    return Column(name=name, type=type, path=path, on_change=on_change, reference=reference, **more)


# Where the value of a call's parameter comes from ------------------------------------------------------


@dataclass(frozen=True)
class Const:
    """Always this value."""

    value: Any


@dataclass(frozen=True)
class Context:
    """Something of the account that the call is made in."""

    what: Literal["region", "account"]


@dataclass(frozen=True)
class Derived:
    """A function of one or more columns; omitted if the first of them is NULL."""

    function: Callable[..., Any]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class When:
    """`source`, but only if `column` is not NULL."""

    column: str
    source: str | Const | Context


@dataclass(frozen=True)
class Each:
    """One element for each row of a part: a column's value, or a structure of parameters."""

    part: str
    element: str | Mapping[str, Source]


@dataclass(frozen=True)
class Item:
    """The element that a `PerItem` call is made for."""


@dataclass(frozen=True)
class Token:
    """What AWS knows a repetition of the call by: the same whenever the same step is tried again for the
    same values, also after a crash."""


#: A column's name, or one of the above.
Source = str | Const | Context | Derived | When | Each | Item | Token


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Lets one call do what several steps ask for, if their calls differ in one list only.

    Attributes:
        parameter: that list.
        limit: how many steps share a call at most.
        results: path of the descriptions of what was made in the answer; None: nothing is made.
    """

    parameter: str
    limit: int
    results: str | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One AWS operation.

    Attributes:
        operation: botocore's name of it.
        params: parameter path to source; those whose value is None are left out.
        result: path of the resource's description in the answer; None: the answer has none.
        whole: that description says everything of the resource, so that it need not be fetched.
        tolerate: error codes that mean "it is so already".
        given: a column and the value that it must have for the call to be made.
        batch: how calls of several steps become one.
    """

    operation: str
    params: Mapping[str, Source]
    result: str | None = None
    whole: bool = False
    tolerate: tuple[str, ...] = ()
    given: tuple[str, Value] | None = None
    batch: Batch | None = None


@dataclass(frozen=True, kw_only=True)
class Update(Call):
    """A call that is made when one of some columns or parts has changed.

    Attributes:
        when: those columns and parts.
    """

    when: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PerItem(Call):
    """A call for each element that an array column has gained, or lost. A create gains, a delete loses all.

    Attributes:
        column: the array column.
        which: which elements.
    """

    column: str
    which: Literal["added", "removed"]


# How a resource is read --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Per:
    """Makes a listing once for each resource of another table.

    Attributes:
        table: that table.
        params: parameter to the column of that table which gives it.
    """

    table: str
    params: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class List:
    """The listing of all resources of a kind. Pages are the engine's business.

    Attributes:
        operation: botocore's name of it.
        items: path of the list in the answer; "@" for an answer that is the one item itself.
        params: constant parameters, such as for the largest pages that AWS gives.
        per: another table that has to be listed first.
        absent: error codes that mean "none".
    """

    operation: str
    items: str
    params: Mapping[str, Any] = field(default_factory=dict)
    per: Per | None = None
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Describe:
    """Turns listed names into descriptions.

    Attributes:
        ids: parameter that takes the names.
        batch: how many names a call takes; 1 sends one name, not a list.
        items: path of the description(s) in the answer.
        per_params: parameters of the listing's `Per` that this call needs as well.
    """

    operation: str
    ids: str
    batch: int
    items: str
    params: Mapping[str, Any] = field(default_factory=dict)
    per_params: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Detail:
    """A further listing for each description, put into it under a key.

    Attributes:
        into: that key.
        params: parameter to path in the description.
    """

    operation: str
    items: str
    into: str
    params: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Waiter:
    """One of botocore's waiters.

    Attributes:
        name: botocore's name of it.
        params: parameter path to source.
        seconds: how long to wait at most.
        blocks: whether what refers to the resource has to wait as well.
    """

    name: str
    params: Mapping[str, Source]
    seconds: int = 600
    blocks: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table whose rows are elements of a list inside another resource.

    Attributes:
        table: the table.
        parent: its column that refers to the other resource.
        path: where the list is in that resource's description.
        columns: the columns besides `parent` and the key; a path "@" is the element itself.
        key: the columns of the primary key; ("id",) is a serial number.
        natural_key: what tells one element from another.
        on_change: what a difference means for the other resource.
        canonical: brings an element's values into the form in which two of them are compared.
        left_to_aws: no rows mean "whatever AWS chooses"; they are added once AWS has chosen.
        chosen: names a rule of `engine.defaults` for what no rows mean once the resource is there.
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
    chosen: Literal["default_security_group"] | None = None
    checks: tuple[tuple[str, str], ...] = ()
    doc: str = ""

    def column(self, name: str) -> Column:
        return next(each for each in (self.parent, *self.columns) if each.name == name)


@dataclass(frozen=True, kw_only=True)
class ComesWith:
    """What AWS makes within each new resource. A row that asks for that gets it, changed in place if need be.

    Attributes:
        table: the table of what it makes.
        by: the column of that table that refers to the new resource.
        values: what tells it from others, besides `by`.
        find: finds it, with the values of the row; `result` is the path of a list in which it is.
        unwanted: takes it away again, with the values of the new resource, if no row asks for it; None if AWS
            lets nobody do that.
    """

    table: str
    by: str
    values: Mapping[str, Value]
    find: Call
    unwanted: Call | None = None


@dataclass(frozen=True, kw_only=True)
class After:
    """An order that no reference tells: to be made after the rows of `table` that share a reference.

    Attributes:
        table: the other table.
        shares: a column that both tables have.
        why: the reason.
    """

    table: str
    shares: str
    why: str


@dataclass(frozen=True)
class Lookup:
    """A value that a call needs and another row's part has.

    Attributes:
        name: what the calls' parameters call it.
        reference: the column that refers to the other row.
        part: that row's part.
        column: the part's column that is wanted.
        having: the part's column that must not be NULL; the first such element counts.
    """

    name: str
    reference: str
    part: str
    column: str
    having: str


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One kind of AWS resource: one table, and the parts of it.

    Attributes:
        table: name of the table.
        service: botocore's name of the service.
        key: the primary key; ("id",) is a serial number that Postgres gives.
        identity: column with AWS's own name for it, if it has one.
        natural_key: the columns that a person would name it by.
        unique_in_aws: AWS allows only one with the same natural key.
        created: path of the moment when it was made; of two that only one row can show, the older is shown.
        where: which descriptions are rows at all.
        protected: which of them are not ours to change.
        within: reference to the resource that owns it and takes it along.
        comes_with: what AWS makes within each new one.
        after: orders that references do not tell.
        lookups: values for its calls that other rows have.
        create, update, delete: the calls, in order; none: AWS has no such thing.
        fetch: describes one resource, where the create's answer does not.
        ready, gone: how to wait for it.
        absent: error codes that mean it does not exist.
        busy: error codes of a delete that mean "not yet".
        eventual: (error code, part of the message) of creates and updates: "AWS does not see it yet".
        carry: a replacement keeps what the old description has and no column shows.
        canonical: brings a row's values into the form in which two of them are compared.
        region: the one region in which the service exists.
        hints: error code to what the user can do about it.
    """

    table: str
    service: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    natural_key: tuple[str, ...]
    listing: List
    identity: str | None = None
    unique_in_aws: bool = True
    describe: Describe | None = None
    details: tuple[Detail, ...] = ()
    parts: tuple[Part, ...] = ()
    created: str | None = None
    where: Callable[[Description], bool] | None = None
    protected: Callable[[Description], bool] | None = None
    within: str | None = None
    comes_with: tuple[ComesWith, ...] = ()
    after: tuple[After, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    create: tuple[Call, ...] = ()
    update: tuple[Update | PerItem, ...] = ()
    delete: tuple[Call, ...] = ()
    fetch: Call | None = None
    ready: Waiter | None = None
    gone: Waiter | None = None
    absent: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    eventual: tuple[tuple[str, str], ...] = ()
    carry: bool = False
    canonical: Callable[[Values], Values] | None = None
    region: str | None = None
    unique: tuple[tuple[str, ...], ...] = ()
    unique_if_not_null: tuple[str, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Column]:
        return {each.name: each for each in self.columns}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The columns that are never NULL."""
        return tuple(each.name for each in self.columns if each.not_null)

    @cached_property
    def natural_columns(self) -> tuple[Column, ...]:
        """The columns of the natural key."""
        return tuple(self.column(name) for name in self.natural_key)

    @cached_property
    def references(self) -> tuple[Column, ...]:
        """Its foreign keys, those of its parts included."""
        inner = (column for part in self.parts for column in part.columns)
        return tuple(each for each in (*self.columns, *inner) if each.reference)


@dataclass(frozen=True, kw_only=True)
class Module:
    """What a user installs.

    Attributes:
        name: such as `aws_vpc`.
        dependencies: modules whose tables its tables refer to.
        resources: in the order in which a listing shows them.
        tables: all its tables in that order, parts included.
        place: listings show modules by ascending place, those of one place by name.
    """

    name: str
    dependencies: tuple[str, ...]
    resources: tuple[Resource, ...]
    tables: tuple[str, ...]
    version: str = "0.0.1"
    place: int = 100

    @property
    def full_name(self) -> str:
        return f"{self.name}@{self.version}"
