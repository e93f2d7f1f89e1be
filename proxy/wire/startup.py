"""The packets that open a connection; they have no type byte.

https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct

from proxy.wire.frames import FramingError

#: PostgreSQL's own bounds (MAX_STARTUP_PACKET_LENGTH).
SMALLEST = 8
LARGEST = 10_000

CANCEL_REQUEST = (1234 << 16) | 5678
SSL_REQUEST = (1234 << 16) | 5679
GSSENC_REQUEST = (1234 << 16) | 5680

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


class UnsupportedProtocolError(FramingError):
    """A packet of a protocol that PostgreSQL does not speak, or does not speak any more.

    Attributes:
        frame: what PostgreSQL answers in that protocol; None if it has no other form of an error.
    """

    def __init__(self, code: int) -> None:
        message = unsupported(code)
        super().__init__(message)
        self.frame = f"EFATAL:  {message}\n\0".encode() if code >> 16 in (1, 2) else None


Startup = StartupMessage | SSLRequest | GSSENCRequest | CancelRequest


def read_startup(data: bytes) -> tuple[Startup, bytes] | None:
    """Read one packet from the beginning of a connection.

    Returns:
        The packet and the bytes behind it, or None when it is not complete.

    Raises:
        FramingError: it cannot be one.
        UnsupportedProtocolError: it is one of another protocol.
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
    if code == SSL_REQUEST and length == 8:
        return SSLRequest(), rest
    if code == GSSENC_REQUEST and length == 8:
        return GSSENCRequest(), rest
    if code == CANCEL_REQUEST:
        if length < 16:
            raise FramingError("invalid length of cancel request packet")
        return CancelRequest(packet, packet[8:]), rest
    if code >> 16 != 3:
        raise UnsupportedProtocolError(code)
    return _startup_message(packet), rest


def unsupported(code: int) -> str:
    """What PostgreSQL says of a protocol version, or of a request where there may be none."""
    return f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}: server supports 3.0 to 3.2"


def cancel_request(key: bytes) -> bytes:
    """Write a CancelRequest for the body of a BackendKeyData."""
    return _TWO.pack(8 + len(key), CANCEL_REQUEST) + key


@lru_cache(maxsize=256)
def _startup_message(packet: bytes) -> StartupMessage:
    """Read a packet; many clients say the same, and then share what they have said."""
    body = packet[8:]
    if not body.endswith(b"\0"):
        raise FramingError("invalid startup packet layout: expected terminator as last byte")
    words = body.decode("utf-8", "surrogateescape").split("\0")
    parameters: dict[str, str] = {}
    for name, value in zip(words[::2], words[1::2], strict=False):
        if not name:
            break
        parameters[name] = value
    return StartupMessage(packet, _TWO.unpack_from(packet)[1], parameters)
