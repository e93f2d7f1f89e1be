"""Carries out the plan that has AWS hold again what it held before. It is not one of the tables' rows.

Rows go on asking for what they ask for. Only what AWS assigns is written to those that are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.execute.run import Execution, Written
from engine.plan.meet import Name, Place
from engine.plan.model import Row, RowChange


class TakingBack(Execution):
    """The plan under way.

    Attributes:
        removed: what has been removed, by table and identity.
    """

    def __init__(self, *plan: Any, shown: Mapping[Place, Row]) -> None:
        """
        Args:
            plan: as for `Execution`.
            shown: the row of the tables for each row of the plan, as far as there is one.
        """
        super().__init__(*plan)
        self._shown = shown
        self.removed: set[Name] = set()

    async def _write(self, some: list[Written]) -> None:
        self.removed.update(name for each in some for name in each.dropped)
        await super()._write([replace(each, row=self._own(each.row)) for each in some])

    def _own(self, change: RowChange | None) -> RowChange | None:
        """What the row of the table has to show of what AWS assigns."""
        if change is None or (row := self._shown.get((change.table, change.key))) is None:
            return None
        resource = self.snapshot.resources[change.table]
        values = {
            column.name: change.values[column.name]
            for column in resource.columns
            if column.is_aws_to_say and column.reference is None and column.name in change.values
        }
        if not values:
            return None
        return RowChange(action="update", table=change.table, key=row.key, name=change.name, values=values)
