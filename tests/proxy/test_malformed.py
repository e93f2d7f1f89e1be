"""What is no message ends the connection that it came on, and no other."""

from __future__ import annotations

import asyncio
import random
import struct

import pytest

from proxy.server import Proxy
from proxy.wire.frames import message
from tests.proxy.conftest import FakeEngine, Server, until
from tests.proxy.raw import SYNC, Raw, connected, fields, kinds, opened, parse, query, rows, startup

#: What Postgres logs, and hangs up on.
SILENT = {
    "a length of three": b"Q\0\0\0\3",
    "a length of nothing": b"S\0\0\0\0",
    "a negative length": b"Q\xff\xff\xff\xff",
    "a length of two gigabytes": b"P\x7f\xff\xff\xff",
}

#: What Postgres ends the session for, and says so.
REFUSED = {
    "an unknown message": message(b"y", b"?"),
    "a message of the server's": message(b"Z", b"I"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(64),
}

#: What Postgres can do without ending the session.
MISTAKEN = {
    "a Bind whose value is not all there": parse("SELECT $1::text")
    + message(b"B", b"\0\0\0\0\0\1\0\0\0\x09x"),
    "a Parse without its types": message(b"P", b"\0SELECT 1\0"),
    "a Query without an end": message(b"Q", b"SELECT 1"),
    "a Query with a call and without an end": message(b"Q", b"SELECT iasql_plan_apply()"),
    "a Query with a call and more": message(b"Q", b"SELECT iasql_plan_apply()\0more"),
}


async def end_of(way: int | str, database: str, frames: bytes) -> tuple[str, str]:
    """Severity and SQLSTATE of the last error that is said to somebody who sends that and a Sync."""
    async with connected(way, database) as raw:
        raw.send(frames + SYNC)
        raw.writer.write_eof()
        found = fields([answer for answer in await raw.rest() if answer[0] == "E"][-1:])
        return found["S"], found["C"]


@pytest.mark.parametrize("name", REFUSED)
async def test_it_ends_the_connection_alone(proxy: Proxy, database: str, name: str) -> None:
    async with connected(proxy.port, database) as other:
        assert await end_of(proxy.port, database, REFUSED[name]) == ("FATAL", "08P01")
        assert rows(await other.ask(query("SELECT 'unharmed'"))) == [("unharmed",)]
    await until(lambda: proxy.sessions == 0)


@pytest.mark.parametrize("name", SILENT)
async def test_an_impossible_length_ends_it_without_a_word(proxy: Proxy, database: str, name: str) -> None:
    async with connected(proxy.port, database) as other, connected(proxy.port, database) as raw:
        raw.send(query("SELECT 'answered'") + SILENT[name] + query("SELECT 'never'"))
        answers = await raw.rest()
        assert kinds(answers) == "TDCZ"
        assert rows(answers) == [("answered",)]
        assert rows(await other.ask(query("SELECT 'unharmed'"))) == [("unharmed",)]
    await until(lambda: proxy.sessions == 0)


@pytest.mark.parametrize("name", MISTAKEN)
async def test_what_postgres_forgives_is_forgiven(
    proxy: Proxy, server: Server, database: str, engine: FakeEngine, name: str
) -> None:
    for way in (f"{server.directory}/.s.PGSQL.5432", proxy.port):
        assert await end_of(way, database, MISTAKEN[name]) == ("ERROR", "08P01")
    assert engine.calls == []


@pytest.mark.parametrize("logged_in", [False, True])
async def test_any_bytes_end_their_own_connection_alone(proxy: Proxy, database: str, logged_in: bool) -> None:
    chance = random.Random(4711)
    async with connected(proxy.port, database) as other:
        for number in range(150):
            async with opened(proxy.port) as raw:
                if logged_in:
                    raw.send(startup("postgres", database))
                    await raw.ready()
                raw.send(_some_bytes(chance, logged_in=logged_in))
                raw.writer.write_eof()
                await _until_closed(raw)
            assert rows(await other.ask(query(f"SELECT {number}"))) == [(str(number),)]


def _some_bytes(chance: random.Random, *, logged_in: bool) -> bytes:
    """Often with a header that makes sense."""
    body = chance.randbytes(chance.randrange(200))
    if chance.random() < 0.3:
        return body
    if not logged_in:
        return (
            struct.pack(">IHH", len(body) + 8, chance.choice([2, 3, 1234]), chance.choice([0, 2, 5678]))
            + body
        )
    return message(bytes([chance.choice(b"QPBDECHSFdcfp")]), body)


async def _until_closed(raw: Raw) -> None:
    async with asyncio.timeout(10):
        try:
            while await raw.reader.read(1 << 16):
                pass
        except ConnectionResetError:
            pass
