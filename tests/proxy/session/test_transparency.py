"""What does not concern the proxy comes back byte for byte."""

from __future__ import annotations

import pytest

from proxy.server import Proxy
from proxy.wire.frames import message
from tests.proxy.conftest import Server
from tests.proxy.raw import SYNC, bind, connected, describe, execute, kinds, parse, query

CONVERSATIONS: dict[str, list[bytes]] = {
    "rows": [query("SELECT g, repeat('x', g), NULL FROM generate_series(1, 500) g")],
    "a wide row": [query("SELECT repeat('x', 3000000)")],
    "nothing": [query(""), query(";"), query("-- iasql_apply()")],
    "several statements": [query("SELECT 1; SELECT 'iasql_'; SELECT 1/0; SELECT 2")],
    "a notice": [query("DO $$ BEGIN RAISE WARNING 'w' USING HINT = 'iasql_', DETAIL = 'd'; END $$")],
    "an error": [query("SELECT * FROM nowhere"), query("SELEC iasql_apply()")],
    "a transaction": [query("BEGIN"), query("SELECT 1/0"), query("SELECT 1"), query("COMMIT")],
    "settings": [query("SET client_encoding = 'LATIN1'"), query("SELECT chr(233)"), query("RESET ALL")],
    "extended": [parse("SELECT $1::int + 1") + bind("", "", "1") + describe() + execute() + SYNC],
    "extended with an error": [parse("SELECT 1/$1::int") + bind("", "", "0") + execute() + SYNC],
    "named": [parse("SELECT 'iasql_'", "s") + SYNC, bind("p", "s") + execute("p", 1) + SYNC],
    "explain": [query("EXPLAIN SELECT * FROM iasql_apply()")],
    "copy out": [query("COPY (SELECT generate_series(1, 1000)) TO STDOUT")],
    "copy in": [
        query("CREATE TEMP TABLE t (i int); COPY t FROM STDIN") + message(b"d", b"1\n2\n") + message(b"c"),
        query("SELECT i + 0 FROM t"),
    ],
    "copy in extended": [
        query("CREATE TEMP TABLE t (i int)"),
        parse("COPY t FROM STDIN") + bind() + execute() + message(b"d", b"1\n") + message(b"c") + SYNC,
        query("SELECT i + 0 FROM t"),
    ],
    "a function call": [message(b"F", b"\0\0\x06\xe4\0\1\0\0\0\1\0\0\0\1a\0\0")],
    "an unknown message": [message(b"Q", b"SELECT 1\0"), parse("BAD (") + SYNC],
}


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_the_answers_are_those_of_postgres(
    proxy: Proxy, server: Server, database: str, name: str
) -> None:
    said = []
    for way in (f"{server.directory}/.s.PGSQL.5432", proxy.port):
        async with connected(way, database) as raw:
            said.append([await raw.ask(frames) for frames in CONVERSATIONS[name]])
    assert said[0] == said[1]


async def test_the_settings_reported_at_the_beginning_are_those_of_postgres(
    proxy: Proxy, server: Server, database: str
) -> None:
    said = []
    for way in (f"{server.directory}/.s.PGSQL.5432", proxy.port):
        async with connected(way, database) as raw:
            answers = await raw.ask(query("SELECT name, setting FROM pg_settings WHERE source = 'client'"))
            said.append(answers)
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "frame", [query("SELECT 1, 'iasql_x'; SELECT 2"), parse("SELECT 'iasql_'") + bind() + execute() + SYNC]
)
async def test_bytes_may_arrive_one_by_one(proxy: Proxy, database: str, frame: bytes) -> None:
    async with connected(proxy.port, database) as raw:
        for position in range(len(frame)):
            raw.send(frame[position : position + 1])
            await raw.writer.drain()
        assert kinds(await raw.ready()) in ("TDCTDCZ", "12DCZ")
