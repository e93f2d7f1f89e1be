"""A CancelRequest that reaches another server than the one that performs the operation.

Servers that share an address get each other's requests. PostgreSQL cancels a statement whoever brings the
key to it; of an operation that waits for AWS it knows nothing. So the server that is asked says so in the
operation's database, and the one that performs it listens on the connection that writes its journal.

What is said is a keyed digest of the client's key: whoever else listens could guess the key otherwise.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from engine.caller import Caller
from engine.database.connection import GONE, Database
from engine.errors import Stopped

_CHANNEL = "iasql_cancel"
_SECRET = "SELECT value FROM iasql.cancel_secret"
#: https://www.postgresql.org/docs/current/protocol-message-formats.html, BackendKeyData
_PROCESS_ID = 4


@asynccontextmanager
async def heard(connection: Any, caller: Caller) -> AsyncIterator[None]:
    """Let an operation be stopped by a request that another server got.

    Args:
        connection: of the engine's own, to the operation's database, for as long as the operation takes.
    """
    if caller.cancel_key is None:
        yield
        return
    wanted = _digest(await connection.fetchval(_SECRET), caller.cancel_key)

    def hear(connection: Any, process: int, channel: str, payload: str) -> None:
        if hmac.compare_digest(payload.encode(), wanted.encode()):
            caller.stop.request(Stopped("canceling statement due to user request"))

    await connection.add_listener(_CHANNEL, hear)
    try:
        yield
    finally:
        with suppress(*GONE, OSError):
            await connection.remove_listener(_CHANNEL, hear)


async def tell(database: Database, key: bytes) -> None:
    """Pass a request on to whichever server performs the operation of a session, if one does.

    Args:
        key: process id and secret, the body of the session's BackendKeyData.

    Raises:
        OperationError: 58000, Postgres cannot be asked.
    """
    async with database.connection() as own:
        name = await own.fetchval(
            "SELECT datname FROM pg_stat_activity WHERE pid = $1 AND datname IS NOT NULL",
            int.from_bytes(key[:_PROCESS_ID], "big", signed=True),
        )
    if name is None:
        return
    async with database.connection(name) as there:
        if await there.fetchval("SELECT to_regclass('iasql.cancel_secret') IS NOT NULL"):
            digest = _digest(await there.fetchval(_SECRET), key)
            await there.execute("SELECT pg_notify($1, $2)", _CHANNEL, digest)


def _digest(secret: str, key: bytes) -> str:
    return hmac.new(secret.encode(), key, hashlib.sha256).hexdigest()
