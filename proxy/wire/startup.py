"""The packets that open a connection; they have no type byte.

https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct

from proxy.wire.frames import FramingError

#: PostgreSQL's own bounds: MAX_STARTUP_PACKET_LENGTH does not count the length field.
SMALLEST = 8
LARGEST = 10_000 + 4

#: The least of a CancelRequest that has a key: code and process id.
_SMALLEST_CANCEL = 12

CANCEL_REQUEST = (1234 << 16) | 5678
SSL_REQUEST = (1234 << 16) | 5679
GSSENC_REQUEST = (1234 << 16) | 5680

#: A request that no server knows; the error about it names the protocol versions that the server speaks.
UNKNOWN_REQUEST = (1234 << 16) | 5681

_LENGTH = Struct(">I")
_TWO = Struct(">II")

#: A whole SSLRequest.
SSL_REQUEST_PACKET = _TWO.pack(8, SSL_REQUEST)


@dataclass(frozen=True, slots=True)
class StartupMessage:
    """Asks for a session.

    Attributes:
        packet: all of it, as sent.
        version: protocol version, major in the upper 16 bits.
        parameters: user, database, options, and settings by name.
    """

    packet: bytes
    version: int
    parameters: Mapping[str, str]

    @property
    def user(self) -> str:
        return self.parameters.get("user", "")

    @property
    def database(self) -> str:
        return self.parameters.get("database") or self.user


@dataclass(frozen=True, slots=True)
class SSLRequest:
    """Asks whether TLS may begin."""


@dataclass(frozen=True, slots=True)
class GSSENCRequest:
    """Asks whether GSSAPI encryption may begin."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Asks to cancel what a session is doing.

    Attributes:
        packet: all of it, as sent.
        key: process id and secret, the body of that session's BackendKeyData.
    """

    packet: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class OtherProtocol:
    """Asks for a protocol that is not version 3; the server says whether it speaks that.

    Attributes:
        packet: all of it, as sent.
    """

    packet: bytes


Startup = StartupMessage | SSLRequest | GSSENCRequest | CancelRequest | OtherProtocol


def read_startup(data: bytes) -> tuple[Startup, bytes] | None:
    """Read one packet from the beginning of a connection.

    Returns:
        The packet and the bytes behind it, or None when it is not complete.

    Raises:
        FramingError: it cannot be one. PostgreSQL logs that, and tells the client nothing.
    """
    if len(data) < 4:
        return None
    (length,) = _LENGTH.unpack_from(data)
    if not SMALLEST <= length <= LARGEST:
        raise FramingError("invalid length of startup packet")
    if len(data) < length:
        return None
    packet, rest = data[:length], data[length:]
    _, code = _TWO.unpack_from(packet)
    if code == SSL_REQUEST:
        return SSLRequest(), rest
    if code == GSSENC_REQUEST:
        return GSSENCRequest(), rest
    if code == CANCEL_REQUEST:
        if length < _SMALLEST_CANCEL:
            raise FramingError("invalid length of cancel request packet")
        return CancelRequest(packet, packet[8:]), rest
    if code >> 16 != 3:
        return OtherProtocol(packet), rest
    return _startup_message(packet), rest


def unknown_request() -> bytes:
    """Write a packet of which every server says that it is of no protocol it knows."""
    return _TWO.pack(SMALLEST, UNKNOWN_REQUEST)


def version(code: int) -> bytes:
    """A protocol version, as PostgreSQL's errors write it."""
    return f"{code >> 16}.{code & 0xFFFF}".encode()


def cancel_request(key: bytes) -> bytes:
    """Write a CancelRequest for the body of a BackendKeyData."""
    return _TWO.pack(8 + len(key), CANCEL_REQUEST) + key


@lru_cache(maxsize=256)
def _startup_message(packet: bytes) -> StartupMessage:
    """Read a packet; many clients say the same, and then share what they have said.

    A packet without an end is read as far as possible: the server refuses it.
    """
    body = packet[8:]
    words = body.decode("utf-8", "surrogateescape").split("\0")
    parameters: dict[str, str] = {}
    for name, value in zip(words[::2], words[1::2], strict=False):
        if not name:
            break
        parameters[name] = value
    return StartupMessage(packet, _TWO.unpack_from(packet)[1], parameters)
