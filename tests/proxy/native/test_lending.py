"""A session is lent to the compiled relay in the middle of a long answer, and taken back from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from proxy.native.relay import Relay
from proxy.server import Proxy
from tests.fixtures.certificates import Certificate
from tests.fixtures.encrypted_postgres import address
from tests.proxy.conftest import FakeEngine, StartProxy, until
from tests.proxy.raw import fields, kinds, opened, query, startup

ROWS = 300_000


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging in takes some time with TLS, and what is long takes some longer."""
    monkeypatch.setattr("proxy.session.client.SETTLED", 1.0)


def some(size: int = 99, rows: int = ROWS) -> str:
    """A statement that takes a rest after a thousand rows."""
    text = f"repeat('x', {size}) || CASE WHEN n = 1000 THEN pg_sleep(1.2)::text ELSE '' END"
    return f"SELECT {text}, 1 / ({ROWS} - n) FROM generate_series(1, {rows}) n"


@pytest.fixture(params=["disable", "require"])
async def connection(
    request: pytest.FixtureRequest, start_proxy: StartProxy, certificate: Certificate
) -> AsyncIterator[psycopg.AsyncConnection]:
    """A new one, encrypted or not."""
    proxy = await start_proxy(certificate)
    url = address(proxy.port, sslmode=request.param)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The logs with which sessions have been lent."""
    logs: list[bytes] = []
    lend = Relay.lend

    def noting(relay: Relay, lender: object, start: object) -> int:
        logs.append(start.log)  # type: ignore[attr-defined]
        return lend(relay, lender, start)  # type: ignore[arg-type]

    monkeypatch.setattr(Relay, "lend", noting)
    return logs


QUERY, COPY_IN = b"\xd1", b"\xd1G"


async def test_a_copy_out_is_lent_while_it_runs(
    connection: psycopg.AsyncConnection, lent: list[bytes]
) -> None:
    taken = 0
    async with connection.cursor().copy(f"COPY ({some(rows=ROWS - 1)}) TO STDOUT") as copy:
        async for piece in copy:
            taken += len(piece)
    assert taken == (ROWS - 1) * 102
    assert lent[0] == QUERY
    assert await (await connection.execute("SELECT 'still'")).fetchone() == ("still",)


async def test_without_knowing_where_openssl_is_python_goes_on(
    start_proxy: StartProxy, certificate: Certificate, lent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.native.relay.FUNCTIONS", ())
    proxy = await start_proxy(certificate)
    for sslmode in ("require", "disable"):
        assert not lent
        url = address(proxy.port, sslmode=sslmode)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            for _ in range(4):
                assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
                await asyncio.sleep(0.4)
    assert lent


async def test_a_copy_in_is_lent_while_it_runs(
    connection: psycopg.AsyncConnection, lent: list[bytes]
) -> None:
    await connection.execute("CREATE TEMP TABLE much (text text)")
    async with connection.cursor().copy("COPY much FROM STDIN") as copy:
        for _ in range(300):
            await copy.write("x" * 99_999 + "\n")
            await asyncio.sleep(0.005)
    assert lent[0] == COPY_IN
    await connection.execute("INSERT INTO much VALUES ('y')")
    counted = await connection.execute("SELECT count(*), sum(length(text)) FROM much")
    assert await counted.fetchone() == (301, 300 * 99_999 + 1)


async def test_an_error_in_the_middle_is_the_client_s(
    connection: psycopg.AsyncConnection, lent: list[bytes]
) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await connection.execute(f"{some()}; SELECT 1")
    assert lent[0] == QUERY
    assert await (await connection.execute("SELECT 'still'")).fetchone() == ("still",)


async def test_a_call_is_performed_behind_what_is_still_being_answered(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    async with opened(proxy.port) as raw:
        raw.send(startup("postgres", database))
        await raw.ready()
        raw.send(query(some(rows=ROWS - 1)))
        await asyncio.sleep(1.2)  # it is lent by now
        raw.send(query("SELECT * FROM iasql_apply()"))
        assert kinds(await raw.ready()).count("D") == ROWS - 1
        assert kinds(await raw.ready()).count("D") == 2
        assert [call.function for call in engine.calls] == ["iasql_apply"]


@pytest.mark.parametrize("relayed", [True, False])
async def test_a_client_that_is_slow_is_lent_when_it_has_taken_what_was_sent(
    start_proxy: StartProxy, lent: list[bytes], relayed: bool
) -> None:
    proxy = await start_proxy(relayed=relayed)
    async with opened(proxy.port) as raw:
        raw.send(startup("trusted", "postgres"))
        await raw.ready()
        raw.send(query(f"SELECT repeat('x', 9999) FROM generate_series(1, {ROWS // 30})"))
        await asyncio.sleep(1.3)
        assert not lent
        assert kinds(await raw.ready()).count("D") == ROWS // 30
        if proxy._state.relay is not None:
            assert lent[0] == QUERY
        raw.send(query("SELECT 1 / 0"))
        assert fields(await raw.ready())["C"] == "22012"
    await until(lambda: proxy.sessions == 0)
