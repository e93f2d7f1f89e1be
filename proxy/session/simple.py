"""The simple protocol: a Query of one statement or of several.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY
"""

from __future__ import annotations

from engine.errors import OperationError
from proxy.errors import RefusedError
from proxy.session.backend import Exchange
from proxy.session.caller import PRIVATE
from proxy.session.conversation import Conversation
from proxy.session.operation import Statement, fail, perform
from proxy.sql.intercept import Analysis, CallSite
from proxy.wire import client, server
from proxy.wire.frames import Message

#: Answers that a client of the simple protocol does not get.
_DROPPED = frozenset({server.CLOSE_COMPLETE, server.PARSE_COMPLETE, server.BIND_COMPLETE, server.NO_DATA})


async def query(session: Conversation, query_message: Message, analysis: Analysis) -> None:
    """A Query that uses our functions."""
    backend = session.backend
    # The Query itself ends the batch, and what was bound in it.
    open_batch = backend.expected.executed or backend.expected.binds > 0
    error = await _refused(session, analysis)
    await backend.drain()
    several = len(analysis.statements) > 1
    if backend.expected.skipping or (session.is_discarding(executed=open_batch) and not several):
        session.forward(query_message)
    elif error is not None:
        await fail(session, error, simple=True)
    elif analysis.has_call and several:
        await _several(session, query_message, analysis)
    elif isinstance(site := analysis.statements[0].finding, CallSite):
        in_transaction = backend.status == server.IN_TRANSACTION or open_batch
        await _single(session, query_message, site, in_transaction=in_transaction)
    else:
        session.forward(query_message)


async def _refused(session: Conversation, analysis: Analysis) -> OperationError | None:
    if analysis.refusal is not None:
        return RefusedError.because(analysis.refusal)
    try:
        await session.prepare_database()
    except OperationError as error:
        return error
    return None


async def _single(
    session: Conversation, query_message: Message, site: CallSite, *, in_transaction: bool
) -> None:
    statement = Statement(client.read_query(query_message.body))
    if not await _performed(session, site, statement, in_transaction=in_transaction):
        return
    # Not as the Query that it was: PostgreSQL 18 leaves the implicit transaction that the private
    # messages began unfinished behind a Query ("StartTransactionCommand: unexpected state STARTED").
    frames = _statement(statement.sql)
    await session.backend.exchange(_STATEMENT, frames, _Translated(session, 0))
    session.backend.forward(client.SYNC, client.SYNC_FRAME)


async def _performed(
    session: Conversation, site: CallSite, statement: Statement, *, in_transaction: bool
) -> bool:
    try:
        await perform(session, site, statement, in_transaction=in_transaction)
    except OperationError as error:
        if session.backend.lost:
            raise
        await fail(session, error, simple=True)
        return False
    return True


class _Translated(Exchange):
    """Gives a client of the simple protocol the answers to extended messages.

    Args:
        offset: where the statement begins in the client's text, in characters.
    """

    def __init__(self, session: Conversation, offset: int) -> None:
        super().__init__()
        self._session = session
        self._offset = offset

    def deliver(self, reply: Message) -> None:
        frame = reply.frame
        if reply.kind in _DROPPED:
            return
        if reply.kind == server.ERROR_RESPONSE:
            self.error = reply.body
            self._session.end_copy()
            codec = self._session.backend.codec
            fields = server.read_fields(reply.body, codec)
            if self._offset and "P" in fields:
                fields["P"] = str(int(fields["P"]) + self._offset)
                frame = server.error_response(fields, codec)
        self._session.backend.insert(frame)
        if reply.kind == server.COPY_IN_RESPONSE:
            self._session.begin_copy()


async def _several(session: Conversation, query_message: Message, analysis: Analysis) -> None:
    """Run the statements one after the other without a Sync, as one implicit transaction."""
    backend = session.backend
    text = client.read_query(query_message.body).decode(backend.codec, "replace").encode()
    for statement in analysis.statements:
        site = statement.finding
        offset = len(text[: statement.start].decode())
        sql = text[statement.start : statement.end].decode().encode(backend.codec, "replace")
        one = Statement(sql, offset=offset)
        if isinstance(site, CallSite) and not await _performed(session, site, one, in_transaction=True):
            return
        translated = _Translated(session, offset)
        await backend.exchange(_STATEMENT, _statement(sql), translated)
        if translated.error is not None:
            break
    backend.forward(client.SYNC, client.SYNC_FRAME)


#: Types of the messages that run a statement; a Query also closes the unnamed one.
_STATEMENT = b"CCPBDE"


def _statement(sql: bytes) -> bytes:
    return (
        client.close_statement(b"")
        + client.close_statement(PRIVATE)
        + client.parse(PRIVATE, sql)
        + client.bind(b"", PRIVATE)
        + client.describe_portal(b"")
        + client.execute(b"")
        + client.FLUSH_FRAME
    )
