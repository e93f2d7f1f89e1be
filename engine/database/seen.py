"""What the watch reads and writes of a database: bases, and the drift that it has seen.

It has no client, and no rights of one: it works on a connection of the engine's own, and on tables of the
engine's own alone. A table of a user's can run their code as whoever reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.database.journal import FORGOTTEN
from engine.database.lock import KEY
from engine.plan import base, drift
from engine.plan.base import Base
from engine.plan.drift import Drifted
from engine.plan.meet import Name
from modules.spec import Resource

#: What is notified in a database when new drift has been recorded; a payload must have less than 8000 bytes.
CHANNEL = "iasql_drift"
_PAYLOAD = 7900
#: How long the record of a look waits for whoever has locked what it writes, if anybody has.
_PATIENCE = "2s"
_SHOWN = 50

_IS_PREPARED = "SELECT to_regclass('iasql.base_table') IS NOT NULL"
_FREE = f"SELECT pg_try_advisory_xact_lock({KEY}) AND NOT EXISTS (SELECT FROM iasql.running())"
#: Differs as soon as an operation has begun, or a base has been written.
_STAMP = """
    SELECT concat((SELECT max(o.id) FROM iasql.iasql_operation AS o), ' ',
        (SELECT sum(hashtextextended(concat(b.relation, ' ', b.identity, ' ', b.xmin), 0)::numeric)
            FROM iasql.base AS b))
"""
_DIGESTS = """
    SELECT t.name, json_object_agg(b.identity, b.digest) FILTER (WHERE b.identity IS NOT NULL)::text
    FROM iasql.base_table AS t LEFT JOIN iasql.base AS b ON b.relation = t.relation
    WHERE t.name = ANY ($1) AND t.relation = t.resource AND t.relation = iasql.oid_of(t.name)
    GROUP BY t.name
"""
_BASES = """
    SELECT w.key, jsonb_build_object('identity', b.identity, 'mark', b.mark, 'row', b."row",
        'answer', b.answer, 'before', b.before, 'fresh', COALESCE(b.settles_at > $2, false))::text
    FROM jsonb_each($1::jsonb) AS w CROSS JOIN jsonb_array_elements_text(w.value) AS i (identity)
    JOIN iasql.base AS b ON b.relation = iasql.oid_of(w.key) AND b.identity = i.identity
"""
#: What operations have begun and were cut off, or have failed to make a while ago; and have lately removed.
_OWN = """
    SELECT s.table_name, n.name
    FROM iasql.iasql_step AS s CROSS JOIN LATERAL (VALUES (s.name), (s.description)) AS n (name)
    WHERE n.name IS NOT NULL
        AND (s.outcome = 'cut off' OR s.outcome = 'failed' AND s.kind = 'create'
            AND s.started_at > now() - interval '1 hour')
        AND NOT EXISTS (
            SELECT FROM iasql.base_table AS t WHERE t.name = s.table_name AND t.synced_at > s.started_at)
        AND NOT EXISTS (
            SELECT FROM iasql.iasql_step AS later
            WHERE later.operation > s.operation AND later.table_name = s.table_name
                AND later.outcome = 'done'
                AND COALESCE(later.name, later.description) = COALESCE(s.name, s.description))
    UNION SELECT s.table_name, s.name
    FROM iasql.iasql_operation AS o JOIN iasql.iasql_step AS s ON s.operation = o.id
    WHERE s.kind = 'delete' AND s.outcome = 'done' AND s.name IS NOT NULL
        AND o.ended_at > now() - interval '5 minutes'
"""
_IGNORED = "SELECT i.table_name, i.columns FROM iasql.ignored AS i"
_NOW = """
    SELECT t.name, d.identity, d.column_name, d.seen::text
    FROM iasql.drift_seen AS d JOIN iasql.base_table AS t ON t.relation = d.relation
    WHERE upper_inf(d.valid) AND t.name = ANY ($1)
"""
_BEGUN = """
    INSERT INTO iasql.iasql_operation (function, arguments, username, in_transaction, steps, application_name,
        role, account, regions, arn, started_at, ended_at, outcome, message)
    VALUES ('iasql_drift', '{}', session_user, false, 0, 'iasql up --watch', session_user, $1, $2, $3, $4,
        clock_timestamp(), 'done', $5)
    RETURNING id
"""
_ADDED = """
    INSERT INTO iasql.drift_seen (relation, identity, column_name, base, seen, valid, operation)
    SELECT iasql.oid_of(n."table"), n.identity, n."column", NULLIF(n.base, 'null'), NULLIF(n.seen, 'null'),
        tstzrange($3, NULL), $2
    FROM jsonb_to_recordset($1::jsonb)
        AS n ("table" text, identity text, "column" text, base jsonb, seen jsonb)
"""
_ENDED = """
    UPDATE iasql.drift_seen AS d SET valid = tstzrange(lower(d.valid), greatest($2, lower(d.valid)))
    FROM jsonb_to_recordset($1::jsonb) AS n ("table" text, identity text, "column" text)
    WHERE upper_inf(d.valid) AND d.relation = iasql.oid_of(n."table") AND d.identity = n.identity
        AND d.column_name IS NOT DISTINCT FROM n."column"
"""
_WATCHED = """
    INSERT INTO iasql.watched AS w (relation, at)
    SELECT t.relation, $2 FROM iasql.base_table AS t
    WHERE t.name = ANY ($1) AND t.relation = iasql.oid_of(t.name) AND t.relation = t.resource
    ON CONFLICT (relation) DO UPDATE SET at = excluded.at
"""
_NO_TABLE = (
    "DELETE FROM iasql.watched AS w WHERE w.relation NOT IN (SELECT t.relation FROM iasql.base_table AS t)"
)


class Overtaken(Exception):
    """An operation has changed what is agreed while AWS was read: what was read means nothing."""


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What was agreed when a look began.

    Attributes:
        began: when, by the database's clock.
        stamp: differs as soon as any of it does.
        digests: by table and AWS's name.
        ignored: columns that the database's owner has in `iasql.ignored`, by a table's name as they wrote it.
    """

    began: Any
    stamp: str
    digests: Mapping[str, Mapping[str, str]]
    ignored: Mapping[str, frozenset[str]]


async def is_prepared(connection: Any) -> bool:
    """Whether anybody has ever used iasql in the database."""
    return bool(await connection.fetchval(_IS_PREPARED))


async def last(connection: Any) -> float | None:
    """Seconds since AWS was last looked at, None if it never was."""
    seconds = await connection.fetchval(
        "SELECT EXTRACT(epoch FROM clock_timestamp() - max(w.at))::float8 FROM iasql.watched AS w"
    )
    return None if seconds is None else float(seconds)


async def agreed(connection: Any, tables: Sequence[str]) -> Agreed | None:
    """What is agreed of some tables now; None while an operation is under way."""
    async with connection.transaction():
        if not await connection.fetchval(_FREE):
            return None
        began = await connection.fetchval("SELECT clock_timestamp()")
        stamp = await connection.fetchval(_STAMP)
        digests = await connection.fetch(_DIGESTS, list(tables))
        ignored = await connection.fetch(_IGNORED)
    return Agreed(
        began=began,
        stamp=str(stamp),
        digests={table: orjson.loads(text or "{}") for table, text in digests},
        ignored={table: frozenset(columns) for table, columns in ignored},
    )


async def kept(connection: Any, wanted: Mapping[str, Sequence[str]], at: Any) -> dict[Name, Base]:
    """The bases of some resources, as far as they have any.

    Args:
        wanted: AWS's names, by table.
        at: when AWS began to be read: what it need not have shown then is not settled.
    """
    found = await connection.fetch(_BASES, json.dumps(dict(wanted)), at) if wanted else ()
    bases = (base.from_record(table, orjson.loads(text)) for table, text in found)
    return {(each.table, each.identity): each for each in bases}


async def own(connection: Any) -> frozenset[Name]:
    """What is as it is in AWS by operations that were cut off, or have lately removed it."""
    return frozenset((table, name) for table, name in await connection.fetch(_OWN))


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which account was looked at, in which regions, and as whom."""

    account: str
    regions: Sequence[str]
    arn: str


async def record(
    connection: Any,
    agreed: Agreed,
    resources: Mapping[str, Resource],
    found: Sequence[Drifted],
    where: Where,
    regions: Mapping[str, str],
) -> int:
    """Record what a look has found, tell whoever listens of what is new, and return how many lines are.

    Args:
        resources: the tables that were read.
        found: all drift that they have.
        regions: of each table, for whoever listens.

    Raises:
        Overtaken: an operation is under way, or has changed what is agreed; nothing is written.
        PostgresError: 55P03, somebody has locked what is to be written.
    """
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
        if not await connection.fetchval(_FREE) or await connection.fetchval(_STAMP) != agreed.stamp:
            raise Overtaken
        tables = list(resources)
        before = {
            (table, identity, column): orjson.loads(seen or "null")
            for table, identity, column, seen in await connection.fetch(_NOW, tables)
        }
        now = {(each.table, each.identity, each.column): each for each in found}
        same = {
            key
            for key, each in now.items()
            if key in before
            and drift.means_the_same(resources[each.table], each.column, before[key], _plain(each.seen))
        }
        ended = [{"table": key[0], "identity": key[1], "column": key[2]} for key in before if key not in same]
        if ended:
            await connection.execute(_ENDED, json.dumps(ended), agreed.began)
        new = [each for key, each in now.items() if key not in same]
        if new:
            number = await connection.fetchval(
                _BEGUN, where.account, list(where.regions), where.arn, agreed.began, _told(new)
            )
            await connection.execute(_ADDED, orjson.dumps([*map(_entry, new)]).decode(), number, agreed.began)
            await connection.execute(
                "SELECT pg_notify($1, $2)", CHANNEL, payload(number, new, found, regions)
            )
            await connection.execute(FORGOTTEN)
        await connection.execute(_WATCHED, tables, agreed.began)
        await connection.execute(_NO_TABLE)
    return len(new)


def payload(
    operation: int, new: Iterable[Drifted], found: Iterable[Drifted], regions: Mapping[str, str]
) -> str:
    """What listeners are told: how many resources differ, by region and table; no names, and no values.

    If there are too many tables it is by region only.
    """
    counts: dict[str, dict[str, int]] = {}
    names = {each.name for each in found}
    for table, _ in names:
        by_table = counts.setdefault(regions[table], {})
        by_table[table] = by_table.get(table, 0) + 1
    told: dict[str, Any] = {"operation": operation, "new": len({each.name for each in new})}
    told["drifted"] = counts
    text = json.dumps(told, sort_keys=True)
    if len(text.encode()) > _PAYLOAD:
        told["drifted"] = {region: sum(some.values()) for region, some in counts.items()}
        text = json.dumps(told, sort_keys=True)
    return text


def _told(new: Sequence[Drifted]) -> str:
    """What a look has found anew, in the words that plans use; without values."""
    columns: dict[tuple[str, str], list[str]] = {}
    lines: list[str] = []
    for each in new:
        if each.column is not None:
            columns.setdefault((each.table, each.label), []).append(each.column)
        elif each.seen is None:
            lines.append(f"{each.table} {each.label} is gone from AWS")
        elif each.base is None:
            lines.append(f"{each.table} {each.label} has appeared in AWS")
        else:
            lines.append(f"{each.table} {each.label} is another one in AWS")
    lines += [
        f"{table} {label} has been changed in AWS: {', '.join(names)}"
        for (table, label), names in columns.items()
    ]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join(lines[:_SHOWN] + more)


def _entry(each: Drifted) -> Mapping[str, Any]:
    return {
        "table": each.table,
        "identity": each.identity,
        "column": each.column,
        "base": _plain(each.base),
        "seen": _plain(each.seen),
    }


def _plain(value: Any) -> Any:
    """A value as it is kept."""
    if isinstance(value, base.State):
        value = {"values": value.values, "parts": value.parts} if value.parts else {"values": value.values}
    return orjson.loads(orjson.dumps(value, str))
