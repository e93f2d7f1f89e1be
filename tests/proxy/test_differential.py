"""Whatever is no PostgreSQL protocol is answered as Postgres answers it, and ends as it ends there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest
import structlog

from tests.fixtures.certificates import Certificate
from tests.fixtures.encrypted_postgres import EncryptedPostgres
from tests.proxy.conftest import FakeEngine, Server
from tests.proxy.malformed.beginnings import DECLINED, cut_beginnings, random_beginnings
from tests.proxy.malformed.hearing import Way, difference, hear
from tests.proxy.malformed.messages import (
    ANSWERS,
    STATES,
    cut_messages,
    ends_within_header,
    messages,
)
from tests.proxy.malformed.servers import KINDS, Pair, plain, with_tls
from tests.proxy.raw import startup

#: Connections at once; each is one of Postgres' too, and the proxy's is another.
_PARALLEL = 30

#: States in which messages are cut; in others they are whole.
_CUT = ("idle", "in a COPY")

Said = tuple[bytes, tuple[bytes, ...]]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No line for each of thousands of connections."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture(params=KINDS)
def relayed(request: pytest.FixtureRequest) -> bool:
    return KINDS[request.param]


@pytest.fixture
async def embedded_pair(server: Server, engine: FakeEngine, relayed: bool) -> AsyncIterator[Pair]:
    """PostgreSQL 18."""
    socket = f"{server.directory}/.s.PGSQL.5432"
    async with plain(socket, server.dsn(), engine, relayed=relayed, user="postgres") as found:
        yield found


@pytest.fixture
async def installed_pair(
    encrypted_postgres: EncryptedPostgres, engine: FakeEngine, relayed: bool
) -> AsyncIterator[Pair]:
    """This machine's PostgreSQL, by its socket, without TLS."""
    socket = f"{encrypted_postgres.socket_dir}/.s.PGSQL.{encrypted_postgres.port}"
    upstream = encrypted_postgres.upstream_url(socket=True)
    async with plain(socket, upstream, engine, relayed=relayed) as found:
        yield found


@pytest.fixture(params=["embedded", "installed"])
def pair(request: pytest.FixtureRequest, relayed: bool) -> Pair:
    """Each server without TLS; `relayed` is the other fixture's."""
    found: Pair = request.getfixturevalue(f"{request.param}_pair")
    return found


@pytest.fixture
async def encrypted_pair(
    encrypted_postgres: EncryptedPostgres, certificate: Certificate, engine: FakeEngine, relayed: bool
) -> AsyncIterator[Pair]:
    """The server that has TLS, with TLS all the way."""
    upstream = encrypted_postgres.upstream_url(sslmode="require")
    async with with_tls(encrypted_postgres.port, upstream, engine, certificate, relayed=relayed) as found:
        yield found


def inside(pair: Pair) -> tuple[Way, Way]:
    """The ways on which everything is said with TLS."""
    return Way(pair.direct.address, pair.tls), Way(pair.proxied.address, pair.tls)


async def check(direct: Way, proxied: Way, said: Iterable[Said]) -> None:
    """Say everything to both."""
    work = iter(list(said))
    found: list[str] = []

    async def compare() -> None:
        for words, before in work:
            if (differs := await difference(direct, proxied, words, before)) is not None:
                found.append(differs)

    await asyncio.gather(*(compare() for _ in range(_PARALLEL)))
    assert not found, f"{len(found)} differ:\n" + "\n".join(found[:20])


def beginnings() -> list[Said]:
    return [(each, ()) for each in cut_beginnings()]


async def test_a_beginning_cut_anywhere(pair: Pair) -> None:
    await check(pair.direct, pair.proxied, beginnings())


async def test_a_beginning_after_encryption_was_declined(pair: Pair) -> None:
    await check(pair.direct, pair.proxied, [(each[-1], each[:-1]) for each in DECLINED.values()])


async def test_a_beginning_at_random(pair: Pair) -> None:
    await check(pair.direct, pair.proxied, [(each, ()) for each in random_beginnings(4711, 300)])


async def test_a_beginning_within_tls_cut_anywhere(encrypted_pair: Pair) -> None:
    await check(*inside(encrypted_pair), beginnings())


async def test_a_beginning_without_tls_where_there_is_some(encrypted_pair: Pair) -> None:
    # GSSAPI is Postgres' alone; a first byte that is TLS, only that of newer servers.
    said = [each for each in beginnings() if b"\x04\xd2\x16\x30" not in each[0]]
    await check(encrypted_pair.direct, encrypted_pair.proxied, said)


@pytest.mark.parametrize("state", STATES)
async def test_a_message_cut_anywhere(pair: Pair, state: str, relayed: bool) -> None:
    before = (startup(pair.user, "postgres"), *STATES[state])
    assert b"Z\0\0\0\5" in (await hear(pair.proxied, b"", before, 0.1)).said
    said = cut_messages() if state in _CUT else messages()
    if relayed:
        # Compiled code waits for a whole header, and for a Query that may have a call, where Postgres
        # refuses the first byte of some.
        said = [each for each in said if not ends_within_header(each)]
        said = messages() if state == "in a COPY" else said
        said = [each for each in said if len(each) > 1]
    await check(pair.direct, pair.proxied, [(each, before) for each in said])


async def test_a_message_within_tls(encrypted_pair: Pair) -> None:
    before = (startup(encrypted_pair.user, "postgres"),)
    await check(*inside(encrypted_pair), [(each, before) for each in messages()])


@pytest.mark.parametrize("user", ["scram", "plain", "digest"])
async def test_what_is_no_answer_to_a_request_for_a_password(
    installed_pair: Pair, encrypted_pair: Pair, user: str
) -> None:
    said = [(each, (startup(user, "postgres"),)) for each in ANSWERS.values()]
    await check(installed_pair.direct, installed_pair.proxied, said)
    await check(*inside(encrypted_pair), said)
