"""What people read of changes of rows, and of a plan as a whole. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from engine.plan.meet import Meeting
from engine.plan.model import ACTIONS, Action, Plan, Row, RowChange


def of_rows(meeting: Meeting) -> Callable[[RowChange], str]:
    """What gives the natural key of what a row shows."""
    rows: dict[str, dict[object, Row]] = {}

    def natural(change: RowChange) -> str:
        found = meeting.snapshot.by(change.table, None, change.name)
        if found is not None:
            return meeting.snapshot.natural_name(found)
        if change.table not in rows:
            rows[change.table] = {row.key: row for row in meeting.rows[change.table]}
        row = rows[change.table].get(change.key)
        return meeting.resolver.name(meeting.snapshot.resources[change.table], row) if row else ""

    return natural


def planned(plan: Plan, *, complete: bool = True) -> str:
    """What a plan would do, in numbers.

    Args:
        complete: rows and AWS are one but for what the plan does.
    """
    return _totals(plan, complete, {each: f"to {each}" for each in ACTIONS})


def applied(plan: Plan, *, complete: bool = True) -> str:
    """What an apply has done, in numbers."""
    return _totals(plan, complete, {each: f"{each}d" for each in ACTIONS})


def _totals(plan: Plan, complete: bool, words: Mapping[Action, str]) -> str:
    counts = Counter(each.action for each in plan.changes)
    done = ", ".join(f"{counts[each]} {words[each]}" for each in ACTIONS if counts[each])
    if not done:
        done = "nothing to do in AWS"
        if complete and not plan.restores:
            done = "nothing to do: AWS holds what the tables hold"
    protected = sum(bool(each.why) for each in plan.restores)
    return done + (f"; {protected} protected" if protected else "")
