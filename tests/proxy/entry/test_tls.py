"""TLS between clients and the proxy."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from pathlib import Path

import asyncpg
import psycopg
import pytest

from proxy.server import Proxy
from proxy.transport.tls import CertificateError, ListenerTLS
from proxy.wire.startup import SSL_REQUEST_PACKET, cancel_request
from tests.fixtures.certificates import Authority, Certificate
from tests.fixtures.encrypted_postgres import EncryptedPostgres, address
from tests.fixtures.tools import run
from tests.proxy.conftest import StartProxy, until, until_asleep
from tests.proxy.raw import encrypted, fields, kinds, opened, query, rows, startup

#: Shows that somebody has come in.
IN = "SELECT 'in'"

GSSENC_REQUEST = struct.pack(">II", 8, (1234 << 16) | 5680)


@pytest.fixture
async def proxy(start_proxy: StartProxy, certificate: Certificate) -> Proxy:
    return await start_proxy(certificate)


async def psql(
    server: EncryptedPostgres, proxy: Proxy, *commands: str, **parameters: str
) -> tuple[int, str, str]:
    """Exit status, output and errors of a psql with TLS."""
    url = address(proxy.port, **parameters)
    result = await asyncio.to_thread(run, [server.binaries / "psql", "-XAt", url, "-c", *commands])
    return result.returncode, result.stdout.strip(), result.stderr


class TestThroughLibpq:
    @pytest.mark.parametrize("sslmode", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
    async def test_every_sslmode_connects(
        self, proxy: Proxy, encrypted_postgres: EncryptedPostgres, authority: Authority, sslmode: str
    ) -> None:
        code, out, err = await psql(
            encrypted_postgres, proxy, r"\conninfo", sslmode=sslmode, sslrootcert=str(authority.root)
        )
        assert code == 0, err
        assert ("SSL connection" in out) == (sslmode not in ("disable", "allow"))

    async def test_another_host_s_certificate_is_not_taken_for_ours(
        self, start_proxy: StartProxy, encrypted_postgres: EncryptedPostgres, authority: Authority
    ) -> None:
        proxy = await start_proxy(authority.issue("other", host="other.example"))
        root = str(authority.root)
        assert (await psql(encrypted_postgres, proxy, IN, sslmode="verify-ca", sslrootcert=root))[0] == 0
        code, _, err = await psql(encrypted_postgres, proxy, IN, sslmode="verify-full", sslrootcert=root)
        assert code != 0
        assert "does not match host name" in err

    async def test_another_authority_is_not_believed(
        self, proxy: Proxy, encrypted_postgres: EncryptedPostgres, tmp_path: Path
    ) -> None:
        stranger = str(Authority(tmp_path, "stranger").root)
        code, _, err = await psql(encrypted_postgres, proxy, IN, sslmode="verify-ca", sslrootcert=stranger)
        assert code != 0
        assert "certificate verify failed" in err

    async def test_without_a_certificate_the_answer_is_no(
        self, start_proxy: StartProxy, encrypted_postgres: EncryptedPostgres
    ) -> None:
        proxy = await start_proxy(None)
        assert (await psql(encrypted_postgres, proxy, IN, sslmode="prefer"))[0] == 0
        code, _, err = await psql(encrypted_postgres, proxy, IN, sslmode="require")
        assert code != 0
        assert "server does not support SSL, but SSL was required" in err

    @pytest.mark.parametrize("sslmode", ["require", "verify-full"])
    async def test_a_connection_may_begin_with_tls(
        self, proxy: Proxy, authority: Authority, sslmode: str
    ) -> None:
        root = str(authority.root)
        bound = address(proxy.port, sslmode=sslmode, channel_binding="require", sslrootcert=root)
        async with await psycopg.AsyncConnection.connect(bound + "&sslnegotiation=direct") as connection:
            assert connection.pgconn.ssl_in_use
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)

    async def test_a_cancel_request_comes_encrypted(
        self, proxy: Proxy, encrypted_postgres: EncryptedPostgres
    ) -> None:
        async with await psycopg.AsyncConnection.connect(
            address(proxy.port, sslmode="require")
        ) as connection:
            running = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
            await until_asleep(encrypted_postgres)
            await connection.cancel_safe()
            with pytest.raises(psycopg.errors.QueryCanceled):
                await running


class TestRequired:
    @pytest.fixture
    async def proxy(self, start_proxy: StartProxy, certificate: Certificate) -> Proxy:
        return await start_proxy(certificate, required=True)

    async def test_a_plain_connection_is_refused(self, proxy: Proxy) -> None:
        async with opened(proxy.port) as raw:
            raw.send(startup("trusted", "postgres"))
            refusal = fields(await raw.rest())
        assert (refusal["S"], refusal["C"]) == ("FATAL", "28000")
        assert refusal["M"] == "connections without TLS are not accepted"

    async def test_a_client_that_prefers_tls_comes_in(
        self, proxy: Proxy, encrypted_postgres: EncryptedPostgres
    ) -> None:
        assert (await psql(encrypted_postgres, proxy, IN))[1] == "in"

    async def test_a_cancel_request_may_be_plain_as_older_clients_send_it(
        self, proxy: Proxy, encrypted_postgres: EncryptedPostgres
    ) -> None:
        connection = await asyncpg.connect(address(proxy.port, sslmode="require"))
        running = asyncio.create_task(connection.fetch("SELECT pg_sleep(60)"))
        await until_asleep(encrypted_postgres)
        key = struct.pack(">Ii", connection.get_server_pid(), connection._protocol.backend_secret)
        async with opened(proxy.port) as raw:
            raw.send(cancel_request(key))
            assert await raw.rest() == []
        with pytest.raises(asyncpg.QueryCanceledError):
            await running
        await connection.close()


class TestClientCertificates:
    @pytest.fixture
    async def proxy(
        self,
        start_proxy: StartProxy,
        certificate: Certificate,
        authority: Authority,
    ) -> Proxy:
        return await start_proxy(certificate, required=True, client_root=authority.root)

    async def test_one_that_is_signed_lets_a_client_in(self, proxy: Proxy, authority: Authority) -> None:
        shown = authority.issue("client", host="client.example")
        url = address(proxy.port, sslmode="require", sslcert=str(shown.certificate), sslkey=str(shown.key))
        async with await psycopg.AsyncConnection.connect(url) as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)

    @pytest.mark.parametrize("negotiation", ["postgres", "direct"])
    async def test_without_one_nobody_comes_in(self, proxy: Proxy, negotiation: str) -> None:
        url = address(proxy.port, sslmode="require", sslcert="", sslnegotiation=negotiation)
        with pytest.raises(psycopg.OperationalError, match="certificate required"):
            await psycopg.AsyncConnection.connect(url)
        await until(lambda: not proxy._state.greetings)

    async def test_a_stranger_s_lets_nobody_in(self, proxy: Proxy, tmp_path: Path) -> None:
        shown = Authority(tmp_path, "stranger").issue("client")
        url = address(proxy.port, sslmode="require", sslcert=str(shown.certificate), sslkey=str(shown.key))
        with pytest.raises(psycopg.OperationalError, match="SSL error"):
            await psycopg.AsyncConnection.connect(url)


class TestHandshake:
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    @pytest.mark.parametrize("direct", [False, True])
    async def test_it_is_done_in_either_version(
        self, proxy: Proxy, context: ssl.SSLContext, version: ssl.TLSVersion, direct: bool
    ) -> None:
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["postgresql"])
        async with encrypted(proxy.port, context, direct=direct) as raw:
            raw.send(startup("trusted", "postgres"))
            assert kinds(await raw.ready())[-1] == "Z"
            assert rows(await raw.ask(query("SELECT 1"))) == [("1",)]

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    async def test_an_old_version_is_refused(self, proxy: Proxy, context: ssl.SSLContext) -> None:
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(OSError):  # noqa: PT011
            async with encrypted(proxy.port, context):
                pass

    @pytest.mark.parametrize("protocols", [[], ["http/1.1"]])
    async def test_one_that_begins_with_tls_must_name_the_protocol(
        self, proxy: Proxy, context: ssl.SSLContext, protocols: list[str]
    ) -> None:
        context.set_alpn_protocols(protocols)
        async with encrypted(proxy.port, context, direct=True) as raw:
            raw.send(startup("trusted", "postgres"))
            assert await raw.rest() == []

    async def test_one_that_begins_with_tls_is_closed_where_there_is_none(
        self, start_proxy: StartProxy, context: ssl.SSLContext
    ) -> None:
        proxy = await start_proxy(None)
        with pytest.raises(ConnectionError):
            async with encrypted(proxy.port, context, direct=True):
                pass

    @pytest.mark.parametrize(("first", "answer"), [(SSL_REQUEST_PACKET, b"S"), (GSSENC_REQUEST, b"N")])
    async def test_what_comes_together_with_the_request_is_refused(
        self, proxy: Proxy, context: ssl.SSLContext, first: bytes, answer: bytes
    ) -> None:
        async with opened(proxy.port) as raw:
            raw.send(first + startup("trusted", "postgres"))
            assert await raw.reader.readexactly(1) == answer
            if answer == b"S":
                await raw.writer.start_tls(context, server_hostname="localhost")
            refusal = fields(await raw.rest())
            assert {"F", "L", "R"} <= set(refusal)
        assert (refusal["S"], refusal["C"]) == ("FATAL", "08P01")
        assert refusal["M"].startswith("received unencrypted data after ")

    async def test_gssapi_is_refused_and_tls_begun_all_the_same(
        self, proxy: Proxy, context: ssl.SSLContext
    ) -> None:
        async with opened(proxy.port) as raw:
            raw.send(GSSENC_REQUEST)
            assert await raw.reader.readexactly(1) == b"N"
            raw.send(SSL_REQUEST_PACKET)
            assert await raw.reader.readexactly(1) == b"S"
            await raw.writer.start_tls(context, server_hostname="localhost")
            raw.send(startup("trusted", "postgres"))
            assert kinds(await raw.ready())[-1] == "Z"

    @pytest.mark.parametrize("second", [SSL_REQUEST_PACKET, GSSENC_REQUEST])
    async def test_encryption_is_not_asked_for_twice(
        self, proxy: Proxy, context: ssl.SSLContext, second: bytes
    ) -> None:
        async with encrypted(proxy.port, context) as raw:
            raw.send(second)
            assert fields(await raw.rest())["C"] == "0A000"

    async def test_what_comes_with_the_end_of_the_handshake_is_not_lost(
        self, proxy: Proxy, context: ssl.SSLContext
    ) -> None:
        for _ in range(20):
            answers = await asyncio.to_thread(_all_at_once, proxy.port, context)
            assert answers.endswith(b"Z\0\0\0\5I")

    @pytest.mark.parametrize("direct", [False, True])
    async def test_bytes_may_arrive_one_by_one(
        self, proxy: Proxy, context: ssl.SSLContext, direct: bool
    ) -> None:
        context.set_alpn_protocols(["postgresql"])
        answers = await asyncio.to_thread(_all_at_once, proxy.port, context, direct=direct, piece=1)
        assert answers.endswith(b"Z\0\0\0\5I")

    async def test_what_is_no_handshake_ends_the_connection(self, proxy: Proxy) -> None:
        async with opened(proxy.port) as raw:
            raw.send(SSL_REQUEST_PACKET)
            assert await raw.reader.readexactly(1) == b"S"
            raw.send(b"\x16 is not all that there is to a handshake")
            assert b"Z" not in await raw.reader.read()
        await until(lambda: not proxy._state.greetings)


def _all_at_once(port: int, context: ssl.SSLContext, *, direct: bool = False, piece: int = 1 << 20) -> bytes:
    """Send the end of the handshake and the StartupMessage in one piece, or in pieces; the answers."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send() -> None:
            data = outgoing.read()
            for at in range(0, len(data), piece):
                plain.sendall(data[at : at + piece])

        if not direct:
            plain.sendall(SSL_REQUEST_PACKET)
            assert plain.recv(1) == b"S"
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                send()
                incoming.write(plain.recv(1 << 16))
        tls.write(startup("trusted", "postgres"))
        send()
        answers = b""
        while not answers.endswith(b"Z\0\0\0\5I"):
            try:
                answers += tls.read(1 << 16)
            except ssl.SSLWantReadError:
                data = plain.recv(1 << 16)
                assert data, answers
                incoming.write(data)
        return answers


def test_files_that_cannot_be_used_are_named(authority: Authority, tmp_path: Path) -> None:
    one, other = authority.issue("one"), authority.issue("another")
    with pytest.raises(CertificateError, match=r"one\.crt .*another\.key .*key values mismatch"):
        ListenerTLS(one.certificate, other.key)
    with pytest.raises(CertificateError, match="missing cannot be read"):
        ListenerTLS(one.certificate, tmp_path / "missing")
