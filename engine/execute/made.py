"""What a plan under way has made and changed: what others refer to, and what rows have to show. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import OperationError
from engine.plan.model import Desired, Found, Key, Pending, Row, RowChange
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror
from modules.spec import Resource


class Made:
    """The resources that a plan has made or changed so far.

    Of each it holds only the values by which others refer to it.
    """

    def __init__(self, snapshot: Snapshot, pairs: Mapping[tuple[str, Key], Found]) -> None:
        """
        Args:
            snapshot: what the plan was made from; what is made is added to it.
            pairs: which row is which resource.
        """
        self._snapshot = snapshot
        self._pairs = pairs
        self._mirror = Mirror(snapshot, {}, pairs)
        self._made: dict[tuple[str, Key], Found] = {}
        self._rows: dict[tuple[str, Key], Row] = {}
        self._referred_columns = _referred_columns(snapshot)

    def add(self, resource: Resource, desired: Desired, found: Found) -> RowChange | None:
        """Let others refer to what AWS has made or changed for a row; what the row has to show of it."""
        place = resource.table, desired.row.key
        row = self._rows.get(place, desired.row)
        found = self._snapshot.resolved(resource, found)
        self._made[place] = self._snapshot.add(resource, self._as_referred_to(resource, found))
        self._mirror.add(found, row.key)
        change = self._mirror.refreshed(resource, row, found, reset=True)
        if change is not None:
            self._rows[place] = change.written(row)
        return change

    def forget_row(self, row: Row) -> None:
        """Let go of a row to which no step writes any more."""
        self._rows.pop((row.table, row.key), None)

    def can_be_referred_to(self, row: Row) -> bool:
        """Whether all is known by which others refer to the resource that was made for a row."""
        return all(value is not None for value in self._made[row.table, row.key].values.values())

    def nothing_pending(self, desired: Desired) -> Desired:
        """A row with AWS's names in the place of what was pending.

        Raises:
            OperationError: 55000, something that it refers to has not been made.
        """
        return Desired(desired.row, self._fill(desired.values), self._fill(desired.parts))

    def _as_referred_to(self, resource: Resource, found: Found) -> Found:
        values = {name: found.values[name] for name in self._referred_columns[resource.table]}
        return Found(table=found.table, identity=found.identity, description={}, values=values)

    def _fill(self, value: Any) -> Any:
        if isinstance(value, Pending):
            return self._name_in_aws(value)
        if isinstance(value, dict):
            return {name: self._fill(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._fill(each) for each in value)
        return value

    def _name_in_aws(self, value: Pending) -> Any:
        found = self._made.get((value.table, value.key)) or self._pairs.get((value.table, value.key))
        if found is None:
            raise OperationError(
                f"the {value.table} that it refers to has not been made",
                sqlstate="55000",
                hint="Apply again after that has been put right.",
            )
        return found.values[value.column] if value.column else found.identity


def _referred_columns(snapshot: Snapshot) -> dict[str, set[str]]:
    """The columns by which others refer to the resources of each table, or are listed."""
    used = {
        table: {resource.identity} if resource.identity else set()
        for table, resource in snapshot.resources.items()
    }
    for resource in snapshot.resources.values():
        for column in resource.references:
            if column.reference and column.reference.by:
                used[column.reference.table].add(column.reference.by)
        if resource.listing.per is not None:
            used[resource.listing.per.table].update(resource.listing.per.scope.values())
    return used
