"""The corners of the protocol: what Postgres says directly comes back through the proxy as well."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from proxy.server import Proxy
from proxy.wire.frames import message
from proxy.wire.startup import GSSENC_REQUEST, cancel_request
from tests.fixtures.encrypted_postgres import EncryptedPostgres
from tests.proxy.conftest import FakeEngine, Server, StartProxy, until
from tests.proxy.raw import (
    TERMINATE,
    Answer,
    Raw,
    connected,
    fields,
    kinds,
    opened,
    query,
    rows,
    startup,
)

PROTOCOL_3_2 = (3 << 16) | 2

#: OIDs of the functions that libpq's large object calls are made of (pg_proc.dat).
LO_OPEN, LO_WRITE, LO_READ, LO_LSEEK, LO_CREAT = 952, 955, 954, 956, 957
READ_WRITE = 0x60000

Way = int | str


@pytest.fixture
def ways(server: Server, proxy: Proxy) -> tuple[Way, Way]:
    """To Postgres directly, and through the proxy."""
    return f"{server.directory}/.s.PGSQL.5432", proxy.port


def versioned(version: int, user: str, database: str, **settings: str) -> bytes:
    """A StartupMessage of any protocol version."""
    packet = startup(user, database, **settings)
    return packet[:4] + struct.pack(">I", version) + packet[8:]


def without_secrets(answers: list[Answer]) -> list[Answer]:
    """The answers, with what differs from session to session left out."""
    return [(kind, b"" if kind == "K" else body) for kind, body in answers]


async def same(ways: tuple[Way, Way], talk: Callable[[Way], Awaitable[list[Answer]]]) -> list[Answer]:
    """What is said both ways, which must be the same."""
    direct, proxied = [without_secrets(await talk(way)) for way in ways]
    assert proxied == direct
    return proxied


@pytest.mark.parametrize("version", [(3, 0), (3, 1), (3, 2), (3, 3), (3, 99)])
@pytest.mark.parametrize("extension", [{}, {"_pq_.strange": "1", "_pq_.stranger": "2"}])
async def test_the_protocol_s_version_is_negotiated(
    ways: tuple[Way, Way], database: str, version: tuple[int, int], extension: dict[str, str]
) -> None:
    async def talk(way: Way) -> list[Answer]:
        async with opened(way) as raw:
            major, minor = version
            raw.send(versioned((major << 16) | minor, "postgres", database, **extension))
            return await raw.ready()

    negotiated = [body for kind, body in await same(ways, talk) if kind == "v"]
    assert len(negotiated) == bool(extension or version > (3, 2))


@pytest.mark.parametrize("version", [1 << 16, 2 << 16])
async def test_protocols_of_old_are_refused_in_their_own_form(
    ways: tuple[Way, Way], database: str, version: int
) -> None:
    refusals = []
    for way in ways:
        async with opened(way) as raw:
            raw.send(versioned(version, "postgres", database))
            refusals.append(await raw.reader.read())
    assert refusals[0] == refusals[1]


@pytest.mark.parametrize("version", [0, 4 << 16, (1234 << 16) | 5681])
async def test_other_protocols_are_refused_in_the_same_words(
    ways: tuple[Way, Way], database: str, version: int
) -> None:
    refusals = []
    for way in ways:
        async with opened(way) as raw:
            raw.send(versioned(version, "postgres", database))
            found = fields(await raw.rest())
            refusals.append([found[kind] for kind in "SVCM"])
    assert refusals[0] == refusals[1]


async def test_an_older_server_s_answer_to_a_newer_protocol_is_passed_on(
    encrypted_postgres: EncryptedPostgres, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()

    async def talk(way: Way) -> list[Answer]:
        async with opened(way) as raw:
            raw.send(versioned(PROTOCOL_3_2, "trusted", "postgres"))
            return await raw.ready()

    answers = await same((encrypted_postgres.port, proxy.port), talk)
    assert "v" in kinds(answers)


@asynccontextmanager
async def newest(way: Way, database: str) -> AsyncIterator[Raw]:
    """A session of protocol 3.2, whose key is longer."""
    async with opened(way) as raw:
        raw.send(versioned(PROTOCOL_3_2, "postgres", database))
        (raw.key,) = (body for kind, body in await raw.ready() if kind == "K")
        assert len(raw.key) == 36
        yield raw


async def test_a_long_key_cancels_a_statement(
    proxy: Proxy, database: str, direct: asyncpg.Connection
) -> None:
    async with newest(proxy.port, database) as raw, opened(proxy.port) as other:
        raw.send(query("SELECT pg_sleep(60)"))
        while not await direct.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
            pass
        other.send(cancel_request(raw.key))
        assert await other.rest() == []
        assert fields(await raw.ready())["C"] == "57014"


async def test_a_long_key_cancels_an_operation(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async def stop(_: object, caller: object) -> None:
        await caller.stop.wait()  # type: ignore[attr-defined]
        caller.stop.check()  # type: ignore[attr-defined]

    engine.behave = stop
    async with newest(proxy.port, database) as raw, opened(proxy.port) as other:
        raw.send(query("SELECT * FROM iasql_apply()"))
        await engine.began.wait()
        other.send(cancel_request(raw.key))
        assert fields(await raw.ready())["C"] == "57014"


async def test_gssapi_encryption_is_refused(ways: tuple[Way, Way], database: str) -> None:
    for way in ways:
        async with opened(way) as raw:
            raw.send(struct.pack(">II", 8, GSSENC_REQUEST))
            assert await raw.reader.readexactly(1) == b"N"
            raw.send(startup("postgres", database))
            assert kinds(await raw.ready())[-1] == "Z"


# -- the end


@pytest.mark.parametrize(
    ("statements", "sqlstate"),
    [
        ("SET idle_session_timeout = 50", "57P05"),
        ("SET idle_in_transaction_session_timeout = 50; BEGIN", "25P03"),
        ("SET transaction_timeout = 50; BEGIN", "25P04"),
        ("DO $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$", "57P01"),
    ],
)
async def test_a_session_that_postgres_ends_hears_postgres_own_words(
    ways: tuple[Way, Way], database: str, statements: str, sqlstate: str
) -> None:
    async def talk(way: Way) -> list[Answer]:
        async with connected(way, database) as raw:
            raw.send(query(statements))
            return await raw.rest()

    answers = await same(ways, talk)
    assert fields(answers)["C"] == sqlstate
    assert fields(answers)["S"] == "FATAL"


async def test_terminate_ends_the_session_and_its_backend(
    proxy: Proxy, database: str, direct: asyncpg.Connection
) -> None:
    async with connected(proxy.port, database) as raw:
        pid = int.from_bytes(raw.key[:4], "big")
        raw.send(query("BEGIN"), TERMINATE)
        assert kinds(await raw.rest()) == "CZ"
    await until(lambda: proxy.sessions == 0)
    async with asyncio.timeout(5):
        while await direct.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
            pass


# -- fastpath calls


def call(function: int, *arguments: int | bytes) -> bytes:
    """A FunctionCall with everything in binary format."""
    values = [each if isinstance(each, bytes) else struct.pack(">i", each) for each in arguments]
    body = struct.pack(">IHHH", function, 1, 1, len(values))
    body += b"".join(struct.pack(">I", len(value)) + value for value in values)
    return message(b"F", body + struct.pack(">H", 1))


async def called(raw: Raw, function: int, *arguments: int | bytes) -> bytes:
    """The value of a FunctionCall."""
    answers = await raw.ask(call(function, *arguments))
    ((_, body),) = (answer for answer in answers if answer[0] == "V")
    return body[4:]


async def test_a_large_object_is_written_and_read_by_fastpath_calls(
    ways: tuple[Way, Way], database: str
) -> None:
    chunk = bytes(range(256)) * 1024
    for way in ways:
        async with connected(way, database) as raw:
            await raw.ask(query("BEGIN"))
            (oid,) = struct.unpack(">I", await called(raw, LO_CREAT, READ_WRITE))
            handle = int.from_bytes(await called(raw, LO_OPEN, oid, READ_WRITE), "big")
            for _ in range(8):
                assert await called(raw, LO_WRITE, handle, chunk) == struct.pack(">i", len(chunk))
            await called(raw, LO_LSEEK, handle, 0, 0)
            for _ in range(8):
                assert await called(raw, LO_READ, handle, len(chunk)) == chunk
            assert rows(await raw.ask(query(f"SELECT length(lo_get({oid}))"))) == [(str(8 * len(chunk)),)]
            await raw.ask(query("ROLLBACK"))


# -- replication


@pytest.mark.parametrize("kind", ["database", "true"])
async def test_a_replication_connection_takes_its_commands(
    ways: tuple[Way, Way], database: str, kind: str
) -> None:
    async def talk(way: Way) -> list[Answer]:
        async with opened(way) as raw:
            raw.send(startup("postgres", database, replication=kind))
            answers = await raw.ready()
            answers += await raw.ask(query("SHOW wal_segment_size"))
            answers += await raw.ask(query('CREATE_REPLICATION_SLOT "tested" TEMPORARY PHYSICAL'))
            answers += await raw.ask(query('READ_REPLICATION_SLOT "tested"'))
            return answers + await raw.ask(query("NO SUCH COMMAND"))

    await same(ways, talk)


async def test_the_log_is_streamed_both_ways_until_the_client_has_enough(
    ways: tuple[Way, Way], database: str, direct: asyncpg.Connection
) -> None:
    for way in ways:
        async with opened(way) as raw:
            raw.send(startup("postgres", database, replication="true"))
            await raw.ready()
            ((_, timeline, position, _),) = rows(await raw.ask(query("IDENTIFY_SYSTEM")))
            raw.send(query(f"START_REPLICATION PHYSICAL {position} TIMELINE {timeline}"))
            assert (await raw.answer())[0] == "W"
            await direct.execute("INSERT INTO note (text) VALUES (repeat('streamed', 100))")
            streamed = b""
            while b"streamed" not in streamed:
                kind, body = await raw.answer()
                assert kind == "d"
                streamed += body
                # A Standby status update, which asks for an answer: a keepalive.
                raw.send(message(b"d", b"r" + struct.pack(">QQQQB", 0, 0, 0, 0, 1)))
            raw.send(message(b"c"))
            rest = kinds(await raw.ready()).lstrip("d")
            assert rest[0] == "c"
            assert rest[-1] == "Z"
            assert rows(await raw.ask(query("SHOW wal_segment_size"))) == [("16MB",)]


async def test_a_call_on_a_replication_connection_fails_and_no_more(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with opened(proxy.port) as raw:
        raw.send(startup("postgres", database, replication="database"))
        await raw.ready()
        answers = await raw.ask(query("SELECT * FROM iasql_apply()"))
        assert fields(answers)["S"] == "ERROR"
        assert engine.calls == []
        assert rows(await raw.ask(query("SELECT 1"))) == [("1",)]
