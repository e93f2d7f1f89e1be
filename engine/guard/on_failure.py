"""What becomes of what an apply has done if one of its steps fails: what the session says, or a guard."""

from __future__ import annotations

from engine.caller import Caller
from engine.errors import OperationError

_KEEP, _UNDO = "keep", "undo"


async def undoes(caller: Caller) -> bool:
    """Whether it is taken back; else it stays, and the next apply goes on from there.

    Raises:
        OperationError: 22023, the session has set something that there is not.
    """
    ((said, strictest),) = await caller.query(
        "SELECT pg_catalog.current_setting('iasql.on_failure', true), "
        "(SELECT g.value FROM public.iasql_guards() AS g "
        "WHERE g.setting OPERATOR(pg_catalog.=) 'on_failure')"
    )
    if said and said not in (_KEEP, _UNDO):
        raise OperationError(
            f'iasql.on_failure is "{said}", which it cannot be',
            sqlstate="22023",
            hint=f"SET iasql.on_failure = {_UNDO}; or {_KEEP}, which it is if nobody says so.",
        )
    return _UNDO in (said, strictest)
