"""Whether a session may call an operation: iasql's own function is meant, and the role may execute it."""

from __future__ import annotations

import json

from engine.caller import Caller
from engine.database.functions import OPERATIONS, Operation
from engine.database.sql import identifier
from engine.errors import OperationError

#: What the name may mean to Postgres: ours, and whatever else is visible under it.
_CIRCUMSTANCES = """
    SELECT pg_catalog.current_setting('transaction_read_only'),
      pg_catalog.has_function_privilege(ours.oid, 'EXECUTE')::pg_catalog.text,
      (SELECT pg_catalog.string_agg(p.oid::pg_catalog.regprocedure::pg_catalog.text, ', ')
         FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE p.proname = $1::pg_catalog.text AND n.nspname <> 'iasql'
          AND (n.nspname = 'public' OR n.nspname = ANY (pg_catalog.current_schemas(true)))
          AND NOT (p.proowner = engines.nspowner AND p.oid IN (
            SELECT pg_catalog.to_regprocedure(s)::pg_catalog.oid
              FROM pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb) AS s))),
      current_user::pg_catalog.text
    FROM pg_catalog.pg_namespace AS engines
    LEFT JOIN pg_catalog.pg_proc AS ours
      ON ours.oid = pg_catalog.to_regprocedure($3::pg_catalog.text)::pg_catalog.oid
      AND ours.proowner = engines.nspowner
    WHERE engines.nspname = 'iasql'
"""


async def check(caller: Caller, function: str, arguments: int) -> Operation:
    """The operation that a call means, after it is known that the session may call it.

    Args:
        arguments: how many there are.

    Raises:
        OperationError: 42501, the role may not execute it; 42725, another function has its name; 25006, it
            changes something and the transaction is READ ONLY; 42883, there is no such function.
    """
    operation = _meant(function, arguments)
    same = [each.signature for each in OPERATIONS if each.name == function]
    found = await caller.query(_CIRCUMSTANCES, function, json.dumps(same), operation.signature)
    read_only, may, others, role = found[0] if found else (None, None, None, None)
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
    return operation


def _meant(function: str, arguments: int) -> Operation:
    some = [each for each in OPERATIONS if each.name == function]
    for each in some:
        if each.parameters.startswith("VARIADIC") or bool(each.parameters) == bool(arguments):
            return each
    return some[0]
