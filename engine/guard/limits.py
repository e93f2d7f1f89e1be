"""What a session, a role or a database does not want done, whatever the rows say.

`iasql.max_deletes`: how many resources one apply may delete, replaced ones included. Set it with SET,
ALTER ROLE … SET or ALTER DATABASE … SET.
"""

from __future__ import annotations

from engine.caller import Caller
from engine.errors import OperationError
from engine.plan.model import Plan

_SETTING = "iasql.max_deletes"
_SHOWN = 50


async def check(caller: Caller, plan: Plan) -> None:
    """Refuse a plan that deletes too much, before anything is done.

    Raises:
        OperationError: 53400, it would delete more than `iasql.max_deletes`; 22023, that is no number.
    """
    limit = await _limit(caller)
    deletes = [change for change in plan.changes if change.action in ("delete", "replace")]
    if limit is not None and len(deletes) > limit:
        lines = [f"{each.action} {each.table} {each.name}" for each in deletes[:_SHOWN]]
        if len(deletes) > _SHOWN:
            lines.append(f"… and {len(deletes) - _SHOWN} more")
        raise OperationError(
            f"this would delete {len(deletes)} resources, and {_SETTING} is {limit}",
            sqlstate="53400",
            detail="\n".join(lines),
            hint=f"If that is what you want: SET {_SETTING} = {len(deletes)}; and apply again.",
        )


async def _limit(caller: Caller) -> int | None:
    ((text,),) = await caller.query("SELECT pg_catalog.current_setting($1, true)", _SETTING)
    if not text:
        return None
    if not text.isdigit():
        raise OperationError(
            f'{_SETTING} is "{text}", which is not a number of resources',
            sqlstate="22023",
            hint=f"SET {_SETTING} = 10, for instance, or RESET {_SETTING}.",
        )
    return int(text)
