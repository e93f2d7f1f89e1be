"""What stands outside of PostgreSQL when a transaction is rolled back, and when its client is told of that.

A ROLLBACK, a COMMIT of what has failed and a rollback to a savepoint are answered with the same tag. Of an
implicit transaction that fails only the error tells, and the ReadyForQuery after it.

https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COMMANDCOMPLETE
"""

from __future__ import annotations

from proxy.wire import server
from proxy.wire.frames import Message

_ROLLED_BACK = b"ROLLBACK\0"


class Standing:
    """The warnings that a client gets if its transaction does not last. Pure."""

    __slots__ = ("_failed", "_told", "_warnings")

    def __init__(self) -> None:
        self._warnings: tuple[bytes, ...] = ()
        self._failed = False
        self._told = False

    def __bool__(self) -> bool:
        """Whether there is anything that the client may have to be told."""
        return bool(self._warnings)

    def add(self, warning: bytes) -> None:
        """Have the client told one thing more.

        Args:
            warning: a NoticeResponse.
        """
        self._warnings += (warning,)

    def before(self, message: Message) -> bytes:
        """What the client is to be told before one of the server's messages."""
        if not self._warnings:
            return b""
        if message.kind == server.ERROR_RESPONSE:
            self._failed = True
        elif message.kind == server.COMMAND_COMPLETE and message.body == _ROLLED_BACK:
            self._told = True
            return b"".join(self._warnings)
        elif message.kind == server.READY_FOR_QUERY and message.body == server.IDLE:
            said = b"".join(self._warnings) if self._failed and not self._told else b""
            self._warnings, self._failed, self._told = (), False, False
            return said
        return b""
