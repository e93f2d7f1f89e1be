"""Policies: named queries that must return no rows when an apply would begin.

They run in the caller's transaction, so that they see the tables as the apply would make AWS, but as the
database's owner and read-only: `iasql.against()` sees to that. They see the plan column by column as
`iasql.planned()`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence

from engine.caller import Caller
from engine.errors import OperationError
from engine.plan.model import Difference
from engine.results import of_differences

#: What a policy may take, in milliseconds; a stricter `statement_timeout` of the session's stays.
_TIMEOUT = 10_000

#: Lets nothing take longer in the session for now, and tells what it was allowed to take.
BRIEFLY = f"""
    SELECT pg_catalog.current_setting('statement_timeout'),
      pg_catalog.set_config('statement_timeout', (
        SELECT CASE WHEN s.setting::pg_catalog.int4 BETWEEN 1 AND {_TIMEOUT}
          THEN s.setting ELSE '{_TIMEOUT}' END
        FROM pg_catalog.pg_settings AS s WHERE s.name = 'statement_timeout'), true)
"""
#: Lets everything take what it was allowed to take.
AS_BEFORE = "SELECT pg_catalog.set_config('statement_timeout', $1, true)"


async def tell_of_regions(caller: Caller) -> None:
    """Say what policies mean that were written for one region, once there is another."""
    ((some,),) = await caller.query("SELECT iasql.has_policies()::pg_catalog.text")
    if some == "true":
        caller.notice(
            "policies are about the default region where they name its tables",
            severity="WARNING",
            hint="iasql_all has the tables of all regions, and iasql.planned() the whole plan.",
        )


async def check(caller: Caller, differences: Callable[[], Sequence[Difference]]) -> None:
    """Refuse a plan that a policy stands against.

    Args:
        differences: gives the plan column by column, if there is a policy.

    Raises:
        OperationError: 23514, with the policies and the first rows of each.
        DatabaseError: a policy's query failed, or took too long; the policy is named.
    """
    ((some,),) = await caller.query("SELECT iasql.has_policies()::pg_catalog.text")
    if some != "true":
        return
    broken: dict[str, list[str]] = defaultdict(list)
    advices: dict[str, str | None] = {}
    for name, advice, line in await _against(caller, differences()):
        broken[str(name)].append(str(line))
        advices[str(name)] = advice
    if broken:
        raise OperationError(
            f"the plan is against the {'policy' if len(broken) == 1 else 'policies'} {', '.join(broken)}",
            sqlstate="23514",
            detail="\n".join(f"{name}: {row}" for name, rows in broken.items() for row in rows),
            hint=" ".join(each for each in advices.values() if each) or None,
        )


async def _against(caller: Caller, differences: Sequence[Difference]) -> list[tuple[str | None, ...]]:
    planned = json.dumps(of_differences(differences))
    ((timeout, *_),) = await caller.query(
        f"{BRIEFLY}, pg_catalog.set_config('iasql.planned', $1, true)", planned
    )
    rows = await caller.query("SELECT name, advice, line FROM iasql.against()")
    await caller.query(AS_BEFORE, timeout)
    return rows
