"""Performs one call: the table of contents of an operation, seen from the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import DatabaseError, OperationError, Stopped
from engine.operations import Engine
from engine.request import Call
from proxy import records
from proxy.errors import StatementError, aborting_block, fields_of
from proxy.session import denied
from proxy.session.caller import PRIVATE, SessionCaller
from proxy.session.conversation import Conversation
from proxy.sql.intercept import CallSite, Cursor
from proxy.sql.trials import Trial
from proxy.wire import client, server

#: Seconds that a private statement may take once a stop is requested. It then waits for another
#: session's lock, and is cancelled: the engine comes to no safe point before it ends.
STUCK = 1.0

#: The schema in which an unqualified name is found, and the settings that concern a call.
_CIRCUMSTANCES = """
SELECT (SELECT n.nspname
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE p.proname = $1::pg_catalog.text
           AND n.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(true))
         ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname)
         LIMIT 1),
       pg_catalog.current_setting('client_min_messages'),
       current_user::pg_catalog.text,
       EXTRACT(epoch FROM pg_catalog.current_setting('statement_timeout')::pg_catalog.interval)
"""


@dataclass(frozen=True)
class Parameters:
    """The client's values for parameters."""

    values: tuple[bytes | None, ...] = ()
    formats: tuple[int, ...] = ()
    types: tuple[int, ...] = ()


@dataclass(frozen=True)
class Statement:
    """The statement of the client's that a call stands in.

    Attributes:
        sql: its text, in the client's encoding.
        parameters: all that it has.
        offset: where it begins in what the client sent, in characters.
    """

    sql: bytes
    parameters: Parameters = Parameters()
    offset: int = 0


def parameters_of(parse: client.Parse, bind: client.Bind) -> Parameters:
    """The client's parameters out of its Parse and Bind."""
    every = range(len(bind.values))
    return Parameters(
        tuple(bind.values),
        tuple(bind.format_of(index) for index in every),
        tuple(parse.types[index] if index < len(parse.types) else 0 for index in every),
    )


async def perform(
    session: Conversation, site: CallSite, statement: Statement, *, in_transaction: bool
) -> bool:
    """Perform a call whose turn it is; the client's statement is yet to be executed.

    Before that Postgres plans the statement with all the rights that it takes, without running it, so that
    nothing is done for one that would fail.

    Returns:
        False if the name means a function that is not ours, and nothing was done.

    Raises:
        OperationError: the client's statement is to fail with this.
    """
    caller = SessionCaller(session, in_transaction=in_transaction)
    session.operation = caller
    try:
        circumstances = await _circumstances(caller, site)
        if circumstances is None:
            return False
        caller.client_min_messages, caller.role, timeout = circumstances
        recorded = records.operation(session.connection, session.observer, site.function)
        with recorded, _timeout(caller, timeout), _unblocked(session, caller):
            await _plan(caller, site, statement)
            arguments = await _evaluate(caller, site, statement.parameters)
            await _perform(session.engine, _call(site, arguments), caller)
        return True
    finally:
        await caller.close()
        session.operation = None


def _call(site: CallSite, arguments: tuple[str | None, ...]) -> Call:
    in_order = len(arguments) - len(site.names)
    named = dict(zip(site.names, arguments[in_order:], strict=True))
    return Call(function=site.function, arguments=arguments[:in_order], named=named)


async def _perform(engine: Engine, call: Call, caller: SessionCaller) -> None:
    try:
        await engine.perform(call, caller)
    except OperationError as error:
        cause = _cause(error, caller)
        if isinstance(cause, DatabaseError):
            cause = denied.hinted(cause, caller.role)
        if cause is error:
            raise
        raise cause from error
    if caller.failure is not None:
        raise caller.failure


def _cause(error: OperationError, caller: SessionCaller) -> OperationError:
    """What to tell of an error that is only the consequence of another."""
    if caller.failure is not None and error.sqlstate == "25P02":
        error = caller.failure
    if caller.stop.reason is not None and error.sqlstate == "57014":
        reason = caller.stop.reason
        error = replace(reason, detail=reason.detail or error.detail, hint=reason.hint or error.hint)
    return error


async def fail(session: Conversation, error: OperationError, *, simple: bool) -> None:
    """Give the client an error in the place of its statement's answer.

    Postgres is made to fail as well, so that it aborts what is open and, in the extended
    protocol, discards the client's messages up to the Sync whose answer is the true state.
    """
    backend = session.backend
    backend.insert(server.error_response(fields_of(error), backend.codec))
    if not backend.expected.skipping:
        block = aborting_block(error).encode(backend.codec, "replace")
        frames = (
            client.close_statement(PRIVATE)
            + client.parse(PRIVATE, block)
            + client.bind(PRIVATE, PRIVATE)
            + client.execute(PRIVATE)
            + client.FLUSH_FRAME
        )
        await backend.exchange(b"CPBE", frames)
    if simple:
        backend.forward(client.SYNC, client.SYNC_FRAME)


async def _circumstances(caller: SessionCaller, site: CallSite) -> tuple[str, str, float] | None:
    ((schema, client_min_messages, role, timeout),) = await caller.query(_CIRCUMSTANCES, site.function)
    if schema != "public" and not site.qualified:
        return None
    return client_min_messages or "notice", role or caller.user, float(timeout or 0)


_EXPLAIN = "EXPLAIN (COSTS OFF) "

_MAY_MAKE = """
SELECT CASE WHEN $2 = 'true'
            THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')
            ELSE pg_catalog.has_schema_privilege(
              COALESCE($1::pg_catalog.text, pg_catalog.current_schema()), 'CREATE') END::pg_catalog.text,
       COALESCE($1::pg_catalog.text, pg_catalog.current_schema())
"""


async def _plan(caller: SessionCaller, site: CallSite, statement: Statement) -> None:
    """Let Postgres raise what the client's statement would fail with.

    EXPLAIN looks up names and types, plans, and begins to execute: privileges of tables and functions are
    checked then. https://www.postgresql.org/docs/current/sql-explain.html

    Raises:
        StatementError: Postgres refuses the statement.
        OperationError: 42501, it makes a table where the role may make none; 25P01 or 42P03, it declares a
            cursor that could not be.
    """
    codec = caller.codec
    text = statement.sql if site.query is None else site.query.encode(codec, "replace")
    values = statement.parameters
    try:
        await caller.run(_EXPLAIN.encode(codec) + text, values.values, values.formats, values.types)
    except DatabaseError as error:
        error = denied.hinted(error, caller.role, statement.sql.decode(codec, "replace"))
        # Of a query within a statement it is not known where it begins.
        offset = statement.offset - len(_EXPLAIN)
        fields = error.fields if site.query is None else {k: v for k, v in error.fields.items() if k != "P"}
        raise StatementError.at(replace(error, fields=fields), offset) from error
    for trial in site.trials:
        await _try(caller, trial, values)
    if site.cursor is not None:
        await _check_cursor(caller, site.cursor)
    if site.makes is not None:
        temporary = str(site.makes.temporary).lower()
        ((may, schema),) = await caller.query(_MAY_MAKE, site.makes.schema, temporary)
        if may != "true":
            what = "temporary tables" if site.makes.temporary else f"schema {schema}"
            raise OperationError(f"permission denied for {what}", sqlstate="42501", schema=schema)


async def _try(caller: SessionCaller, trial: Trial, parameters: Parameters) -> None:
    """
    Raises:
        StatementError: Postgres would refuse the statement when it runs it.
    """
    try:
        await caller.run(trial.sql.encode(caller.codec, "replace"), *_some(parameters, trial.parameters))
    except DatabaseError as error:
        # Where that is is said of the trial.
        fields = {kind: value for kind, value in error.fields.items() if kind not in "PpqW"}
        raise StatementError.at(replace(error, fields=fields), 0) from error


async def _check_cursor(caller: SessionCaller, cursor: Cursor) -> None:
    """
    Raises:
        OperationError: as Postgres would refuse it: 25P01, outside a transaction; 42P03, the name is taken.
    """
    if not (cursor.held or caller.in_transaction):
        raise OperationError("DECLARE CURSOR can only be used in transaction blocks", "25P01")
    ((taken,),) = await caller.query(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_cursors AS c "
        "WHERE c.name OPERATOR(pg_catalog.=) $1::pg_catalog.text)::pg_catalog.text",
        cursor.name,
    )
    if taken == "true":
        raise OperationError(f'cursor "{cursor.name}" already exists', "42P03")


async def _evaluate(caller: SessionCaller, site: CallSite, parameters: Parameters) -> tuple[str | None, ...]:
    if site.arguments is None:
        return ()
    sql = f"SELECT pg_catalog.to_json({site.arguments})".encode(caller.codec)
    ((text,),) = await caller.run(sql, *_some(parameters, site.parameters))
    return tuple(json.loads(text)) if text is not None else (None,)


def _some(parameters: Parameters, numbers: Sequence[int]) -> Iterator[list[Any]]:
    """Values, formats and types of the parameters with some numbers."""
    used = [number - 1 for number in numbers if 0 < number <= len(parameters.values)]
    for every in (parameters.values, parameters.formats, parameters.types):
        yield [every[index] for index in used]


@contextmanager
def _timeout(caller: SessionCaller, seconds: float) -> Iterator[None]:
    if not seconds:
        yield
        return
    reason = Stopped("canceling statement due to statement timeout")
    timer = asyncio.get_running_loop().call_later(seconds, caller.stop.request, reason)
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _unblocked(session: Conversation, caller: SessionCaller) -> Iterator[None]:
    async def watch() -> None:
        await caller.stop.wait()
        while not session.backend.lost:
            statement = caller.statements
            await asyncio.sleep(STUCK)
            if caller.waiting and caller.statements == statement:
                await session.cancel_backend()

    watcher = asyncio.get_running_loop().create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
