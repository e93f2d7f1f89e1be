"""What pages ask of a database, with the rights of whoever has signed in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape
from psycopg import sql

from console.session import Row
from console.web.server_session import ServerSession

#: Rows of a page, unless said otherwise, and at most.
ROWS, MOST_ROWS = 100, 10_000
#: The schema of what rows have been.
PAST = "iasql_history"

_PREPARED = sql.SQL("SELECT to_regclass('iasql.iasql_operation') IS NOT NULL")
_MAY = sql.SQL(
    "SELECT DISTINCT proname::text FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace "
    "AND proname LIKE 'iasql\\_%' AND has_function_privilege(oid, 'EXECUTE')"
)
_MAY_SEE_JOURNAL = sql.SQL(
    "SELECT has_table_privilege('iasql.iasql_operation', 'SELECT') "
    "AND has_table_privilege('iasql.iasql_step', 'SELECT')"
)
_MODULES = sql.SQL(
    "SELECT schema, name, installed_at::timestamptz(0)::text FROM iasql.installed_module ORDER BY 1, 2"
)
#: The tables of modules, and the views of their past, that somebody may read a column of.
_TABLES = sql.SQL(
    "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class AS c "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "JOIN iasql.module_table AS m ON m.table_name = c.relname "
    "WHERE c.relkind IN ('r', 'v') "
    "AND (n.nspname = 'iasql_history' OR n.nspname IN (SELECT schema FROM iasql.place)) "
    "AND has_schema_privilege(n.oid, 'USAGE') "
    "AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')) "
    "ORDER BY n.nspname = 'iasql_history', n.nspname <> 'public', 1, 2"
)
_COLUMNS = sql.SQL(
    "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute AS a "
    "WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped "
    "AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum"
)
_KEY = sql.SQL(
    "SELECT a.attname::text FROM pg_catalog.pg_index AS i CROSS JOIN LATERAL unnest(i.indkey) AS k (number) "
    "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number "
    "WHERE i.indrelid = %s::regclass AND i.indisprimary"
)
#: References of one column: the column, and the schema, table and column that it is of.
_REFERENCES = sql.SQL(
    "SELECT a.attname::text, n.nspname::text, c.relname::text, f.attname::text "
    "FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.confrelid "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] "
    "JOIN pg_catalog.pg_attribute AS f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1] "
    "WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.conrelid = %s::regclass"
)
#: Columns of text that are another row's in every row, by themselves.
_NAMES = sql.SQL(
    "SELECT a.attname::text FROM pg_catalog.pg_index AS i "
    "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
    "WHERE i.indrelid = %s::regclass AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL "
    "AND a.atttypid IN ('text'::regtype, 'varchar'::regtype) ORDER BY NOT i.indisprimary, a.attnum"
)
_NOW = sql.SQL("SELECT to_char(now(), 'YYYY-MM-DD\"T\"HH24:MI'), current_setting('TimeZone')")
_FRESH = sql.SQL(
    "SELECT table_name, region_name, read_at::timestamptz(0)::text, read_by, "
    "watched_at::timestamptz(0)::text "
    "FROM iasql_freshness()"
)
_DRIFT = sql.SQL(
    "SELECT table_name, name, region_name, column_name, base_value::text, seen_value::text FROM iasql.drift "
    "WHERE upper_inf(valid) ORDER BY 1, 2, 4 LIMIT 100"
)
_JOURNAL = sql.SQL(
    "SELECT id, started_at::timestamptz(0)::text, username, address, function, "
    "array_to_string(arguments, ', '), steps, COALESCE(outcome, 'under way'), message "
    "FROM iasql.iasql_operation "
)
_OPERATIONS = _JOURNAL + sql.SQL("ORDER BY id DESC LIMIT %s OFFSET %s")
_OPERATION = _JOURNAL + sql.SQL("WHERE id = %s")
_STEPS = sql.SQL(
    "SELECT number, COALESCE(action, kind), table_name, description, COALESCE(outcome, 'under way'), "
    "message, jsonb_pretty(before), jsonb_pretty(after) "
    "FROM iasql.iasql_step WHERE operation = %s ORDER BY number"
)


@dataclass(frozen=True)
class Reference:
    """What a column refers to."""

    schema: str
    table: str
    column: str

    @cached_property
    def address(self) -> str:
        """What leads to the row of a value, which is to be added."""
        return f"/tables/{quote(self.schema)}/{quote(self.table)}?{urlencode({'column': self.column})}&is="


@dataclass(frozen=True)
class Filter:
    """Which rows are wanted.

    Attributes:
        has: what the column's text has in it, whatever the case; None if `equals` counts.
        equals: what it is.
    """

    column: str
    has: str | None
    equals: str | None


@dataclass(frozen=True)
class Rows:
    """A page of a table.

    Attributes:
        references: by columns.
        named_by: the column by which a row is found in the table's history.
        more: whether there are rows behind these.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    references: dict[str, Reference]
    named_by: str | None
    more: bool

    @property
    def links(self) -> list[Markup | None]:
        """For each column what leads to the row that a value, which is to be added, refers to."""
        to = self.references
        return [escape(to[each].address) if each in to else None for each in self.columns]


async def is_prepared(server: ServerSession) -> bool:
    """Whether anything of iasql has been called in the database yet."""
    return bool((await server.rows(_PREPARED))[0][0])


async def may(server: ServerSession) -> frozenset[str]:
    """The functions that they may execute, and `journal` if they may read it."""
    if not await is_prepared(server):
        return frozenset()
    names = frozenset(name for (name,) in await server.rows(_MAY))
    ((journal,),) = await server.rows(_MAY_SEE_JOURNAL)
    return names | {"journal"} if journal else names


async def modules(server: ServerSession) -> list[Row]:
    """Schema, name, and when it was installed."""
    return await server.rows(_MODULES)


async def tables(server: ServerSession) -> list[tuple[str, str]]:
    """Schema and name of what they may read."""
    return [(schema, name) for schema, name in await server.rows(_TABLES)]


async def remembered(server: ServerSession) -> list[str]:
    """The tables that they may read and see the past of."""
    names = await tables(server)
    present = {name for schema, name in names if schema != PAST}
    return [name for schema, name in names if schema == PAST and name in present]


async def now(server: ServerSession) -> tuple[str, str]:
    """The time, to the minute, and the zone that times without one are in."""
    ((time, zone),) = await server.rows(_NOW)
    return time, zone


async def counts(server: ServerSession, names: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many rows tables have, as far as they see."""
    if not names:
        return {}
    each = [sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name)) for schema, name in names]
    found = await server.rows(
        sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}::integer, ({})").format(sql.Literal(number), query)
            for number, query in enumerate(each)
        )
    )
    return {names[number]: count for number, count in found}


async def fresh(server: ServerSession) -> list[Row]:
    """Table, region, when and by what its rows have followed AWS, and when it was watched."""
    return await server.rows(_FRESH)


async def drift(server: ServerSession) -> list[Row]:
    """What the watch has seen to differ."""
    return await server.rows(_DRIFT)


async def operations(server: ServerSession, limit: int, offset: int = 0) -> list[Row]:
    """The last operations."""
    return await server.rows(_OPERATIONS, limit, offset)


async def operation(server: ServerSession, number: int) -> Row | None:
    """One operation."""
    found = await server.rows(_OPERATION, number)
    return found[0] if found else None


async def steps(server: ServerSession, number: int) -> list[Row]:
    """The steps of an operation."""
    return await server.rows(_STEPS, number)


async def key(server: ServerSession, schema: str, table: str) -> list[str]:
    """The columns of the primary key."""
    return [each for (each,) in await server.rows(_KEY, name_of(schema, table))]


async def references(server: ServerSession, schema: str, table: str) -> dict[str, Reference]:
    """What columns refer to."""
    found = await server.rows(_REFERENCES, name_of(schema, table))
    return {column: Reference(*to) for column, *to in found}


async def named_by(server: ServerSession, schema: str, table: str) -> str | None:
    """The column of text that tells rows apart by itself, if there is one that they may read."""
    shown = await columns(server, schema, table)
    names = [each for (each,) in await server.rows(_NAMES, name_of(schema, table)) if each in shown]
    return names[0] if names else None


async def past(
    server: ServerSession, table: str, names: list[str], column: str, called: str, limit: int
) -> list[Row]:
    """What the rows of a name have been, the latest first: since, until, and the columns of the view."""
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(each)) for each in names)
    query = sql.SQL(
        "SELECT lower(valid)::timestamptz(0)::text, upper(valid)::timestamptz(0)::text, {} FROM {} "
        "WHERE {}::text = %s ORDER BY lower(valid) DESC LIMIT %s"
    ).format(texts, sql.Identifier(PAST, table), sql.Identifier(column))
    return await server.rows(query, called, limit)


async def columns(server: ServerSession, schema: str, table: str) -> list[str]:
    """The columns that they may read."""
    return [name for name, _ in await server.rows(_COLUMNS, name_of(schema, table))]


async def browse(
    server: ServerSession,
    schema: str,
    table: str,
    wanted: Filter | None,
    limit: int,
    offset: int,
    at: str | None = None,
) -> Rows:
    """A page of a table that `tables` has.

    Args:
        at: a time, of what rows have been.
    """
    shown = await columns(server, schema, table)
    by = [each for each in await key(server, schema, table) if each in shown]
    links = await references(server, schema, table)
    order = [sql.Identifier(each) for each in by] if by else [sql.SQL("1")]
    if schema == PAST:
        order = [sql.SQL("lower(valid) DESC")]
    where: list[sql.Composable] = []
    parameters: list[object] = []
    if wanted is not None and wanted.column in shown:
        column = sql.Identifier(wanted.column)
        if wanted.equals is not None:
            where.append(sql.SQL("{}::text = %s").format(column))
            parameters.append(wanted.equals)
        else:
            where.append(sql.SQL("position(lower(%s) IN lower({}::text)) > 0").format(column))
            parameters.append(wanted.has)
    if schema == PAST and at:
        where.append(sql.SQL("valid @> %s::text::timestamptz"))
        parameters.append(at)
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(each)) for each in shown)
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT %s OFFSET %s").format(
        texts,
        sql.Identifier(schema, table),
        sql.SQL(" AND ").join(where) if where else sql.SQL("true"),
        sql.SQL(", ").join(order),
    )
    rows = await server.rows(query, *parameters, limit + 1, offset)
    names = await named_by(server, schema, table)
    return Rows(tuple(shown), rows[:limit], links, names, len(rows) > limit)


def name_of(schema: str, table: str) -> str:
    """A table's name, quoted."""
    return sql.Identifier(schema, table).as_string(None)
