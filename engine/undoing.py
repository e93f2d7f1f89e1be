"""Which operation is to be undone, and what stands in the way of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.caller import Caller
from engine.errors import OperationError, listed
from engine.performed import partly_forgotten, performed
from engine.plan import descriptions, undo
from engine.plan.memory import Memory, Remembered
from engine.plan.model import Key, Row, RowChange, Values
from engine.rows import bases
from modules.spec import Column, Resource

_SHOWN = 50


@dataclass(frozen=True)
class Meant:
    """The operation that is to be undone.

    Attributes:
        number: in the journal.
        has_made: whether what it began to show it made; else it was there, and is not to be deleted.
        unremembered: tables in which it is not remembered what it did, as after a ROLLBACK.
    """

    number: int
    has_made: bool
    unremembered: frozenset[str] = frozenset()


async def meant(caller: Caller, operation: object) -> Meant:
    """The operation that is to be undone; the client is told of what it has lost.

    Args:
        operation: the number that is asked for; None: the last of the session's user.

    Raises:
        OperationError: 42704, there is no such operation; 42501, the role may not read all that it changed;
            55000, it is running, it was cut off and what AWS has done of it is not known yet, or some of its
            history has been forgotten; 0A000, it was an install.
    """
    one = await performed(caller, None if operation is None else int(str(operation)), "undo")
    if one.function == "iasql_install":
        raise OperationError(
            f"operation {one.number} was an install: without its rows, an apply would delete what they show",
            sqlstate="0A000",
            hint="SELECT * FROM iasql_uninstall(…) drops the tables, and touches nothing in AWS.",
        )
    if one.unfinished:
        raise OperationError(
            f"operation {one.number} was cut off, and whether AWS has done all that it began is not known",
            sqlstate="55000",
            detail=listed(one.unfinished.splitlines(), _SHOWN),
            hint="iasql_apply() does what is left; iasql_sync() drops that, and shows what AWS has. "
            f"Then: SELECT * FROM iasql_undo({one.number}).",
        )
    if one.forgotten:
        why = "What it changed could look as if it had made it, and would be deleted."
        raise partly_forgotten(one, why, "Change the rows yourself.")
    if one.lost:
        caller.notice(
            f"operation {one.number} has lost what no undo brings back", severity="WARNING", detail=one.lost
        )
    return Meant(
        one.number,
        has_made=one.function in ("iasql_apply", "iasql_commit"),
        unremembered=frozenset((one.unremembered or "").split(", ")) - {""},
    )


async def check_begun(caller: Caller, *, force: bool) -> None:
    """Refuse to drop what has not been applied for somebody who means to take back more than that.

    Args:
        force: whether what was applied may stay.

    Raises:
        OperationError: 25P01, the session's user has begun nothing; 0A000, something of it has been applied.
    """
    found = await caller.query(
        "SELECT pg_catalog.array_to_string(b.applied, ', '), b.applied[1]::pg_catalog.text "
        "FROM iasql.begun() AS b"
    )
    if not found:
        raise OperationError(
            "iasql_rollback() has no iasql_begin() to go back to",
            sqlstate="25P01",
            detail="It was ended by iasql_commit() or iasql_rollback(), or there was none.",
            hint="iasql_sync() drops what has not been applied; iasql_undo() takes back an operation.",
        )
    ((applied, last),) = found
    if last is not None and not force:
        raise OperationError(
            f"iasql_rollback() does not take back what was applied since iasql_begin(): operation {applied}",
            sqlstate="0A000",
            hint=f"SELECT * FROM iasql_undo({last}), then iasql_apply(), the last operation first. "
            "iasql_rollback(force => true) drops only what has not been applied.",
        )


def tell(caller: Caller, operation: Meant, result: Sequence[RowChange]) -> None:
    """Tell the client what to do with an undo, or that there is nothing to undo."""
    if not result and operation.unremembered:
        caller.notice(
            f"the rows show nothing of what operation {operation.number} did",
            hint="Its transaction was rolled back, or tables have been made again since. What it left in AWS "
            "gets rows by iasql_sync() or iasql_apply(); then undo it.",
        )
    elif not result:
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
        if place not in values:
            return str(value)
        return "" if _is_default(column, by_table[place[0]], values[place]) else name(*place)

    return lambda change: name(change.table, change.key)


def _is_default(column: Column, resource: Resource, values: Values) -> bool:
    """Whether a row shows what a column means that is NULL, as far as the row's own columns tell."""
    default = column.reference.default if column.reference else None
    description = {each.path: values.get(each.name) for each in resource.columns if each.path}
    return default is not None and default(description)


async def recalled(
    caller: Caller, resources: Sequence[Resource], remembered: Iterable[Remembered], operation: Meant
) -> list[Remembered]:
    """What is remembered, and what it refers to that is not there any more: it may have been made again."""
    result, asked = list(remembered), defaultdict[str, set[str]](set)
    while True:
        missing = Memory(resources, result, operation.number).missing()
        names = {table: new for table, some in missing.items() if (new := some - asked[table])}
        if not names:
            return result
        for table, some in names.items():
            asked[table] |= some
        result += await bases.last_known(caller, names)


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
