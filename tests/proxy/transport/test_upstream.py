"""How the proxy, and the engine, reach Postgres: what sslmode means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast
from urllib.parse import quote

import asyncpg
import pytest

from engine.database.connection import Database
from engine.errors import OperationError
from proxy.entry.side import Side
from proxy.server import Proxy
from proxy.transport.tls import CertificateError, SSLMode, UpstreamTLS
from proxy.transport.upstream import Upstream, UpstreamUnreachableError
from proxy.wire.startup import SSL_REQUEST_PACKET, cancel_request
from tests.fixtures.certificates import Authority, Certificate
from tests.fixtures.encrypted_postgres import EncryptedPostgres, address
from tests.proxy.conftest import StartProxy, until, until_asleep
from tests.proxy.raw import TERMINATE, fields, opened, query, rows, startup

IN_USE = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """An authority that has signed nothing here."""
    return Authority(tmp_path, "stranger").root


async def encrypts(proxy: Proxy) -> bool:
    """Whether a client's backend is reached with TLS; the client itself is not."""
    async with opened(proxy.port) as raw:
        raw.send(startup("trusted", "postgres"))
        answers = await raw.rest_or_ready()
        if any(kind == "E" for kind, _ in answers):
            raise UpstreamUnreachableError(fields(answers)["D"], fields(answers)["C"])
        return rows(await raw.ask(query(IN_USE))) == [("t",)]


async def engine_encrypts(url: str) -> bool:
    """The same of the engine's own connection."""
    async with Database(url).connection() as connection:
        return bool(await connection.fetchval(IN_USE))


@pytest.mark.parametrize(
    ("sslmode", "expected"),
    [("disable", False), ("prefer", True), ("require", True), ("verify-ca", True), ("verify-full", True)],
)
async def test_clients_and_the_engine_connect_as_sslmode_says(
    start_proxy: StartProxy, encrypted_postgres: EncryptedPostgres, sslmode: str, expected: bool
) -> None:
    root = encrypted_postgres.authority.root
    parameters = f"?sslmode={sslmode}&sslrootcert={quote(str(root))}"
    assert await encrypts(await start_proxy(upstream=parameters)) == expected
    assert await engine_encrypts(encrypted_postgres.upstream_url() + parameters) == expected


@pytest.mark.parametrize("sslmode", ["require", "verify-ca", "verify-full"])
async def test_a_server_of_another_authority_is_refused(
    start_proxy: StartProxy, encrypted_postgres: EncryptedPostgres, stranger: Path, sslmode: str
) -> None:
    parameters = f"?sslmode={sslmode}&sslrootcert={quote(str(stranger))}"
    with pytest.raises(UpstreamUnreachableError, match="certificate verify failed"):
        await encrypts(await start_proxy(upstream=parameters))
    with pytest.raises(OperationError):
        await engine_encrypts(encrypted_postgres.upstream_url() + parameters)


async def test_a_server_of_another_name_is_refused_by_verify_full_alone(
    encrypted_postgres: EncryptedPostgres,
) -> None:
    url = encrypted_postgres.upstream_url(sslrootcert=str(encrypted_postgres.authority.root))
    url = url.replace("@localhost", "@127.0.0.1")
    assert await engine_encrypts(f"{url}&sslmode=verify-ca")
    side = await Upstream.from_url(f"{url}&sslmode=verify-ca").connect(lambda: Side(asyncio.Event()))
    side.close()
    await until(lambda: side.lost)
    with pytest.raises(OperationError):
        await engine_encrypts(f"{url}&sslmode=verify-full")
    with pytest.raises(UpstreamUnreachableError) as caught:
        await Upstream.from_url(f"{url}&sslmode=verify-full").connect(asyncio.Protocol)
    assert "IP address mismatch" in (caught.value.detail or "")


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def pretender() -> AsyncIterator[Callable[[bytes], Awaitable[int]]]:
    """Starts a server that answers SSLRequest with some bytes, and returns its port."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if await reader.read(8) == SSL_REQUEST_PACKET:
                writer.write(answer)
                if answer:
                    await reader.read(1)
            writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        port: int = servers[-1].sockets[0].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("sslmode", [SSLMode.REQUIRE, SSLMode.PREFER])
@pytest.mark.parametrize("answer", [b"Sand more", b"Nand more", b"E\0\0\0\5\0", b""])
async def test_a_server_that_answers_more_than_it_may_is_refused(
    pretender: Callable[[bytes], Awaitable[int]], sslmode: SSLMode, answer: bytes
) -> None:
    upstream = Upstream("127.0.0.1", await pretender(answer), UpstreamTLS(sslmode))
    with pytest.raises(UpstreamUnreachableError):
        async with asyncio.timeout(5):
            await upstream.connect(asyncio.Protocol)


async def test_a_server_without_tls_is_refused_where_it_is_required(
    pretender: Callable[[bytes], Awaitable[int]],
) -> None:
    upstream = Upstream("127.0.0.1", await pretender(b"N"), UpstreamTLS(SSLMode.REQUIRE))
    with pytest.raises(UpstreamUnreachableError) as caught:
        await upstream.connect(asyncio.Protocol)
    assert caught.value.detail == "the server does not support TLS, and sslmode asks for it"


class Collector(asyncio.Protocol):
    """Keeps what it is given."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.received = b""
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


@pytest.mark.parametrize("sslmode", ["disable", "require"])
async def test_what_a_server_said_before_it_closed_is_not_lost_while_reading_is_paused(
    encrypted_postgres: EncryptedPostgres, sslmode: str
) -> None:
    upstream = Upstream.from_url(encrypted_postgres.upstream_url(sslmode=sslmode))
    collector = await upstream.connect(Collector)
    collector.transport.write(startup("trusted", "postgres"))
    await until(lambda: collector.received.endswith(b"I"))
    collector.transport.pause_reading()
    collector.transport.write(query("SELECT repeat('x', 100000)") + TERMINATE)
    await asyncio.sleep(0.3)
    assert not collector.lost
    collector.transport.resume_reading()
    await until(lambda: collector.lost)
    assert collector.received.count(b"x") >= 100_000


async def test_a_cancel_request_is_passed_on_encrypted(
    start_proxy: StartProxy, encrypted_postgres: EncryptedPostgres
) -> None:
    proxy = await start_proxy(upstream="?sslmode=require")
    async with opened(proxy.port) as raw:
        raw.send(startup("trusted", "postgres"))
        (key,) = (body for kind, body in await raw.ready() if kind == "K")
        raw.send(query("SELECT pg_sleep(60)"))
        await until_asleep(encrypted_postgres)
        async with opened(proxy.port) as other:
            other.send(cancel_request(key))
            assert await other.rest() == []
        assert fields(await raw.ready())["C"] == "57014"


def test_the_proxy_s_own_certificate_is_read(authority: Authority, tmp_path: Path) -> None:
    own = authority.issue("own")
    settings = {"sslmode": "require", "sslcert": str(own.certificate), "sslkey": str(own.key)}
    assert UpstreamTLS.from_settings(settings, {}) is not None
    with pytest.raises(CertificateError, match="missing cannot be read"):
        UpstreamTLS.from_settings(settings | {"sslkey": str(tmp_path / "missing")}, {})


def test_what_the_url_does_not_say_libpq_s_variables_say() -> None:
    assert UpstreamTLS.from_settings({}, {"PGSSLMODE": "disable"}) is None
    chosen = UpstreamTLS.from_settings({"sslmode": "require"}, {"PGSSLMODE": "disable"})
    assert chosen is not None
    assert chosen.required
    default = UpstreamTLS.from_settings({}, {})
    assert default is not None
    assert not default.required


@pytest.mark.parametrize("sslmode", ["allow", "yes", "verify"])
def test_an_unknown_sslmode_is_refused(sslmode: str) -> None:
    with pytest.raises(ValueError, match=f"sslmode must be one of disable, .*, not '{sslmode}'"):
        Upstream.from_url(f"postgresql://localhost/?sslmode={sslmode}")


def test_a_socket_has_no_tls() -> None:
    assert Upstream.from_url("postgresql:///?host=/run/postgresql&sslmode=require").tls is None


async def test_a_rule_that_wants_a_certificate_gets_the_proxy_s_whoever_the_client_is(
    encrypted_postgres: EncryptedPostgres, start_proxy: StartProxy, certificate: Certificate
) -> None:
    files = f"&sslcert={certificate.certificate}&sslkey={certificate.key}"
    with_one = await start_proxy(upstream=f"?sslmode=require{files}")
    client = await asyncpg.connect(address(with_one.port, "certified", sslmode="disable"))
    assert await client.fetchval("SELECT current_user") == "certified"
    await client.close()
    without = await start_proxy(upstream="?sslmode=require")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="certificate"):
        await asyncpg.connect(address(without.port, "certified", sslmode="disable"))
