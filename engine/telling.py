"""Which change is to be said in SQL, and the statements that say it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from engine.caller import Caller
from engine.database.functions import Arguments
from engine.database.spoken import spoken
from engine.errors import OperationError
from engine.performed import partly_forgotten, performed, unreadable
from engine.plan import pictures
from engine.plan.model import Plan
from engine.plan.pictures import Told
from engine.plan.script import Unsayable, script
from engine.plan.snapshot import Snapshot
from engine.request import Scope

#: Since when everything is meant that is remembered.
_EVER = "-infinity"


async def statements(caller: Caller, scope: Scope, arguments: Arguments) -> list[str]:
    """The SQL of an operation, or of all that was done since a moment.

    Raises:
        OperationError: 42704, there is no such operation; 42501, the role may not read all that was changed;
            55000, it is running, or not all of it is remembered; 0A000, it was an install, or it cannot be
            said in SQL.
    """
    number, since = _meant(arguments)
    if since is None:
        number = await _check(caller, number)
    else:
        await _check_since(caller, since)
    told = await _told(caller, scope, number, since)
    what = f"operation {number}" if number is not None else "what was done since"
    try:
        said = script(scope.layout.resources, pictures.of_history(scope.layout.resources, told), scope.tables)
    except Unsayable as error:
        raise _unsayable(what, error) from error
    if not said:
        caller.notice(f"{what} has changed nothing that rows and AWS have agreed on")
    return spoken(said, _schema(scope))


def of_plan(scope: Scope, snapshot: Snapshot, plan: Plan) -> list[str]:
    """The SQL of a pending change; if it cannot be said, a comment that says why."""
    resources = list(snapshot.resources.values())
    try:
        said = script(resources, pictures.of_plan(snapshot, plan))
    except Unsayable as error:
        return [f"-- This cannot be said in SQL without serial numbers: {' '.join(str(error).split())}"]
    return spoken(said, _schema(scope))


def _schema(scope: Scope) -> str:
    """The place whose tables go by their own names."""
    [first, *others] = scope.places
    return scope.layout.default.schema if others else first.schema


def _unsayable(what: str, error: Unsayable) -> OperationError:
    if error.reads is not None:
        return OperationError(
            f"{what} cannot be said: {error}",
            sqlstate="42501",
            detail="This role may not read it, or it is not remembered.",
            hint=f"Let the role read {error.reads}, or let somebody call this who may.",
            table=error.table,
        )
    return OperationError(
        f"{what} cannot be said in SQL: {error}",
        sqlstate="0A000",
        hint="iasql_history has what was changed. Give what is alike different tags, or write the rows.",
        table=error.table,
    )


def _meant(arguments: Arguments) -> tuple[int | None, str | None]:
    """The operation's number, or since when; neither: the last operation of the session's user.

    An argument without a name is bound to the first signature, and Postgres chooses by its type.
    """
    given = next((each for name, each in arguments.items() if name != "region"), None)
    if given is not None and str(given).isdecimal():
        return int(str(given)), None
    if given is not None or arguments.keys() & {"since", "limit_date"}:
        return None, _EVER if given is None else str(given)
    return None, None


async def _check(caller: Caller, number: int | None) -> int:
    """The number of an operation that can be said, as far as the journal knows."""
    one = await performed(caller, number, "say")
    if one.function == "iasql_install":
        raise OperationError(
            f"operation {one.number} was an install: what its rows show was there",
            sqlstate="0A000",
            hint="Install the same modules in the other database.",
        )
    if one.forgotten:
        raise partly_forgotten(one, None, "iasql_history has what is still known of it.")
    if one.unremembered:
        raise OperationError(
            f"it is not remembered what operation {one.number} did to {one.unremembered}",
            sqlstate="55000",
            detail="The tables have been made again since, or the transaction of the rows was rolled back.",
            hint="iasql.iasql_step has its steps.",
        )
    return one.number


async def _check_since(caller: Caller, since: str) -> None:
    ((hidden, forgotten),) = await caller.query(
        "SELECT t.hidden, t.forgotten FROM iasql.tellable($1::pg_catalog.text::pg_catalog.timestamptz) AS t",
        since,
    )
    if hidden:
        raise unreadable("tables have been changed since", hidden)
    if forgotten and since != _EVER:
        raise OperationError(
            f"not all that was done since is remembered: history of {forgotten} has been forgotten",
            sqlstate="55000",
            hint="Name a later moment, or single operations.",
        )
    if forgotten:
        caller.notice(
            f"some history of {forgotten} has been forgotten: what was changed before that is not in this",
            severity="WARNING",
        )


async def _told(caller: Caller, scope: Scope, number: int | None, since: str | None) -> Iterable[Told]:
    found = await caller.query(
        "SELECT t.table_name, t.record FROM iasql.told($1::pg_catalog.jsonb, "
        "$2::pg_catalog.text::pg_catalog.int8, $3::pg_catalog.text::pg_catalog.timestamptz) AS t",
        json.dumps([each.table for each in scope.layout.resources]),
        None if number is None else str(number),
        since,
    )
    return (pictures.from_record(str(table), _parsed(text)) for table, text in found)


def _parsed(text: str | None) -> Mapping[str, object]:
    result: Mapping[str, object] = json.loads(text or "{}")
    return result
