"""Decides what becomes of a client's message: `dispatch` is the table of contents."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, cast

from engine.operations import FUNCTIONS
from proxy.session import extended, simple
from proxy.session.conversation import Conversation
from proxy.session.statements import Prepared
from proxy.sql.intercept import NEEDLE, Analysis, CallSite, analyse
from proxy.sql.naming import quoted
from proxy.wire import client
from proxy.wire.frames import FramingError, Message

_Work = Coroutine[Any, Any, None]


def dispatch(session: Conversation, message: Message) -> _Work | None:
    """Let a message go on; or say what has to be done instead, while the client waits."""
    work: _Work | None = None
    # Of what is wrong in itself Postgres says so, and the session may go on.
    with suppress(FramingError):
        work = _work(session, message)
    if message.kind == client.TERMINATE and session.leaves_connection():
        return None
    if work is None:
        session.forward(message)
    return work


def _work(session: Conversation, message: Message) -> _Work | None:
    kind = message.kind
    if kind == client.QUERY:
        session.statements.forget(b"")
        return _query(session, message)
    if kind == client.PARSE:
        return _parse(session, message)
    if kind == client.BIND:
        portal, statement = client.read_bind_names(message.body)
        session.statements.bind(portal, statement, message.body, session.backend.expected.batch)
    elif kind == client.EXECUTE:
        return _execute(session, message)
    elif kind == client.CLOSE:
        _close(session, message)
    return None


def _query(session: Conversation, message: Message) -> _Work | None:
    if NEEDLE not in message.frame.lower():
        return None
    sql = client.read_query(message.body)
    if (named := _with_names(session, sql)) != sql:
        message.frame = client.query(sql := named)
    analysis = _analyse(session, sql)
    return simple.query(session, message, analysis) if _concerns_us(session, analysis) else None


def _parse(session: Conversation, message: Message) -> _Work | None:
    if NEEDLE not in message.frame.lower():
        if session.statements:
            session.statements.forget(message.body.partition(b"\0")[0])
        return None
    parse = client.read_parse(message.body)
    if (named := _with_names(session, parse.sql)) != parse.sql:
        message.frame = client.parse(parse.statement, named, parse.types)
        parse = client.read_parse(message.body)
    analysis = _analyse(session, parse.sql)
    session.statements.forget(parse.statement)
    if analysis.has_call and len(analysis.statements) == 1:
        site = cast(CallSite, analysis.statements[0].finding)
        session.statements.prepare(Prepared(parse, site))
    return extended.parse(session, message, analysis) if _concerns_us(session, analysis) else None


def _execute(session: Conversation, message: Message) -> _Work | None:
    portal = session.statements.portal(client.read_execute_portal(message.body))
    if portal is None or portal.performed or session.backend.expected.copying:
        return None
    return extended.execute(session, message, portal)


def _close(session: Conversation, message: Message) -> None:
    what, name = client.read_close(message.body)
    if what == b"S":
        session.statements.forget(name)
    else:
        session.statements.close(name)


def _with_names(session: Conversation, sql: bytes) -> bytes:
    """A text in which PostgreSQL takes the names of our arguments as such."""
    with suppress(UnicodeError):
        text = sql.decode(session.backend.codec)
        if (named := quoted(text)) != text:
            return named.encode(session.backend.codec)
    return sql


def _analyse(session: Conversation, sql: bytes) -> Analysis:
    return analyse(sql.decode(session.backend.codec, "replace"), FUNCTIONS)


def _concerns_us(session: Conversation, analysis: Analysis) -> bool:
    new = analysis.needs_functions and not session.prepared
    return new or analysis.has_call or analysis.refusal is not None
