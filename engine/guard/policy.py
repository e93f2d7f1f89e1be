"""Policies: named queries that must return no rows when an apply would begin.

They run in the caller's session, with its privileges, and see the tables as the apply would make AWS, and
the plan column by column as `iasql.planned()`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from engine.caller import Caller
from engine.errors import OperationError
from engine.plan.model import Difference
from engine.results import of_differences

_SHOWN = 5


async def check(caller: Caller, differences: Callable[[], Sequence[Difference]]) -> None:
    """Refuse a plan that a policy stands against.

    Args:
        differences: gives the plan column by column, if there is a policy.

    Raises:
        OperationError: 23514, with the policies and the first rows of each.
        DatabaseError: a policy's query failed.
    """
    policies = await caller.query("SELECT name, query, advice FROM iasql.policy ORDER BY name")
    if not policies:
        return
    await caller.query(
        "SELECT pg_catalog.set_config('iasql.planned', $1, true)", json.dumps(of_differences(differences()))
    )
    broken = []
    for name, query, advice in policies:
        rows = await caller.query(
            f"SELECT pg_catalog.row_to_json(q)::text FROM ({query}\n) AS q LIMIT {_SHOWN}"
        )
        if rows:
            broken.append((name, advice, [row[0] for row in rows]))
    if broken:
        names = ", ".join(str(name) for name, _, _ in broken)
        raise OperationError(
            f"the plan is against the {'policy' if len(broken) == 1 else 'policies'} {names}",
            sqlstate="23514",
            detail="\n".join(f"{name}: {row}" for name, _, rows in broken for row in rows),
            hint=" ".join(str(advice) for _, advice, _ in broken if advice) or None,
        )
