"""What Postgres keeps in place of passwords, read on a connection that stays open.

Used only where connections to the server are reused: else the engine closes its own after use.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from engine.database.connection import GONE, Database

#: What Postgres itself looks at when a client logs in.
_CURRENT = """
SELECT rolpassword
  FROM pg_catalog.pg_authid
 WHERE rolname = $1::text::name
   AND rolcanlogin
   AND (rolvaliduntil IS NULL OR rolvaliduntil > pg_catalog.now())
   AND pg_catalog.has_database_privilege(oid, $2::text::name, 'CONNECT')
"""


class KeptPasswords:
    """Reads pg_authid.

    Args:
        database: connects to the server, as a role that may read it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._connection: Any = None

    async def current(self, role: str, database: str) -> str | None:
        """What is kept for a role that may log in to a database now; None if there is nothing, or it may not.

        Raises:
            OperationError: 58000, there is no connection to be had.
        """
        async with self._lock:
            if self._connection is not None:
                try:
                    return await self._read(role, database)
                except (*GONE, OSError):
                    await self._close()
            self._connection = await self._stack.enter_async_context(self._database.connection())
            return await self._read(role, database)

    async def close(self) -> None:
        """Close the connection."""
        async with self._lock:
            await self._close()

    async def _read(self, role: str, database: str) -> str | None:
        kept = await self._connection.fetchval(_CURRENT, role, database)
        return None if kept is None else str(kept)

    async def _close(self) -> None:
        self._connection = None
        await self._stack.aclose()
