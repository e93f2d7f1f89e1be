"""Messages that a client sends: those that are looked at, and those that the proxy sends itself.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct, error

from proxy.wire.frames import FramingError, message

BIND = ord("B")
CLOSE = ord("C")
COPY_DATA = ord("d")
COPY_DONE = ord("c")
COPY_FAIL = ord("f")
DESCRIBE = ord("D")
EXECUTE = ord("E")
FLUSH = ord("H")
FUNCTION_CALL = ord("F")
PARSE = ord("P")
QUERY = ord("Q")
SYNC = ord("S")
TERMINATE = ord("X")

#: All that there are once a client has logged in, and those that there are while it sends COPY data.
KINDS = frozenset(b"BCDEFHPQSXcdf")
KINDS_IN_COPY = frozenset(b"HScdf")

#: Messages that are always short, and the most that PostgreSQL accepts of one (PQ_SMALL_MESSAGE_LIMIT).
SHORT = frozenset({CLOSE, COPY_DONE, COPY_FAIL, DESCRIBE, EXECUTE, FLUSH, SYNC, TERMINATE})
LARGEST_SHORT = 10_000

_INT16 = Struct(">h")
_UINT16 = Struct(">H")
_INT32 = Struct(">i")
_UINT32 = Struct(">I")


@dataclass(frozen=True)
class Parse:
    """A statement to prepare, with the type OIDs of its first parameters."""

    statement: bytes
    sql: bytes
    types: tuple[int, ...]


@dataclass(frozen=True)
class Bind:
    """Values for a statement.

    Attributes:
        formats: one for all, one for each, or none (text).
        values: None is NULL.
        results: what follows the values: the formats of the result columns, undecoded.
    """

    portal: bytes
    statement: bytes
    formats: tuple[int, ...]
    values: tuple[bytes | None, ...]
    results: bytes

    def format_of(self, index: int) -> int:
        """The format of a value, 0 for text and 1 for binary."""
        if not self.formats:
            return 0
        return self.formats[0 if len(self.formats) == 1 else index]


def read_query(body: bytes) -> bytes:
    """The text of a Query."""
    sql, at = _string(body, 0)
    _check_end(body, at)
    return sql


def read_parse(body: bytes) -> Parse:
    """Decode a Parse."""
    statement, at = _string(body, 0)
    sql, at = _string(body, at)
    try:
        (count,) = _UINT16.unpack_from(body, at)
        types = Struct(f">{count}I").unpack_from(body, at + 2)
    except error:
        raise FramingError("insufficient data left in message") from None
    _check_end(body, at + 2 + 4 * count)
    return Parse(statement, sql, types)


def read_bind_names(body: bytes) -> tuple[bytes, bytes]:
    """The names of portal and statement in a Bind."""
    portal, at = _string(body, 0)
    return portal, _string(body, at)[0]


def read_bind(body: bytes) -> Bind:
    """Decode a Bind."""
    portal, at = _string(body, 0)
    statement, at = _string(body, at)
    values: list[bytes | None] = []
    try:
        (count,) = _UINT16.unpack_from(body, at)
        formats = Struct(f">{count}H").unpack_from(body, at + 2)
        at += 2 + 2 * count
        (count,) = _UINT16.unpack_from(body, at)
        at += 2
        for _ in range(count):
            (size,) = _INT32.unpack_from(body, at)
            at += 4
            values.append(None if size < 0 else body[at : at + size])
            at += max(size, 0)
    except error:
        raise FramingError("insufficient data left in message") from None
    if at > len(body):
        raise FramingError("insufficient data left in message")
    return Bind(portal, statement, formats, tuple(values), body[at:])


def read_execute_portal(body: bytes) -> bytes:
    """The name of the portal in an Execute."""
    portal, at = _string(body, 0)
    _check_end(body, at + _INT32.size)
    return portal


def read_close(body: bytes) -> tuple[bytes, bytes]:
    """What a Close or Describe is about: b"S" or b"P", and the name."""
    name, at = _string(body, 1)
    _check_end(body, at)
    return body[:1], name


def query(sql: bytes) -> bytes:
    """Write a Query."""
    return message(b"Q", sql + b"\0")


def parse(statement: bytes, sql: bytes, types: Sequence[int] = ()) -> bytes:
    """Write a Parse."""
    count = _UINT16.pack(len(types))
    return message(b"P", statement + b"\0" + sql + b"\0" + count + Struct(f">{len(types)}I").pack(*types))


def bind(
    portal: bytes, statement: bytes, values: Sequence[bytes | None] = (), formats: Sequence[int] = ()
) -> bytes:
    """Write a Bind with results in text format."""
    parts = [portal, b"\0", statement, b"\0", _UINT16.pack(len(formats))]
    parts += map(_UINT16.pack, formats)
    parts.append(_UINT16.pack(len(values)))
    for value in values:
        parts.append(_INT32.pack(-1 if value is None else len(value)))
        parts.append(value or b"")
    parts.append(_UINT16.pack(0))
    return message(b"B", b"".join(parts))


def rebind(body: bytes, statement: bytes) -> bytes:
    """Write a Bind like the one given, of another statement."""
    portal, at = _string(body, 0)
    _, at = _string(body, at)
    return message(b"B", portal + b"\0" + statement + b"\0" + body[at:])


def describe_portal(portal: bytes) -> bytes:
    """Write a Describe of a portal."""
    return message(b"D", b"P" + portal + b"\0")


def execute(portal: bytes) -> bytes:
    """Write an Execute without a row limit."""
    return message(b"E", portal + b"\0" + _UINT32.pack(0))


def close_portal(portal: bytes) -> bytes:
    """Write a Close of a portal."""
    return message(b"C", b"P" + portal + b"\0")


def close_statement(statement: bytes) -> bytes:
    """Write a Close of a statement."""
    return message(b"C", b"S" + statement + b"\0")


FLUSH_FRAME = message(b"H")
SYNC_FRAME = message(b"S")
TERMINATE_FRAME = message(b"X")


def _string(body: bytes, at: int) -> tuple[bytes, int]:
    end = body.find(b"\0", at)
    if end < 0:
        raise FramingError("invalid string in message")
    return body[at:end], end + 1


def _check_end(body: bytes, at: int) -> None:
    if at != len(body):
        raise FramingError("invalid message format")
