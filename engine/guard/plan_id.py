"""A plan's name, by which an apply can be held to it.

The name is a digest of what the plan changes, column by column, and in which regions. A plan leaves its
name and its lines in the session; `iasql_apply(name)` performs a plan of that name or none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace

from engine.caller import Caller
from engine.database.functions import Arguments
from engine.errors import OperationError
from engine.plan.layout import Layout
from engine.plan.model import Difference
from engine.results import of_differences
from modules.spec.names import schema_of

_NAME, _LINES = "iasql.plan_id", "iasql.plan"
_SHOWN = 50
_FORM = re.compile(r"[0-9a-f]{32}")
_WHERE_FROM = "SELECT * FROM iasql_plan_apply(); shows a plan, and SELECT iasql_plan_id(); then names it."


def name_of(differences: Sequence[Difference], layout: Layout) -> str:
    """The name of the plan with these differences: 32 hexadecimal digits."""
    # By the names by which resources are known, and not by those that people read: their wording may change.
    records: list[object] = [*of_differences([replace(each, label="") for each in differences])]
    schemas = {schema_of(each.table) for each in differences}
    # A schema can become another region's place, but for the default one, which may have no region yet.
    if regions := {each.schema: each.region for each in layout.others if each.schema in schemas}:
        records.append(regions)
    text = json.dumps(records, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def remember(caller: Caller, differences: Sequence[Difference], layout: Layout) -> None:
    """Make a plan the session's last one."""
    await caller.query(
        "SELECT pg_catalog.set_config($1, $2, false), pg_catalog.set_config($3, $4, false)",
        _NAME,
        name_of(differences, layout),
        _LINES,
        json.dumps(_lines(differences)),
    )


def check_form(arguments: Arguments) -> None:
    """Refuse what cannot be the name of a plan, before anything is read.

    Raises:
        OperationError: 22004, no name; 22023, it is none.
    """
    if "plan_id" not in arguments:
        return
    wanted = arguments["plan_id"]
    if wanted is None:
        raise OperationError("the name of a plan is needed, not NULL", sqlstate="22004", hint=_WHERE_FROM)
    if not _FORM.fullmatch(str(wanted)):
        raise OperationError(
            f'"{wanted}" is not the name of a plan, which is 32 hexadecimal digits',
            sqlstate="22023",
            hint=_WHERE_FROM,
        )


async def check(caller: Caller, wanted: str, differences: Sequence[Difference], layout: Layout) -> None:
    """Refuse to perform another plan than the wanted one.

    Raises:
        OperationError: 40001, the plan is not that one any more.
    """
    if name_of(differences, layout) == wanted:
        return
    raise OperationError(
        f"rows or AWS have changed since the plan {wanted}: nothing is done",
        sqlstate="40001",
        detail="\n".join(await _changes(caller, wanted, _lines(differences))),
        hint="Look at iasql_plan_apply() again; iasql_plan_id() then names the new plan.",
    )


async def _changes(caller: Caller, wanted: str, now: list[str]) -> list[str]:
    """What is in one plan and not in the other, if the session knows the wanted one."""
    ((name, lines),) = await caller.query(
        "SELECT pg_catalog.current_setting($1, true), pg_catalog.current_setting($2, true)", _NAME, _LINES
    )
    before = json.loads(lines) if name == wanted and lines else None
    if before is None:
        return ["The plan is now:", *now[:_SHOWN]] if now else ["There is nothing to do now."]
    gone = [f"no longer: {each}" for each in before if each not in set(now)]
    new = [f"now also: {each}" for each in now if each not in set(before)]
    return [*gone, *new][:_SHOWN]


def _lines(differences: Sequence[Difference]) -> list[str]:
    return list(dict.fromkeys(map(_line, differences)))


def _line(difference: Difference) -> str:
    what = f"{difference.action} {difference.table} {difference.label or difference.name}"
    if difference.action == "delete" or difference.column is None:
        return what
    return f"{what}: {difference.column} {_shown(difference.current)} → {_shown(difference.desired)}"


def _shown(value: str | None) -> str:
    return "NULL" if value is None else value
