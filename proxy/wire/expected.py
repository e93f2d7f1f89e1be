"""Which message each answer of the server belongs to.

The server answers in order. Every message that asks for an answer is put into a
queue when it is sent, and taken off when its last answer has come. After an error
in the extended protocol the server discards everything up to the next Sync.
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from proxy.wire import client, server

_ENDS_BATCH = frozenset({client.QUERY, client.SYNC, client.FUNCTION_CALL})
_ANSWERED = _ENDS_BATCH | {client.PARSE, client.BIND, client.DESCRIBE, client.CLOSE, client.EXECUTE}
_UNASKED = server.ASYNCHRONOUS | {server.BACKEND_KEY_DATA, ord("R"), ord("v")}

#: For each answer that ends something: the messages that it may be the end of.
_COMPLETES: dict[int, int] = {
    server.PARSE_COMPLETE: client.PARSE,
    server.BIND_COMPLETE: client.BIND,
    server.CLOSE_COMPLETE: client.CLOSE,
    server.ROW_DESCRIPTION: client.DESCRIBE,
    server.NO_DATA: client.DESCRIBE,
    server.COMMAND_COMPLETE: client.EXECUTE,
    server.EMPTY_QUERY_RESPONSE: client.EXECUTE,
    server.PORTAL_SUSPENDED: client.EXECUTE,
}


class Owner(Protocol):
    """Whoever sent private messages and waits for the answers.

    Attributes:
        outstanding: how many of its messages are not answered yet.
    """

    outstanding: int


class Expected:
    """The queue, and what it says about the batch since the last Sync.

    Attributes:
        private: how many private messages are not answered yet.
        skipping: an error has come and the server discards until a Sync is sent.
        copying: the server is taking COPY data, and ignores Flush and Sync.
        batch: number of the client's current batch.
        binds: how many Binds the client sent in it.
        executed: whether the client sent an Execute in it.
        terminated: whether the client has sent Terminate.
    """

    __slots__ = ("_queue", "batch", "binds", "copying", "executed", "private", "skipping", "terminated")

    def __init__(self) -> None:
        self._queue: deque[tuple[int, Owner | None]] = deque()
        self.private = 0
        self.skipping = False
        self.copying = False
        self.batch = 0
        self.binds = 0
        self.executed = False
        self.terminated = False

    @property
    def drained(self) -> bool:
        """Whether everything that was sent has been answered."""
        return not self._queue

    @property
    def at_rest(self) -> bool:
        """Whether everything has been answered, and the client has begun nothing new."""
        begun = self.binds or self.executed or self.skipping or self.copying
        return not self._queue and not begun

    @property
    def answering(self) -> bool:
        """Whether a Query of the client's is being answered, and nothing else."""
        return len(self._queue) == 1 and self._queue[0] == (client.QUERY, None) and not self.skipping

    def sent(self, kind: int, owner: Owner | None = None) -> None:
        """Note a message that was sent."""
        if kind not in _ANSWERED:
            if kind == client.COPY_DONE or kind == client.COPY_FAIL:
                self.copying = False
            elif kind == client.TERMINATE:
                self.terminated = True
            return
        if self.copying and kind == client.SYNC:
            return
        if owner is None:
            if kind in _ENDS_BATCH:
                self.batch += 1
                self.binds = 0
                self.executed = False
            elif kind == client.EXECUTE:
                self.executed = True
            elif kind == client.BIND:
                self.binds += 1
        if self.skipping:
            if kind != client.SYNC:
                return
            self.skipping = False
        self._queue.append((kind, owner))
        if owner is not None:
            owner.outstanding += 1
            self.private += 1

    def received(self, kind: int) -> Owner | None:
        """Note an answer that came; returns whose it is, None for the client's."""
        queue = self._queue
        if not queue:
            return None
        head, owner = queue[0]
        if kind in _COMPLETES:
            if _COMPLETES[kind] == head:
                self._pop()
        elif kind == server.READY_FOR_QUERY:
            self.copying = False
            self._end_batch()
        elif kind == server.ERROR_RESPONSE:
            self.copying = False
            if head not in _ENDS_BATCH:
                self._skip()
        elif kind == server.COPY_IN_RESPONSE or kind == server.COPY_BOTH_RESPONSE:
            self._begin_copy()
        elif kind in _UNASKED:
            return None
        return owner

    def _pop(self) -> int:
        kind, owner = self._queue.popleft()
        if owner is not None:
            owner.outstanding -= 1
            self.private -= 1
        return kind

    def _end_batch(self) -> None:
        while self._queue and self._pop() not in _ENDS_BATCH:
            pass

    def _skip(self) -> None:
        while self._queue and self._queue[0][0] != client.SYNC:
            self._pop()
        self.skipping = not self._queue

    def _begin_copy(self) -> None:
        # A Sync that was sent together with the Execute is read, and ignored, by the COPY.
        self.copying = True
        head = self._queue.popleft()
        syncs = [entry for entry in self._queue if entry[0] != client.SYNC]
        self._queue.clear()
        self._queue.append(head)
        self._queue.extend(syncs)
