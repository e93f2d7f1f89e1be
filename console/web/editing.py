"""What may be written of a table, and the statements that do it, as they are shown and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from console.web import queries
from console.web.queries import name_of
from console.web.rows import quoted
from console.web.server_session import ServerSession

#: Rows that may be offered for a reference.
_OFFERED = 100

#: Of each column that somebody may read: what they may do with it, and what is to be known of it.
_FIELDS = sql.SQL(
    "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum), "
    "has_column_privilege(a.attrelid, a.attnum, 'UPDATE'), "
    "has_column_privilege(a.attrelid, a.attnum, 'INSERT'), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, "
    "ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = a.atttypid "
    "ORDER BY e.enumsortorder) "
    "FROM pg_catalog.pg_attribute AS a "
    "LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' "
    "AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum"
)
#: Whether a row's version can be seen, which no grant of columns alone allows, and rows deleted.
_WHOLE = sql.SQL(
    "SELECT has_table_privilege(%s::regclass, 'SELECT'), has_table_privilege(%s::regclass, 'DELETE')"
)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column as something to fill in.

    Attributes:
        about: what its table says of it.
        may_update, may_insert: what somebody may do with it.
        default: what it is if nothing is said, as SQL.
        values: all that it can be, if it is one of few.
    """

    name: str
    type: str
    about: str | None
    may_update: bool
    may_insert: bool
    default: str | None
    not_null: bool
    values: tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """Whether nothing at all is a value of it, and not NULL."""
        return self.type.startswith(("text", "character"))


@dataclass(frozen=True, kw_only=True)
class Writable:
    """What somebody may write of a table.

    Attributes:
        key: the columns of the primary key; empty if rows cannot be told apart, or seen whole.
    """

    schema: str
    table: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    may_delete: bool

    @property
    def may_update(self) -> bool:
        return bool(self.key) and any(each.may_update for each in self.fields)

    @property
    def may_insert(self) -> bool:
        return any(each.may_insert for each in self.fields)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row as it was shown.

    Attributes:
        version: another one, if anybody has changed the row.
        values: by column, as text.
    """

    version: str
    key: Mapping[str, str]
    values: Mapping[str, str | None]


async def writable(server: ServerSession, schema: str, table: str) -> Writable:
    """What somebody may write of a table that they may read."""
    name = name_of(schema, table)
    fields = [
        Field(
            name=column,
            type=type,
            about=about,
            may_update=may_update,
            may_insert=may_insert,
            default=default,
            not_null=not_null,
            values=("true", "false") if type == "boolean" else tuple(values),
        )
        for column, type, about, may_update, may_insert, default, not_null, values in await server.rows(
            _FIELDS, name
        )
    ]
    ((whole, may_delete),) = await server.rows(_WHOLE, name, name)
    key = await queries.key(server, schema, table) if whole else []
    known = {each.name for each in fields}
    return Writable(
        schema=schema,
        table=table,
        fields=tuple(fields),
        key=tuple(key) if set(key) <= known else (),
        may_delete=may_delete and bool(key),
    )


def addresses(of: Writable, rows: queries.Rows) -> list[str] | None:
    """What leads to each of some rows, to edit it; None if nobody may. Pure."""
    if not (of.may_update or of.may_delete):
        return None
    at = [rows.columns.index(each) for each in of.key]
    return ["&".join([f"key={quoted(row[each])}" for each in at]) for row in rows.rows]


async def find(server: ServerSession, of: Writable, key: Sequence[str]) -> Row | None:
    """The row of a key."""
    if not of.key or len(key) != len(of.key):
        return None
    texts = [sql.SQL("{}::text").format(sql.Identifier(each.name)) for each in of.fields]
    where = [sql.SQL("{}::text = %s").format(sql.Identifier(each)) for each in of.key]
    query = sql.SQL("SELECT xmin::text, {} FROM {} WHERE {}").format(
        sql.SQL(", ").join(texts), sql.Identifier(of.schema, of.table), sql.SQL(" AND ").join(where)
    )
    for version, *values in await server.rows(query, *key):
        by_name = dict(zip((each.name for each in of.fields), values, strict=True))
        return Row(version=version, key=dict(zip(of.key, key, strict=True)), values=by_name)
    return None


async def offered(server: ServerSession, of: Writable) -> dict[str, list[tuple[str, str]]]:
    """For columns that refer to other tables the first keys of these, and what their rows are called."""
    found: dict[str, list[tuple[str, str]]] = {}
    for column, to in (await queries.references(server, of.schema, of.table)).items():
        readable = await queries.columns(server, to.schema, to.table)
        if to.column not in readable:
            continue
        called = next((each for each in _CALLED if each in readable), None)
        called = await queries.named_by(server, to.schema, to.table) or called or to.column
        query = sql.SQL("SELECT {}::text, COALESCE({}::text, '') FROM {} ORDER BY {} LIMIT {}").format(
            sql.Identifier(to.column),
            sql.Identifier(called),
            sql.Identifier(to.schema, to.table),
            sql.Identifier(to.column),
            sql.Literal(_OFFERED),
        )
        found[column] = [(key, name) for key, name in await server.rows(query) if key is not None]
    return found


#: Columns that people know rows by where no column is unique.
_CALLED = ("group_name", "cidr_block", "name", "description")


def insert(of: Writable, values: Mapping[str, str | None]) -> sql.Composed:
    """Adds a row with some values. Pure."""
    table = sql.Identifier(of.schema, of.table)
    if not values:
        return sql.SQL("INSERT INTO {} DEFAULT VALUES").format(table)
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        table,
        sql.SQL(", ").join(sql.Identifier(each) for each in values),
        sql.SQL(", ").join(sql.Literal(each) for each in values.values()),
    )


def update(of: Writable, row: Row, values: Mapping[str, str | None]) -> sql.Composed:
    """Changes some values of a row, unless it is another one than was shown. Pure."""
    changes = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in values.items()
    ]
    return sql.SQL("UPDATE {} SET {} WHERE {}").format(
        sql.Identifier(of.schema, of.table), sql.SQL(", ").join(changes), _same(row)
    )


def delete(of: Writable, row: Row) -> sql.Composed:
    """Deletes a row, unless it is another one than was shown. Pure."""
    return sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(of.schema, of.table), _same(row))


def _same(row: Row) -> sql.Composed:
    parts = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(key)) for name, key in row.key.items()
    ]
    return sql.SQL(" AND ").join([*parts, sql.SQL("xmin = {}").format(sql.Literal(row.version))])


def changed(of: Writable, row: Row, form: Mapping[str, str]) -> dict[str, str | None]:
    """What a form has otherwise than the row that it shows. Pure."""
    sent = [each for each in of.fields if f"is.{each.name}" in form or f"null.{each.name}" in form]
    fields = [each for each in sent if each.may_update]
    found = {each.name: _filled(form, each, row.values[each.name]) for each in fields}
    return {name: value for name, value in found.items() if _plain(value) != _plain(row.values[name])}


def filled(of: Writable, form: Mapping[str, str]) -> dict[str, str | None]:
    """What a form for a new row says; the rest is left to the table. Pure."""
    said = [each for each in of.fields if form.get(f"is.{each.name}") or form.get(f"null.{each.name}")]
    return {each.name: _filled(form, each, None) for each in said if each.may_insert}


def _filled(form: Mapping[str, str], field: Field, before: str | None) -> str | None:
    """A field's value. Where there was none and something is written, the tick at NULL was forgotten."""
    text = _plain(form.get(f"is.{field.name}", "")) or ""
    ticked = form.get(f"null.{field.name}") == "on" and (before is not None or text == "")
    return None if ticked or (text == "" and not field.is_text) else text


def _plain(text: str | None) -> str | None:
    """Browsers send the ends of lines otherwise than they were."""
    return text.replace("\r\n", "\n") if text is not None else None
