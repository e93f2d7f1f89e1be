"""One kind of AWS resource, and modules of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from modules.spec.calls import Awaited, Call, Obstacle, PerItem, PerKey, Revival, Update, Waiter
from modules.spec.carry import Carry
from modules.spec.columns import Column, Description, Part, Value, Values
from modules.spec.functions import Function
from modules.spec.reading import Batched, Describe, Detail, List


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
        given: a column of the new resource, and the value with which AWS makes it; None: it always does.
    """

    table: str
    by: str
    values: Mapping[str, Value]
    find: Call
    unwanted: Call | None = None
    given: tuple[str, Value] | None = None

    def is_made(self, values: Values) -> bool:
        """Whether AWS makes it within a resource of these values."""
        return self.given is None or values.get(self.given[0]) == self.given[1]


@dataclass(frozen=True, kw_only=True)
class After:
    """An order that no reference tells: to be made after the rows of `table` that share a reference.

    Attributes:
        table: the other table.
        shares: a column that both tables have.
        through: the column of this table by which it is reached, if `shares` is one of what that refers to.
        gone_first: and to be gone before these go, or leave what is shared.
        why: the reason.
    """

    table: str
    shares: str
    why: str
    through: str | None = None
    gone_first: bool = False


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
class Settled:
    """What AWS does not let change of some resources, and why.

    Attributes:
        of: whether that is so of one that is described so, where its row asks for these values.
        why: as a sentence.
        hint: what the user can do about it.
    """

    of: Callable[[Description, Values], bool]
    why: str = "AWS does not let that be changed of this one, or only by what manages it, such as CodeDeploy."
    hint: str = "Give these columns the values that AWS has, and leave alone what they refer to."


@dataclass(frozen=True, kw_only=True)
class Qualified:
    """A name that AWS gives once in each of something else, while a table has it once.

    Where several resources have one, a row calls its own `<that>/<name>`: `prod/web`. AWS lets none of these
    names have a slash.

    Attributes:
        name: the column, which is the table's key.
        by: the reference to what AWS has one of a name in.
    """

    name: str
    by: str

    @staticmethod
    def plain(name: str) -> str:
        """The name that AWS knows."""
        return name.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One kind of AWS resource: one table, and the parts of it.

    Attributes:
        table: name of the table.
        service: botocore's name of the service.
        key: the primary key; ("id",) is a serial number that Postgres gives.
        identity: column with AWS's own name for it, if it has one.
        natural_key: the columns that a person would name it by.
        qualified: the name by which a table has one and AWS several.
        called: what a person calls it by its values, where the natural key is a name that AWS gives.
        unique_in_aws: AWS allows only one with the same natural key.
        holds: columns whose value AWS lets only one have at a time: what lets go of it does so first.
        newborn: tells, of a row's values and a resource's, whether the create's first call makes such a one;
            then no row without AWS's name for it means one that is there. None: the natural key tells.
        mark: path of what AWS gives another resource of the same name anew, and never changes.
        settles: seconds for which AWS may go on giving the answer of before a change, by its documentation.
        key_in_name: the natural key that AWS's name for one has in it, if it has: who names what is yet to be
            made, in a column that `refers` to this table, waits for it.
        where: which descriptions are rows at all.
        protected: which of them are not ours to change.
        stays: which of them AWS deletes with what they refer to, and not before.
        undeletable: why AWS would refuse to delete one that is described so, as a noun such as "deletion
            protection", if it would: a plan that deletes or replaces it is refused, and nothing taken off.
        leaving: which of them AWS is deleting already: nothing is asked for then, only waited for.
        settled: columns and parts that AWS does not let change of some. What a replacement changes anyway
            counts only if it is the reason for that.
        within: reference to the resource that owns it and takes it along.
        comes_with: what AWS makes within each new one.
        brings: tables in which AWS makes something along with a new one, whatever that is: new rows show it.
        after: orders that references do not tell.
        lookups: values for its calls that other rows have.
        create, update, delete: the calls, in order; none: AWS has no such thing.
        revival: how to have back what is being deleted, where a row asks for it again.
        obstacles: what AWS would refuse a deletion for, where something has to be taken off before it.
        fetch: describes one resource, where the create's answer does not.
        taken: answers if there is one of that name already, and is looked at before a create: for what AWS
            answers as if it had made it, although it was there.
        ready, gone: how to wait for it.
        awaited: what else has to come about before anything refers to it.
        absent: error codes that mean it does not exist.
        busy: error codes of a delete that mean "not yet".
        eventual: (error code, part of the message) of creates and updates: "AWS does not see it yet".
        reflects: keys of the description that AWS fills from other resources.
        carry: how a replacement keeps what the old resource has and no column shows.
        canonical: brings a row's values into the form in which two of them are compared.
        region: the one region in which the service exists.
        is_global: AWS has it once for an account, whatever the region: only the default place has its table.
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
    qualified: Qualified | None = None
    called: Callable[[Values], str | None] | None = None
    unique_in_aws: bool = True
    holds: tuple[str, ...] = ()
    newborn: Callable[[Values, Values], bool] | None = None
    describe: Describe | None = None
    details: tuple[Detail, ...] = ()
    batched: tuple[Batched, ...] = ()
    parts: tuple[Part, ...] = ()
    mark: str | None = None
    settles: float = 0.0
    key_in_name: Callable[[str], tuple[Value, ...] | None] | None = None
    where: Callable[[Description], bool] | None = None
    protected: Callable[[Description], bool] | None = None
    stays: Callable[[Description], bool] | None = None
    undeletable: Callable[[Description], str | None] | None = None
    leaving: Callable[[Description], bool] | None = None
    settled: Mapping[str, Settled] = field(default_factory=dict)
    within: str | None = None
    comes_with: tuple[ComesWith, ...] = ()
    brings: tuple[str, ...] = ()
    after: tuple[After, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    create: tuple[Call, ...] = ()
    revival: Revival | None = None
    update: tuple[Update | PerItem | PerKey, ...] = ()
    delete: tuple[Call, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    fetch: Call | None = None
    taken: Call | None = None
    ready: Waiter | None = None
    gone: Waiter | None = None
    awaited: Awaited | None = None
    absent: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    eventual: tuple[tuple[str, str], ...] = ()
    reflects: tuple[str, ...] = ()
    carry: Carry = field(default_factory=Carry)
    canonical: Callable[[Values], Values] | None = None
    region: str | None = None
    is_global: bool = False
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
    def waiters(self) -> tuple[Waiter, ...]:
        """All that is waited for."""
        after = (call.then for call in (*self.create, *self.update, *self.delete))
        return tuple(each for each in (self.ready, self.gone, *after) if each is not None)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The columns that are never NULL."""
        return tuple(each.name for each in self.columns if each.not_null)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The columns that a row asks to be what they are."""
        return tuple(each.name for each in self.columns if not each.is_aws_to_say)

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
        functions: what calls AWS in other ways than by an apply.
        place: listings show modules by ascending place, those of one place by name.
    """

    name: str
    dependencies: tuple[str, ...]
    resources: tuple[Resource, ...]
    tables: tuple[str, ...]
    functions: tuple[Function, ...] = ()
    version: str = "0.0.1"
    place: int = 100

    @property
    def full_name(self) -> str:
        return f"{self.name}@{self.version}"
