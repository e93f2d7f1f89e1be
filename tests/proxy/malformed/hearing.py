"""Says something, and hears what comes back and how that ends."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import Self

from proxy.wire.startup import SSL_REQUEST_PACKET

#: Seconds of silence after which somebody is taken to wait; longer where there seems to be a difference.
PATIENCE = (0.1, 0.5, 3.0)

#: Seconds within which a connection ends whose client has ended.
_END = 15.0

_CHUNK = 1 << 16

#: What differs from one connection to the next, in a BackendKeyData and in requests for a proof.
_RANDOM = re.compile(rb"K\0\0\0\x0c.{8}|R\0\0\0\x0c\0\0\0\x05.{4}", re.DOTALL)

#: An error that the proxy says itself, with its length and the place in its source.
_OWN = re.compile(
    rb"E.{4}(SFATAL\0VFATAL\0C08P01\0Mreceived unencrypted data .*?\0D.*?\0)F.+?\0L\d+\0R.+?\0\0", re.DOTALL
)


@dataclass(frozen=True)
class Way:
    """How somebody is reached.

    Attributes:
        address: host and port, or the path of a socket.
        tls: what is said is said with TLS.
    """

    address: tuple[str, int] | str
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Heard:
    """What came of something that was said.

    Attributes:
        said: the answers, without what is another on each connection.
        closed: whether the connection was ended while the client was still there.
    """

    said: bytes
    closed: bool

    def __str__(self) -> str:
        return "and ends" if self.closed else "and waits"


async def difference(
    direct: Way,
    proxied: Way,
    words: bytes,
    before: Sequence[bytes] = (),
    patience: Sequence[float] = PATIENCE,
) -> str | None:
    """What differs between the answers to something; None if nothing does, perhaps at a second try.

    Args:
        before: what is said first, each after the answer to the one before.
    """
    for seconds in patience:
        expected, found = await asyncio.gather(
            hear(direct, words, before, seconds), hear(proxied, words, before, seconds)
        )
        if expected == found:
            return None
    both = zip(expected.said, found.said, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))
    heard = [f"…{each.said[same - 10 if same > 10 else 0 :]!r}, {each}" for each in (expected, found)]
    return f"{words[:200]!r} ({len(words)} bytes)\n  direct:  {heard[0]}\n  proxied: {heard[1]}"


async def hear(way: Way, words: bytes, before: Sequence[bytes], patience: float) -> Heard:
    """Say something and wait for what comes; then end the client's side, and wait for the rest."""
    async with asyncio.timeout(60):
        wire = await _Wire.open(way)
    said = bytearray()
    try:
        for each in before:
            await wire.send(each)
            await wire.hear_answer(said)
        await wire.send(words)
        closed = await wire.hear(said, patience)
        if not closed:
            await wire.end()
            if not await wire.hear(said, _END):
                said += b" (and it stays open)"
    finally:
        wire.close()
    return Heard(_OWN.sub(rb"E\1", _RANDOM.sub(b"", bytes(said))), closed)


class _Wire:
    """A connection whose last bytes are read also if it is reset."""

    def __init__(self, made: socket.socket) -> None:
        self._made = made
        self._loop = asyncio.get_running_loop()
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    @classmethod
    async def open(cls, way: Way) -> Self:
        family = socket.AF_UNIX if isinstance(way.address, str) else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setblocking(False)
        wire = cls(made)
        try:
            await wire._loop.sock_connect(made, way.address)
            if way.tls is not None:
                await wire._encrypt(way.tls)
        except BaseException:
            made.close()
            raise
        return wire

    async def _encrypt(self, context: ssl.SSLContext) -> None:
        await self._loop.sock_sendall(self._made, SSL_REQUEST_PACKET)
        assert await self._loop.sock_recv(self._made, 1) == b"S"
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        while True:
            try:
                self._tls.do_handshake()
                await self._flush()
                return
            except ssl.SSLWantReadError:
                await self._flush()
                self._incoming.write(await self._loop.sock_recv(self._made, _CHUNK))

    async def _flush(self) -> None:
        with suppress(OSError):  # the other side may have ended the connection; what it said is read then
            await self._loop.sock_sendall(self._made, self._outgoing.read())

    async def send(self, data: bytes) -> None:
        if self._tls is None:
            self._outgoing.write(data)
        elif data:
            self._tls.write(data)
        await self._flush()

    async def end(self) -> None:
        """Say that nothing more comes."""
        if self._tls is not None:
            with suppress(ssl.SSLError):
                self._tls.unwrap()
        await self._flush()
        with suppress(OSError):
            self._made.shutdown(socket.SHUT_WR)

    async def hear(self, said: bytearray, patience: float) -> bool:
        """Hear until nothing comes for so long, which is False, or the connection is ended."""
        while True:
            try:
                data = await asyncio.wait_for(self._loop.sock_recv(self._made, _CHUNK), patience)
            except TimeoutError:
                return False
            except OSError:
                data = b""
            said += data if self._tls is None else self._decrypted(data)
            if not data:
                return True

    async def hear_answer(self, said: bytearray) -> None:
        """Hear until something has come, and nothing more comes."""
        before = len(said)
        async with asyncio.timeout(_END):
            while len(said) == before and not await self.hear(said, 0.03):
                pass

    def _decrypted(self, data: bytes) -> bytes:
        assert self._tls is not None
        self._incoming.write(data)
        found = b""
        with suppress(ssl.SSLError):
            while part := self._tls.read(_CHUNK):
                found += part
        return found

    def close(self) -> None:
        self._made.close()
