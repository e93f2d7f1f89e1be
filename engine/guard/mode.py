"""What an apply does with what AWS has changed: what the session says, no laxer than the guards allow."""

from __future__ import annotations

from engine.caller import Caller
from engine.errors import OperationError
from engine.guard import guards
from engine.plan.merge import Mode

#: From the strictest to the laxest.
_MODES = [each.value for each in Mode]


async def chosen(caller: Caller) -> tuple[Mode, bool]:
    """The mode of an apply, and whether it deletes what has no row and never had one.

    Raises:
        OperationError: 22023, the session has set a mode that there is not.
    """
    ((said, strictest),) = await caller.query(
        "SELECT pg_catalog.current_setting('iasql.apply_mode', true), "
        "(SELECT g.value FROM public.iasql_guards() AS g "
        "WHERE g.setting OPERATOR(pg_catalog.=) 'apply_mode')"
    )
    if said and said not in _MODES:
        raise OperationError(
            f'iasql.apply_mode is "{said}", which is no mode',
            sqlstate="22023",
            hint=f"SET iasql.apply_mode = merge, for instance: it can be {', '.join(_MODES)}.",
        )
    # The guards have what the session says among them, but not what it does not say.
    if said and strictest and said != strictest:
        caller.notice(f"iasql.apply_mode is {strictest} and not {said}: iasql.guard says so")
    mode = min([said or Mode.MERGE.value, strictest or Mode.ENFORCE.value], key=_MODES.index)
    if mode != Mode.ENFORCE.value:
        return Mode(mode), False
    return Mode.ENFORCE, await guards.allows(caller, "delete_unknown")
