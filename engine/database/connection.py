"""The engine's own connections to Postgres: the schema of a database, and the journal.

They are opened when needed and closed soon after, since a connection keeps its database from being dropped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from engine.caller import Caller
from engine.database.prepare import prepare
from engine.errors import OperationError
from modules.catalogue import Catalogue

#: What the driver raises when a connection has gone, or is being ended by the server. InternalClientError is
#: its word for a statement on a connection that was ended while it was idle.
GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

#: The advisory locks by which `iasql.is_the_engine()` and `iasql.engine_writes()` know us; the other number
#: is a session's process.
RECORDS = int.from_bytes(b"iasm", "big")
WRITES = int.from_bytes(b"iasw", "big")

#: What a database's owner can set for all its sessions, and must not set for the engine's.
_SETTINGS = {
    "application_name": "iasql",
    "role": "none",
    "search_path": "pg_catalog",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "idle_in_transaction_session_timeout": "0",
    # What the engine writes nobody else does: who is in the way for so long stays there.
    "lock_timeout": "60s",
    "row_security": "on",
    "standard_conforming_strings": "on",
    "statement_timeout": "0",
}


class Database:
    """Connects to any database of one server, with the server's credentials.

    Args:
        url: `postgresql://…` of that server; the database in it is replaced.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def connection(self, database: str | None = None) -> AsyncIterator[Any]:
        """A connection of the engine's own to one database, or to the URL's.

        Raises:
            OperationError: 58000, there is none to be had, or it was lost while it was used; 55P03, something
                has been locked for a minute.
        """
        try:
            connection = await asyncpg.connect(
                self._url,
                database=database,
                statement_cache_size=0,
                server_settings=_SETTINGS,
                timeout=10,
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            raise OperationError(
                "the engine cannot connect to " + (f'database "{database}"' if database else "Postgres"),
                sqlstate="58000",
                detail=str(error),
                hint="Check the URL that the iasql server was started with (--postgres), "
                "and the rights of its role.",
            ) from error
        try:
            yield connection
        except asyncpg.LockNotAvailableError as error:
            raise OperationError(
                "the engine has waited for a minute for something in Postgres that is locked",
                sqlstate="55P03",
                detail=str(error),
                hint="pg_locks and pg_blocking_pids() tell who holds it, such as a transaction left open.",
            ) from error
        except (*GONE, OSError) as error:
            raise OperationError(
                "the engine has lost its connection to Postgres",
                sqlstate="58000",
                detail=str(error) or type(error).__name__,
                hint="Call it again: it continues from what is true now.",
            ) from error
        finally:
            with suppress(*GONE, OSError):
                await connection.close(timeout=5)

    async def prepare(self, database: str, catalogue: Catalogue) -> None:
        """Make sure that a database has this version's schema and functions.

        Args:
            catalogue: the modules to record in it.

        Raises:
            OperationError: they could not be created, or are somebody else's.
        """
        async with self.connection(database) as connection:
            await prepare(connection, database, catalogue)

    @asynccontextmanager
    async def vouching(self, caller: Caller) -> AsyncIterator[None]:
        """Let functions that are for the engine alone know that it is the engine who calls them in a session.

        Raises:
            OperationError: 58000, there is no connection to be had; 55P03, somebody stands in the way.
        """
        process = await process_of(caller)
        async with self.connection(caller.database) as connection, vouch_on(connection, RECORDS, process):
            yield

    async def may_read_passwords(self) -> bool:
        """Whether `password` works: only a superuser's URL lets it, unless someone has granted it.

        Raises:
            OperationError: 58000, there is no connection to be had.
        """
        async with self.connection() as connection:
            allowed = "SELECT has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')"
            return bool(await connection.fetchval(allowed))

    async def password(self, role: str) -> str | None:
        """What Postgres keeps in place of a role's password; None if there is none.

        https://www.postgresql.org/docs/current/catalog-pg-authid.html

        Raises:
            OperationError: 58000, there is no connection to be had.
        """
        try:
            role.encode()
        except UnicodeEncodeError:
            return None
        async with self.connection() as connection:
            kept = await connection.fetchval(
                "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1::text::name", role
            )
            return None if kept is None else str(kept)


async def process_of(caller: Caller) -> int:
    """The process that serves the caller's session."""
    ((process,),) = await caller.query("SELECT pg_catalog.pg_backend_pid()")
    return int(process or 0)


@asynccontextmanager
async def vouch_on(connection: Any, kind: int, process: int) -> AsyncIterator[None]:
    """Vouch for the session of a process, on a connection of the engine's own.

    Args:
        kind: for what: `RECORDS` or `WRITES`.

    Raises:
        OperationError: 55P03, somebody stands in the way.
    """
    lock = f"{kind}, {process}"
    if not await connection.fetchval(f"SELECT pg_try_advisory_lock_shared({lock})"):
        raise OperationError("another session holds a lock that is iasql's", sqlstate="55P03")
    try:
        yield
    finally:
        # The server takes a while to see that a connection has gone; the client's statement goes on at once.
        with suppress(*GONE, OSError, asyncpg.PostgresError):
            await connection.fetchval(f"SELECT pg_advisory_unlock_shared({lock})")
