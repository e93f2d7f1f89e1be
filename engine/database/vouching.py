"""Vouches for a session for as long as an operation writes rows in it.

What shows that the engine speaks is an advisory lock of the engine's role that names the session: no client
can hold one as that role, and what is passed in a session its client can read. It is given up before the
client's statement goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any

from engine.caller import Caller
from engine.database.connection import WRITES, Database, process_of, vouch_on


class Voucher:
    """Vouches for a session from the first time on that this is needed.

    It does so on a connection that is there for something else, or else on one of its own.
    """

    def __init__(self, database: Database, caller: Caller) -> None:
        self._database = database
        self._caller = caller
        self._own = AsyncExitStack()
        self._connection: Any = None

    async def __aenter__(self) -> Voucher:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._own.aclose()

    async def vouch(self) -> Any:
        """Vouch from now on, if that is not done, or the connection has been lost that did it.

        Returns:
            the engine's connection that does it.

        Raises:
            OperationError: 58000, there is no connection to be had; 55P03, somebody stands in the way.
        """
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        process = await process_of(self._caller)
        connection = await self._own.enter_async_context(self._database.connection(self._caller.database))
        await self._own.enter_async_context(vouch_on(connection, WRITES, process))
        self._connection = connection
        return connection

    @asynccontextmanager
    async def on(self, connection: Any) -> AsyncIterator[None]:
        """Vouch on a connection of the engine's that is open for a while.

        Raises:
            OperationError: 55P03, somebody stands in the way.
        """
        process = await process_of(self._caller)
        await self._caller.commit()  # nothing is held in the session while AWS is called
        self._connection = None
        await self._own.aclose()
        async with vouch_on(connection, WRITES, process):
            self._connection = connection
            try:
                yield
            finally:
                if self._connection is connection:
                    self._connection = None
