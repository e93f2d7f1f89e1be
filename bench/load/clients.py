"""Clients that know what they must be told: each asks for rows with its own number in them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.proxy.raw import Raw, opened, query, rows, startup

LEDGER = "CREATE TABLE ledger (client integer, entry integer, PRIMARY KEY (client, entry))"

_ROWS = "SELECT {}::integer, i FROM generate_series(1, {}) AS i"


@dataclass
class Work:
    """What a busy client has done.

    Attributes:
        statements: how many have been answered as they should be.
        entries: how many of them have written to the ledger.
        faults: what was not as it should be.
    """

    statements: int = 0
    entries: int = 0
    faults: int = 0


async def idle(port: int, role: str, database: str, stack: AsyncExitStack) -> Raw:
    """A connection that waits from now on."""
    raw = await stack.enter_async_context(opened(port))
    raw.send(startup(role, database))
    await raw.ready()
    return raw


async def answers(raw: Raw) -> bool:
    """Whether a connection is still what it was."""
    return rows(await raw.ask(query("SELECT 'still here'"))) == [("still here",)]


async def busy(url: str, number: int, work: Work, stopped: asyncio.Event) -> None:
    """Work until told to stop, on one connection; an error of any kind is a fault, and ends the work."""
    chance = random.Random(number)
    connection = await asyncpg.connect(url, timeout=60)
    try:
        while not stopped.is_set():
            if not await chance.choice(_KINDS)(connection, number, chance, work):
                work.faults += 1
            work.statements += 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        work.faults += 1
    finally:
        await connection.close()


async def _ask(connection: Any, number: int, chance: random.Random, work: Work) -> bool:
    count = chance.choice((1, 10, 100))
    found = await connection.fetch(_ROWS.format("$1", "$2::integer"), number, count)
    return [tuple(row) for row in found] == [(number, each + 1) for each in range(count)]


async def _enter(connection: Any, number: int, chance: random.Random, work: Work) -> bool:
    done = await connection.execute("INSERT INTO ledger VALUES ($1, $2)", number, work.entries)
    work.entries += 1
    return bool(done == "INSERT 0 1")


async def _copy(connection: Any, number: int, chance: random.Random, work: Work) -> bool:
    count = chance.choice((10, 1000))
    parts: list[bytes] = []

    async def take(data: bytes) -> None:
        parts.append(data)

    await connection.copy_from_query(_ROWS.format(number, count), output=take)
    lines = b"".join(parts).splitlines()
    return lines == [b"%d\t%d" % (number, each + 1) for each in range(count)]


async def _call(connection: Any, number: int, chance: random.Random, work: Work) -> bool:
    return bool(await connection.fetchval("SELECT count(*) FROM iasql_plan_apply()") == 0)


_Kind = Callable[[Any, int, random.Random, Work], Awaitable[bool]]
_KINDS: tuple[_Kind, ...] = (_ask,) * 120 + (_enter,) * 60 + (_copy,) * 20 + (_call,)
