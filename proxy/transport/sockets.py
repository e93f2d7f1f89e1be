"""Transports on sockets that were opened elsewhere, and on top of other transports.

The one of a connection with TLS is paused at the socket.

asyncio's own transport, when paused, keeps what it has decrypted and goes on reading; if the
other side then ends the connection, what was kept is lost. A server's last answers to a slow client would be.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any

#: Bytes that are read at once.
_CHUNK = 1 << 18


async def connect(descriptor: int, protocol: asyncio.Protocol) -> None:
    """Give a connection that is there to a protocol, which owns it from now on.

    Raises:
        OSError: it is of no use any more.
    """
    made = socket.socket(fileno=descriptor)
    try:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, made)
    except BaseException:
        made.close()
        raise


def unread(transport: asyncio.BaseTransport) -> bytes:
    """What the other side has said, and no protocol has heard; to be asked in `connection_lost`.

    A transport gives a connection up as soon as a send fails. What the other side had said before
    it closed the connection is still in the socket. With TLS nobody could read it.
    """
    made = transport.get_extra_info("socket")
    if made is None or transport.get_extra_info("ssl_object") is not None:
        return b""
    found = bytearray()
    with suppress(OSError), socket.socket(fileno=os.dup(made.fileno())) as copy:
        while data := copy.recv(_CHUNK, socket.MSG_DONTWAIT):
            found += data
    return bytes(found)


class WrappingTransport(asyncio.Transport):
    """Is asked what another transport knows.

    Args:
        below: that one.
    """

    def __init__(self, below: asyncio.Transport) -> None:
        super().__init__()
        self._below = below
        self._paused = False

    def is_reading(self) -> bool:
        return not self._paused

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self._below.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._below.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._below.set_write_buffer_limits(high, low)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._below.get_write_buffer_limits()

    def get_write_buffer_size(self) -> int:
        return self._below.get_write_buffer_size()


class PausingTransport(WrappingTransport):
    """Reads and writes like the transport that `loop.start_tls` gives.

    Args:
        plain: the transport below, which reads from the socket.
        encrypted: what start_tls has made of it.
    """

    def __init__(self, plain: asyncio.Transport, encrypted: asyncio.Transport) -> None:
        super().__init__(encrypted)
        self._plain = plain

    def pause_reading(self) -> None:
        if not self._paused and not self._plain.is_closing():
            self._paused = True
            self._plain.pause_reading()

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            if not self._plain.is_closing():
                self._plain.resume_reading()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self._below.write(data)

    def close(self) -> None:
        # The other side's last word is waited for, and what comes before it is dropped.
        self._below.close()
        self.resume_reading()

    def abort(self) -> None:
        self._below.abort()
        # Which waits for TLS to end, if that has begun.
        self._plain.abort()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._below.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._below.get_protocol()
