"""Clients that know which bytes are theirs: each session asks for rows with its own name in them."""

from __future__ import annotations

import asyncio
import random
import re
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psycopg

from tests.fixtures.databases import Database

#: Seconds after which a client that waits has been forgotten.
PATIENCE = 60.0

#: What a client may be told when its connection, or the server's, has gone: that is ordinary.
_GONE = frozenset({"57P01", "57P02", "57P03", "08006", "08003", "08000"})

#: What a call of ours may say beside: the engine's own connections were cut.
_CALL_FAILED = frozenset({"58000"})

#: What libpq says when bytes make no sense to it.
_NONSENSE = re.compile(
    "lost synchronization|message contents|message type|insufficient data|unexpected response"
)

_ROWS = "SELECT current_setting('application_name'), i FROM generate_series(1, {}) AS i"
_CALL = (
    "SELECT current_setting('application_name'), 1 FROM iasql_plan_apply() RIGHT JOIN (SELECT) AS one ON true"
)


class ForeignBytesError(AssertionError):
    """A session has received what it has not asked for, or not all of what it has."""


@dataclass
class Findings:
    """What all clients have seen.

    Attributes:
        counts: sessions, statements, rows, and errors by their kind.
        failures: what must not be.
    """

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


Statement = Callable[[Any, "Visitor"], Awaitable[None]]


class Visitor:
    """One client that comes and goes until it is told to stop.

    Args:
        name: a part of the names of its sessions.
    """

    def __init__(self, name: str, database: Database, chance: random.Random, findings: Findings) -> None:
        self._name = name
        self._database = database
        self._findings = findings
        self._sessions = 0
        self.chance = chance
        self.stopped = False

    @property
    def url(self) -> str:
        """Where it connects to, encrypted or not."""
        return f"{self._database.url}?sslmode={self.chance.choice(['disable', 'require'])}"

    @property
    def session(self) -> str:
        """The name of its present session."""
        return f"{self._name}.{self._sessions}"

    async def run(self) -> None:
        """Come and go."""
        while not self.stopped:
            self._sessions += 1
            driver = self.chance.choice([_psycopg, _asyncpg])
            try:
                async with asyncio.timeout(PATIENCE):
                    await driver(self)
                self._findings.counts["sessions"] += 1
            except TimeoutError:
                self._findings.failures.append(f"{self.session}: still waiting after {PATIENCE} s")
            except Exception as error:
                self.judge(error)

    def check(self, rows: Sequence[Sequence[Any]], number: int) -> None:
        """See that these are the rows that this session has asked for, and all of them."""
        expected = [(self.session, each + 1) for each in range(number)]
        if [(row[0], int(row[1])) for row in rows] != expected:
            raise ForeignBytesError(f"asked for {expected[:1]} … {number} rows, got {list(rows)[:3]}")
        self._findings.counts["statements"] += 1
        self._findings.counts["rows"] += number

    def judge(self, error: Exception) -> None:
        """Count an error if it is ordinary, else keep it."""
        kind = type(error).__name__
        if _is_ordinary(error):
            said = re.sub(r"[\d.]*\d|_[0-9a-f]{8,}", "…", str(error).split("\n")[0])
            self._findings.counts[f"error {kind}: {said[:100]}"] += 1
        else:
            told = "".join(traceback.format_exception(error))
            self._findings.failures.append(f"{self.session}: {kind}: {error}\n{told}")


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it came of: drivers that clean up after one may raise another."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_ordinary(error: Exception) -> bool:
    if any(isinstance(each, ForeignBytesError) or _NONSENSE.search(str(each)) for each in _behind(error)):
        return False
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        return sqlstate in _GONE | _CALL_FAILED
    closed = isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)
    # asyncpg's words when a session was ended while idle, and a statement comes before the end is seen.
    ended = isinstance(error, asyncpg.InternalClientError) and "another operation (2)" in str(error)
    return closed or ended or isinstance(error, OSError | psycopg.OperationalError)


# -- psycopg: libpq's behaviour


async def _psycopg(visitor: Visitor) -> None:
    connection = await psycopg.AsyncConnection.connect(
        visitor.url, application_name=visitor.session, autocommit=True, connect_timeout=30
    )
    try:
        for _ in range(visitor.chance.randint(1, 12)):
            await visitor.chance.choice(_PSYCOPG)(connection, visitor)
    finally:
        await connection.close()


async def _simple(connection: Any, visitor: Visitor) -> None:
    number = _size(visitor)
    visitor.check(await (await connection.execute(_ROWS.format(number))).fetchall(), number)


async def _extended(connection: Any, visitor: Visitor) -> None:
    number = _size(visitor)
    cursor = await connection.execute(_ROWS.format("%s::int"), [number], prepare=True, binary=True)
    visitor.check(await cursor.fetchall(), number)


async def _pipeline(connection: Any, visitor: Visitor) -> None:
    numbers = [_size(visitor) for _ in range(5)]
    async with connection.pipeline():
        cursors = [await connection.execute(_ROWS.format("%s::int"), [number]) for number in numbers]
        for cursor, number in zip(cursors, numbers, strict=True):
            visitor.check(await cursor.fetchall(), number)


async def _copy_out(connection: Any, visitor: Visitor) -> None:
    number = _size(visitor)
    async with connection.cursor() as cursor, cursor.copy(f"COPY ({_ROWS.format(number)}) TO STDOUT") as copy:
        visitor.check([row async for row in copy.rows()], number)


async def _copy_in(connection: Any, visitor: Visitor) -> None:
    number = _size(visitor)
    await connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS mine (name text, i int); TRUNCATE mine")
    async with connection.cursor() as cursor, cursor.copy("COPY mine FROM STDIN") as copy:
        for each in range(number):
            await copy.write_row((visitor.session, each + 1))
    visitor.check(await (await connection.execute("SELECT * FROM mine ORDER BY i")).fetchall(), number)


async def _call(connection: Any, visitor: Visitor) -> None:
    visitor.check((await (await connection.execute(_CALL)).fetchall())[:1], 1)


_PSYCOPG: tuple[Statement, ...] = (_simple, _extended, _pipeline, _copy_out, _copy_in) * 3 + (_call,)


# -- asyncpg: a parser of its own


async def _asyncpg(visitor: Visitor) -> None:
    connection = await asyncpg.connect(
        visitor.url, server_settings={"application_name": visitor.session}, timeout=30
    )
    try:
        for _ in range(visitor.chance.randint(1, 12)):
            await visitor.chance.choice(_ASYNCPG)(connection, visitor)
        await connection.close()
    finally:
        connection.terminate()


async def _fetch(connection: Any, visitor: Visitor) -> None:
    number = _size(visitor)
    visitor.check([tuple(row) for row in await connection.fetch(_ROWS.format("$1::int"), number)], number)


async def _cursor(connection: Any, visitor: Visitor) -> None:
    number = _size(visitor)
    async with connection.transaction():
        rows = [tuple(row) async for row in connection.cursor(_ROWS.format(number), prefetch=50)]
    visitor.check(rows, number)


async def _called(connection: Any, visitor: Visitor) -> None:
    visitor.check([tuple(row) for row in await connection.fetch(_CALL)][:1], 1)


_ASYNCPG: tuple[Statement, ...] = (_fetch, _cursor) * 4 + (_called,)


def _size(visitor: Visitor) -> int:
    """Of an answer: mostly small, sometimes more than a buffer."""
    return int(2 ** visitor.chance.uniform(0, 14))
