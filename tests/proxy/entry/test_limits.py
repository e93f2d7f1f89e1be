"""How many may connect, and what those may do who have not logged in."""

from __future__ import annotations

import asyncio
import ssl
import struct

import pytest

from proxy.entry.limits import Limits
from proxy.wire.frames import message
from tests.fixtures.certificates import Authority
from tests.proxy.conftest import StartProxy, until
from tests.proxy.raw import encrypted, fields, kinds, opened, query, rows, startup

SASL = b"SCRAM-SHA-256\0"
#: "expected SASL response", "invalid message length": what is no answer to a request.
MALFORMED = {
    "too long": message(b"p", bytes(65_532)),
    "too long to be ever held": b"p" + struct.pack(">I", 1 << 30),
    "an impossible length": b"p\0\0\0\1",
    "a query": query("SELECT 1"),
    "no mechanism": message(b"p", b"SCRAM-SHA-256"),
    "a wrong size": message(b"p", SASL + struct.pack(">i", 7) + b"n,,"),
    "an unknown mechanism": message(b"p", b"PLAIN\0" + struct.pack(">i", 3) + b"n,,"),
    "no SCRAM message": message(b"p", SASL + struct.pack(">i", 3) + b"n,,"),
    "too long for SASL": message(b"p", SASL + struct.pack(">i", 2_000) + b"n,,n=,r=".ljust(2_000, b"x")),
    "an unknown binding": message(
        b"p", SASL[:-1] + b"-PLUS\0" + struct.pack(">i", 21) + b"p=tls-unique,,n=,r=abc"[:21]
    ),
}


def refusal(answers: list[tuple[str, bytes]]) -> tuple[str, str]:
    found = fields(answers)
    assert found["S"] == "FATAL"
    return found["C"], found["M"]


async def test_more_clients_than_allowed_are_told_so(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(limits=Limits(connections=2))
    async with opened(proxy.port) as one, opened(proxy.port) as two:
        for raw in (one, two):
            raw.send(startup("trusted", "postgres"))
            assert kinds(await raw.ready())[-1] == "Z"
        async with opened(proxy.port) as third:
            third.send(startup("trusted", "postgres"))
            assert refusal(await third.rest()) == ("53300", "sorry, too many clients already")
    await until(lambda: proxy.sessions == 0)
    async with opened(proxy.port) as fourth:
        fourth.send(startup("trusted", "postgres"))
        assert kinds(await fourth.ready())[-1] == "Z"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(per_user=1), 'too many connections for role "trusted"'),
        (Limits(per_database=1), 'too many connections for database "postgres"'),
    ],
)
async def test_more_of_a_role_or_a_database_than_allowed_are_told_so(
    start_proxy: StartProxy, limits: Limits, message: str
) -> None:
    proxy = await start_proxy(limits=limits)
    async with opened(proxy.port) as first, opened(proxy.port) as second, opened(proxy.port) as other:
        first.send(startup("trusted", "postgres"))
        await first.ready()
        second.send(startup("trusted", "postgres"))
        assert refusal(await second.rest()) == ("53300", message)
        other.send(startup("trusted", "template1"))
        assert ("Z" in kinds(await other.rest() if limits.per_user else await other.ready())) == (
            limits.per_user is None
        )


async def test_who_has_not_proved_to_be_a_role_is_not_counted_for_it(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(limits=Limits(per_user=1))
    async with opened(proxy.port) as stranger, opened(proxy.port) as raw:
        stranger.send(startup("scram", "postgres"))
        assert (await stranger.answer())[0] == "R"
        raw.send(startup("trusted", "postgres"))
        assert kinds(await raw.ready())[-1] == "Z"


async def test_sockets_on_which_nothing_is_said_are_limited_as_well(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(limits=Limits(connections=1))
    silent = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(18)]
    async with opened(proxy.port) as raw:
        assert await raw.rest() == []
    for _, writer in silent:
        writer.close()


async def test_who_says_nothing_is_not_waited_for(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(limits=Limits(authentication_timeout=0.2))
    async with opened(proxy.port) as raw:
        raw.send(startup("trusted", "postgres")[:10])
        assert await raw.rest() == []
    await until(lambda: not proxy._state.greetings)


@pytest.mark.parametrize("secure", [False, True])
async def test_who_does_not_log_in_is_told_that_it_took_too_long(
    start_proxy: StartProxy, authority: Authority, secure: bool
) -> None:
    limits = Limits(authentication_timeout=0.3, connections=1)
    proxy = await start_proxy(authority.issue("slow"), limits=limits)
    context = ssl.create_default_context(cafile=authority.root)
    async with encrypted(proxy.port, context) if secure else opened(proxy.port) as raw:
        raw.send(startup("scram", "postgres"))
        assert refusal(await raw.rest()) == ("57014", "canceling authentication due to timeout")
    await until(lambda: not proxy._state.greetings)
    assert proxy._state.seats.taken == 0


async def test_a_handshake_that_does_not_end_is_not_waited_for(
    start_proxy: StartProxy, authority: Authority
) -> None:
    proxy = await start_proxy(authority.issue("slow"), limits=Limits(authentication_timeout=0.3))
    async with opened(proxy.port) as raw:
        raw.send(b"\x16\x03\x01")
        assert await raw.rest() == []
    await until(lambda: not proxy._state.greetings)


async def test_who_has_logged_in_may_take_its_time(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(limits=Limits(authentication_timeout=0.2))
    async with opened(proxy.port) as raw:
        raw.send(startup("trusted", "postgres"))
        await raw.ready()
        await asyncio.sleep(0.4)
        assert rows(await raw.ask(query("SELECT 1"))) == [("1",)]


@pytest.mark.parametrize("case", MALFORMED)
async def test_what_is_no_answer_to_a_request_ends_the_connection(
    start_proxy: StartProxy, authority: Authority, case: str
) -> None:
    proxy = await start_proxy(authority.issue("proxy"))
    context = ssl.create_default_context(cafile=authority.root)
    async with encrypted(proxy.port, context) as raw:
        raw.send(startup("scram", "postgres"))
        assert (await raw.answer())[0] == "R"
        raw.send(MALFORMED[case])
        # Postgres takes what is too long for an end of the connection, and so for a proof that is wrong.
        assert refusal(await raw.rest())[0] == (
            "28P01" if "too long" in case or "length" in case else "08P01"
        )
    await until(lambda: not proxy._state.greetings)


@pytest.mark.parametrize("case", ["too long to be ever held", "an impossible length"])
async def test_what_is_too_long_is_refused_where_answers_are_passed_on(
    start_proxy: StartProxy, case: str
) -> None:
    proxy = await start_proxy()
    async with opened(proxy.port) as raw:
        raw.send(startup("scram", "postgres"))
        assert (await raw.answer())[0] == "R"
        raw.send(MALFORMED[case])
        assert refusal(await raw.rest())[0] == "28P01"


async def test_what_is_sent_before_the_answer_is_kept_for_the_session(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    async with opened(proxy.port) as raw:
        raw.send(
            startup("trusted", "postgres") + query("SELECT 'early'") + query(f"SELECT '{'x' * 300_000}'")
        )
        assert kinds(await raw.ready())[-1] == "Z"
        assert rows(await raw.ready()) == [("early",)]
        assert rows(await raw.ready()) == [("x" * 300_000,)]
