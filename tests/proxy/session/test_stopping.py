"""What ends an operation or a session before its time."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from engine.caller import Caller
from engine.request import Call
from proxy.entry.listeners import TCPAddress
from proxy.server import Proxy
from proxy.session import operation
from proxy.transport.upstream import Upstream
from proxy.wire.frames import message
from proxy.wire.startup import cancel_request
from tests.proxy.conftest import FakeEngine, Server, until
from tests.proxy.raw import TERMINATE, Raw, connected, fields, kinds, opened, query, rows, startup

APPLY = "SELECT action FROM iasql_apply()"


async def wait_for_stop(call: Call, caller: Caller) -> None:
    await caller.stop.wait()
    caller.stop.check()


async def test_a_cancel_request_stops_the_operation(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    engine.behave = wait_for_stop
    task = asyncio.create_task(connection.fetch(APPLY))
    await engine.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await engine.ended.wait()
    engine.behave = None
    assert await connection.fetchval("SELECT 1") == 1


async def test_the_client_is_told_that_it_was_its_own_request(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    engine.behave = wait_for_stop
    async with connected(proxy.port, database) as raw:
        raw.send(query(APPLY))
        await engine.began.wait()
        async with opened(proxy.port) as other:
            other.send(cancel_request(raw.key))
            assert await other.rest() == []
        answers = await raw.ready()
        assert fields(answers)["C"] == "57014"
        assert fields(answers)["M"] == "canceling statement due to user request"
        assert answers[-1] == ("Z", b"I")


async def test_a_cancel_request_for_a_statement_of_postgres_is_passed_on(
    proxy: Proxy, database: str, direct: asyncpg.Connection
) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(query("SELECT pg_sleep(60)"))
        async with asyncio.timeout(5):
            while not await direct.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            ):
                pass
        async with opened(proxy.port) as other:
            other.send(cancel_request(raw.key))
            assert await other.rest() == []
        assert fields(await raw.ready())["C"] == "57014"


async def test_a_cancel_request_with_a_wrong_key_does_nothing(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    engine.behave = wait_for_stop
    async with connected(proxy.port, database) as raw:
        raw.send(query(APPLY))
        await engine.began.wait()
        async with opened(proxy.port) as other:
            other.send(cancel_request(raw.key[:4] + b"\0\0\0\0"))
            assert await other.rest() == []
        assert not engine.callers[0].stop.requested


async def test_a_statement_timeout_stops_the_operation(
    connection: asyncpg.Connection, engine: FakeEngine
) -> None:
    engine.behave = wait_for_stop
    await connection.execute("SET statement_timeout = '50ms'")
    with pytest.raises(asyncpg.QueryCanceledError, match="due to statement timeout"):
        await connection.fetch(APPLY)
    assert await connection.fetchval("SELECT 1") == 1


async def test_an_operation_that_waits_for_a_lock_can_be_cancelled(
    proxy: Proxy,
    database: str,
    engine: FakeEngine,
    direct: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lock(call: Call, caller: Caller) -> None:
        await caller.query("SELECT pg_advisory_lock(7)")

    monkeypatch.setattr(operation, "STUCK", 0.02)
    engine.behave = lock
    await direct.execute("SELECT pg_advisory_lock(7)")
    async with connected(proxy.port, database) as raw:
        for begin, status in (("SELECT 1", b"I"), ("BEGIN", b"E")):
            await raw.ask(query(begin))
            engine.began.clear()
            raw.send(query(APPLY))
            await engine.began.wait()
            async with opened(proxy.port) as other:
                other.send(cancel_request(raw.key))
                assert await other.rest() == []
            answers = await raw.ready()
            assert fields(answers)["M"] == "canceling statement due to user request"
            assert answers[-1] == ("Z", status)


async def test_connections_that_say_nothing_do_not_keep_the_proxy(proxy: Proxy) -> None:
    async with opened(proxy.port) as raw:
        raw.send(b"\0\0\0")
        await until(lambda: bool(proxy._state.greetings))
        await proxy.stop()
        assert await raw.rest() == []


async def test_a_client_that_vanishes_stops_the_operation_and_its_backend(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    engine.behave = wait_for_stop
    async with connected(proxy.port, database) as raw:
        raw.send(query(APPLY))
        await engine.began.wait()
        raw.writer.transport.abort()
        await engine.ended.wait()
        assert engine.callers[0].stop.reason is not None
        assert engine.callers[0].stop.reason.sqlstate == "08006"
    await until(lambda: proxy.sessions == 0)
    async with asyncio.timeout(5):
        while await direct.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = $1", database
        ):
            pass


async def test_a_backend_that_is_terminated_takes_the_client_with_it(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    async with connected(proxy.port, database) as raw:
        pid = int.from_bytes(raw.key[:4], "big")
        await direct.execute("SELECT pg_terminate_backend($1)", pid)
        assert fields(await raw.rest())["C"] == "57P01"
    await until(lambda: proxy.sessions == 0)


async def test_a_backend_that_is_terminated_stops_the_operation(
    proxy: Proxy, database: str, engine: FakeEngine, direct: asyncpg.Connection
) -> None:
    engine.behave = wait_for_stop
    async with connected(proxy.port, database) as raw:
        raw.send(query(APPLY))
        await engine.began.wait()
        await direct.execute("SELECT pg_terminate_backend($1)", int.from_bytes(raw.key[:4], "big"))
        assert fields(await raw.rest())["C"] == "57P01"
        await engine.ended.wait()
    await until(lambda: proxy.sessions == 0)


async def test_a_stopping_proxy_waits_for_operations_and_says_goodbye(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    finished = asyncio.Event()

    async def finish_first(call: Call, caller: Caller) -> None:
        await caller.stop.wait()
        await caller.query("SELECT pg_sleep(0.05)")
        finished.set()
        caller.stop.check()

    engine.behave = finish_first
    async with connected(proxy.port, database) as busy, connected(proxy.port, database) as idle:
        busy.send(query(APPLY))
        await engine.began.wait()
        await proxy.stop()
        assert finished.is_set()
        assert fields(await idle.rest())["C"] == "57P01"
        answers = [body for kind, body in await busy.rest() if kind == "E"]
        assert b"57P01" in answers[-1]
    assert proxy.sessions == 0


async def test_an_unreachable_server_is_named(engine: FakeEngine, tmp_path: Path) -> None:
    lonely = Proxy(listen=[TCPAddress("127.0.0.1", 0)], upstream=Upstream(str(tmp_path)), engine=engine)
    await lonely.start()
    async with opened(lonely.port) as raw:
        raw.send(startup("postgres", "postgres"))
        error = fields(await raw.rest())
        assert error["C"] == "08006"
        assert error["S"] == "FATAL"
        assert str(tmp_path) in error["M"]
    await lonely.stop()


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\0", b"\0\1\0\0\0\3\0\0", TERMINATE])
async def test_garbage_at_the_beginning_is_not_answered(proxy: Proxy, garbage: bytes) -> None:
    async with opened(proxy.port) as raw:
        raw.send(garbage)
        assert await raw.reader.read() == b""


@pytest.mark.parametrize("claim", [b"Q\0\0\0\0", b"Q\0\0\0\3", b"d\x40\0\0\4", b"P\xff\xff\xff\xff"])
async def test_an_impossible_length_ends_the_session(proxy: Proxy, database: str, claim: bytes) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(claim)
        assert await raw.rest() == []
    await until(lambda: proxy.sessions == 0)


async def test_encryption_is_declined_and_the_session_begins(proxy: Proxy, database: str) -> None:
    async with opened(proxy.port) as raw:
        raw.send(b"\0\0\0\x08\x04\xd2\x16\x30")
        assert await raw.reader.readexactly(1) == b"N"
        raw.send(b"\0\0\0\x08\x04\xd2\x16\x2f")
        assert await raw.reader.readexactly(1) == b"N"
        raw.send(startup("postgres", database), query("SELECT 1"))
        await raw.ready()
        assert rows(await raw.ready()) == [("1",)]


async def test_errors_of_the_server_at_the_beginning_are_its_own(proxy: Proxy) -> None:
    async with opened(proxy.port) as raw:
        raw.send(startup("postgres", "nowhere"))
        assert fields(await raw.rest())["C"] == "3D000"


async def test_a_half_closed_client_still_gets_its_answer(proxy: Proxy, database: str) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(query("SELECT pg_sleep(0.05), 7"))
        raw.writer.write_eof()
        assert rows(await raw.ready()) == [("", "7")]
        assert await raw.rest() == []
    await until(lambda: proxy.sessions == 0)


async def test_no_descriptor_is_left_behind(proxy: Proxy, database: str, engine: FakeEngine) -> None:
    async def one_of_each() -> None:
        async with connected(proxy.port, database) as raw:
            await raw.ask(query(APPLY))
            raw.send(message(b"X"))
            assert await raw.rest() == []
        async with connected(proxy.port, database) as raw:
            raw.writer.write_eof()
            assert await raw.rest() == []
        async with connected(proxy.port, database) as raw:
            raw.writer.transport.abort()
        async with opened(proxy.port) as other:
            other.send(cancel_request(b"12345678"))
            await other.rest()
        await until(lambda: proxy.sessions == 0)

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    await one_of_each()
    before = descriptors()
    for _ in range(5):
        await one_of_each()
    await until(lambda: descriptors() <= before)


async def test_what_a_waiting_client_sends_is_bounded_and_comes_through(
    proxy: Proxy, database: str, engine: FakeEngine
) -> None:
    release = asyncio.Event()

    async def wait(call: Call, caller: Caller) -> None:
        await release.wait()

    engine.behave = wait
    async with connected(proxy.port, database) as raw:
        raw.send(query(APPLY))
        await engine.began.wait()
        long = query("SELECT length('" + "x" * 1_000_000 + "')")
        sending = asyncio.create_task(_send_slowly(raw, [long] * 20))
        await asyncio.sleep(0)
        release.set()
        await raw.ready()
        for _ in range(20):
            assert rows(await raw.ready()) == [("1000000",)]
        await sending


async def _send_slowly(raw: Raw, frames: list[bytes]) -> None:
    for frame in frames:
        raw.send(frame)
        await raw.writer.drain()


async def test_a_protocol_error_while_an_operation_runs_ends_the_session_after_it(
    proxy: Proxy, database: str, engine: FakeEngine, server: Server
) -> None:
    async with connected(proxy.port, database) as raw:
        raw.send(query(APPLY), b"Q\0\0\0\0")
        answers = await raw.rest()
        assert kinds(answers) == "NTDDCZ"
