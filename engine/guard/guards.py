"""The limits of a session: the strictest of the table `iasql.guard` and of what the session says."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.caller import Caller


@dataclass(frozen=True, slots=True)
class Guard:
    """One limit.

    Attributes:
        source: `PUBLIC`, `role NAME` or `session`.
    """

    setting: str
    value: str
    source: str


async def read(caller: Caller) -> list[Guard]:
    """All limits that apply to whoever is logged in."""
    guards = "SELECT pg_catalog.json_agg(g) FROM public.iasql_guards() AS g"
    ((limits,),) = await caller.query(f"SELECT ({guards})::pg_catalog.text")
    return [Guard(**each) for each in json.loads(limits or "[]")]


async def allows(caller: Caller, setting: str) -> bool:
    """Whether the session has switched on what is off by default, and no guard forbids it.

    Args:
        setting: such as `allow_loss`.
    """
    ((said, forbidden),) = await caller.query(
        "SELECT pg_catalog.current_setting($1, true), (SELECT true FROM public.iasql_guards() AS g "
        "WHERE g.setting OPERATOR(pg_catalog.=) $2 AND g.value OPERATOR(pg_catalog.=) 'off')",
        f"iasql.{setting}",
        setting,
    )
    return forbidden is None and said in ("on", "true", "yes", "1")
