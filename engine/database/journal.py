"""What was done, written ahead of doing it, on a connection of the engine's own.

A rollback of the caller's transaction does not undo what AWS did, and so does not undo the journal.
Entries that are waiting are written together.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import uuid4

import asyncpg
import structlog

from engine.aws.session import Identity
from engine.caller import Caller
from engine.database import cancellation
from engine.database.connection import GONE, Database
from engine.database.vouching import Voucher
from engine.database.write_batches import Batches
from engine.errors import OperationError
from engine.plan.model import Found, Step
from engine.trail import Trail

_log = structlog.get_logger()


_STARTED = """
    INSERT INTO iasql.iasql_step
        (operation, number, kind, action, table_name, name, becomes, description, before, token, loses)
    SELECT $1, number, kind, action, table_name, name, becomes, description, before::jsonb, token,
        ARRAY(SELECT jsonb_array_elements_text(loses::jsonb))
    FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[])
        AS entry (number, kind, action, table_name, name, becomes, description, before, token, loses)
"""
_ENDED = """
    UPDATE iasql.iasql_step AS step
    SET ended_at = clock_timestamp(), outcome = entry.outcome, message = entry.message,
        after = entry.after::jsonb, attempts = entry.attempts,
        request_ids = string_to_array(entry.request_ids, ' '), identity = entry.identity
    FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::text[])
        AS entry (number, outcome, message, after, attempts, request_ids, identity)
    WHERE step.operation = $1 AND step.number = entry.number
"""
#: Ends the entries of operations whose engine has died: it held a connection.
_CUT_OFF = """
    WITH dead AS (
        UPDATE iasql.iasql_operation AS operation
        SET ended_at = clock_timestamp(), outcome = 'cut off'
        WHERE ended_at IS NULL AND NOT iasql.lives(pid, started_at)
        RETURNING id
    )
    UPDATE iasql.iasql_step AS step SET ended_at = clock_timestamp(), outcome = 'cut off'
    FROM dead WHERE step.operation = dead.id AND step.ended_at IS NULL
"""
#: Ends what is remembered for longer than the database's owner wants; a part of it each time. What the
#: caller's transaction has written is left: the engine would wait for itself.
FORGOTTEN = """
    WITH gone AS (
        DELETE FROM iasql.past WHERE ctid = ANY (ARRAY(
            SELECT p.ctid FROM iasql.past AS p
            WHERE upper(p.valid) < clock_timestamp() - COALESCE((
                SELECT g.value::interval FROM iasql.guard AS g WHERE g.setting = 'keep_history'),
                interval '1 year')
            LIMIT 10000 FOR UPDATE SKIP LOCKED))
        RETURNING relation, upper(valid) AS until
    )
    UPDATE iasql.base_table AS t SET forgotten_at = greatest(t.forgotten_at, g.until)
    FROM (SELECT relation, max(until) AS until FROM gone GROUP BY relation) AS g
    WHERE t.relation = g.relation;
    DELETE FROM iasql.drift_seen WHERE ctid = ANY (ARRAY(
        SELECT d.ctid FROM iasql.drift_seen AS d
        WHERE upper(d.valid) < clock_timestamp() - COALESCE((
            SELECT g.value::interval FROM iasql.guard AS g WHERE g.setting = 'keep_history'),
            interval '1 year')
        LIMIT 10000 FOR UPDATE SKIP LOCKED))
"""
#: What was begun a short while ago, has not come to a good end, and may have been performed. An older server
#: has other words for it, and may have written them since this database was upgraded.
_BEGUN = """
    SELECT DISTINCT ON (1, 2, 3) table_name, COALESCE(name, description), split_part(token, '-', 2), token
    FROM iasql.iasql_step AS step
    WHERE kind IN ('create', 'make') AND outcome IN ('cut off', 'failed') AND token IS NOT NULL
        AND started_at > now() - interval '1 hour'
        AND NOT EXISTS (
            SELECT FROM iasql.iasql_step AS later
            WHERE later.operation > step.operation AND later.table_name = step.table_name
                AND (later.kind IN ('delete', 'remove') OR later.outcome = 'done'
                    AND COALESCE(later.name, later.description) = COALESCE(step.name, step.description)
                    AND split_part(later.token, '-', 2) = split_part(step.token, '-', 2))
        )
    ORDER BY 1, 2, 3, operation DESC
"""


@dataclass(frozen=True)
class _Started:
    number: int
    kind: str
    action: str
    table: str
    name: str
    becomes: str | None
    description: str
    before: str | None
    token: str
    loses: str


@dataclass(frozen=True)
class _Ended:
    number: int
    outcome: str
    message: str | None
    after: str | None
    attempts: int
    requests: str
    identity: str | None


class Journal:
    """The entries of one operation.

    Attributes:
        operation: its number.
    """

    def __init__(self, connection: Any, operation: int, begun: Mapping[tuple[str, str, str], str]) -> None:
        """
        Args:
            connection: of the engine's own, which is open for as long as the operation goes on.
            begun: the tokens of what an earlier operation began to make, by table, name and the integer key
                that the row has, if it has one: several rows may have one name.
        """
        self.connection = connection
        self.operation = operation
        self._begun = begun
        self._entries: Batches[_Started | _Ended] = Batches(self._write, separable=False)

    def token(self, step: Step) -> str:
        """What names a step, the same as before if it was begun by an operation that was cut off."""
        change, row = step.change, "" if step.change.id is None else str(step.change.id)
        begun = self._begun.get((change.table, change.name, row))
        return begun if begun and step.kind == "create" else f"{uuid4().hex}-{row}".removesuffix("-")

    async def started(self, step: Step, before: Mapping[str, Any] | None, token: str) -> None:
        """Record that a step is about to call AWS.

        Raises:
            OperationError: 58000, the journal cannot be written; AWS must not be called then.
        """
        change = step.change
        try:
            await self._entries.add(
                _Started(
                    number=step.number,
                    kind=step.kind,
                    action=change.action,
                    table=change.table,
                    name=change.name,
                    becomes=change.becomes if step.kind == "create" else None,
                    description=change.label,
                    before=_json(before),
                    token=token,
                    loses=json.dumps(change.loses),
                )
            )
        except (OSError, asyncpg.PostgresError, *GONE) as error:
            raise OperationError(
                "the journal cannot be written, so nothing more is changed in AWS",
                sqlstate="58000",
                detail=str(error),
            ) from error

    async def ended(
        self,
        step: Step,
        outcome: str,
        trail: Trail,
        *,
        message: str | None = None,
        after: Found | None = None,
    ) -> None:
        """Record how a step ended. What AWS did stands, whether this can be written or not.

        Args:
            after: the resource as AWS describes it at the end.
        """
        try:
            requests = " ".join(trail.requests)
            description, identity = (after.description, after.identity) if after else (None, None)
            await self._entries.add(
                _Ended(step.number, outcome, message, _json(description), trail.attempts, requests, identity)
            )
        except (OSError, asyncpg.PostgresError, *GONE) as error:
            _log.warning("journal not written", error=str(error))

    async def _write(self, entries: list[_Started | _Ended]) -> None:
        await self._execute(_STARTED, [each for each in entries if isinstance(each, _Started)])
        await self._execute(_ENDED, [each for each in entries if isinstance(each, _Ended)])

    async def _execute(self, statement: str, entries: Sequence[_Started | _Ended]) -> None:
        if entries:
            columns = [[getattr(each, field.name) for each in entries] for field in fields(entries[0])]
            await self.connection.execute(statement, self.operation, *columns)


def _json(description: Mapping[str, Any] | None) -> str | None:
    return None if description is None else json.dumps(description, default=str)


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where an operation changes AWS, and as whom."""

    account: str
    regions: Sequence[str]
    arn: str

    @staticmethod
    def of(who: Identity, regions: Sequence[str]) -> Where:
        """Some regions, as whom the credentials are of."""
        return Where(account=who.account, regions=regions, arn=who.arn)


async def end_what_was_cut_off(connection: Any) -> None:
    """Record the end of operations whose engine has died.

    It has to be before the caller's transaction writes what became of them: once that is written, the engine
    would wait for that transaction, and so for itself.

    Args:
        connection: of the engine's own.
    """
    await connection.execute(_CUT_OFF)


@asynccontextmanager
async def operation(
    database: Database,
    caller: Caller,
    function: str,
    arguments: tuple[str | None, ...],
    steps: int,
    where: Where,
) -> AsyncIterator[Journal]:
    """Record an operation from its start to its end, and notify the channel `iasql` of the end.

    Args:
        steps: how many steps it has.

    Raises:
        OperationError: 58000, the journal cannot be written.
    """
    ((application, role),) = await caller.query(
        "SELECT pg_catalog.current_setting('application_name'), current_user::pg_catalog.text"
    )
    await caller.commit()
    async with database.connection(caller.database) as connection:
        number = await connection.fetchval(
            "INSERT INTO iasql.iasql_operation (function, arguments, username, in_transaction, steps, "
            "address, application_name, role, account, regions, arn) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
            function,
            list(arguments),
            caller.user,
            caller.in_transaction,
            steps,
            caller.address,
            application,
            role,
            where.account,
            list(where.regions),
            where.arn,
        )
        await end_what_was_cut_off(connection)
        await connection.execute(FORGOTTEN)
        begun = {(table, name, row): token for table, name, row, token in await connection.fetch(_BEGUN)}
        try:
            async with cancellation.heard(connection, caller):
                yield Journal(connection, number, begun)
        except BaseException as error:
            await _end(connection, number, "failed", _message(error))
            raise
        await _end(connection, number, "done", None)


async def record(
    voucher: Voucher,
    caller: Caller,
    function: str,
    arguments: tuple[str | None, ...],
    where: Where | None,
) -> int:
    """Record an operation that changes rows alone, in the caller's transaction, and return its number.

    Args:
        where: what it has read of AWS, and as whom; None: nothing.
    """
    ((role,),) = await caller.query("SELECT current_user::pg_catalog.text")
    entry = {
        "function": function,
        "arguments": list(arguments),
        "in_transaction": caller.in_transaction,
        "address": caller.address,
        "role": role,
        **(asdict(where) if where else {}),
    }
    await voucher.vouch()
    ((number,),) = await caller.query("SELECT iasql.record_operation($1)::pg_catalog.text", json.dumps(entry))
    return int(str(number))


def _message(error: BaseException) -> str:
    detail = error.detail if isinstance(error, OperationError) else None
    return f"{error}\n{detail}" if detail else str(error)


async def _end(connection: Any, number: int, outcome: str, message: str | None) -> None:
    try:
        await connection.execute(
            "UPDATE iasql.iasql_operation SET ended_at = clock_timestamp(), outcome = $2, message = $3 "
            "WHERE id = $1 RETURNING pg_notify('iasql', json_build_object('operation', id, 'function', "
            "function, 'username', username, 'outcome', outcome)::text)",
            number,
            outcome,
            message,
        )
    except (OSError, asyncpg.PostgresError, *GONE) as error:
        _log.warning("journal not written", error=str(error))
