"""What passes through the compiled relay is what was sent, and Python can go on wherever it stops."""

from __future__ import annotations

import array
import asyncio
import fcntl
import socket
import termios
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.native.relay import FROM_CLIENT, Relay, Start, State
from proxy.sql.intercept import NEEDLE
from proxy.wire.expected import Expected
from proxy.wire.frames import Place, message
from tests.fixtures.tools import missing

QUIET_END = message(b"S")
READY = message(b"Z", b"I")

#: Between two messages.
FROM_HERE = Place(0, b"")


class Lender:
    """Remembers what it gets back."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.returned = asyncio.Event()

    def take_back(self, state: State) -> None:
        self.state = state
        self.returned.set()


@dataclass
class Lent:
    """A session's two connections, from outside."""

    relay: Relay
    lender: Lender
    name: int
    client: socket.socket
    server: socket.socket
    inner: tuple[socket.socket, socket.socket]

    async def receive(self, at: socket.socket, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        got = b""
        async with asyncio.timeout(5):
            while len(got) < size:
                got += await loop.sock_recv(at, size - len(got))
        return got

    async def back(self) -> State:
        """What is given back, by itself."""
        async with asyncio.timeout(5):
            await self.lender.returned.wait()
        assert self.lender.state is not None
        return self.lender.state

    async def taken(self) -> None:
        """Wait until the relay has read what the client has sent."""
        count = array.array("i", [0])
        async with asyncio.timeout(5):
            while True:
                fcntl.ioctl(self.inner[0], termios.FIONREAD, count)
                if count[0] == 0:
                    return
                await asyncio.sleep(0.001)

    def recall(self) -> State:
        self.relay.recall(self.name)
        assert self.lender.state is not None
        return self.lender.state


async def _drain(at: socket.socket) -> int:
    """How many bytes come until the end."""
    count = 0
    while got := await asyncio.get_running_loop().sock_recv(at, 1 << 16):
        count += len(got)
    return count


async def until_still(count: Callable[[], int]) -> None:
    """Wait until a number grows no more."""
    before = -1
    async with asyncio.timeout(10):
        while (now := count()) != before:
            before = now
            await asyncio.sleep(0.1)


async def send_what_goes(at: socket.socket, data: bytes) -> None:
    """Send as much as is taken in a while."""
    sent = 0
    for _ in range(20):
        with suppress(BlockingIOError):
            sent += at.send(data[sent:])
        await asyncio.sleep(0.01)


@contextmanager
def _pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        other.setblocking(False)
        yield one, other


@contextmanager
def _tcp() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        one = socket.create_connection(listening.getsockname())
        other, _ = listening.accept()
    with one, other:
        one.setblocking(False)
        other.setblocking(False)
        yield one, other


@asynccontextmanager
async def lent(
    log: bytes = b"",
    to_server: Place = FROM_HERE,
    to_client: Place = FROM_HERE,
    *,
    pair: Callable[[], AbstractContextManager[tuple[socket.socket, socket.socket]]] = _pair,
    before: Callable[[socket.socket, socket.socket], None] = lambda *_: None,
) -> AsyncIterator[Lent]:
    """Connections that are lent.

    Args:
        before: what client and server do before that.
    """
    if not Relay.available():
        missing("the relay is not compiled")
    relay = Relay()
    lender = Lender()
    with pair() as (client, inner_client), pair() as (server, inner_server):
        before(client, server)
        start = Start(inner_client.fileno(), inner_server.fileno(), b"I", log, to_server, to_client)
        name = relay.lend(lender, start)
        try:
            yield Lent(relay, lender, name, client, server, (inner_client, inner_server))
        finally:
            relay.recall(name)
            relay.stop()


async def test_bytes_pass_in_both_directions() -> None:
    question = message(b"Q", b"SELECT 1\0")
    answer = message(b"D", b"one") + message(b"C", b"SELECT 1\0") + READY
    async with lent() as it:
        it.client.send(question)
        assert await it.receive(it.server, len(question)) == question
        it.server.send(answer)
        assert await it.receive(it.client, len(answer)) == answer
        assert it.relay.received == (len(question), len(answer))
        state = it.recall()
    assert state.log == b""
    assert state.status == b"I"


@pytest.mark.parametrize(
    "text", [b"SELECT iasql_apply()\0", b'select "IASQL_Sync"()\0', b"__iaSQL_\0", b"iasql_"]
)
@pytest.mark.parametrize("kind", [b"Q", b"P"])
async def test_a_text_that_may_have_a_call_in_it_is_given_back_unsent(kind: bytes, text: bytes) -> None:
    before, call, after = message(b"Q", b"SELECT 1\0"), message(kind, text), message(b"S")
    async with lent() as it:
        it.client.send(before + call + after)
        assert await it.receive(it.server, len(before)) == before
        state = await it.back()
        assert state.to_server.held == call + after
        assert state.log == bytes([ord("Q") | FROM_CLIENT])
        with pytest.raises(BlockingIOError):
            it.server.recv(1)


@pytest.mark.parametrize(
    "text", [b"q_", b"sql", b"SELECT iasq_l()\0", b"iasql\0", b"_asql_\0", b"i_a_s_q_l_\0"]
)
async def test_other_texts_pass(text: bytes) -> None:
    frame = message(b"Q", text)
    async with lent() as it:
        it.client.send(frame)
        assert await it.receive(it.server, len(frame)) == frame
        assert it.lender.state is None


@given(
    st.lists(
        st.sampled_from([b"iasql_", b"IaSqL_", b"iasq", b"sql_", b"q", b"Q", b"\0", b"_"])
        | st.binary(max_size=5)
    )
)
def test_compiled_code_looks_for_calls_where_python_does(words: list[bytes]) -> None:
    if not Relay.available():
        missing("the relay is not compiled")
    from proxy.native._relay import may_have_call

    text = b"".join(words)
    assert may_have_call(text) == (NEEDLE in text.lower())


async def test_a_query_is_sent_on_when_it_is_whole() -> None:
    frame = message(b"Q", b"SELECT 1\0")
    async with lent() as it:
        for at in range(len(frame) - 1):
            it.client.send(frame[at : at + 1])
            await it.taken()
        with pytest.raises(BlockingIOError):
            it.server.recv(1)
        assert it.recall().to_server.held == frame[:-1]


@pytest.mark.parametrize("wrong", [b"Q\0\0\0\3", b"d\xff\xff\xff\xff", b"B\x7f\0\0\0"])
async def test_an_impossible_length_is_given_back(wrong: bytes) -> None:
    async with lent() as it:
        it.client.send(wrong)
        assert (await it.back()).to_server.held == wrong


async def test_a_query_that_is_too_long_to_be_received_at_once_is_given_back() -> None:
    frame = message(b"Q", b"x" * (1 << 20))
    async with lent() as it:
        it.client.send(frame[:1000])
        assert (await it.back()).to_server.held == frame[:1000]


@pytest.mark.parametrize("side", ["client", "server"])
async def test_the_end_of_a_connection_is_given_back(side: str) -> None:
    async with lent() as it:
        (it.client if side == "client" else it.server).close()
        state = await it.back()
        assert state.to_server.held == state.to_client.held == b""


def ending(pending: int, words: bytes) -> Callable[[socket.socket, socket.socket], None]:
    """A client that has said much, this many bytes at the most, and a server that has said its last words."""

    def end(client: socket.socket, server: socket.socket) -> None:
        with suppress(BlockingIOError):
            for _ in range(pending // 1400):
                client.send(message(b"Q", b"SELECT 1\0") * 100)
        server.setblocking(True)
        server.sendall(words)
        server.close()

    return end


@pytest.mark.parametrize("pair", [_pair, _tcp])
@pytest.mark.parametrize("pending", [0, 1_400, 140_000, 400_000, 1_000_000])
async def test_the_server_s_last_words_come_through_whatever_the_client_has_still_to_say(
    pair: Callable[[], AbstractContextManager[tuple[socket.socket, socket.socket]]], pending: int
) -> None:
    words = message(b"N", b"notice") + message(b"E", b"SFATAL\0C57P01\0\0")
    for _ in range(20):
        async with lent(pair=pair, before=ending(pending, words)) as it:
            assert await it.receive(it.client, len(words)) == words
            state = await it.back()
            assert (state.to_server.held, state.to_server.unsent, state.to_client.unsent) == (b"", b"", b"")


async def test_last_words_wait_for_a_client_that_reads_slowly() -> None:
    answers = message(b"d", bytes(1 << 20))
    words = message(b"E", b"SFATAL\0C57P01\0\0")
    loop = asyncio.get_running_loop()
    async with lent() as it:

        async def end() -> None:
            await loop.sock_sendall(it.server, answers + words)
            it.server.close()

        ending = asyncio.ensure_future(end())
        got, asked = b"", b""
        async with asyncio.timeout(20):
            while len(got) < len(answers + words):
                asked = asked or message(b"Q", b"SELECT 1\0") * 1000
                with suppress(BlockingIOError):
                    asked = asked[it.client.send(asked) :]
                got += await loop.sock_recv(it.client, 1 << 14)
            await ending
        assert got == answers + words
        assert (await it.back()).to_client.unsent == b""


async def test_terminate_is_given_back() -> None:
    async with lent() as it:
        it.client.send(message(b"X"))
        assert (await it.back()).to_server.held == message(b"X")


async def test_the_encoding_and_the_status_are_remembered() -> None:
    answer = message(b"S", b"client_encoding\0LATIN1\0") + message(b"Z", b"T")
    async with lent() as it:
        it.server.send(answer)
        assert await it.receive(it.client, len(answer)) == answer
        await asyncio.sleep(0.01)
        state = it.recall()
    assert state.encoding == b"LATIN1"
    assert state.status == b"T"


async def test_it_may_begin_within_an_answer() -> None:
    rest = b"row" + message(b"C", b"SELECT 1\0") + message(b"Z", b"T")
    async with lent(bytes([ord("Q") | FROM_CLIENT]), to_client=Place(3, b"")) as it:
        it.server.send(rest)
        assert await it.receive(it.client, len(rest)) == rest
        await asyncio.sleep(0.01)
        state = it.recall()
    assert (state.log, state.status) == (b"", b"T")


async def test_it_may_begin_within_the_head_of_a_message() -> None:
    ready, call = message(b"Z", b"E"), message(b"Q", b"SELECT iasql_sync()\0")
    log = bytes([ord("Q") | FROM_CLIENT])
    async with lent(log, to_server=Place(0, call[:3]), to_client=Place(0, ready[:2])) as it:
        it.server.send(ready[2:])
        assert await it.receive(it.client, len(ready) - 2) == ready[2:]
        it.client.send(call[3:])
        state = await it.back()
    assert (state.status, state.log) == (b"E", b"")
    assert state.to_server.held == call


async def test_a_slow_reader_stops_its_sender_and_loses_nothing() -> None:
    rows = message(b"D", b"x" * 1000) * 5000
    async with lent() as it:
        loop = asyncio.get_running_loop()
        sending = loop.create_task(loop.sock_sendall(it.server, rows))
        await until_still(lambda: it.relay.received[1])
        assert not sending.done()
        assert await it.receive(it.client, len(rows)) == rows
        await sending
        assert it.lender.state is None


async def test_what_a_slow_reader_has_not_taken_is_given_back_with_the_session() -> None:
    rows = message(b"D", b"x" * 1000) * 5000
    async with lent() as it:
        await send_what_goes(it.server, rows)
        state = it.recall()
        assert state.to_client.unsent
        received = state.to_client.received
        passed = received - len(state.to_client.unsent)
        assert await it.receive(it.client, passed) + state.to_client.unsent == rows[:received]
        assert it.relay.received == (0, 0)


async def test_a_client_that_is_always_ahead_is_python_s_to_count() -> None:
    frames = message(b"D", b"S\0") * 70_000
    async with lent() as it:
        loop = asyncio.get_running_loop()
        draining = loop.create_task(_drain(it.server))
        sending = loop.create_task(loop.sock_sendall(it.client, frames))
        state = await it.back()
        sending.cancel()
        it.inner[1].shutdown(socket.SHUT_WR)
        assert await draining + len(state.to_server.unsent) == 65_536 * 7
        assert state.log == bytes([ord("D") | FROM_CLIENT]) * 65_536


async def test_a_copy_whose_sync_is_ignored_is_python_s_to_count() -> None:
    async with lent() as it:
        it.client.send(message(b"E", b"\0\0\0\0\0") + QUIET_END)
        await it.receive(it.server, 15)
        it.server.send(message(b"G", b"\0\0\0"))
        state = await it.back()
        assert bytes(kind & 0x7F for kind in state.log) == b"ESG"


_CLIENTS = st.sampled_from([b"P", b"B", b"D", b"E", b"C", b"S", b"Q", b"H", b"d", b"c", b"f", b"F"])
_SERVERS = st.sampled_from(
    [b"1", b"2", b"3", b"T", b"D", b"C", b"I", b"n", b"s", b"E", b"Z", b"N", b"A", b"t"]
)
_BODIES = st.binary(max_size=40).map(lambda body: body.replace(b"_", b"-"))


def _frames(kinds: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    framed = st.builds(lambda kind, body: message(kind, b"I" if kind == b"Z" else body), kinds, _BODIES)
    return st.lists(framed, max_size=8)


def _possible(answers: list[bytes], counted: Expected) -> Iterator[bytes]:
    """What a server can say: it is ready only when it was asked to be."""
    asked = deepcopy(counted)
    for answer in answers:
        if answer[:1] != b"Z" or any(kind in b"QSF" for kind, _ in asked._queue):
            asked.received(answer[0])
            yield answer


@settings(max_examples=150, deadline=None)
@given(
    turns=st.lists(st.tuples(st.booleans(), _frames(_CLIENTS), _frames(_SERVERS)), max_size=6),
    cut=st.integers(1, 60),
)
def test_the_log_tells_what_python_would_have_counted(
    turns: list[tuple[bool, list[bytes], list[bytes]]], cut: int
) -> None:
    async def compare() -> None:
        counted = Expected()
        async with lent() as it:
            for client_first, asked, answered in turns:
                order = [(it.client, it.server, asked), (it.server, it.client, answered)]
                for source, target, some in order if client_first else reversed(order):
                    frames = some if source is it.client else list(_possible(some, counted))
                    data = b"".join(frames)
                    for at in range(0, len(data), cut):
                        source.send(data[at : at + cut])
                    await it.receive(target, len(data))
                    for frame in frames:
                        (counted.sent if source is it.client else counted.received)(frame[0])
                if it.lender.state is not None:
                    return
            await asyncio.sleep(0)
            state = it.recall()
        replayed = Expected()
        for kind in state.log:
            if kind & FROM_CLIENT:
                replayed.sent(kind ^ FROM_CLIENT)
            else:
                replayed.received(kind)
        assert list(replayed._queue) == list(counted._queue)
        assert (replayed.skipping, replayed.copying) == (counted.skipping, counted.copying)
        assert (replayed.binds, replayed.executed) == (counted.binds, counted.executed)

    uvloop.run(compare())


@settings(max_examples=100, deadline=None)
@given(frames=_frames(_CLIENTS), cuts=st.lists(st.integers(1, 30), min_size=1, max_size=8))
def test_what_has_passed_and_what_is_held_are_what_was_sent(frames: list[bytes], cuts: list[int]) -> None:
    async def compare() -> None:
        data = b"".join(frames)
        sent = data[: sum(cuts)]
        async with lent() as it:
            at = 0
            for cut in cuts:
                if data[at : at + cut]:
                    it.client.send(data[at : at + cut])
                at += cut
            async with asyncio.timeout(5):
                while it.relay.received[0] < len(sent):  # noqa: ASYNC110
                    await asyncio.sleep(0)
            state = it.recall()
            passed = it.server.recv(1 << 16) if len(sent) > len(state.to_server.held) else b""
            assert passed + state.to_server.held == sent

    uvloop.run(compare())
