"""Which change is to be said in SQL, and the statements that say it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from engine.caller import Caller
from engine.database.functions import Arguments
from engine.database.spoken import spoken
from engine.errors import OperationError
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
    number, since = await _meant(caller, arguments)
    await (_check(caller, number) if number is not None else _check_since(caller, since))
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


async def _meant(caller: Caller, arguments: Arguments) -> tuple[int | None, str]:
    """The operation's number, or since when.

    An argument without a name is bound to the first signature, and Postgres chooses by its type.
    """
    given = next((each for name, each in arguments.items() if name != "region"), None)
    if given is not None and str(given).isdecimal():
        return int(str(given)), _EVER
    if given is not None or arguments.keys() & {"since", "limit_date"}:
        return None, _EVER if given is None else str(given)
    ((last,),) = await caller.query("SELECT iasql.last_operation()::pg_catalog.text")
    if last is None:
        raise OperationError(
            "there is no operation to say: you have not performed any",
            sqlstate="42704",
            hint="iasql.iasql_operation lists all: who, when, what.",
        )
    return int(last), _EVER


async def _check(caller: Caller, number: int) -> None:
    found = await caller.query(
        "SELECT u.function, u.outcome, u.hidden, u.forgotten, u.unremembered "
        "FROM iasql.undoable($1::pg_catalog.text::pg_catalog.int8) AS u",
        str(number),
    )
    if not found:
        raise OperationError(
            f"there is no operation to say: the journal has no {number}",
            sqlstate="42704",
            hint="iasql.iasql_operation lists them: who, when, what.",
        )
    ((function, outcome, hidden, forgotten, unremembered),) = found
    if function == "iasql_install":
        raise OperationError(
            f"operation {number} was an install: what its rows show was there",
            sqlstate="0A000",
            hint="Install the same modules in the other database.",
        )
    if outcome == "running":
        raise OperationError(f"operation {number} has not ended", sqlstate="55000")
    if hidden:
        raise _hidden(f"operation {number} has changed tables", hidden)
    if forgotten:
        raise OperationError(
            f"operation {number} is not remembered as a whole: history of {forgotten} has been forgotten",
            sqlstate="55000",
            hint="iasql_history has what is still known of it.",
        )
    if unremembered:
        raise OperationError(
            f"it is not remembered what operation {number} did to {unremembered}",
            sqlstate="55000",
            detail="The tables have been made again since, or the transaction of the rows was rolled back.",
            hint="iasql.iasql_step has its steps.",
        )


async def _check_since(caller: Caller, since: str) -> None:
    ((hidden, forgotten),) = await caller.query(
        "SELECT t.hidden, t.forgotten FROM iasql.tellable($1::pg_catalog.text::pg_catalog.timestamptz) AS t",
        since,
    )
    if hidden:
        raise _hidden("tables have been changed since", hidden)
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


def _hidden(what: str, hidden: str) -> OperationError:
    return OperationError(
        f"{what} that this role may not read: {hidden}",
        sqlstate="42501",
        hint="Let the role read them, or let somebody call this who may.",
    )


async def _told(caller: Caller, scope: Scope, number: int | None, since: str) -> Iterable[Told]:
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
