"""The extended protocol: statements that are prepared, bound and executed.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
"""

from __future__ import annotations

from engine.errors import OperationError
from proxy.errors import RefusedError, database_error
from proxy.session.caller import PRIVATE
from proxy.session.conversation import Conversation
from proxy.session.operation import Statement, fail, parameters_of, perform
from proxy.session.statements import Portal
from proxy.sql.intercept import Analysis
from proxy.wire import client, server
from proxy.wire.frames import Message, message


async def parse(session: Conversation, parse_message: Message, analysis: Analysis) -> None:
    """A Parse of a statement that uses our functions: they must exist, and where they stand must do."""
    try:
        if analysis.refusal is not None:
            raise RefusedError.because(analysis.refusal)
        await session.prepare_database()
    except OperationError as error:
        await session.backend.drain()
        if not session.is_discarding(executed=session.backend.expected.executed):
            await fail(session, error, simple=False)
            return
    session.forward(parse_message)


async def execute(session: Conversation, execute_message: Message, portal: Portal) -> None:
    """The first Execute of a portal with a call: the operation, then the client's own statement."""
    backend = session.backend
    expected = backend.expected
    executed, binds = expected.executed, expected.binds
    await backend.drain()
    if session.is_discarding(executed=executed):
        session.forward(execute_message)
        return
    if portal.batch != expected.batch and not await _exists(session, portal):
        return
    in_transaction = backend.status == server.IN_TRANSACTION or executed or binds > 1
    bind = client.read_bind(portal.bind)
    parsed = portal.prepared.parse
    statement = Statement(parsed.sql, parameters_of(parsed, bind))
    try:
        performed = await perform(session, portal.prepared.site, statement, in_transaction=in_transaction)
        if performed:
            portal.performed = True
            await _bind_again(session, portal)
    except OperationError as error:
        if backend.lost:
            raise
        await fail(session, error, simple=False)
        return
    session.forward(execute_message)


async def _exists(session: Conversation, portal: Portal) -> bool:
    frames = client.describe_portal(portal.name) + client.FLUSH_FRAME
    exchange = await session.backend.exchange(b"D", frames)
    if exchange.error is None:
        return True
    session.statements.close(portal.name)
    session.backend.insert(message(b"E", exchange.error))
    return False


async def _bind_again(session: Conversation, portal: Portal) -> None:
    # A portal's snapshot is taken at Bind: bound before the operation, it would not see its writes.
    kinds, frames = b"", b""
    bind = message(b"B", portal.bind)
    if portal.name:
        kinds, frames = b"C", client.close_portal(portal.name)
    if not session.statements.is_current(portal.prepared):
        parsed = portal.prepared.parse
        kinds += b"CP"
        frames += client.close_statement(PRIVATE) + client.parse(PRIVATE, parsed.sql, parsed.types)
        bind = client.rebind(portal.bind, PRIVATE)
    exchange = await session.backend.exchange(kinds + b"B", frames + bind + client.FLUSH_FRAME)
    if exchange.error is not None:
        raise database_error(server.read_fields(exchange.error, session.backend.codec))
