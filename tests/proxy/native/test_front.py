"""Clients that compiled code lets in: they see what others see, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import psycopg
import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.entry.front import Front
from proxy.entry.limits import Limits
from proxy.entry.listeners import TCPAddress
from proxy.native.relay import Relay
from proxy.observer import ConnectionEnd, Nobody
from proxy.server import Proxy
from proxy.transport.upstream import Upstream
from proxy.wire.frames import FramingError, message
from proxy.wire.startup import (
    CANCEL_REQUEST,
    GSSENC_REQUEST,
    SSL_REQUEST,
    SSL_REQUEST_PACKET,
    CancelRequest,
    StartupMessage,
    read_startup,
)
from tests.fixtures.encrypted_postgres import address
from tests.fixtures.tools import missing
from tests.proxy.conftest import FakeEngine, Server, StartProxy, know_the_server, until
from tests.proxy.raw import TERMINATE, Raw, connected, fields, kinds, opened, query, rows, startup

HELLO = startup("postgres", "postgres")
OK = message(b"R", bytes(4))
READY = message(b"Z", b"I")
LET_IN = OK + message(b"K", b"\0\0\0\1\0\0\0\2") + message(b"Z", b"I")


@pytest.fixture(autouse=True)
def compiled() -> None:
    if not Relay.available():
        missing("the relay is not compiled")


class Heard(Nobody):
    """Remembers who has come and gone."""

    def __init__(self) -> None:
        self.came = 0
        self.let_in = 0
        self.ends: list[ConnectionEnd] = []

    def connected(self) -> None:
        self.came += 1

    def logged_in(self, seconds: float) -> None:
        assert 0 < seconds < 10
        self.let_in += 1

    def disconnected(self, end: ConnectionEnd) -> None:
        self.ends.append(end)


@asynccontextmanager
async def running(proxy: Proxy) -> AsyncIterator[Proxy]:
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


def in_front_of(upstream: Upstream, engine: FakeEngine, **options: object) -> Proxy:
    return Proxy(
        listen=[TCPAddress("127.0.0.1", 0)],
        upstream=upstream,
        engine=engine,
        grace=5,
        **options,  # type: ignore[arg-type]
    )


def front_of(proxy: Proxy) -> Front:
    front = proxy._state.front
    assert isinstance(front, Front)
    return front


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
async def front(server: Server, engine: FakeEngine, heard: Heard) -> AsyncIterator[Proxy]:
    """A proxy that knows where the server is."""
    upstream = Upstream.from_url(server.dsn())
    async with running(in_front_of(upstream, engine, observer=heard)) as proxy:
        await know_the_server(proxy)
        yield proxy


async def test_a_client_comes_and_goes_without_python(front: Proxy, database: str, heard: Heard) -> None:
    async with connected(front.port, database) as raw:
        assert front_of(front).visitors == front.sessions == 1
        assert not front._state.sessions
        assert rows(await raw.ask(query("SELECT 1"))) == [("1",)]
        raw.send(TERMINATE)
        assert await raw.rest() == []
    await until(lambda: len(heard.ends) == 2)
    assert heard.came == heard.let_in == 2
    assert front.sessions == 0


async def test_what_is_written_down_is_what_python_writes_down(
    server: Server, engine: FakeEngine, database: str
) -> None:
    ends = []
    for relayed in (True, False):
        heard = Heard()
        upstream = Upstream.from_url(server.dsn())
        async with running(in_front_of(upstream, engine, observer=heard, relayed=relayed)) as proxy:
            if relayed:
                await know_the_server(proxy)
            before = proxy.traffic
            async with opened(proxy.port) as raw:
                raw.send(startup("postgres", database, application_name="mine"))
                await raw.ready()
                await raw.ask(query("SELECT 'some text'"))
                raw.send(TERMINATE)
                await raw.rest()
                port = raw.writer.get_extra_info("sockname")[1]
            await until(lambda: proxy.sessions == 0 and len(heard.ends) == 1 + relayed)  # noqa: B023
            end = heard.ends[-1]
            assert end.client == f"127.0.0.1:{port}"
            assert proxy.traffic.from_clients - before.from_clients == end.bytes_in
            assert proxy.traffic.from_server - before.from_server == end.bytes_out
            ends.append(replace(end, client="", seconds=0))
    assert ends[0] == ends[1]
    assert (ends[0].application_name, ends[0].database) == ("mine", database)


@pytest.mark.parametrize("cuts", [(1,), (4,), (7, 8), (3, 20), tuple(range(1, len(HELLO)))])
async def test_a_startup_message_may_come_in_pieces(front: Proxy, cuts: tuple[int, ...]) -> None:
    async with opened(front.port) as raw:
        for begin, end in zip((0, *cuts), (*cuts, len(HELLO)), strict=True):
            raw.send(HELLO[begin:end])
            await asyncio.sleep(0.002)
        assert kinds(await raw.ready())[-2:] == "KZ"
        assert front_of(front).visitors == 1


async def test_what_comes_with_the_startup_message_waits_for_its_turn(front: Proxy) -> None:
    async with opened(front.port) as raw:
        raw.send(HELLO, query("SELECT 1"))
        await raw.ready()
        assert rows(await raw.ready()) == [("1",)]


async def test_a_call_is_performed(front: Proxy, database: str, engine: FakeEngine) -> None:
    async with connected(front.port, database) as raw:
        await raw.ask(query("CREATE TEMP TABLE mine AS SELECT 1 AS one"))
        assert len(rows(await raw.ask(query("SELECT * FROM iasql_apply()")))) == 2
        assert rows(await raw.ask(query("SELECT * FROM mine"))) == [("1",)]
        assert len(front._state.sessions) == front.sessions == 1
    assert [call.function for call in engine.calls] == ["iasql_apply"]


async def test_a_call_that_is_asked_at_once_is_performed(
    front: Proxy, database: str, engine: FakeEngine
) -> None:
    async with opened(front.port) as raw:
        raw.send(startup("postgres", database))
        await asyncio.sleep(0)
        raw.send(query("SELECT * FROM iasql_apply()"))
        await raw.ready()
        assert len(rows(await raw.ready())) == 2
    assert len(engine.calls) == 1


async def test_the_server_s_last_words_come_through_although_the_client_goes_on(front: Proxy) -> None:
    last = query("SELECT pg_terminate_backend(pg_backend_pid())")
    loop = asyncio.get_running_loop()
    for pause in (0, 0.001, 0.005) * 10:
        with socket.create_connection(("127.0.0.1", front.port)) as client:
            client.setblocking(False)
            await loop.sock_sendall(client, HELLO)
            heard = b""
            while not heard.endswith(READY):
                heard += await loop.sock_recv(client, 1 << 16)
            await loop.sock_sendall(client, last)
            with suppress(BlockingIOError, ConnectionError):
                for _ in range(50):
                    client.send(query("SELECT 1") * 1000)
                    await asyncio.sleep(pause)
            with suppress(ConnectionResetError):
                async with asyncio.timeout(10):
                    while more := await loop.sock_recv(client, 1 << 16):
                        heard += more
        assert b"\0C57P01\0" in heard
    await until(lambda: front_of(front).empty and not front.sessions)


async def test_what_the_server_refuses_it_refuses_in_its_own_words(front: Proxy, server: Server) -> None:
    told = []
    for at in (front.port, Upstream.from_url(server.dsn()).address):
        async with opened(at) as raw:
            raw.send(startup("postgres", "nowhere"))
            found = fields(await raw.rest())
            told.append((found["C"], found["M"]))
    assert told[0] == told[1] == ("3D000", 'database "nowhere" does not exist')
    await until(lambda: front_of(front).empty and not front.sessions)


async def test_passwords_are_asked_for(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    async with opened(proxy.port) as raw:
        raw.send(startup("trusted", "postgres"))
        await raw.ready()
    for user in ("scram", "digest"):
        url = address(proxy.port, user=user, sslmode="disable")
        async with await psycopg.AsyncConnection.connect(url) as made:
            assert await (await made.execute("SELECT current_user")).fetchone() == (user,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            await psycopg.AsyncConnection.connect(url, password="wrong")
    await until(lambda: front_of(proxy).empty and not proxy.sessions)


async def test_clients_that_vanish_are_forgotten(front: Proxy, database: str) -> None:
    for said in (b"", HELLO[:9], HELLO, startup("postgres", database)):
        async with opened(front.port) as raw:
            raw.send(said)
            await raw.writer.drain()
            raw.writer.transport.abort()
    async with connected(front.port, database) as raw:
        raw.send(query("SELECT pg_sleep(0.3)"))
        await asyncio.sleep(0.05)
        raw.writer.transport.abort()
    await until(lambda: front_of(front).empty and not front.sessions)


async def test_a_stopping_proxy_says_goodbye(server: Server, engine: FakeEngine, database: str) -> None:
    async with running(in_front_of(Upstream.from_url(server.dsn()), engine)) as proxy:
        await know_the_server(proxy)
        async with connected(proxy.port, database) as idle, opened(proxy.port) as silent:
            assert front_of(proxy).visitors == 1
            await proxy.stop()
            assert fields(await idle.rest())["C"] == "57P01"
            assert await silent.rest() == []


async def test_a_draining_proxy_waits_for_clients(server: Server, engine: FakeEngine, database: str) -> None:
    async with running(in_front_of(Upstream.from_url(server.dsn()), engine, drain=10)) as proxy:
        await know_the_server(proxy)
        async with connected(proxy.port, database) as raw:
            stopping = asyncio.ensure_future(proxy.stop())
            await asyncio.sleep(0.2)
            assert rows(await raw.ask(query("SELECT 1"))) == [("1",)]
            raw.send(TERMINATE)
            assert await raw.rest() == []
        async with asyncio.timeout(2):
            await stopping


async def test_limits_are_python_s_to_count(start_proxy: StartProxy) -> None:
    for limits in (Limits(connections=9), Limits(per_user=9), Limits(per_database=9)):
        proxy = await start_proxy(limits=limits)
        assert proxy._state.front is None


async def test_no_descriptor_is_left_behind(front: Proxy, database: str) -> None:
    async def visit(said: bytes) -> None:
        async with opened(front.port) as raw:
            raw.send(said)
            if said == HELLO:
                await raw.ready()
                raw.send(TERMINATE)
            raw.writer.write_eof()
            await raw.rest()

    async def visits() -> int:
        await asyncio.gather(
            *(visit(said) for said in (HELLO, b"", b"\0\0\0\x08", HELLO[:9]) for _ in range(20))
        )
        await until(lambda: front_of(front).empty and not front.sessions)
        # Connections that were opened ahead are closed when nobody has come for some time.
        await asyncio.sleep(0.8)
        return len(os.listdir("/proc/self/fd"))

    before = await visits()
    assert await visits() <= before


async def test_without_descriptors_clients_wait(front: Proxy, database: str) -> None:
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setblocking(False)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    fillers: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        with suppress(OSError):
            while True:
                fillers.append(os.open(os.devnull, os.O_RDONLY))
        await loop.sock_connect(client, ("127.0.0.1", front.port))
        await loop.sock_sendall(client, startup("postgres", database))
        used = time.process_time()
        await asyncio.sleep(0.3)
        assert time.process_time() - used < 0.15
    finally:
        for each in fillers:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    async with asyncio.timeout(5):
        assert (await loop.sock_recv(client, 9)) == OK
    client.close()


# -- whatever a client begins with

ELSEWHERE = startup("postgres", "nowhere")
PIECES = st.one_of(
    st.sampled_from(
        [SSL_REQUEST_PACKET, struct.pack(">II", 8, GSSENC_REQUEST), ELSEWHERE, ELSEWHERE[:-1] + b"x"]
    ),
    st.builds(
        lambda length, code, body: struct.pack(">II", length, code) + body,
        st.integers(0, 40) | st.integers(0, 2**32 - 1),
        st.sampled_from([3 << 16, 3 << 16 | 2, 2 << 16, SSL_REQUEST, GSSENC_REQUEST, CANCEL_REQUEST]),
        st.binary(max_size=40),
    ),
    st.binary(min_size=1, max_size=12),
)


def is_answered(data: bytes) -> bool:
    """Whether something comes that ends the connection: a session that cannot be, or a refusal."""
    with suppress(FramingError):
        while (found := read_startup(data)) is not None:
            packet, data = found
            if isinstance(packet, StartupMessage | CancelRequest) or data:
                return True
        return False
    return True


async def answered(port: int, pieces: Sequence[bytes], *, ends: bool) -> bytes:
    """What is said to a client that says this, until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        async with asyncio.timeout(20):
            with suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                if not ends:
                    writer.write_eof()
                got = await reader.read()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return got


def test_whatever_a_client_begins_with_is_answered_as_python_answers_it(server: Server) -> None:
    async def compare() -> None:
        upstream = Upstream.from_url(server.dsn())
        engine = FakeEngine()
        async with (
            running(in_front_of(upstream, engine)) as proxy,
            running(in_front_of(upstream, engine, relayed=False)) as plain,
        ):
            await know_the_server(proxy)
            differ: list[tuple[Sequence[bytes], bytes, bytes]] = []

            async def both(pieces: Sequence[bytes]) -> None:
                ends = is_answered(b"".join(pieces))
                ways = (answered(port, pieces, ends=ends) for port in (proxy.port, plain.port))
                first, second = await asyncio.gather(*ways)
                if first != second:
                    differ.append((pieces, first, second))

            examples: list[Sequence[bytes]] = []

            @settings(max_examples=500, database=None)
            @given(pieces=st.lists(PIECES, min_size=1, max_size=3))
            def collect(pieces: list[bytes]) -> None:
                examples.append([b"".join(pieces)])

            collect()
            for at in range(0, len(examples), 8):
                await asyncio.gather(*map(both, examples[at : at + 8]))
            assert not differ, differ[0]
            await until(lambda: front_of(proxy).empty and not proxy.sessions)

    uvloop.run(compare())


# -- a server that behaves as it is told

Behaviour = Callable[[Raw], Awaitable[None]]


@asynccontextmanager
async def pretended(
    behaviours: Sequence[Behaviour], engine: FakeEngine
) -> AsyncIterator[tuple[Proxy, asyncio.Server, list[int]]]:
    """A proxy and its server, whose connections behave as is said, in order; and how many it has had."""
    had: list[int] = []
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        had.append(1)
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await behaviours[min(len(had), len(behaviours)) - 1](Raw(reader, writer))
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = listening.sockets[0].getsockname()[1]
        async with running(in_front_of(Upstream("127.0.0.1", port), engine)) as proxy:
            yield proxy, listening, had
    finally:
        listening.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def lets_in(raw: Raw) -> None:
    await raw.reader.readexactly(len(HELLO))
    raw.send(LET_IN)
    await raw.reader.readexactly(len(TERMINATE))


async def stammers(raw: Raw) -> None:
    await raw.reader.readexactly(len(HELLO))
    for at in range(len(LET_IN)):
        raw.send(LET_IN[at : at + 1])
        await asyncio.sleep(0.001)
    await raw.reader.readexactly(len(TERMINATE))


async def hesitates(raw: Raw) -> None:
    await raw.reader.readexactly(len(HELLO))
    await asyncio.sleep(0.7)
    raw.send(LET_IN)
    await raw.reader.readexactly(len(TERMINATE))


async def is_let_in(proxy: Proxy) -> None:
    async with connected(proxy.port, "postgres") as raw:
        assert raw.key == LET_IN[len(OK) + 5 :][:8]
        raw.send(TERMINATE)
        await raw.rest()


async def come_quickly(proxy: Proxy, had: Sequence[int], came: int) -> None:
    """Clients come until a connection has been opened before its client is there.

    Args:
        had: of the server, one for each connection.
        came: how many clients there have been.
    """
    async with asyncio.timeout(10):
        while len(had) == came:
            await is_let_in(proxy)
            came += 1
            await asyncio.sleep(0.02)
    assert len(had) == came + 1


@pytest.mark.parametrize("answers", [stammers, hesitates])
async def test_the_server_may_take_its_time(
    answers: Behaviour, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.server._PATIENCE", 0.1)
    async with pretended([lets_in, answers], engine) as (proxy, _, had):
        await is_let_in(proxy)
        await is_let_in(proxy)
        assert len(had) == 2


async def test_what_is_said_before_the_server_answers_comes_through_behind_it(engine: FakeEngine) -> None:
    async def listens(raw: Raw) -> None:
        await raw.reader.readexactly(len(HELLO))
        await asyncio.sleep(0.2)
        raw.send(LET_IN)
        assert await raw.reader.readexactly(len(query("SELECT 1"))) == query("SELECT 1")
        raw.send(message(b"I"), message(b"Z", b"I"))

    async with pretended([lets_in, listens], engine) as (proxy, _, _):
        await is_let_in(proxy)
        async with opened(proxy.port) as raw:
            raw.send(HELLO)
            await asyncio.sleep(0.05)
            raw.send(query("SELECT 1"))
            assert kinds(await raw.ready()) == "RKZ"
            assert kinds(await raw.ready()) == "IZ"


async def test_a_connection_is_opened_ahead_only_while_clients_come_quickly(engine: FakeEngine) -> None:
    async with pretended([lets_in], engine) as (proxy, _, had):
        for _ in range(2):
            await is_let_in(proxy)
            await asyncio.sleep(0.15)
        assert len(had) == 2
        await come_quickly(proxy, had, came=2)
        await asyncio.sleep(0.8)
        descriptors = len(os.listdir("/proc/self/fd"))
        await is_let_in(proxy)
        await until(lambda: len(os.listdir("/proc/self/fd")) == descriptors)


async def test_a_client_gets_in_although_the_connection_ahead_is_dead(engine: FakeEngine) -> None:
    hanging_up = 0

    async def serves(raw: Raw) -> None:
        nonlocal hanging_up
        await raw.reader.readexactly(len(HELLO))
        if hanging_up:
            hanging_up -= 1
            return
        raw.send(LET_IN)
        await raw.reader.readexactly(len(TERMINATE))

    async with pretended([serves], engine) as (proxy, _, had):
        await come_quickly(proxy, had, came=0)
        hanging_up = 1
        await is_let_in(proxy)
        assert hanging_up == 0


async def test_a_server_that_has_gone_is_named(engine: FakeEngine) -> None:
    async with pretended([lets_in], engine) as (proxy, listening, _):
        await is_let_in(proxy)
        listening.close()
        await asyncio.sleep(0.1)
        async with opened(proxy.port) as raw:
            raw.send(HELLO)
            found = fields(await raw.rest())
        assert found["C"] == "08006"
        assert "cannot be reached" in found["M"]
