"""The compiled relay goes on with a client's TLS where Python has left it, and Python where the relay has."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from proxy.native.relay import Relay, Start, State
from proxy.transport.encryption import FUNCTIONS, EncryptedTransport
from proxy.transport.tls import ListenerTLS
from proxy.wire.frames import message
from tests.fixtures.certificates import Certificate
from tests.fixtures.tools import missing
from tests.proxy.conftest import until
from tests.proxy.native.test_relay import FROM_HERE, Lender, send_what_goes, until_still


@dataclass
class Ours(asyncio.Protocol):
    """What a session would have read itself."""

    got: bytes = b""

    def data_received(self, data: bytes) -> None:
        self.got += data


@dataclass
class Encrypted:
    """A session's two connections from outside, of which the client's is encrypted.

    Attributes:
        tls: the client's end of the encryption.
        transport: ours.
    """

    relay: Relay
    tls: SSL.Connection
    client: socket.socket
    server: socket.socket
    inner: socket.socket
    transport: EncryptedTransport
    ours: Ours
    lender: Lender = field(default_factory=Lender)
    name: int = 0

    def lend(self) -> None:
        self.lender = Lender()
        self.transport.pause_reading()
        client = self.transport.get_extra_info("socket").fileno()
        self.name = self.relay.lend(
            self.lender,
            Start(client, self.inner.fileno(), b"I", b"", FROM_HERE, FROM_HERE, self.transport.addresses),
        )

    async def back(self) -> State:
        """What is given back, by itself."""
        async with asyncio.timeout(5):
            await self.lender.returned.wait()
        return self._resumed()

    def recall(self) -> State:
        self.relay.recall(self.name)
        return self._resumed()

    def _resumed(self) -> State:
        assert self.lender.state is not None
        self.transport.take_back(self.lender.state.to_client.unsent)
        self.transport.resume_reading()
        return self.lender.state

    async def send(self, *records: bytes) -> None:
        """Send the client's bytes, in records like these."""
        for data in records:
            at = 0
            while at < len(data):
                at += self.tls.send(data[at:])
        await self.flush()

    async def flush(self) -> None:
        with suppress(SSL.WantReadError):
            while True:
                await asyncio.get_running_loop().sock_sendall(self.client, self.tls.bio_read(1 << 16))

    async def receive(self, size: int) -> bytes:
        """What the client is told."""
        got = b""
        async with asyncio.timeout(5):
            while len(got) < size:
                try:
                    got += self.tls.recv(size - len(got))
                except SSL.WantReadError:
                    self.tls.bio_write(await asyncio.get_running_loop().sock_recv(self.client, 1 << 16))
        return got

    async def passed(self, size: int) -> bytes:
        """What comes out at the server."""
        got = b""
        async with asyncio.timeout(5):
            while len(got) < size:
                got += await asyncio.get_running_loop().sock_recv(self.server, size - len(got))
        return got


@contextmanager
def _sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    one.setblocking(False)
    other.setblocking(False)
    with one, other:
        yield one, other


@asynccontextmanager
async def encrypted(certificate: Certificate, version: int = SSL.TLS1_3_VERSION) -> AsyncIterator[Encrypted]:
    """The handshake is done; nothing is lent yet."""
    if not Relay.available() or not FUNCTIONS:
        missing("the relay is not compiled, or OpenSSL is not to be found")
    loop = asyncio.get_running_loop()
    identity = ListenerTLS(certificate.certificate, certificate.key).identity
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    tls = SSL.Connection(context)
    tls.set_connect_state()
    relay = Relay()
    with _sockets() as (client, inner_client), _sockets() as (server, inner_server):
        plain, _ = await loop.connect_accepted_socket(asyncio.Protocol, inner_client)
        ours = Ours()
        transport = EncryptedTransport(plain, ours, identity.context)
        it = Encrypted(relay, tls, client, server, inner_server, transport, ours)
        while True:
            try:
                tls.do_handshake()
                break
            except SSL.WantReadError:
                await it.flush()
                tls.bio_write(await loop.sock_recv(client, 1 << 16))
        await it.flush()
        await transport.handshake
        try:
            yield it
        finally:
            relay.recall(it.name)
            relay.stop()
            transport.abort()
            await asyncio.sleep(0)


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
async def test_bytes_pass_in_both_directions(certificate: Certificate, version: int) -> None:
    questions = [message(b"Q", b"SELECT %d\0" % number) for number in range(50)]
    answer = message(b"D", b"x" * 100_000) + message(b"Z", b"I")
    async with encrypted(certificate, version) as it:
        it.lend()
        await it.send(*questions)
        assert await it.passed(len(b"".join(questions))) == b"".join(questions)
        await asyncio.get_running_loop().sock_sendall(it.server, answer)
        assert await it.receive(len(answer)) == answer
        assert it.relay.received == (len(b"".join(questions)), len(answer))
        state = it.recall()
        await it.send(b"and then")
        await until(lambda: it.ours.got == b"and then")
    assert state.to_client.received == len(answer)


async def test_what_has_come_before_is_passed_on_first(certificate: Certificate) -> None:
    frame = message(b"d", b"one")
    async with encrypted(certificate) as it:
        it.transport.pause_reading()
        # As if it had been read before the connection was paused.
        it.tls.send(frame)
        it.transport.data_received(it.tls.bio_read(1 << 16))
        it.lend()
        assert await it.passed(len(frame)) == frame
        assert it.ours.got == b""


async def test_a_call_is_given_back_with_all_that_came_behind_it(certificate: Certificate) -> None:
    before, call = message(b"Q", b"SELECT 1\0"), message(b"Q", b"SELECT iasql_apply()\0")
    behind = [message(b"d", b"x" * 10_000) for _ in range(5)]
    async with encrypted(certificate) as it:
        it.lend()
        await it.send(before, call, *behind)
        assert await it.passed(len(before)) == before
        state = await it.back()
        rest = call + b"".join(behind)
        await until(lambda: len(state.to_server.held + it.ours.got) == len(rest))
        assert state.to_server.held + it.ours.got == rest


@pytest.mark.parametrize("pending", [0, 1_400, 140_000, 400_000])
async def test_the_server_s_last_words_come_through_whatever_the_client_has_still_to_say(
    certificate: Certificate, pending: int
) -> None:
    words = message(b"N", b"notice") + message(b"E", b"SFATAL\0C57P01\0\0")
    for _ in range(5):
        async with encrypted(certificate) as it:
            it.transport.pause_reading()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await it.send(*[message(b"Q", b"SELECT 1\0") * 1000] * (pending // 14_000 or pending > 0))
            it.server.send(words)
            it.server.close()
            it.lend()
            assert await it.receive(len(words)) == words
            assert (await it.back()).to_server.unsent == b""


async def test_a_slow_server_stops_its_client_and_loses_nothing(certificate: Certificate) -> None:
    data = message(b"d", b"x" * 9_995) * 500
    async with encrypted(certificate) as it:
        it.lend()
        sending = asyncio.create_task(it.send(data))
        await until_still(lambda: it.relay.received[0])
        assert not sending.done()
        assert await it.passed(len(data)) == data
        await sending
        assert it.lender.state is None


async def test_what_was_read_before_the_server_stopped_is_passed_on_when_it_goes_on(
    certificate: Certificate,
) -> None:
    frames = [message(b"d", b"x" * 9_995)] * 5
    async with encrypted(certificate) as it:
        it.lend()
        sent = 0
        while it.relay.received[0] == sent:
            sent += len(b"".join(frames))
            await it.send(*frames)
            await asyncio.sleep(0.02)
        assert await it.passed(sent) == message(b"d", b"x" * 9_995) * (sent // 10_000)


async def test_a_slow_client_first_gets_what_was_encrypted_before(
    certificate: Certificate,
) -> None:
    rows = message(b"D", b"x" * 1000) * 5000
    async with encrypted(certificate) as it:
        it.lend()
        await send_what_goes(it.server, rows)
        state = it.recall()
        assert state.to_client.unsent
        it.transport.write(b"and then")
        received = state.to_client.received
        assert await it.receive(received + 8) == rows[:received] + b"and then"


async def test_what_is_not_tls_ends_the_connection(certificate: Certificate) -> None:
    async with encrypted(certificate) as it:
        it.lend()
        it.client.send(b"\x17\x03\x03\0\x20" + b"x" * 32)
        await it.back()
        await until(it.transport.is_closing)


async def test_the_end_of_the_encryption_is_given_back(certificate: Certificate) -> None:
    last = message(b"Q", b"SELECT 1\0")
    async with encrypted(certificate) as it:
        it.lend()
        it.tls.send(last)
        it.tls.shutdown()
        await it.flush()
        assert await it.passed(len(last)) == last
        await it.back()
        await until(it.transport.is_closing)


class Talk:
    """Both ends of a pair that is lent and taken back: what they have said, and what they have heard."""

    def __init__(self, it: Encrypted) -> None:
        self.it = it
        self.asked = self.told = self.heard = self.read = b""
        self.received = [0, 0]

    async def ask(self, frame: bytes) -> None:
        self.asked += frame
        await self.it.send(frame)

    async def tell(self, frame: bytes) -> None:
        self.told += frame
        await asyncio.get_running_loop().sock_sendall(self.it.server, frame)

    async def listen(self) -> None:
        while True:
            self.heard += await asyncio.get_running_loop().sock_recv(self.it.server, 1 << 16)

    async def read_on(self) -> None:
        while True:
            self.it.tls.bio_write(await asyncio.get_running_loop().sock_recv(self.it.client, 1 << 16))
            with suppress(SSL.WantReadError):
                while True:
                    self.read += self.it.tls.recv(1 << 16)

    async def take_over(self) -> None:
        """Do what Python does with a pair that it takes back, until both directions are between messages."""
        it, loop = self.it, asyncio.get_running_loop()
        before = len(it.ours.got)
        state = it.recall()
        await loop.sock_sendall(it.inner, state.to_server.unsent + state.to_server.held)
        self.received[0] += state.to_server.received
        self.received[1] += state.to_client.received
        while self.received[1] < len(self.told):
            rest = await loop.sock_recv(it.inner, 1 << 16)
            self.received[1] += len(rest)
            it.transport.write(rest)
        await until(lambda: self.received[0] + len(it.ours.got) - before == len(self.asked))
        await loop.sock_sendall(it.inner, it.ours.got[before:])
        self.received[0] = len(self.asked)
        await until(lambda: not it.transport.get_write_buffer_size())
        it.lend()


_BODIES = st.builds(lambda size, fill: bytes([fill]) * size, st.integers(0, 60_000), st.integers(0, 90))
_TURNS = st.lists(
    st.tuples(st.booleans(), _BODIES, st.sampled_from(["go on", "take over", "wait"])), max_size=20
)


@given(turns=_TURNS)
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_however_often_it_is_lent(
    certificate: Certificate, turns: list[tuple[bool, bytes, str]]
) -> None:
    async def talk() -> None:
        async with asyncio.timeout(20), encrypted(certificate) as it:
            it.lend()
            both = Talk(it)
            hearing = [asyncio.create_task(each) for each in (both.listen(), both.read_on())]
            for from_client, body, then in turns:
                await (both.ask if from_client else both.tell)(message(b"d", body))
                if then == "wait":
                    await asyncio.sleep(0.002)
                elif then == "take over":
                    await both.take_over()
            await until(lambda: len(both.heard) >= len(both.asked) and len(both.read) >= len(both.told))
            assert (both.heard, both.read) == (both.asked, both.told)
            for each in hearing:
                each.cancel()

    uvloop.run(talk())
