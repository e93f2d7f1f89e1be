"""Cuts a byte stream into messages without holding what need not be looked at.

A message is a type byte, a length that counts itself, and a body:
https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

#: The most that PostgreSQL itself accepts (MaxAllocSize), with the length field.
LARGEST = 0x3FFFFFFF + 4

_HEADER = Struct(">BI")
_read_header = _HEADER.unpack_from
HEADER_SIZE = _HEADER.size


#: Any message's type byte.
EVERY_KIND = frozenset(range(256))


class FramingError(Exception):
    """The stream does not consist of messages; nothing after this point can be understood."""


@dataclass(slots=True)
class Run:
    """Bytes that go on as they are: whole messages and parts of them.

    Attributes:
        data: the bytes.
        kinds: types of the messages that begin in them, but for the quiet ones.
    """

    data: bytes
    kinds: list[int]


@dataclass(slots=True)
class Message:
    """One whole message.

    Attributes:
        kind: its type byte.
        frame: all of it, header included.
    """

    kind: int
    frame: bytes

    @property
    def body(self) -> bytes:
        return self.frame[HEADER_SIZE:]


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Put the header in front of a body."""
    return _HEADER.pack(kind[0], len(body) + 4) + body


class Place(NamedTuple):
    """Where one direction stands.

    Attributes:
        skip: bytes of the current message that are still to come.
        held: the beginning of a message.
    """

    skip: int
    held: bytes


class Cutter:
    """Takes chunks in, gives runs and messages out, in order.

    Which types are wanted whole is asked at every step, because what one message
    says can decide whether the next has to be looked at.

    Args:
        largest_held: a longer message passes in runs although its type is wanted.
        short, largest_short: the same for messages of some types.
    """

    __slots__ = (
        "_at",
        "_data",
        "_largest_held",
        "_largest_short",
        "_more",
        "_more_size",
        "_need",
        "_short",
        "_skip",
    )

    def __init__(
        self, *, largest_held: int = LARGEST, short: Collection[int] = (), largest_short: int = LARGEST
    ) -> None:
        self._largest_held = largest_held
        self._short = short
        self._largest_short = largest_short
        self._data = b""
        self._at = 0
        self._more: list[bytes] | tuple[()] = ()
        self._more_size = 0
        self._skip = 0
        self._need = 0

    @property
    def pending(self) -> int:
        """How many bytes were fed and not yet taken."""
        return len(self._data) - self._at + self._more_size

    @property
    def inside_message(self) -> bool:
        """Whether the last run ended within a message."""
        return self._skip > 0

    @property
    def between_messages(self) -> bool:
        """Whether everything that was fed has been taken, and was whole messages."""
        return not self._skip and not self.pending

    @property
    def next_kind(self) -> int | None:
        """The type of the message that begins next, if the byte that says it has come."""
        if self._skip:
            return None
        if self._at < len(self._data):
            return self._data[self._at]
        return next((chunk[0] for chunk in self._more if chunk), None)

    @property
    def place(self) -> Place:
        """Where it stands; `restore` continues there."""
        return Place(self._skip, self.rest())

    def restore(self, skip: int, pending: bytes) -> None:
        """Continue where somebody else has stopped.

        Args:
            skip: how many bytes of a message are still to come.
            pending: what then follows.
        """
        self._skip = skip
        self.feed(pending)

    def feed(self, chunk: bytes) -> None:
        """Append what has arrived."""
        if self._at == len(self._data) and not self._more:
            self._data = chunk
            self._at = 0
        else:
            if isinstance(self._more, list):
                self._more.append(chunk)
            else:
                self._more = [chunk]
            self._more_size += len(chunk)

    def rest(self) -> bytes:
        """What was fed and not yet taken; it stays."""
        self._join()
        return self._data[self._at :]

    def take_rest(self) -> bytes:
        """What was fed and not yet taken; nothing of it stays, nor of the message that it belongs to."""
        rest = self.rest()
        self._data, self._at, self._skip, self._need = b"", 0, 0, 0
        return rest

    def take(self, wanted: Collection[int], quiet: Collection[int] = frozenset()) -> Run | Message | None:
        """Give the next piece, or None when more bytes are needed.

        Args:
            wanted: types to be given as whole messages.
            quiet: types that are not wanted and not worth naming in a run, such as
                DataRow, of which there may be millions.

        Raises:
            FramingError: a message claims an impossible length.
        """
        if self._more:
            if self.pending < self._need:
                return None
            self._join()
        data = self._data
        start = at = self._at
        end = len(data)
        kinds: list[int] = []
        self._need = 0
        if self._skip:
            at += min(self._skip, end - at)
            self._skip -= at - start
        while end - at >= HEADER_SIZE:
            kind, length = _read_header(data, at)
            if not 4 <= length <= LARGEST:
                if at > start:
                    break
                raise FramingError(f"invalid message length {length}")
            after = at + length + 1
            if kind in quiet:
                pass
            elif kind in wanted and length <= (
                self._largest_short if kind in self._short else self._largest_held
            ):
                if at > start:
                    break
                if after > end:
                    self._need = length + 1
                    return None
                self._at = after
                return Message(kind, data[at:after])
            else:
                kinds.append(kind)
            if after > end:
                self._skip = after - end
                at = end
            else:
                at = after
        if at == start:
            self._need = HEADER_SIZE
            return None
        self._at = at
        return Run(data[start:at], kinds)

    def whole(self, chunk: bytes, quiet: Collection[int]) -> list[int] | None:
        """The types of the messages that a chunk consists of; None if it has others' parts in it."""
        if self._at != len(self._data) or self._skip or self._more:
            return None
        end = len(chunk)
        at = 0
        kinds: list[int] = []
        while end - at >= HEADER_SIZE:
            kind, length = _read_header(chunk, at)
            if length < 4:
                return None
            if kind not in quiet:
                kinds.append(kind)
            at += length + 1
        return kinds if at == end else None

    def follow(
        self, chunk: bytes, wanted: Mapping[int, bytes], quiet: Collection[int]
    ) -> list[int | Message]:
        """Read a chunk that has been passed on already: the wanted messages, and the types of others.

        The same as `feed` and `take`, without runs; for the bytes that are the most.

        Args:
            wanted: what the bodies of messages begin with that are wanted, by type; others of a
                type are as quiet.

        Raises:
            FramingError: a message claims an impossible length.
        """
        self.feed(chunk)
        if self._more:
            if self.pending < self._need:
                return []
            self._join()
        data = self._data
        end = len(data)
        at = self._at + self._skip
        found: list[int | Message] = []
        self._need = 0
        while end - at >= HEADER_SIZE:
            kind, length = _read_header(data, at)
            if kind not in quiet:
                if length < 4:
                    raise FramingError(f"invalid message length {length}")
                if kind not in wanted:
                    found.append(kind)
                elif at + length >= end:
                    self._need = length + 1
                    break
                elif data.startswith(wanted[kind], at + HEADER_SIZE):
                    found.append(Message(kind, data[at : at + length + 1]))
            at += length + 1
        self._skip = max(at - end, 0)
        self._at = min(at, end)
        return found

    def _join(self) -> None:
        if self._more:
            self._data = b"".join((memoryview(self._data)[self._at :], *self._more))
            self._at = 0
            self._more = ()
            self._more_size = 0
