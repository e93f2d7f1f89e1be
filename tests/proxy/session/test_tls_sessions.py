"""Sessions that are encrypted, and certificates that change meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import asyncpg
import psycopg
import pytest
from OpenSSL import SSL

from proxy.server import Proxy
from proxy.wire.startup import SSL_REQUEST_PACKET
from tests.fixtures.certificates import Authority, Certificate
from tests.fixtures.encrypted_postgres import EncryptedPostgres, address
from tests.proxy.conftest import SCHEMA, StartProxy, until
from tests.proxy.raw import encrypted, kinds, opened, query, rows, startup


class TestSessions:
    @pytest.fixture(
        params=[("?sslmode=disable", True), ("?sslmode=disable", False), ("?sslmode=require", False)],
        ids=["compiled", "python", "both"],
    )
    async def proxy(
        self, request: pytest.FixtureRequest, start_proxy: StartProxy, certificate: Certificate
    ) -> Proxy:
        """Encrypted towards the client, and once towards the server as well."""
        upstream, relayed = request.param
        return await start_proxy(certificate, upstream=upstream, relayed=relayed)

    async def test_much_goes_both_ways(self, proxy: Proxy) -> None:
        text = "x" * 9_999
        async with await psycopg.AsyncConnection.connect(
            address(proxy.port, sslmode="require")
        ) as connection:
            await connection.execute("CREATE TEMP TABLE much (text text)")
            cursor = connection.cursor()
            async with cursor.copy("COPY much FROM STDIN") as copy:
                for _ in range(2_000):
                    await copy.write_row([text])
            received = 0
            async with cursor.copy("COPY much TO STDOUT") as copy:
                async for row in copy:
                    received += len(row)
            assert received == 2_000 * 10_000
            large = await (await connection.execute("SELECT repeat('x', 30000000)")).fetchone()
            assert large is not None
            assert len(large[0]) == 30_000_000

    async def test_a_slow_reader_is_waited_for(self, proxy: Proxy, context: ssl.SSLContext) -> None:
        async with encrypted(proxy.port, context) as raw:
            raw.send(startup("trusted", "postgres"))
            await raw.ready()
            raw.send(query("SELECT repeat('x', 10000) FROM generate_series(1, 3000)"))
            await asyncio.sleep(0.5)
            assert kinds(await raw.ready()).count("D") == 3000

    async def test_calls_are_performed(self, proxy: Proxy, encrypted_postgres: EncryptedPostgres) -> None:
        admin = await asyncpg.connect(encrypted_postgres.url(sslmode="disable"))
        await admin.execute("CREATE DATABASE called OWNER scram")
        try:
            called = address(proxy.port, sslmode="require").replace("/postgres?", "/called?")
            connection = await asyncpg.connect(called)
            await connection.execute(SCHEMA)
            assert len(await connection.fetch("SELECT action FROM iasql_apply()")) == 2
            assert len(await connection.fetch("SELECT * FROM iasql_install($1)", "aws_vpc")) == 2
            await connection.close()
        finally:
            await admin.execute("DROP DATABASE called WITH (FORCE)")
            await admin.close()

    async def test_a_client_that_says_goodbye_takes_its_backend_with_it(
        self, proxy: Proxy, context: ssl.SSLContext
    ) -> None:
        async with encrypted(proxy.port, context) as raw:
            raw.send(startup("trusted", "postgres"))
            await raw.ready()
            raw.send(query("SELECT pg_sleep(0.1)"))
        await until(lambda: proxy.sessions == 0)

    async def test_an_encrypted_client_may_half_close(self, proxy: Proxy) -> None:
        assert b"still" in await asyncio.to_thread(_half_closed, proxy.port)
        await until(lambda: proxy.sessions == 0)

    async def test_a_plain_client_may_half_close(self, proxy: Proxy) -> None:
        async with opened(proxy.port) as raw:
            raw.send(startup("trusted", "postgres"))
            await raw.ready()
            raw.send(query("SELECT pg_sleep(0.1), 'still'"))
            raw.writer.write_eof()
            assert rows(await raw.rest()) == [("", "still")]
        await until(lambda: proxy.sessions == 0)


def _half_closed(port: int) -> bytes:
    """What a client is told that ends its half of the encryption behind its question."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(SSL_REQUEST_PACKET)
        assert plain.recv(1) == b"S"
        tls = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), plain)
        tls.set_connect_state()
        plain.settimeout(None)
        tls.do_handshake()
        tls.sendall(startup("trusted", "postgres"))
        told = b""
        while not told.endswith(b"Z\0\0\0\5I"):
            told += tls.recv(1 << 16)
        tls.sendall(query("SELECT pg_sleep(0.1), 'still'"))
        tls.shutdown()
        told = b""
        with suppress(SSL.ZeroReturnError):
            while True:
                told += tls.recv(1 << 16)
        return told


class TestReload:
    @pytest.fixture
    def files(self, authority: Authority, tmp_path: Path) -> Certificate:
        issued = authority.issue("first")
        files = Certificate(tmp_path / "tls.crt", tmp_path / "tls.key")
        shutil.copy(issued.certificate, files.certificate)
        shutil.copy(issued.key, files.key)
        return files

    async def test_new_certificates_are_shown_from_then_on(
        self, start_proxy: StartProxy, files: Certificate, authority: Authority, context: ssl.SSLContext
    ) -> None:
        proxy = await start_proxy(files)
        before = await asyncpg.connect(address(proxy.port, sslmode="require"))
        first = await _shown(proxy, context)
        second = authority.issue("second")
        shutil.copy(second.certificate, files.certificate)
        shutil.copy(second.key, files.key)
        assert await _shown(proxy, context) == first
        proxy.reload_certificates()
        assert await _shown(proxy, context) != first
        assert await before.fetchval("SELECT 1") == 1
        await before.close()
        bound = address(proxy.port, sslmode="require", channel_binding="require")
        async with await psycopg.AsyncConnection.connect(bound) as connection:
            assert connection.pgconn.ssl_in_use

    async def test_what_cannot_be_used_is_not(
        self, start_proxy: StartProxy, files: Certificate, context: ssl.SSLContext
    ) -> None:
        proxy = await start_proxy(files)
        first = await _shown(proxy, context)
        files.key.write_text("nonsense")
        proxy.reload_certificates()
        assert await _shown(proxy, context) == first


async def _shown(proxy: Proxy, context: ssl.SSLContext) -> bytes:
    async with encrypted(proxy.port, context) as raw:
        shown = raw.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert isinstance(shown, bytes)
        return shown
