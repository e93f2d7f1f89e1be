"""Whether a session may call an operation: iasql's own function is meant, and the role may execute it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from engine.caller import Caller
from engine.database.functions import OPERATIONS, Arguments, Operation
from engine.database.sql import identifier
from engine.errors import OperationError
from engine.guard import limits


async def check(
    caller: Caller, function: str, arguments: Sequence[str | None], named: Mapping[str, str | None]
) -> tuple[Operation, Arguments]:
    """The operation that a call means, with its arguments, once it is known that the session may call it.

    Args:
        arguments: those in order.
        named: those by name.

    Raises:
        OperationError: 42501, the role may not execute it; 42725, another function has its name; 42883, there
            is no such function; 25006 and 0A000, it changes something, and the transaction is READ ONLY, or
            does not see what others commit; 22023, a limit of the session's is no number.
    """
    operation, bound = _meant(function, arguments, named)
    same = [each.signature for each in OPERATIONS if each.name == function]
    ((may, others, read_only, role, isolation, *limited),) = await caller.query(
        f"SELECT c.*, {limits.IN_SESSION} "
        "FROM iasql.call_context($1, $2, $3::pg_catalog.jsonb, pg_catalog.current_schemas(true)) AS c",
        function,
        operation.signature,
        json.dumps(same),
    )
    if others:
        raise OperationError(
            f"which {function}() is meant is not clear",
            sqlstate="42725",
            detail=f"Beside iasql's own there is {others}.",
            hint="Drop or rename what is not iasql's.",
        )
    if may is None:
        raise OperationError(
            f"there is no {function}() of iasql's in this database",
            sqlstate="42883",
            hint="Connect again: the iasql server then creates its functions.",
        )
    if may != "true":
        raise OperationError(
            f"permission denied for function {function}",
            sqlstate="42501",
            hint="The owner of the database can grant it: "
            f"GRANT EXECUTE ON FUNCTION {operation.signature} TO {identifier(str(role))};",
        )
    if operation.changes and read_only == "on":
        raise OperationError(f"cannot execute {function}() in a read-only transaction", sqlstate="25006")
    if operation.changes and isolation not in _SEES_COMMITTED:
        raise OperationError(
            f"cannot execute {function}() in a transaction with isolation level {isolation}",
            sqlstate="0A000",
            detail="It does not see what others have committed since it began, and would delete that.",
            hint="Use READ COMMITTED: SET default_transaction_isolation = 'read committed'.",
        )
    if operation.performs in ("apply", "plan_apply", "plan_steps", "diff"):
        limits.check_session(limited)
    return operation, bound


#: Postgres' READ UNCOMMITTED is READ COMMITTED.
_SEES_COMMITTED = ("read committed", "read uncommitted")


def _meant(
    function: str, arguments: Sequence[str | None], named: Mapping[str, str | None]
) -> tuple[Operation, Arguments]:
    for each in OPERATIONS:
        bound = each.bound(arguments, named) if each.name == function else None
        if bound is not None:
            return each, bound
    raise OperationError(f"{function}() does not take these arguments", sqlstate="42883")
