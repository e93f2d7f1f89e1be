"""What the parts of a session need of it: the session is theirs to use, not to know."""

from __future__ import annotations

from typing import Protocol

from engine.caller import Stop
from engine.errors import OperationError
from engine.operations import Engine
from proxy.observer import Observer
from proxy.records import Connection
from proxy.session.backend import Backend
from proxy.session.statements import Statements
from proxy.wire.frames import Message
from proxy.wire.startup import StartupMessage


class Operation(Protocol):
    """A call that is being performed.

    Attributes:
        stop: how it is asked to stop.
    """

    stop: Stop


class Conversation(Protocol):
    """A client and PostgreSQL, with the proxy between them.

    Attributes:
        startup: the client's StartupMessage.
        backend: the connection to PostgreSQL.
        statements: the client's prepared statements and portals with calls.
        engine: performs calls.
        observer: hears of them.
        connection: the record of the client's connection.
        operation: the call that is being performed.
        cancel_key: what the client was told to cancel with, None if it was told nothing yet.
        prepared: whether the database is known to have iasql's functions.
    """

    startup: StartupMessage
    backend: Backend
    statements: Statements
    engine: Engine
    observer: Observer
    connection: Connection
    operation: Operation | None
    cancel_key: bytes | None
    prepared: bool

    def forward(self, message: Message) -> None:
        """Send a client's message on, as it came."""

    def is_discarding(self, *, executed: bool) -> bool:
        """Whether PostgreSQL will not execute anything now, and has or will have said why."""

    async def prepare_database(self) -> None:
        """Make sure, once in a session, that iasql's functions exist in its database.

        Raises:
            OperationError: they could not be created.
        """

    async def cancel_backend(self) -> None:
        """Cancel what PostgreSQL is doing for this session."""

    def stop_operation(self, reason: OperationError) -> bool:
        """Ask the running operation to stop; False if there is none."""

    def begin_copy(self) -> None:
        """Let the client's COPY data through, although its other messages are held back."""

    def end_copy(self) -> None:
        """Hold everything back again."""

    def leaves_connection(self) -> bool:
        """At the client's end: whether the connection to PostgreSQL is kept for the next client."""
