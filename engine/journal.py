"""What was done, written ahead of doing it, on a connection of the engine's own.

A rollback of the caller's transaction does not undo what AWS did, and so does not undo the journal.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog

from engine.database import Database
from engine.errors import OperationError
from engine.model import Step

_log = structlog.get_logger()


class Journal:
    """The entries of one operation."""

    def __init__(self, connection: Any, operation: int) -> None:
        self._connection = connection
        self._operation = operation
        self._turn = asyncio.Lock()

    async def started(self, step: Step, before: Mapping[str, Any] | None) -> None:
        """Record that a step is about to call AWS.

        Raises:
            OperationError: 58000, the journal cannot be written; AWS must not be called then.
        """
        try:
            await self._write(
                "INSERT INTO iasql.iasql_step (operation, number, kind, table_name, description, before) "
                "VALUES ($1, $2, $3, $4, $5, $6::jsonb)",
                self._operation,
                step.number,
                step.kind,
                step.change.table,
                step.change.description,
                None if before is None else json.dumps(before, default=str),
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise OperationError(
                "the journal cannot be written, so nothing more is changed in AWS",
                sqlstate="58000",
                detail=str(error),
            ) from error

    async def ended(
        self, step: Step, outcome: str, message: str | None = None, after: Mapping[str, Any] | None = None
    ) -> None:
        """Record how a step ended. What AWS did stands, whether this can be written or not."""
        try:
            await self._write(
                "UPDATE iasql.iasql_step SET ended_at = clock_timestamp(), outcome = $3, message = $4, "
                "after = $5::jsonb WHERE operation = $1 AND number = $2",
                self._operation,
                step.number,
                outcome,
                message,
                None if after is None else json.dumps(after, default=str),
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("journal not written", error=str(error))

    async def _write(self, statement: str, *arguments: Any) -> None:
        async with self._turn:
            await self._connection.execute(statement, *arguments)


@asynccontextmanager
async def operation(
    database: Database,
    name: str,
    function: str,
    arguments: tuple[str | None, ...],
    username: str,
    in_transaction: bool,
    steps: int,
) -> AsyncIterator[Journal]:
    """Record an operation from its start to its end, and notify the channel `iasql` of the end.

    Args:
        name: the database.
        steps: how many steps it has.

    Raises:
        OperationError: 58000, the journal cannot be written.
    """
    async with database.connection(name) as connection:
        number = await connection.fetchval(
            "INSERT INTO iasql.iasql_operation (function, arguments, username, in_transaction, steps) "
            "VALUES ($1, $2, $3, $4, $5) RETURNING id",
            function,
            list(arguments),
            username,
            in_transaction,
            steps,
        )
        try:
            yield Journal(connection, number)
        except BaseException as error:
            await _end(connection, number, "failed", _message(error))
            raise
        await _end(connection, number, "done", None)


def _message(error: BaseException) -> str:
    detail = error.detail if isinstance(error, OperationError) else None
    return f"{error}\n{detail}" if detail else str(error)


async def _end(connection: Any, number: int, outcome: str, message: str | None) -> None:
    try:
        await connection.execute(
            "UPDATE iasql.iasql_operation SET ended_at = clock_timestamp(), outcome = $2, message = $3 "
            "WHERE id = $1 RETURNING pg_notify('iasql', json_build_object('operation', id, 'function', "
            "function, 'username', username, 'outcome', outcome)::text)",
            number,
            outcome,
            message,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _log.warning("journal not written", error=str(error))
