"""The engine's view of a session: private statements, notices, and the request to stop.

Private statements have names of their own and are sent with Flush, so that the
client's unnamed statement, its portals and its transaction stay as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from engine.caller import Row, Stop
from engine.errors import DatabaseError, OperationError
from proxy.errors import database_error, printable
from proxy.session.conversation import Conversation
from proxy.wire import client, server

#: Statement and portal of the proxy's own; they exist during one round trip.
PRIVATE = b"iasql_private"

#: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-CLIENT-MIN-MESSAGES
_SEVERITIES = (
    "DEBUG5",
    "DEBUG4",
    "DEBUG3",
    "DEBUG2",
    "DEBUG1",
    "DEBUG",
    "LOG",
    "NOTICE",
    "WARNING",
    "ERROR",
)


class SessionCaller:
    """Implements `engine.caller.Caller` for one operation.

    Attributes:
        failure: the error after which Postgres accepts nothing more in this transaction.
        client_min_messages: the client's setting.
        role: the session's current role.
        statements: how many private statements have been sent.
        waiting: whether the last of them is not answered yet.
    """

    def __init__(self, session: Conversation, *, in_transaction: bool) -> None:
        self._session = session
        self._backend = session.backend
        self._lock = asyncio.Lock()
        self._closed = False
        self.database = session.startup.database
        self.user = session.startup.user
        self.address: str | None = session.connection.client
        self.cancel_key: bytes | None = session.cancel_key
        self.in_transaction = in_transaction
        self.stop = Stop()
        self.failure: DatabaseError | None = None
        self.client_min_messages = "NOTICE"
        self.role = session.startup.user
        self.statements = 0
        self.waiting = False

    @property
    def codec(self) -> str:
        """Python's name of the client_encoding."""
        return self._backend.codec

    async def query(self, sql: str, *arguments: str | None) -> list[Row]:
        """Run one statement in the session and return its rows as text."""
        codec = self._backend.codec
        values = [None if value is None else value.encode(codec) for value in arguments]
        return await self.run(sql.encode(codec), values)

    async def run(
        self,
        sql: bytes,
        values: Sequence[bytes | None] = (),
        formats: Sequence[int] = (),
        types: Sequence[int] = (),
    ) -> list[Row]:
        """Run one statement with parameters in any format.

        Raises:
            DatabaseError: Postgres refused it.
        """
        # A task that is cancelled must not leave its answers to the next statement.
        running = asyncio.ensure_future(self._run(sql, values, formats, types))
        running.add_done_callback(_retrieve)
        return await asyncio.shield(running)

    async def commit(self) -> None:
        """Make what was written so far durable; does nothing in a transaction."""
        if self.in_transaction:
            return
        running = asyncio.ensure_future(self._sync())
        running.add_done_callback(_retrieve)
        await asyncio.shield(running)

    def notice(
        self, message: str, *, severity: str = "NOTICE", detail: str | None = None, hint: str | None = None
    ) -> None:
        """Tell the client something now, subject to its `client_min_messages`."""
        if not self._closed and self._is_heard(severity):
            self._backend.insert(self._notice(message, severity, detail, hint))

    def warn_if_rolled_back(self, message: str, *, hint: str) -> None:
        """Warn the client if the transaction is rolled back that it has open."""
        if self.in_transaction and not self._closed and self._is_heard("WARNING"):
            self._backend.warn_if_rolled_back(self._notice(message, "WARNING", None, hint))

    def _is_heard(self, severity: str) -> bool:
        return severity == "INFO" or _rank(severity) >= _rank(self.client_min_messages)

    def _notice(self, message: str, severity: str, detail: str | None, hint: str | None) -> bytes:
        code = "01000" if severity == "WARNING" else "00000"
        fields = {"S": severity, "V": severity, "C": code, "M": printable(message)}
        if detail:
            fields["D"] = printable(detail, lines=True)
        if hint:
            fields["H"] = printable(hint, lines=True)
        return server.notice_response(fields, self._backend.codec)

    async def close(self) -> None:
        """Let the last statement finish and accept no more."""
        self._closed = True
        async with self._lock:
            pass

    async def _run(
        self, sql: bytes, values: Sequence[bytes | None], formats: Sequence[int], types: Sequence[int]
    ) -> list[Row]:
        frames = b"".join(
            (
                client.close_statement(PRIVATE),
                client.parse(PRIVATE, sql, types),
                client.bind(PRIVATE, PRIVATE, values, formats),
                client.execute(PRIVATE),
                client.close_portal(PRIVATE),
                client.close_statement(PRIVATE),
                client.FLUSH_FRAME,
            )
        )
        async with self._lock:
            self._check()
            self.statements += 1
            self.waiting = True
            try:
                exchange = await self._backend.exchange(b"CPBECC", frames)
            finally:
                self.waiting = False
            codec = self._backend.codec
            if exchange.error is not None:
                error = database_error(server.read_fields(exchange.error, codec))
                if self.in_transaction:
                    self.failure = error
                else:
                    await self._backend.exchange(b"S", client.SYNC_FRAME)
                raise error
        return [
            server.read_row(reply.body, codec) for reply in exchange.replies if reply.kind == server.DATA_ROW
        ]

    async def _sync(self) -> None:
        async with self._lock:
            self._check()
            exchange = await self._backend.exchange(b"S", client.SYNC_FRAME)
        if exchange.error is not None:
            raise database_error(server.read_fields(exchange.error, self._backend.codec))

    def _check(self) -> None:
        if self._closed:
            raise OperationError("the operation has ended; its session can no longer be used")
        if self.failure is not None:
            raise DatabaseError(
                "current transaction is aborted, commands ignored until end of transaction block", "25P02"
            )


def _rank(severity: str) -> int:
    name = severity.upper()
    return _SEVERITIES.index(name) if name in _SEVERITIES else _SEVERITIES.index("NOTICE")


def _retrieve(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
