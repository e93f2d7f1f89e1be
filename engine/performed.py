"""What there is to know of an operation of the journal before it is undone, or said in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from engine.caller import Caller
from engine.errors import OperationError


@dataclass(frozen=True)
class Performed:
    """An operation that has ended, and of which the role may read all that it changed.

    Attributes:
        number: in the journal.
        function: that was called.
        lost: what it could not make again, in words; None: nothing. So are the others.
        forgotten: tables of which some history has been forgotten since.
        unremembered: tables in which it is not remembered what it did, as after a ROLLBACK.
        unfinished: what it began and was cut off from, a line each.
    """

    number: int
    function: str
    lost: str | None
    forgotten: str | None
    unremembered: str | None
    unfinished: str | None


async def performed(caller: Caller, operation: int | None, purpose: str) -> Performed:
    """An operation.

    Args:
        operation: its number; None: the last of the session's user.
        purpose: what is to be done with it, such as "undo".

    Raises:
        OperationError: 42704, there is no such operation; 55000, it is running; 42501, the role may not read
            all that it changed.
    """
    number = None if operation is None else str(operation)
    if number is None:
        ((number,),) = await caller.query("SELECT iasql.last_operation()::pg_catalog.text")
    found = await caller.query(
        "SELECT u.outcome, u.hidden, u.function, u.lost, u.forgotten, u.unremembered, u.unfinished "
        "FROM iasql.undoable($1::pg_catalog.text::pg_catalog.int8) AS u",
        number,
    )
    if not found:
        named = "you have not performed any" if number is None else f"the journal has no {number}"
        raise OperationError(
            f"there is no operation to {purpose}: {named}",
            sqlstate="42704",
            hint="iasql.iasql_operation lists them: who, when, what.",
        )
    ((outcome, hidden, function, lost, forgotten, unremembered, unfinished),) = found
    if outcome == "running":
        raise OperationError(f"operation {number} has not ended", sqlstate="55000")
    if hidden:
        raise unreadable(f"operation {number} has changed tables", hidden)
    return Performed(int(str(number)), str(function), lost, forgotten, unremembered, unfinished)


def unreadable(what: str, tables: str) -> OperationError:
    """Tables that have been changed are not the role's to read."""
    return OperationError(
        f"{what} that this role may not read: {tables}",
        sqlstate="42501",
        hint="Let the role read them, or let somebody call this who may.",
    )


def partly_forgotten(one: Performed, detail: str | None, hint: str) -> OperationError:
    """Some history of an operation has been forgotten."""
    return OperationError(
        f"operation {one.number} is not remembered as a whole: history of {one.forgotten} has been forgotten",
        sqlstate="55000",
        detail=detail,
        hint=hint,
    )
