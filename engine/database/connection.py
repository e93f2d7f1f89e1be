"""The engine's own connections to Postgres: the schema of a database, and the journal.

They are opened when needed and closed soon after, since a connection keeps its database from being dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import metadata, resources
from typing import Any

import asyncpg

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

_LOCK = int.from_bytes(b"iasql", "big")


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
            OperationError: 58000, there is none to be had, or it was lost while it was used.
        """
        try:
            connection = await asyncpg.connect(
                self._url,
                database=database,
                statement_cache_size=0,
                server_settings={"application_name": "iasql"},
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
            OperationError: they could not be created.
        """
        script = resources.files("engine.database").joinpath("schema.sql").read_text()
        fingerprint = _fingerprint(script, catalogue)
        async with self.connection(database) as connection:
            if await _is_current(connection, script, fingerprint):
                return
            try:
                async with connection.transaction():
                    await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                    await connection.execute("SET LOCAL client_min_messages = warning")
                    await connection.execute("SET LOCAL search_path = pg_catalog")
                    await connection.execute(script)
                    await _record_modules(connection, catalogue)
                    await _record_version(connection, fingerprint)
            except asyncpg.PostgresError as error:
                raise OperationError(
                    f'the functions of iasql could not be created in database "{database}"',
                    sqlstate=error.sqlstate or "58000",
                    detail=str(error),
                    hint="The role that the iasql server was started with (--postgres) has to be able to "
                    "create schemas in the database and functions in its schema public.",
                ) from error

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


def version() -> str:
    """The running version."""
    return metadata.version("iasql")


def _fingerprint(script: str, catalogue: Catalogue) -> str:
    text = script + repr([(each.full_name, each.dependencies, each.tables) for each in catalogue.modules])
    return hashlib.sha256((version() + text).encode()).hexdigest()


def _functions(script: str) -> list[str]:
    """The functions that the script creates, by schema and name."""
    marker = "CREATE OR REPLACE FUNCTION "
    return [
        line.removeprefix(marker).split("(")[0] for line in script.splitlines() if line.startswith(marker)
    ]


async def _is_current(connection: Any, script: str, fingerprint: str) -> bool:
    missing = await connection.fetchval(
        "SELECT count(*) FROM unnest($1::text[]) AS f WHERE NOT EXISTS (SELECT FROM pg_proc AS p "
        "JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname || '.' || p.proname = f)",
        _functions(script),
    )
    if missing or not await connection.fetchval("SELECT to_regclass('iasql.setting') IS NOT NULL"):
        return False
    found = await connection.fetchval("SELECT value FROM iasql.setting WHERE name = 'fingerprint'")
    return bool(found == fingerprint)


async def _record_modules(connection: Any, catalogue: Catalogue) -> None:
    await connection.execute("DELETE FROM iasql.module; DELETE FROM iasql.module_table")
    await connection.executemany(
        "INSERT INTO iasql.module (name, version, dependencies, place) VALUES ($1, $2, $3, $4)",
        [
            (module.name, module.version, list(module.dependencies), place)
            for place, module in enumerate(catalogue.modules)
        ],
    )
    module_of = {table: module.name for module in catalogue.modules for table in module.tables}
    deletable = {
        table
        for resource in catalogue.resources.values()
        if resource.delete
        for table in (resource.table, *(part.table for part in resource.parts))
    }
    await connection.executemany(
        "INSERT INTO iasql.module_table (table_name, module, deletion, deletable) VALUES ($1, $2, $3, $4)",
        [
            (table, module_of[table], place, table in deletable)
            for place, table in enumerate(catalogue.deletion_order)
        ],
    )


async def _record_version(connection: Any, fingerprint: str) -> None:
    await connection.executemany(
        "INSERT INTO iasql.setting (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [("version", version()), ("fingerprint", fingerprint)],
    )
