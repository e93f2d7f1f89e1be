"""The client or the server of a login: what has come of it, and what it is told."""

from __future__ import annotations

import asyncio
from typing import cast

from proxy.transport.sockets import unread
from proxy.wire import authentication
from proxy.wire.frames import EVERY_KIND, Cutter, FramingError, Message, Run

#: Bytes that may wait to be taken before no more are read.
_BACKLOG = 1 << 17


class Side(asyncio.Protocol):
    """The client or the server, while the client logs in.

    Args:
        news: set when there is something to take, or the connection has gone.
        half_closes: whether it may still want to hear something when it has said all.

    Attributes:
        ended: whether nothing more comes, but somebody may still want to hear.
        lost: whether the connection has gone, or not come yet; there may still be something to take.
    """

    def __init__(self, news: asyncio.Event, *, half_closes: bool = False) -> None:
        self._news = news
        self._half_closes = half_closes
        self._cutter = Cutter(largest_held=authentication.LARGEST_RESPONSE)
        self._paused = False
        self._said_all = False
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self.lost = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self._cutter.feed(data)
        self._news.set()
        if self._cutter.pending > _BACKLOG and not self._paused:
            self._paused = True
            assert self.transport is not None
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        self.ended = True
        self._news.set()
        return self._half_closes

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and self.transport is not None and (last_words := unread(self.transport)):
            self._cutter.feed(last_words)
        self.lost = True
        self._news.set()

    def take(self) -> Message | None:
        """The next message, if all of it has come.

        Raises:
            FramingError: it is longer than Postgres would take.
        """
        piece = self._cutter.take(EVERY_KIND)
        if isinstance(piece, Run):
            raise FramingError("invalid message length")
        return piece

    def take_answer(self) -> bytes | None:
        """What the client answers to a request, if all of it has come.

        What can be no answer is given as it is: Postgres refuses it at its first byte, or at its length.
        """
        if self._cutter.next_kind not in (None, authentication.RESPONSE):
            return self._cutter.take_rest()
        try:
            piece = self._cutter.take(EVERY_KIND)
        except FramingError:
            return self._cutter.take_rest()
        if isinstance(piece, Message):
            return piece.frame
        return None if piece is None else piece.data

    def take_end(self) -> bytes:
        """What is left of somebody who has ended: a part of a message, or nothing."""
        return self._cutter.take_rest()

    def write(self, frame: bytes) -> None:
        """Send a message; after `end` there is nothing to be said any more."""
        if not (self.lost or self._said_all) and self.transport is not None:
            self.transport.write(frame)

    def end(self) -> None:
        """Say that nothing more comes; with TLS, which has no such word, end the connection."""
        if not self.lost and self.transport is not None:
            self._said_all = True
            (self.transport.write_eof if self.transport.can_write_eof() else self.transport.close)()

    def close(self) -> None:
        """End the connection when all has been sent."""
        if self.transport is not None:
            self.transport.close()

    def hand_over(self) -> bytes:
        """What has come and was not taken; somebody else reads from now on."""
        if self._paused and not self.lost and self.transport is not None:
            self.transport.resume_reading()
        return self._cutter.rest()
