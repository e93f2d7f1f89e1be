"""What a call asks for by `only`: a table, or one resource of it, with what that needs."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.errors import OperationError
from engine.merging import Merging
from engine.plan import excerpt
from engine.plan.around import Around
from engine.plan.meet import Meeting, Place
from engine.plan.merge import Settled
from engine.plan.model import Change, Plan, Restore, Row, label
from engine.plan.snapshot import Snapshot
from engine.request import Request, Scope

_SHOWN = 20


@dataclass(frozen=True)
class Part:
    """What is asked for.

    Attributes:
        tables: of one name, in one place or in several.
        name: of a resource; None for all.
    """

    meeting: Meeting
    tables: frozenset[str]
    name: str | None

    def of_plan(self, snapshot: Snapshot, plan: Plan) -> Plan:
        """The part of a plan that is asked for."""
        return excerpt.with_needed(snapshot, plan, self._has_change, self._has_restore)

    def of_merging(self, merging: Merging, plan: Plan, around: Around) -> Merging:
        """What of a merge is about the part: the rows that it shows, and those that its changes refer to.

        Args:
            plan: the part's.
            around: all that would be done, and what is left out of that.
        """
        merged, snapshot = merging.merged, self.meeting.snapshot
        tables = _with_referred(snapshot, {*self.tables, *(each.table for each in plan.changes)})
        held_up = any(self.has_row(place) for place in around.rows - merged.conflicting)
        settled = tuple(
            each
            for each in merged.settled
            if (held_up or self._has_settled(each) if each.conflict else each.table in tables)
        )
        return replace(
            merging,
            merged=replace(
                merged,
                rows={table: rows for table, rows in merged.rows.items() if table in tables},
                follows=tuple(each for each in merged.follows if each.table in tables),
                settled=settled,
                deleted_though=tuple(each for each in merged.deleted_though if each[0] in tables),
            ),
        )

    def check(self, unusable: Mapping[Place, OperationError], around: Around) -> None:
        """
        Raises:
            OperationError: a row of the part, or one that it refers to, cannot be used.
        """
        concerned = [error for place, error in unusable.items() if self.has_row(place)]
        if not concerned and any(self.has_row(place) for place in around.rows):
            concerned = list(unusable.values())
        if concerned:
            raise concerned[0]

    def has_row(self, place: Place) -> bool:
        """Whether a row is asked for, by table and key."""
        table, key = place
        rows = (row for row in self.meeting.rows.get(table, ()) if row.key == key)
        return table in self.tables and any(self._has(_names_of_row(self.meeting, row)) for row in rows)

    def _has(self, names: Iterable[str]) -> bool:
        return self.name is None or self.name in names

    def _has_change(self, change: Change) -> bool:
        if change.table not in self.tables:
            return False
        names = {change.name, change.natural, change.label}
        return self._has(names | _names_of_row(self.meeting, change.desired.row if change.desired else None))

    def _has_restore(self, restore: Restore) -> bool:
        if restore.table not in self.tables:
            return False
        names = _names_of_row(self.meeting, restore.row)
        if restore.found is not None:
            names |= _names(self.meeting.snapshot.natural_name(restore.found), restore.found.identity)
        return self._has(names)

    def _has_settled(self, settled: Settled) -> bool:
        return settled.table in self.tables and self._has(_names(settled.label, settled.name))


def asked_for(request: Request, scope: Scope, meeting: Meeting) -> Part | None:
    """The part that a call asks for; None for all.

    Raises:
        OperationError: 22004, NULL; 42P01, there is no such table; 22023, nothing in it has that name.
    """
    if "only" not in request.arguments:
        return None
    only = request.arguments["only"]
    if only is None:
        raise OperationError("the name of a table is needed, not NULL", sqlstate="22004", hint=_HINT)
    named, _, name = str(only).strip().partition(" ")
    of_region = "region" in request.arguments
    tables = frozenset(scope.tables_named(named, meeting.snapshot.resources, of_region=of_region))
    if not tables:
        raise _no_table(named, meeting.snapshot)
    part = Part(meeting, tables, name.strip() or None)
    if part.name is not None:
        known = [each for table in sorted(tables) for each in _all_names(meeting, table)]
        if not any(part.name in each for each in known):
            raise _no_name(min(tables), part.name, [next(iter(each)) for each in known])
    return part


_HINT = (
    "SELECT * FROM iasql_apply(only => 'log_group') applies a table, and only => 'log_group /app' one row."
)


def _no_table(named: str, snapshot: Snapshot) -> OperationError:
    close = difflib.get_close_matches(named, snapshot.resources, n=3, cutoff=0.6)
    return OperationError(
        f'there is no table "{named}" of an installed module here',
        sqlstate="42P01",
        detail=f"Did you mean {' or '.join(close)}?"
        if close
        else f"There are {_listed(snapshot.resources)}.",
        hint=_HINT,
    )


def _no_name(table: str, name: str, known: Collection[str]) -> OperationError:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        detail = f"Did you mean {' or '.join(close)}?"
    else:
        detail = f"There are {_listed(known)}." if known else "There is nothing in it."
    return OperationError(
        f'nothing in {table} is named "{name}"',
        sqlstate="22023",
        detail=detail,
        hint="Name it as a plan does, or by the name that AWS has given it.",
        table=table,
    )


def _listed(names: Collection[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(list(names)[:_SHOWN]) + more


def _all_names(meeting: Meeting, table: str) -> Iterator[Mapping[str, None]]:
    """What each row and each resource of a table can be called, the natural key first."""
    resource, snapshot = meeting.snapshot.resources[table], meeting.snapshot
    for row in meeting.rows.get(table, ()):
        yield dict.fromkeys([meeting.resolver.name(resource, row), *sorted(_names_of_row(meeting, row))])
    for found in snapshot.tables[table]:
        natural = snapshot.natural_name(found)
        yield dict.fromkeys([natural, *sorted(_names(natural, found.identity))])


def _names_of_row(meeting: Meeting, row: Row | None) -> set[str]:
    if row is None:
        return set()
    resource = meeting.snapshot.resources[row.table]
    identity = row.values.get(resource.identity) if resource.identity else None
    return _names(meeting.resolver.name(resource, row), str(identity or ""))


def _names(natural: str, identity: str) -> set[str]:
    return {natural, identity, label(natural, identity)} - {""}


def _with_referred(snapshot: Snapshot, tables: Collection[str]) -> set[str]:
    """Some tables, and all that they refer to, directly or not."""
    result, waiting = set(tables), list(tables)
    while waiting:
        references = snapshot.resources[waiting.pop()].references
        more = {each.reference.table for each in references if each.reference} - result
        result |= more
        waiting += more
    return result
