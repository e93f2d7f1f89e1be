"""Connections to the server that outlive their clients: quick for the next one, and as good as new."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import asyncpg
import psycopg
import pytest

from engine.database.connection import Database
from proxy.entry.idle import Reuse
from proxy.entry.listeners import TCPAddress
from proxy.entry.passwords import KeptPasswords
from proxy.server import Proxy
from proxy.session.cancel import forward
from proxy.transport.upstream import Upstream
from proxy.wire.frames import message
from proxy.wire.startup import cancel_request
from tests.fixtures.certificates import Certificate
from tests.fixtures.encrypted_postgres import PASSWORD, EncryptedPostgres, address
from tests.proxy.conftest import FakeEngine, Server, StartProxy, until
from tests.proxy.raw import TERMINATE, Raw, connected, encrypted, opened, query, rows, startup

StartReusing = Callable[[float], Awaitable[Proxy]]


@pytest.fixture
async def start_reusing(
    request: pytest.FixtureRequest, server: Server, database: str, engine: FakeEngine
) -> AsyncIterator[StartReusing]:
    started: list[Proxy] = []

    async def start(seconds: float) -> Proxy:
        proxy = Proxy(
            listen=[TCPAddress("127.0.0.1", 0)],
            upstream=Upstream.from_url(server.dsn()),
            engine=engine,
            reuse=Reuse(seconds),
        )
        await proxy.start()
        started.append(proxy)
        return proxy

    yield start
    for proxy in started:
        await proxy.stop()


@pytest.fixture
async def reusing(start_reusing: StartReusing) -> Proxy:
    """A proxy whose server connections wait for a minute."""
    return await start_reusing(60)


async def waiting(proxy: Proxy, count: int = 1) -> None:
    """Wait until so many connections can be taken."""
    idle = proxy._state.idle
    assert idle is not None
    await until(lambda: len(idle) == count)


async def leave(raw: Raw) -> None:
    """End a session as clients do."""
    raw.send(TERMINATE)
    assert await raw.reader.read() == b""


async def pid_of(raw: Raw) -> int:
    ((pid,),) = rows(await raw.ask(query("SELECT pg_backend_pid()")))
    return int(pid or 0)


async def used_by(proxy: Proxy, database: str, *statements: str) -> int:
    """A client that comes, says something, and goes; the server process that it had."""
    async with connected(proxy.port, database) as raw:
        for statement in statements:
            await raw.ask(query(statement))
        pid = await pid_of(raw)
        assert int.from_bytes(raw.key[:4], "big") == pid
        await leave(raw)
    return pid


async def test_the_next_client_gets_the_connection(reusing: Proxy, database: str) -> None:
    first = await used_by(reusing, database)
    await waiting(reusing)
    assert await used_by(reusing, database) == first
    await until(lambda: reusing.sessions == 0)


async def test_the_clients_that_follow_need_no_python(reusing: Proxy, database: str) -> None:
    first = await used_by(reusing, database)
    await waiting(reusing)
    async with connected(reusing.port, database) as raw:
        assert (reusing.sessions, len(reusing._state.sessions)) == (1, 0)
        assert await pid_of(raw) == first
        assert len(rows(await raw.ask(query("SELECT * FROM iasql_apply()")))) == 2
        assert (reusing.sessions, len(reusing._state.sessions)) == (1, 1)
        await leave(raw)
    await waiting(reusing)
    assert await used_by(reusing, database) == first


READY, DISCARDED = message(b"Z", b"I"), message(b"C", b"DISCARD ALL\0")
LET_IN = message(b"R", bytes(4)) + message(b"K", b"\0\0\0\1\0\0\0\2") + READY


@pytest.mark.parametrize("relayed", [True, False], ids=["compiled", "python"])
@pytest.mark.parametrize(
    ("said", "again"),
    [
        (DISCARDED + READY, True),
        (message(b"N", b"SNOTICE\0\0") + DISCARDED + READY, True),
        (message(b"A", b"\0\0\0\1a\0b\0") + DISCARDED + READY, True),
        (DISCARDED + message(b"Z", b"T"), False),
        (DISCARDED + message(b"Z", b"E"), False),
        (message(b"E", b"SERROR\0\0") + READY, False),
        (DISCARDED + READY + message(b"E", b"SFATAL\0\0"), False),
        (DISCARDED + READY + READY, False),
        (DISCARDED + READY + b"N\0\0\0\3", False),
    ],
)
async def test_what_the_server_says_meanwhile_decides_about_the_next_client(
    said: bytes, again: bool, relayed: bool, engine: FakeEngine
) -> None:
    """Both that keep connections, compiled code and Python, have this rule: it is the same one."""
    had = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal had
        had += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readexactly(len(startup("postgres", "postgres")))
            writer.write(LET_IN)
            # Python resets a connection the first time; later whoever has it by then.
            for answer in (DISCARDED + READY, said, said):
                await reader.readexactly(len(query("DISCARD ALL")))
                writer.write(answer)
            await reader.read()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    proxy = Proxy(
        listen=[TCPAddress("127.0.0.1", 0)],
        upstream=Upstream("127.0.0.1", port),
        engine=engine,
        reuse=Reuse(60),
        relayed=relayed,
    )
    await proxy.start()
    try:
        async with connected(proxy.port, "postgres") as raw:
            await leave(raw)
        await waiting(proxy)
        front = proxy._state.front
        assert (0 if front is None else front.kept) == relayed
        async with connected(proxy.port, "postgres") as raw:
            assert len(proxy._state.sessions) == (not relayed)
            await leave(raw)
        await until(lambda: proxy.sessions == 0)
        await asyncio.sleep(0.05)
        async with connected(proxy.port, "postgres") as raw:
            assert had == (1 if again else 2)
    finally:
        await proxy.stop()
        listening.close()


async def test_a_connection_on_which_something_was_cancelled_is_not_used_again(
    reusing: Proxy, database: str
) -> None:
    first = await used_by(reusing, database)
    await waiting(reusing)
    async with connected(reusing.port, database) as raw:
        await forward(cancel_request(raw.key), Upstream("127.0.0.1", reusing.port))
        assert await pid_of(raw) == first
        await leave(raw)
    await until(lambda: reusing.sessions == 0)
    await waiting(reusing, 0)
    assert await used_by(reusing, database) != first


async def test_who_comes_encrypted_gets_what_others_have_left(
    start_proxy: StartProxy, certificate: Certificate, context: ssl.SSLContext
) -> None:
    proxy = await start_proxy(certificate, reuse=Reuse(60))
    pids = []
    for secure in (False, True, False):
        async with encrypted(proxy.port, context) if secure else opened(proxy.port) as raw:
            raw.send(startup("trusted", "postgres"))
            await raw.ready()
            pids.append(await pid_of(raw))
            await leave(raw)
        await waiting(proxy)
    assert len(set(pids)) == 1


async def test_without_the_option_it_gets_a_new_one(proxy: Proxy, database: str) -> None:
    first = await used_by(proxy, database)
    assert await used_by(proxy, database) != first


async def test_nothing_of_the_last_client_is_left(reusing: Proxy, database: str) -> None:
    left = (
        "CREATE TEMP TABLE mine ()",
        "SET search_path = pg_catalog",
        "PREPARE said AS SELECT 1",
        "LISTEN something",
        "SELECT pg_advisory_lock(7)",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "SELECT set_config('mine.own', 'secret', false)",
        "SET SESSION AUTHORIZATION pg_monitor",
        "SET client_encoding = 'LATIN1'",
    )
    first = await used_by(reusing, database, *left)
    await waiting(reusing)
    async with connected(reusing.port, database) as raw:
        assert await pid_of(raw) == first
        found = await raw.ask(
            query(
                "SELECT current_setting('search_path'), to_regclass('pg_temp.mine'), session_user, "
                "current_setting('mine.own', true), current_setting('client_encoding'), "
                "(SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors), "
                "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), "
                "(SELECT count(*) FROM pg_listening_channels())"
            )
        )
        names = '"$user", public'
        assert rows(found) == [(names, None, "postgres", "", "UTF8", "0", "0", "0", "0")]


async def test_another_role_database_or_setting_gets_another_connection(
    reusing: Proxy, database: str
) -> None:
    first = await used_by(reusing, database)
    await waiting(reusing)
    assert await used_by(reusing, "postgres") != first
    other = await asyncpg.connect(f"postgresql://postgres@127.0.0.1:{reusing.port}/{database}")
    assert await other.fetchval("SELECT pg_backend_pid()") != first
    await other.close()


async def test_a_client_that_goes_within_a_transaction_takes_its_connection_with_it(
    reusing: Proxy, database: str, direct: asyncpg.Connection
) -> None:
    first = await used_by(reusing, database, "BEGIN", "CREATE TABLE half ()")
    assert await used_by(reusing, database) != first
    assert await direct.fetchval("SELECT to_regclass('half')") is None


async def test_a_client_that_vanishes_takes_its_connection_with_it(reusing: Proxy, database: str) -> None:
    async with connected(reusing.port, database) as raw:
        first = await pid_of(raw)
        raw.writer.transport.abort()
    await until(lambda: reusing.sessions == 0)
    assert await used_by(reusing, database) != first


async def test_a_key_cancels_nothing_of_the_next_client(
    reusing: Proxy, database: str, server: Server
) -> None:
    async with connected(reusing.port, database) as raw:
        old = raw.key
        await leave(raw)
    await waiting(reusing)
    proxied = Upstream("127.0.0.1", reusing.port)
    async with connected(reusing.port, database) as raw:
        assert raw.key[:4] == old[:4]
        assert raw.key != old
        raw.send(query("SELECT pg_sleep(0.3)"))
        for upstream in (proxied, Upstream.from_url(server.dsn())):
            await forward(cancel_request(old), upstream)
        assert rows(await raw.ready()) == [("",)]
        raw.send(query("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.1)
        await forward(cancel_request(raw.key), proxied)
        assert any(b"57014" in body for _, body in await raw.ready())


async def test_a_connection_that_nobody_wants_is_closed(
    start_reusing: StartReusing, database: str, direct: asyncpg.Connection
) -> None:
    proxy = await start_reusing(0.2)
    pid = await used_by(proxy, database)
    async with asyncio.timeout(5):
        while await direct.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
            pass
    assert await used_by(proxy, database) != pid


async def test_a_connection_that_the_server_has_ended_is_not_given_to_anybody(
    reusing: Proxy, database: str, direct: asyncpg.Connection
) -> None:
    pid = await used_by(reusing, database)
    await waiting(reusing)
    await direct.execute("SELECT pg_terminate_backend($1)", pid)
    await waiting(reusing, 0)
    assert await used_by(reusing, database) != pid


async def test_the_next_client_is_told_the_settings_of_now(
    reusing: Proxy, database: str, direct: asyncpg.Connection
) -> None:
    try:
        async with connected(reusing.port, database) as raw:
            pid = await pid_of(raw)
            await direct.execute("ALTER SYSTEM SET timezone = 'Asia/Tokyo'")
            await direct.execute("SELECT pg_reload_conf()")
            await asyncio.sleep(0.2)
            await leave(raw)
        await waiting(reusing)
        async with opened(reusing.port) as raw:
            raw.send(startup("postgres", database))
            told = [body for kind, body in await raw.ready() if kind == "S"]
            assert b"TimeZone\0Asia/Tokyo\0" in told
            assert await pid_of(raw) == pid
    finally:
        await direct.execute("ALTER SYSTEM RESET timezone")
        await direct.execute("SELECT pg_reload_conf()")


async def test_a_connection_is_not_used_for_ever(
    reusing: Proxy, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.entry.idle.LIFETIME", 0.0)
    first = await used_by(reusing, database)
    await until(lambda: reusing.sessions == 0)
    assert await used_by(reusing, database) != first


async def test_calls_work_on_a_connection_that_is_used_again(
    reusing: Proxy, database: str, engine: FakeEngine
) -> None:
    for _ in range(3):
        async with connected(reusing.port, database) as raw:
            assert len(rows(await raw.ask(query("SELECT * FROM iasql_apply()")))) == 2
            await leave(raw)
        await waiting(reusing)
    assert len(engine.calls) == 3


@pytest.mark.parametrize("tls", [False, True])
async def test_a_client_proves_who_it_is_each_time(
    start_proxy: StartProxy,
    encrypted_postgres: EncryptedPostgres,
    certificate: Certificate,
    tls: bool,
) -> None:
    url = encrypted_postgres.upstream_url(sslmode="disable")
    passwords = KeptPasswords(Database(url))
    proxy = await start_proxy(certificate if tls else None, reuse=Reuse(60, passwords))
    mode = "require" if tls else "disable"

    async def connect(password: str = PASSWORD) -> int:
        made = await psycopg.AsyncConnection.connect(
            address(proxy.port, password=password, sslmode=mode), autocommit=True
        )
        async with made:
            return made.info.backend_pid

    try:
        first = await connect()
        await waiting(proxy)
        assert await connect() == first
        await waiting(proxy)
        with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "scram"'):
            await connect("wrong")
        second = await connect()
        assert second != first
        await waiting(proxy)
        admin = await asyncpg.connect(encrypted_postgres.url(sslmode="disable"))
        try:
            await admin.execute("ALTER ROLE scram PASSWORD 'another'")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                await connect()
            await connect("another")
            await waiting(proxy)
            await admin.execute("ALTER ROLE scram NOLOGIN")
            with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
                await connect("another")
        finally:
            await admin.execute(f"ALTER ROLE scram LOGIN PASSWORD '{PASSWORD}'")
            await admin.close()
    finally:
        await passwords.close()
