"""Who may come in, with TLS on either side of the proxy or on both, is what Postgres says."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable

import asyncpg
import psycopg
import pytest
from cryptography.hazmat.primitives import hashes
from psycopg import sql

from engine.database.connection import Database
from proxy.server import Proxy
from proxy.wire import authentication, scram
from tests.fixtures.certificates import Authority, Certificate
from tests.fixtures.encrypted_postgres import PASSWORD, EncryptedPostgres, address
from tests.proxy.conftest import StartProxy
from tests.proxy.raw import Raw, encrypted, fields, query, startup

#: How the proxy reaches Postgres.
UPSTREAMS = ["socket", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require"]


async def who(url: str) -> str:
    """Who Postgres says has connected; libpq."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        row = await (await connection.execute("SELECT current_user")).fetchone()
        assert row is not None
        return str(row[0])


async def refusal(url: str) -> tuple[str, str]:
    """SQLSTATE and message of a refusal."""
    with pytest.raises(asyncpg.PostgresError) as caught:
        await asyncpg.connect(url)
    return caught.value.sqlstate, str(caught.value)


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("sslmode", ["disable", "require"])
@pytest.mark.parametrize("user", ["scram", "digest", "plain", "trusted"])
async def test_each_method_lets_its_users_in(
    start_proxy: StartProxy, certificate: Certificate, upstream: str, sslmode: str, user: str
) -> None:
    proxy = await start_proxy(certificate, upstream=upstream)
    for _ in range(2):
        assert await who(address(proxy.port, user, sslmode=sslmode)) == user
        connection = await asyncpg.connect(address(proxy.port, user, sslmode=sslmode))
        assert await connection.fetchval("SELECT current_user") == user
        await connection.close()


@pytest.mark.parametrize("upstream", UPSTREAMS)
async def test_channel_binding_is_to_be_had_with_tls(
    start_proxy: StartProxy, certificate: Certificate, upstream: str
) -> None:
    proxy = await start_proxy(certificate, upstream=upstream)
    assert await who(address(proxy.port, "scram", sslmode="require", channel_binding="require")) == "scram"


@pytest.mark.parametrize("binding", ["disable", "prefer"])
async def test_channel_binding_need_not_be_used(
    start_proxy: StartProxy, certificate: Certificate, binding: str
) -> None:
    proxy = await start_proxy(certificate, upstream="?sslmode=require")
    assert await who(address(proxy.port, "scram", sslmode="require", channel_binding=binding)) == "scram"


async def test_channel_binding_takes_the_hash_of_the_certificate_s_signature(
    start_proxy: StartProxy, authority: Authority
) -> None:
    proxy = await start_proxy(authority.issue("longer", algorithm=hashes.SHA384()))
    assert await who(address(proxy.port, "scram", sslmode="require", channel_binding="require")) == "scram"


async def test_a_certificate_without_a_hash_cannot_be_bound_to(
    start_proxy: StartProxy, authority: Authority
) -> None:
    proxy = await start_proxy(authority.issue("edwards", edwards=True))
    assert await who(address(proxy.port, "scram", sslmode="require", channel_binding="disable")) == "scram"


async def test_the_postgres_that_was_proved_to_is_bound_to_its_own_certificate(
    start_proxy: StartProxy, encrypted_postgres: EncryptedPostgres
) -> None:
    proxy = await start_proxy(upstream="?sslmode=require")
    async with await psycopg.AsyncConnection.connect(
        address(proxy.port, "scram", sslmode="disable")
    ) as connection:
        row = await (
            await connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        ).fetchone()
        assert row == (True,)


REFUSED: dict[str, Callable[[int, str], str]] = {
    "wrong password": lambda port, ssl: address(port, "scram", "wrong", sslmode=ssl),
    "empty password": lambda port, ssl: address(port, "scram", " ", sslmode=ssl),
    "unknown user": lambda port, ssl: address(port, "unknown", sslmode=ssl),
    "unknown database": lambda port, ssl: address(port, "scram", database="unknown", sslmode=ssl),
    "unknown user and database": lambda port, ssl: address(port, "unknown", database="unknown", sslmode=ssl),
    "expired password": lambda port, ssl: address(port, "expired", sslmode=ssl),
    "no password set": lambda port, ssl: address(port, "unset", sslmode=ssl),
    "an md5 password where SCRAM is asked for": lambda port, ssl: address(port, "outdated", sslmode=ssl),
    "wrong md5 password": lambda port, ssl: address(port, "digest", "wrong", sslmode=ssl),
    "wrong cleartext password": lambda port, ssl: address(port, "plain", "wrong", sslmode=ssl),
}


@pytest.mark.parametrize("upstream", ["?sslmode=disable", "?sslmode=require"])
@pytest.mark.parametrize("sslmode", ["disable", "require"])
@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_is_postgres_own(
    start_proxy: StartProxy,
    certificate: Certificate,
    encrypted_postgres: EncryptedPostgres,
    upstream: str,
    sslmode: str,
    case: str,
) -> None:
    proxy = await start_proxy(certificate, upstream=upstream)
    assert await refusal(REFUSED[case](proxy.port, sslmode)) == await refusal(
        REFUSED[case](encrypted_postgres.port, "disable")
    )


def initial(data: bytes, mechanism: str = scram.SCRAM_SHA_256) -> bytes:
    return authentication.sasl_initial_response(mechanism, data)


WRONG_FIRST = {
    "an unknown mechanism": initial(b"n,,n=,r=abc", "PLAIN"),
    "another message": query("SELECT 1"),
    "nothing in it": initial(b"n,,"),
    "binding denied although offered": initial(b"y,,n=,r=abc"),
    "binding in the unbound mechanism": initial(b"p=tls-server-end-point,,n=,r=abc"),
    "no binding in the bound mechanism": initial(b"n,,n=,r=abc", scram.SCRAM_SHA_256_PLUS),
    "another binding": initial(b"p=tls-unique,,n=,r=abc", scram.SCRAM_SHA_256_PLUS),
    "an authorization identity": initial(b"n,a=other,n=,r=abc"),
    "an extension": initial(b"n,,m=other,n=,r=abc"),
}
BINDING = base64.b64encode(scram.BINDING + bytes(32))
#: The header to begin with, and what is then said last.
WRONG_FINAL = {
    "another nonce": (scram.NO_BINDING, b"c=biws,r=other,p=%s"),
    "another header": (scram.NO_BINDING, b"c=eSws,r=NONCE,p=%s"),
    "another certificate": (scram.BINDING, b"c=" + BINDING + b",r=NONCE,p=%s"),
    "a short proof": (scram.NO_BINDING, b"c=biws,r=NONCE,p=AAAA"),
    "no proof": (scram.NO_BINDING, b"c=biws,r=NONCE"),
    "a wrong proof": (scram.NO_BINDING, b"c=biws,r=NONCE,p=%s"),
    "nothing": (scram.NO_BINDING, b""),
}


@pytest.mark.parametrize("case", [*WRONG_FIRST, *WRONG_FINAL])
async def test_what_is_wrong_with_scram_is_called_what_postgres_calls_it(
    start_proxy: StartProxy,
    certificate: Certificate,
    encrypted_postgres: EncryptedPostgres,
    context: ssl.SSLContext,
    case: str,
) -> None:
    proxy = await start_proxy(certificate)
    said = []
    for port in (encrypted_postgres.port, proxy.port):
        async with encrypted(port, context) as raw:
            raw.send(startup("scram", "postgres"))
            await raw.answer()
            if case in WRONG_FIRST:
                raw.send(WRONG_FIRST[case])
            else:
                await _say_last(raw, *WRONG_FINAL[case])
            refusal = fields(await raw.rest())
            said.append([refusal[kind] for kind in "SVCM"])
    assert said[0] == said[1]


async def _say_last(raw: Raw, header: bytes, final: bytes) -> None:
    bound = header == scram.BINDING
    raw.send(initial(header + b"n=,r=abc", scram.SCRAM_SHA_256_PLUS if bound else scram.SCRAM_SHA_256))
    _, body = await raw.answer()
    nonce = scram.read_server_first(body[4:]).nonce
    proof = base64.b64encode(bytes(32))
    raw.send(authentication.sasl_response(final.replace(b"NONCE", nonce).replace(b"%s", proof)))


async def test_a_wrong_password_costs_as_much_as_an_unknown_user(
    start_proxy: StartProxy, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    async def password(self: Database, role: str) -> str | None:
        read.append(role)
        return await kept(self, role)

    kept = Database.password
    monkeypatch.setattr(Database, "password", password)
    proxy = await start_proxy(certificate)
    for user in ("scram", "unknown", "scram", "unknown"):
        await refusal(address(proxy.port, user, "wrong", sslmode="require"))
    assert read == ["scram", "unknown", "scram", "unknown"]
    await who(address(proxy.port, "scram", sslmode="require"))
    assert len(read) == 4


async def test_a_new_password_counts_at_once(
    start_proxy: StartProxy, certificate: Certificate, encrypted_postgres: EncryptedPostgres
) -> None:
    proxy = await start_proxy(certificate, upstream="?sslmode=require")
    admin = await asyncpg.connect(encrypted_postgres.url())
    try:
        await admin.execute(f"CREATE ROLE changing LOGIN PASSWORD '{PASSWORD}'")
        assert await who(address(proxy.port, "changing", sslmode="require")) == "changing"
        await admin.execute("ALTER ROLE changing PASSWORD 'new'")
        assert await who(address(proxy.port, "changing", "new", sslmode="require")) == "changing"
        assert (await refusal(address(proxy.port, "changing", sslmode="require")))[0] == "28P01"
    finally:
        await admin.execute("DROP ROLE changing")
        await admin.close()


async def test_a_role_with_a_strange_name_comes_in(
    start_proxy: StartProxy, certificate: Certificate, encrypted_postgres: EncryptedPostgres
) -> None:
    proxy = await start_proxy(certificate)
    name = "Ünï \"quoted\", 'so'=" + 60 * "x"
    role = sql.Identifier(name)
    admin = await psycopg.AsyncConnection.connect(encrypted_postgres.url(), autocommit=True)
    async with admin:
        await admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, PASSWORD))
        try:
            assert name.startswith(await who(address(proxy.port, name, sslmode="require")))
        finally:
            await admin.execute(sql.SQL("DROP ROLE {}").format(role))


class TestWithoutVerifiers:
    """The proxy may not read pg_authid, as on most managed servers."""

    @pytest.fixture(params=["disable", "require"])
    async def proxy(
        self, request: pytest.FixtureRequest, start_proxy: StartProxy, certificate: Certificate
    ) -> Proxy:
        return await start_proxy(certificate, upstream=f"?sslmode={request.param}", verifiers=False)

    @pytest.mark.parametrize("parameters", ["sslmode=disable", "sslmode=require&channel_binding=disable"])
    async def test_scram_is_passed_on_unbound(self, proxy: Proxy, parameters: str) -> None:
        assert await who(address(proxy.port, "scram") + "?" + parameters) == "scram"

    async def test_a_client_that_may_bind_is_told_what_to_do(
        self, start_proxy: StartProxy, certificate: Certificate
    ) -> None:
        proxy = await start_proxy(certificate, upstream="?sslmode=require", verifiers=False)
        with pytest.raises(psycopg.OperationalError, match="channel_binding=disable"):
            await who(address(proxy.port, "scram", sslmode="require"))

    async def test_a_wrong_password_is_refused(self, proxy: Proxy) -> None:
        state, message = await refusal(address(proxy.port, "scram", "wrong", sslmode="require"))
        assert (state, message) == ("28P01", 'password authentication failed for user "scram"')


async def test_a_login_that_fails_unexpectedly_is_ended(
    start_proxy: StartProxy, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def password(self: Database, role: str) -> str | None:
        raise RuntimeError

    monkeypatch.setattr(Database, "password", password)
    proxy = await start_proxy(certificate)
    assert (await refusal(address(proxy.port, sslmode="require")))[0] == "XX000"
    assert proxy._state.seats.taken == 0


async def test_a_role_that_may_not_read_verifiers_is_noticed(
    start_proxy: StartProxy, certificate: Certificate, encrypted_postgres: EncryptedPostgres
) -> None:
    assert await Database(encrypted_postgres.upstream_url()).may_read_passwords()
    assert not await Database(encrypted_postgres.upstream_url("scram")).may_read_passwords()
