"""Which operation is to be undone, and what stands in the way of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.caller import Caller
from engine.errors import OperationError, listed
from engine.plan import descriptions, undo
from engine.plan.model import Key, Row, RowChange
from engine.plan.undo import Remembered
from modules.spec import Column, Resource

_SHOWN = 50


@dataclass(frozen=True)
class Meant:
    """The operation that is to be undone.

    Attributes:
        number: in the journal.
        has_made: whether what it began to show it made; else it was there, and is not to be deleted.
    """

    number: int
    has_made: bool


async def meant(caller: Caller, operation: object) -> Meant:
    """The operation that is to be undone; the client is told of what it has lost.

    Args:
        operation: the number that is asked for; None: the last of the session's user.

    Raises:
        OperationError: 42704, there is no such operation; 42501, the role may not read all that it changed;
            55000, it is running; 0A000, it was an install.
    """
    if operation is None:
        ((operation,),) = await caller.query("SELECT iasql.last_operation()::pg_catalog.text")
    found = await caller.query(
        "SELECT u.function, u.outcome, u.hidden, u.lost "
        "FROM iasql.undoable($1::pg_catalog.text::pg_catalog.int8) AS u",
        None if operation is None else str(operation),
    )
    if not found:
        named = "you have not performed any" if operation is None else f"the journal has no {operation}"
        raise OperationError(
            f"there is no operation to undo: {named}",
            sqlstate="42704",
            hint="iasql.iasql_operation lists them: who, when, what.",
        )
    ((function, outcome, hidden, lost),) = found
    if function == "iasql_install":
        raise OperationError(
            f"operation {operation} was an install: without its rows, an apply would delete what they show",
            sqlstate="0A000",
            hint="SELECT * FROM iasql_uninstall(…) drops the tables, and touches nothing in AWS.",
        )
    if outcome == "running":
        raise OperationError(f"operation {operation} has not ended", sqlstate="55000")
    if hidden:
        raise OperationError(
            f"operation {operation} has changed tables that this role may not read: {hidden}",
            sqlstate="42501",
            hint="Let the role read them, or let somebody undo it who may.",
        )
    if lost:
        caller.notice(
            f"operation {operation} has lost what no undo brings back", severity="WARNING", detail=lost
        )
    return Meant(int(str(operation)), has_made=function == "iasql_apply")


def tell(caller: Caller, operation: Meant, result: Sequence[RowChange]) -> None:
    """Tell the client what to do with an undo, or that there is nothing to undo."""
    if not result:
        caller.notice(f"nothing of what operation {operation.number} did is there to be undone")
    elif not caller.in_transaction:
        caller.notice("the rows are as they were: iasql_plan_apply() shows what AWS has to follow")


def names(
    resources: Sequence[Resource], rows: Mapping[str, Sequence[Row]], made: Iterable[RowChange]
) -> Callable[[RowChange], str]:
    """What gives the natural key of a row that an undo changes, as a person would write it.

    Args:
        made: the changes, with those that make rows.
    """
    by_table = {each.table: each for each in resources}
    values = {(table, row.key): row.values for table, some in rows.items() for row in some}
    values |= {(each.table, each.key): each.values for each in made if each.action == "create"}

    def name(table: str, key: Key) -> str:
        return descriptions.natural_name(by_table[table], values[table, key], refer)

    def refer(column: Column, value: object) -> str:
        place = column.reference.table if column.reference else "", (value,)
        return name(*place) if place in values else str(value)

    return lambda change: name(change.table, change.key)


def changes(
    resources: Sequence[Resource],
    rows: Mapping[str, Sequence[Row]],
    remembered: Iterable[Remembered],
    operation: Meant,
) -> Sequence[RowChange]:
    """What puts rows back to what they were before an operation.

    Raises:
        OperationError: 40001, something has been changed since.
    """
    result = undo.undone(resources, rows, remembered, operation.number, keep_new=not operation.has_made)
    if result.conflicts:
        first = result.conflicts[0]
        more = f" (and {len(result.conflicts) - 1} more)" if len(result.conflicts) > 1 else ""
        raise OperationError(
            f"operation {operation.number} cannot be undone: {first}{more}",
            sqlstate="40001",
            detail=listed(list(map(str, result.conflicts)), _SHOWN),
            hint="Undo the later operations first, from the last on, or change these rows yourself.",
            table=first.table,
        )
    return result.changes
