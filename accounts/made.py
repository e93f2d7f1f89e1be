"""What connecting makes in Postgres: a login, a database, and who may connect to it; each can be undone."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from accounts import passwords
from engine.database.sql import identifier
from engine.errors import OperationError


async def make_login(admin: Any, login: str, password: str, undo: AsyncExitStack) -> None:
    """Make a login; Postgres gets a verifier of its password.

    Raises:
        OperationError: Postgres refused it.
    """
    name = identifier(login)
    making = f"CREATE ROLE {name} LOGIN PASSWORD '{passwords.verifier(password)}'"
    await _execute_undoably(admin, making, f"DROP ROLE {name}", undo)
    if not await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = session_user"):
        # Only a superuser may make a database somebody's without being one of theirs.
        await execute(admin, f"GRANT {identifier(login)} TO session_user")


async def make_database(admin: Any, database: str, owner: str, undo: AsyncExitStack) -> None:
    """Make an empty database.

    Raises:
        OperationError: Postgres refused it.
    """
    name = identifier(database)
    making = f"CREATE DATABASE {name} OWNER {identifier(owner)} TEMPLATE template0"
    await _execute_undoably(admin, making, f"DROP DATABASE {name} WITH (FORCE)", undo)


async def looked_up(admin: Any, database: str) -> tuple[int, str]:
    """The number and the owner of a database.

    Raises:
        OperationError: 3D000, there is none of that name.
    """
    found = await admin.fetchrow(
        "SELECT oid, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1", database
    )
    if found is None:
        raise OperationError(f'there is no database "{database}"', sqlstate="3D000")
    return found["oid"], found["owner"]


async def close_to_others(admin: Any, database: str, undo: AsyncExitStack) -> None:
    """Let only the owner, whom that has granted it, and the engine's role connect.

    Raises:
        OperationError: Postgres refused it.
    """
    name = identifier(database)
    public = "SELECT has_database_privilege('public', $1::text, 'CONNECT')"
    if await admin.fetchval(public, database):
        revoking = f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"
        await _execute_undoably(admin, revoking, f"GRANT CONNECT ON DATABASE {name} TO PUBLIC", undo)
        await execute(admin, f"GRANT CONNECT ON DATABASE {name} TO session_user")


async def _execute_undoably(admin: Any, statement: str, undoing: str, undo: AsyncExitStack) -> None:
    """Execute a statement, and have it undone if it was; to its end, even if somebody presses Ctrl-C.

    Raises:
        OperationError: Postgres refused it.
    """
    executing = asyncio.ensure_future(execute(admin, statement))
    try:
        await asyncio.shield(executing)
    except asyncio.CancelledError:
        await executing
        raise
    finally:
        if executing.done() and not executing.cancelled() and executing.exception() is None:
            undo.push_async_callback(execute, admin, undoing)


async def execute(admin: Any, statement: str) -> None:
    """Execute a statement.

    Raises:
        OperationError: Postgres refused it.
    """
    try:
        await admin.execute(statement)
    except asyncpg.PostgresError as error:
        raise refused(error) from error


def refused(error: asyncpg.PostgresError) -> OperationError:
    """What Postgres has said, for the operator."""
    return OperationError(
        f"Postgres refused: {error.args[0] if error.args else type(error).__name__}",
        sqlstate=error.sqlstate or "58000",
        detail=getattr(error, "detail", None),
        hint="The role of --postgres has to be able to create databases and roles.",
    )
