"""Whether a plan for some places removes what the others may need.

What is global is referred to from all places. An apply or a sync that does not see a place, since it is about
others or since AWS does not answer there, cannot know what still uses it there: so it does not remove it.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.caller import Caller
from engine.errors import OperationError
from engine.guard import permission
from engine.plan.layout import Layout
from engine.plan.model import Change, Plan, RowChange
from engine.plan.snapshot import Snapshot
from modules.spec import Resource


def spared(caller: Caller, layout: Layout, snapshot: Snapshot, plan: Plan) -> Plan:
    """A plan without removals of what tables of places that it does not see refer to.

    Raises:
        OperationError: 55000, another change has to wait for one of them.
    """
    shared = _shared(layout, snapshot)
    barred = [each for each in plan.changes if each.table in shared and each.action in ("delete", "replace")]
    if not barred:
        return plan
    stay = {(each.table, each.found.identity) for each in barred if each.found}
    barred += [
        each for each in plan.changes if each.taken_along in stay
    ]  # with what they would go along with
    left = permission.without(snapshot, plan, barred, _needs_all)
    for each in barred:
        _tell(caller, str(each))
    return left


def spared_rows(
    caller: Caller, layout: Layout, snapshot: Snapshot, changes: Sequence[RowChange]
) -> list[RowChange]:
    """Changes of rows without deletions of what rows of places that were not read may refer to."""
    shared = _shared(layout, snapshot)
    kept = [each for each in changes if each.table not in shared or each.action != "delete"]
    for each in changes:
        if each.table in shared and each.action == "delete":
            _tell(caller, f"{each.action} {each.table} {each.name}")
    return kept


def _shared(layout: Layout, snapshot: Snapshot) -> frozenset[str]:
    """The tables of what is global that tables refer to of which nothing was read."""
    return frozenset(
        table
        for each in layout.resources
        if each.table not in snapshot.resources
        for table in _referred(each)
        if table in snapshot.resources
    )


def _referred(resource: Resource) -> set[str]:
    return {each.reference.table for each in resource.references if each.reference is not None}


def _tell(caller: Caller, what: str) -> None:
    caller.notice(
        f"left out: {what}, which other regions may use",
        hint="A call that is about all regions does it, when AWS answers in all of them.",
    )


def _needs_all(change: Change, others: Sequence[Change]) -> OperationError:
    return OperationError(
        f"{change} needs a change of what other regions may use",
        sqlstate="55000",
        detail="\n".join(map(str, others)) or None,
        hint="Call it without a region, when AWS answers in all of them.",
        table=change.table,
    )
