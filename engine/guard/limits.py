"""How much one apply may do, whatever the rows say.

`max_deletes`: how many resources it may delete, replaced ones included; `max_changes`: how many it may change
in all. The database's owner sets them in the table `iasql.guard`, for a role or for PUBLIC; a session can set
`iasql.max_deletes` and `iasql.max_changes`, which count if they are stricter.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.caller import Caller
from engine.errors import OperationError, listed
from engine.guard import guards
from engine.plan.model import Change, Plan

_SHOWN = 50
_SETTINGS = ("max_deletes", "max_changes")


async def check(caller: Caller, plan: Plan) -> None:
    """Refuse a plan that does too much, before anything is done.

    Raises:
        OperationError: 53400, it would delete or change more than a limit.
    """
    for guard in await guards.read(caller):
        if guard.setting in _SETTINGS:
            counted = _counted(plan, guard.setting)
            if len(counted) > int(guard.value):
                raise _too_many(guard.setting, int(guard.value), guard.source, counted)


def _counted(plan: Plan, setting: str) -> Sequence[Change]:
    if setting == "max_deletes":
        return [change for change in plan.changes if change.action in ("delete", "replace")]
    return plan.changes


def _too_many(setting: str, value: int, source: str, changes: Sequence[Change]) -> OperationError:
    lines = [str(each) for each in changes]
    if source == "session":
        hint = f"If that is what you want: SET iasql.{setting} = {len(changes)}; and apply again."
    else:
        hint = f"iasql.guard says so for {source}; only who may write that table can change it."
    verb = "delete" if setting == "max_deletes" else "change"
    return OperationError(
        f"this would {verb} {len(changes)} resources, and iasql.{setting} is {value}",
        sqlstate="53400",
        detail=listed(lines, _SHOWN),
        hint=hint,
    )


#: The session's own limits, as expressions of SQL.
IN_SESSION = ", ".join(f"pg_catalog.current_setting('iasql.{each}', true)" for each in _SETTINGS)


def check_session(values: Sequence[str | None]) -> None:
    """Refuse limits of the session's that mean nothing.

    Args:
        values: of `IN_SESSION`.

    Raises:
        OperationError: 22023, one is no number.
    """
    for name, text in zip(_SETTINGS, values, strict=True):
        if text and not (text.isdecimal() and text.isascii() and len(text) < 10):
            raise OperationError(
                f'iasql.{name} is "{text}", which is not a number of resources',
                sqlstate="22023",
                hint=f"SET iasql.{name} = 10, for instance, or RESET iasql.{name}.",
            )
