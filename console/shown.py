"""What there is to show: plans, their totals, notices and errors. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

#: What an apply does to AWS. All else that a plan tells of is done to rows, or not done.
ACTIONS = ("create", "update", "replace", "delete")
#: Above so many changes those of a kind are told of together.
MANY = 40


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a change; a conflict between the whole row and AWS has none.

    Attributes:
        changed_by: row, aws, or both.
    """

    name: str
    current: str | None
    desired: str | None
    replaces: bool
    base: str | None
    changed_by: str | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of a plan.

    Attributes:
        action: create, update, replace, delete; follow, gone or conflict.
        loses: what cannot be made again.
    """

    action: str
    table: str
    id: int | None
    description: str
    columns: tuple[Column, ...] = ()
    loses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What the server says beside its answer.

    Attributes:
        severity: NOTICE, WARNING, ERROR …
        sqlstate: of an error.
    """

    severity: str
    message: str
    detail: str | None = None
    hint: str | None = None
    sqlstate: str | None = None

    @property
    def step(self) -> Step | None:
        """The step of an apply whose end it tells, if it does."""
        found = _STEP.fullmatch(self.message)
        return Step(int(found[1]), int(found[2]), found[3], float(found[4])) if found else None


@dataclass(frozen=True)
class Step:
    """A step of an apply that has been done.

    Attributes:
        number, count: it is the so many-th of so many.
        what: such as `create vpc 10.0.0.0/16`.
    """

    number: int
    count: int
    what: str
    seconds: float


_STEP = re.compile(r"\[(\d+)/(\d+)\] (.+): ([\d.]+) s", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an apply would do.

    Attributes:
        id: names exactly this plan.
    """

    id: str | None
    changes: tuple[Change, ...]
    notices: tuple[Notice, ...] = field(default=())

    @property
    def of_aws(self) -> list[Change]:
        """What would be done in AWS."""
        return [each for each in self.changes if each.action in ACTIONS]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do, and nothing in conflict."""
        return not self.of_aws and not any(each.action == "conflict" for each in self.changes)

    @property
    def conflicts(self) -> int:
        """In how many rows somebody has to choose first: as long as there are any, an apply is refused."""
        return sum(each.action == "conflict" for each in self.changes)

    @property
    def beside(self) -> list[str]:
        """What there is beside what is done in AWS."""
        follow, gone = (sum(each.action == kind for each in self.changes) for kind in ("follow", "gone"))
        said = (
            f"{self.conflicts} in conflict" if self.conflicts else "",
            f"{follow} row{' follows' if follow == 1 else 's follow'} AWS" if follow else "",
            f"{gone} gone from AWS" if gone else "",
        )
        return [each for each in said if each]

    @property
    def folds(self) -> bool:
        """Whether there are so many changes that those of a kind are told of together."""
        return len(self.changes) > MANY

    @property
    def kinds(self) -> list[tuple[str, str, list[Change]]]:
        """Action and table of changes, and those that do that, in the order in which they come first."""
        found: dict[tuple[str, str], list[Change]] = {}
        for each in self.changes:
            found.setdefault((each.action, each.table), []).append(each)
        return [(*kind, some) for kind, some in found.items()]

    @property
    def losing(self) -> list[Change]:
        """What loses something."""
        return [each for each in self.changes if each.loses]

    @property
    def totals(self) -> dict[str, int]:
        """How many changes there are of each action, in the order of `ACTIONS`."""
        return {each: sum(change.action == each for change in self.changes) for each in ACTIONS}


DRIFT = ("table", "id", "name", "region", "column", "base", "current")


@dataclass(frozen=True)
class Drift:
    """What AWS has otherwise than it was agreed: a column, or the whole of what is new or gone.

    Attributes:
        members: by the names of `DRIFT`.
    """

    table: str
    id: int | None
    name: str
    region: str
    column: str | None
    base: str | None
    current: str | None

    @property
    def members(self) -> dict[str, Any]:
        return {each: getattr(self, each) for each in DRIFT}

    @property
    def what(self) -> str:
        """What has happened to it, in a word."""
        if self.column is not None:
            return "changed"
        return "gone" if self.current is None else "new" if self.base is None else "changed"


def readable(value: str | None) -> str:
    """A value as people like to read it: elements of a list without what they leave open."""
    if value is None or not value.startswith("[{"):
        return value or ""
    try:
        elements = json.loads(value)
    except ValueError:
        return value
    if not all(isinstance(each, dict) for each in elements):
        return value
    said = [{name: of for name, of in each.items() if of is not None} for each in elements]
    return json.dumps(said, ensure_ascii=False)


def changes(rows: Iterable[Sequence[Any]]) -> tuple[Change, ...]:
    """The changes that rows of `iasql_diff()` tell, which has those of a change together."""
    return tuple(_change(list(some)) for _, some in groupby(rows, key=lambda row: row[:4]))


def _change(rows: Sequence[Sequence[Any]]) -> Change:
    action, table, id, description = rows[0][:4]
    return Change(
        action=action,
        table=table,
        id=id,
        description=description,
        columns=tuple(_columns(rows)),
        loses=tuple(dict.fromkeys(row[8] for row in rows if row[8])),
    )


def _columns(rows: Iterable[Sequence[Any]]) -> Iterator[Column]:
    for _, _, _, _, name, current, desired, replaces, _, base, changed_by in rows:
        if name is not None:
            yield Column(
                name=name,
                current=current,
                desired=desired,
                replaces=replaces,
                base=base,
                changed_by=changed_by,
            )
