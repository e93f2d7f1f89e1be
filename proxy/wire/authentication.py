"""The messages of authentication, which come between StartupMessage and ReadyForQuery.

https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONOK
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, error

from proxy.wire.frames import HEADER_SIZE, FramingError, message

#: The type of all of the server's, and of all of the client's.
REQUEST = ord("R")
RESPONSE = ord("p")

#: What the server's are, by the number in them.
OK = 0
SASL = 10
SASL_CONTINUE = 11
SASL_FINAL = 12

#: The longest that PostgreSQL accepts (PG_MAX_AUTH_TOKEN_LENGTH, PG_MAX_SASL_MESSAGE_LENGTH), without type.
LARGEST_RESPONSE = 65_535
LARGEST_SASL_RESPONSE = 1_024

_INT32 = Struct(">i")


def read_request(body: bytes) -> tuple[int, bytes]:
    """The number in a server's message, and what follows."""
    try:
        (kind,) = _INT32.unpack_from(body)
    except error:
        raise FramingError("insufficient data left in message") from None
    return kind, body[4:]


def read_mechanisms(data: bytes) -> tuple[str, ...]:
    """The names in an AuthenticationSASL."""
    return tuple(name.decode("latin-1") for name in data.split(b"\0") if name)


def is_sasl_response(frame: bytes) -> bool:
    """Whether a client's message is one, of a length that PostgreSQL accepts."""
    if len(frame) < HEADER_SIZE or len(frame) > LARGEST_SASL_RESPONSE + 1:
        return False
    return frame[0] == RESPONSE and int.from_bytes(frame[1:HEADER_SIZE], "big") == len(frame) - 1


def read_sasl_initial_response(body: bytes) -> tuple[str, bytes | None]:
    """The mechanism that the client has chosen, and what it says first; None if it lets the server begin."""
    mechanism, end, rest = body.partition(b"\0")
    try:
        (size,) = _INT32.unpack_from(rest)
    except error:
        raise FramingError("insufficient data left in message") from None
    if not end or max(size, 0) != len(rest) - 4:
        raise FramingError("invalid message format")
    return mechanism.decode("latin-1"), None if size < 0 else rest[4:]


def request(kind: int, data: bytes = b"") -> bytes:
    """Write any of the server's."""
    return message(b"R", _INT32.pack(kind) + data)


def sasl(mechanisms: Sequence[str]) -> bytes:
    """Write an AuthenticationSASL."""
    return request(SASL, b"".join(name.encode() + b"\0" for name in mechanisms) + b"\0")


def sasl_continue(data: bytes) -> bytes:
    """Write an AuthenticationSASLContinue."""
    return request(SASL_CONTINUE, data)


def sasl_final(data: bytes) -> bytes:
    """Write an AuthenticationSASLFinal."""
    return request(SASL_FINAL, data)


def sasl_initial_response(mechanism: str, data: bytes) -> bytes:
    """Write a SASLInitialResponse."""
    return message(b"p", mechanism.encode() + b"\0" + _INT32.pack(len(data)) + data)


def sasl_response(data: bytes) -> bytes:
    """Write a SASLResponse."""
    return message(b"p", data)
