"""Messages that the server sends: those that are looked at, and those that the proxy sends itself.

https://www.postgresql.org/docs/current/protocol-message-formats.html
https://www.postgresql.org/docs/current/protocol-error-fields.html
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct, error

from proxy.wire.frames import FramingError, message

BACKEND_KEY_DATA = ord("K")
BIND_COMPLETE = ord("2")
CLOSE_COMPLETE = ord("3")
COMMAND_COMPLETE = ord("C")
COPY_BOTH_RESPONSE = ord("W")
COPY_DATA = ord("d")
COPY_IN_RESPONSE = ord("G")
DATA_ROW = ord("D")
EMPTY_QUERY_RESPONSE = ord("I")
ERROR_RESPONSE = ord("E")
NO_DATA = ord("n")
NOTICE_RESPONSE = ord("N")
NOTIFICATION_RESPONSE = ord("A")
PARAMETER_DESCRIPTION = ord("t")
PARAMETER_STATUS = ord("S")
PARSE_COMPLETE = ord("1")
PORTAL_SUSPENDED = ord("s")
READY_FOR_QUERY = ord("Z")
ROW_DESCRIPTION = ord("T")

#: May come at any time and answer nothing.
ASYNCHRONOUS = frozenset({NOTICE_RESPONSE, NOTIFICATION_RESPONSE, PARAMETER_STATUS})

IDLE = b"I"
IN_TRANSACTION = b"T"
FAILED = b"E"

_INT32 = Struct(">i")
_UINT16 = Struct(">H")


def read_fields(body: bytes, codec: str) -> dict[str, str]:
    """The fields of an ErrorResponse or NoticeResponse by their one-letter type."""
    return {
        chr(part[0]): part[1:].decode(codec, "replace") for part in body.rstrip(b"\0").split(b"\0") if part
    }


def read_row(body: bytes, codec: str) -> tuple[str | None, ...]:
    """The values of a DataRow in text format.

    Raises:
        FramingError: it is none, or its text is not in the encoding.
    """
    values: list[str | None] = []
    at = 2
    try:
        (count,) = _UINT16.unpack_from(body, 0)
        for _ in range(count):
            (size,) = _INT32.unpack_from(body, at)
            at += 4
            values.append(None if size < 0 else str(body[at : at + size], codec))
            at += max(size, 0)
    except error:
        raise FramingError("insufficient data left in message") from None
    except UnicodeDecodeError:
        raise FramingError(f"invalid byte sequence for encoding {codec}") from None
    if at > len(body):
        raise FramingError("insufficient data left in message")
    return tuple(values)


def read_parameter(body: bytes) -> tuple[str, str]:
    """Name and value of a ParameterStatus.

    Raises:
        FramingError: it is none.
    """
    name, ended, rest = body.partition(b"\0")
    value, terminated, _ = rest.partition(b"\0")
    if not ended or not terminated:
        raise FramingError("invalid string in message")
    return name.decode("latin-1"), value.decode("latin-1")


def error_response(fields: Mapping[str, str], codec: str) -> bytes:
    """Write an ErrorResponse."""
    return message(b"E", _fields(fields, codec))


def notice_response(fields: Mapping[str, str], codec: str) -> bytes:
    """Write a NoticeResponse."""
    return message(b"N", _fields(fields, codec))


def ready_for_query(status: bytes) -> bytes:
    """Write a ReadyForQuery."""
    return message(b"Z", status)


def _fields(fields: Mapping[str, str], codec: str) -> bytes:
    return (
        b"".join(
            kind.encode() + value.replace("\0", "").encode(codec, "replace") + b"\0"
            for kind, value in fields.items()
        )
        + b"\0"
    )
