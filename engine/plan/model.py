"""The values that pass between the steps of a reconciliation. Frozen, and free of I/O.

Values of columns live in one of two spaces. In a *row*, a reference is the key of another row. In *AWS's*, it
is what AWS calls the other resource, or `Pending` while that is not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Key = tuple[Any, ...]
Values = Mapping[str, Any]
Parts = Mapping[str, tuple[Values, ...]]
Action = Literal["create", "update", "replace", "delete"]
#: What a step does; a replacement has two.
Kind = Literal["create", "update", "delete"]

#: The order in which a result lists actions.
ACTIONS: tuple[Action, ...] = ("create", "update", "replace", "delete")


@dataclass(frozen=True, slots=True)
class Pending:
    """What AWS will call a resource that the plan makes.

    Attributes:
        table, key: the row that it is made for.
        column: the column whose value is meant.
    """

    table: str
    key: Key
    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of a resource's table, with the rows of its parts; values in row space.

    Attributes:
        version: differs once the row or one of its parts' rows has been written again.
    """

    table: str
    key: Key
    values: Values
    parts: Parts = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A resource in AWS; values in AWS's space.

    Attributes:
        identity: AWS's own name for it, unique in its table.
    """

    table: str
    identity: str
    description: Mapping[str, Any]
    values: Values
    parts: Parts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desired:
    """A row, resolved: its values in AWS's space, with `Pending` and defaults filled in."""

    row: Row
    values: Values
    parts: Parts


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One line of a plan: what is to happen to one resource.

    Attributes:
        id: the row's integer key, if it has one and the row is there.
        name: AWS's name for the resource, if it has one yet, else its natural key. By this it is known.
        natural: the natural key of what has a name of AWS's.
        becomes: the natural key of what a replacement makes.
        desired: the row; None for a delete.
        found: the resource as it is; None for a create.
        changed: columns and parts that differ.
        delete_first: the old resource has to go before the new one can be made.
        taken_along: table and identity of what AWS removes the old resource along with, by itself.
        loses: what a replacement cannot make again, in words.
        gives_up: what an update makes AWS delete to have room, in words.
    """

    action: Action
    table: str
    id: int | None
    name: str
    desired: Desired | None = None
    found: Found | None = None
    changed: frozenset[str] = frozenset()
    delete_first: bool = False
    taken_along: tuple[str, str] | None = None
    loses: tuple[str, ...] = ()
    gives_up: tuple[str, ...] = ()
    natural: str = ""
    becomes: str | None = None

    @property
    def label(self) -> str:
        """What people read."""
        return label(self.natural, self.name)

    def __str__(self) -> str:
        return f"{self.action} {self.table} {self.label}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What one change of a plan changes in one column, or where AWS differs from the base without one.

    Attributes:
        action: of the change; or `follow`, the row follows AWS; `gone`, AWS holds it no more; `conflict`,
            both have been changed.
        table, id, name, label: of the resource; by `name` it is known, and `label` is what people read.
        column: a column, or the table of a part; None: the resource as a whole.
        current: what AWS holds, as text; None for nothing.
        desired: what the row asks for, as text; None for nothing.
        replaces: whether this difference makes a replacement necessary.
        loses: what is lost with that, in words.
        base: what row and AWS agreed on last, as text.
        changed_by: `row`, `aws` or `both`.
    """

    action: Action | Literal["follow", "gone", "conflict"]
    table: str
    id: int | None
    name: str
    column: str | None
    current: str | None
    desired: str | None
    replaces: bool
    loses: str | None = None
    base: str | None = None
    changed_by: str | None = None
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restore:
    """A row that is put right because its resource is not the user's to change.

    Attributes:
        row: the row as it is; None if it is missing.
        found: the resource; None if there is none, and the row has to go.
        why: what the user is told; "" if that is said of another.
    """

    table: str
    row: Row | None
    found: Found | None
    why: str

    def notice(self, *, planned: bool) -> str:
        """Why, and what becomes of the row.

        Args:
            planned: it is only shown what would be done.
        """
        done = "removed" if self.found is None else "restored"
        return f"{self.why}: its row {'would be' if planned else 'is'} {done}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One node of a plan's graph.

    Attributes:
        number: its index in the plan.
        kind: make a resource, change it in place, or remove it.
        after: the numbers of the steps that have to be done before.
    """

    number: int
    kind: Kind
    change: Change
    after: frozenset[int]

    @property
    def action(self) -> Action:
        """What a user is told that the step does: what takes another's place replaces that."""
        replaces = self.change.action == "replace" and self.kind == "create"
        return "replace" if replaces else self.kind

    def __str__(self) -> str:
        return f"{self.action} {self.change.table} {self.change.label}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What an apply does.

    Attributes:
        changes: in the order in which a result lists them.
        steps: in an order that respects `after`.
        restores: rows to put right.
        pairs: which row is which resource, by table and key.
        unsaid: table and identity of what AWS made and removes of its own accord, which is no change of the
            user's, with what it removes that along with.
    """

    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    restores: tuple[Restore, ...]
    pairs: Mapping[tuple[str, Key], Found]
    unsaid: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def taken_along(self) -> Mapping[tuple[str, str], list[tuple[str, str]]]:
        """What AWS removes along with each resource that the plan removes, by table and identity."""
        result: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for each in self.changes:
            if each.taken_along and each.found:
                result.setdefault(each.taken_along, []).append((each.table, each.found.identity))
        for name, owner in self.unsaid.items():
            result.setdefault(owner, []).append(name)
        return result


@dataclass(frozen=True, kw_only=True, slots=True)
class RowChange:
    """What happens to one row so that it shows what AWS holds; values in row space.

    Attributes:
        name: AWS's name for the resource, else its natural key.
        key: the row's key; that of the new row for a create.
        values: all columns of a new row, the differing ones of an old one.
        parts: for each part that differs, all its rows.
        fills: columns that get a value if they still have none.
        filled: parts that get rows if they still have none.
    """

    action: Literal["create", "update", "delete"]
    table: str
    key: Key
    name: str
    values: Values = field(default_factory=dict)
    parts: Parts = field(default_factory=dict)
    fills: Values = field(default_factory=dict)
    filled: Parts = field(default_factory=dict)

    def written(self, row: Row) -> Row:
        """A row after an update: what is left to AWS has a value only if it still had none."""
        fills = {name: value for name, value in self.fills.items() if row.values.get(name) is None}
        filled = {table: rows for table, rows in self.filled.items() if not row.parts.get(table)}
        return replace(
            row,
            values={**row.values, **self.values, **fills},
            parts={**row.parts, **self.parts, **filled},
        )


def label(natural: str, name: str) -> str:
    """What people read: the natural key, with AWS's name if that says more.

    Args:
        natural: the natural key; "" if there is no other name.
        name: AWS's.
    """
    if not natural or natural == name:
        return name
    if not name.startswith(("arn:", "http")):
        return f"{natural} ({name})"
    last = natural.replace(" ", "/")
    if name.removesuffix(":*").endswith((f"/{last}", f":{last}")):
        return natural
    return f"{natural} ({name.rpartition('/' if '/' in name else ':')[2]})"


def integer_key(row: Row | None) -> int | None:
    """The row's integer key, if its table has one."""
    if row is not None and len(row.key) == 1 and isinstance(row.key[0], int):
        return row.key[0]
    return None
