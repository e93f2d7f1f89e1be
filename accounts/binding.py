"""What ties a connection to the one database that it is about.

The record names the database, its oid and the server; the database keeps a mark that is made of them and of a
nonce in the record. So a database that was dropped and made again, renamed, copied with TEMPLATE, restored
from a dump or promoted from a replica is another one, even if all that it holds is the same.
"""

from __future__ import annotations

from typing import Any

import asyncpg

#: Where the mark is; the table is the engine's own, which only its role can write.
_MARK = "account"
#: Where the default database keeps which account it has managed with the server's own credentials.
_MANAGED = "managed_account"

_SYSTEM = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"
#: The timeline changes when a replica is promoted, and when a server is restored to a point in time.
_TIMELINE = "SELECT left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8)"

#: Whether the table is the engine's own: reading somebody else's view would run their code as the engine.
_OWN = """
    SELECT c.relkind = 'r' AND pg_get_userbyid(c.relowner) = session_user
        AND pg_get_userbyid(n.nspowner) = session_user
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'iasql' AND c.relname = 'setting'
"""


async def server(connection: Any) -> str | None:
    """What tells a server apart from its copies; None for a replica, which is nobody's.

    What a managed server does not let its users read counts as `?`.
    """
    if await connection.fetchval("SELECT pg_catalog.pg_is_in_recovery()"):
        return None
    return f"{await _readable(connection, _SYSTEM)}/{await _readable(connection, _TIMELINE)}"


async def _readable(connection: Any, question: str) -> str:
    try:
        return str(await connection.fetchval(question))
    except (
        asyncpg.InsufficientPrivilegeError,
        asyncpg.FeatureNotSupportedError,
        asyncpg.UndefinedFunctionError,
    ):
        return "?"


async def read_mark(connection: Any) -> str | None:
    """The mark of a database, by a connection of the engine's own to it; None if there is none."""
    return await _read(connection, _MARK)


async def write_mark(connection: Any, mark: str) -> None:
    """Mark a database that has been prepared."""
    await _write(connection, _MARK, mark)


async def remove_mark(connection: Any) -> None:
    """Take the mark away, if there is one."""
    if await connection.fetchval(_OWN):
        await connection.execute("DELETE FROM iasql.setting WHERE name = $1", _MARK)


async def managed(connection: Any) -> str | None:
    """The account that a default database has managed, None if it has managed none."""
    return await _read(connection, _MANAGED)


async def note_managed(connection: Any, account: str) -> None:
    """Write down which account a default database manages, if it has been prepared."""
    if await connection.fetchval(_OWN):
        await _write(connection, _MANAGED, account)


async def _read(connection: Any, name: str) -> str | None:
    if not await connection.fetchval(_OWN):
        return None
    found = await connection.fetchval("SELECT value FROM iasql.setting WHERE name = $1", name)
    return None if found is None else str(found)


async def _write(connection: Any, name: str, value: str) -> None:
    await connection.execute(
        "INSERT INTO iasql.setting (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        value,
    )
