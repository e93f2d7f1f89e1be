"""A caller over a driver's connection, so that the engine can be tested without the proxy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from engine.caller import Row, Stop
from engine.errors import DatabaseError
from engine.operations import Engine
from engine.request import Call
from tests.fixtures.databases import Database


@dataclass
class DirectCaller:
    """One session. Between `begin` and the end of the transaction it is in one; else each commit is real."""

    connection: Any
    database: str
    user: str
    address: str | None = None
    cancel_key: bytes | None = None
    in_transaction: bool = False
    stop: Stop = field(default_factory=Stop)
    notices: list[str] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _open: bool = False

    async def query(self, sql: str, *arguments: str | None) -> list[Row]:
        async with self._turn:
            try:
                if not self._open and not self.in_transaction:
                    await self.connection.execute("BEGIN")
                    self._open = True
                statement = await self.connection.prepare(sql)
                rows = await statement.fetch(*arguments)
            except asyncpg.PostgresError as error:
                if not self.in_transaction:
                    await self.connection.execute("ROLLBACK")
                    self._open = False
                raise DatabaseError(str(error), sqlstate=error.sqlstate or "XX000") from error
        return [tuple(None if each is None else _text(each) for each in row) for row in rows]

    async def commit(self) -> None:
        if self._open and not self.in_transaction:
            async with self._turn:
                await self.connection.execute("COMMIT")
                self._open = False

    def notice(
        self, message: str, *, severity: str = "NOTICE", detail: str | None = None, hint: str | None = None
    ) -> None:
        self.notices.append(message)

    def warn_if_rolled_back(self, message: str, *, hint: str) -> None:
        """A driver does not tell of a ROLLBACK."""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


class Session:
    """Calls operations the way a client does, and reads tables."""

    def __init__(self, engine: Engine, caller: DirectCaller) -> None:
        self.engine = engine
        self.caller = caller

    async def __call__(self, function: str, *arguments: str, **named: str) -> list[tuple[Any, ...]]:
        """Perform an operation in autocommit mode, and return the rows of its function."""
        caller = self.caller
        try:
            await self.engine.perform(Call(function=function, arguments=arguments, named=named), caller)
            rows = await caller.query(f"SELECT pg_catalog.current_setting('iasql.result_of_{function}')")
            return [tuple(row.values()) for row in json.loads(rows[0][0] or "")]
        finally:
            await caller.commit()

    async def execute(self, sql: str) -> None:
        await self.caller.commit()
        await self.caller.connection.execute(sql)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        await self.caller.commit()
        return [tuple(row) for row in await self.caller.connection.fetch(sql)]

    async def value(self, sql: str) -> Any:
        return (await self.rows(sql))[0][0]

    async def apply(self) -> list[tuple[Any, ...]]:
        """Apply; the plan said the same before, and nothing is left to do after."""
        planned = await self("iasql_plan_apply")
        applied = await self("iasql_apply")
        assert applied == planned
        assert await self("iasql_plan_apply") == []
        assert await self("iasql_plan_sync") == []
        return applied

    @property
    def notices(self) -> list[str]:
        """What the client has been told so far."""
        return self.caller.notices


@asynccontextmanager
async def session_in(engine: Engine, database: Database) -> AsyncIterator[Session]:
    """A session of a client of a database's owner, in which the engine's functions are."""
    await engine.prepare_database(database.name)
    connection = await asyncpg.connect(database.url, statement_cache_size=0)
    try:
        yield Session(engine, DirectCaller(connection, database.name, database.role))
    finally:
        await connection.close()
