"""What is done to rows in one statement, as a value: in SQL, or as JSON for a function. Pure.

The function of the tables' owner (`engine.database.write_function`) does the same for each `do`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

from engine.database.sql import among, equal, identifier, literal, names, relation
from modules.spec.names import bare, schema_of


class Statement(Protocol):
    """One statement about the rows of a table."""

    @property
    def do(self) -> str:
        """The name of what it does."""

    @property
    def table(self) -> str:
        """The table whose rows are meant."""

    def queries(self) -> Sequence[tuple[str, str | None]]:
        """The same in SQL, each with its parameter; the last one's rows are what is asked for."""


def as_json(statement: Any) -> Mapping[str, Any]:
    """What a function is told of a statement."""
    # Not `asdict`, which copies every value of every record.
    values = {field.name: getattr(statement, field.name) for field in fields(statement)}
    values["do"] = statement.do
    for name in ("table", "of"):
        if name in values:
            prefix = "" if name == "table" else "of_"
            values |= {f"{prefix}schema": schema_of(values[name]), name: bare(values[name])}
    return values


@dataclass(frozen=True)
class Number:
    """Fetches serial numbers for new rows."""

    table: str
    count: int
    do: ClassVar[str] = "number"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        sequence = f"pg_catalog.pg_get_serial_sequence({literal(relation(self.table))}, 'id')"
        many = f"pg_catalog.generate_series(1, {self.count})"
        return [(f"SELECT pg_catalog.nextval({sequence}), NULL FROM {many}", None)]


@dataclass(frozen=True)
class Lock:
    """Locks the rows with some keys, to the end of the transaction, and fetches key and version of each."""

    table: str
    key: str
    keys: Sequence[Any]
    do: ClassVar[str] = "lock"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        key = f"t.{identifier(self.key)}"
        text = (
            f"SELECT {key}::pg_catalog.text, t.xmin::pg_catalog.text FROM {relation(self.table)} AS t "
            f"WHERE {among(key)} FOR UPDATE OF t"
        )
        return [(text, json.dumps(self.keys))]


@dataclass(frozen=True)
class Insert:
    """Adds rows, and returns how many."""

    table: str
    columns: Sequence[str]
    records: Sequence[Mapping[str, Any]]
    do: ClassVar[str] = "insert"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        columns = names(self.columns)
        text = f"INSERT INTO {relation(self.table)} ({columns}) SELECT {columns} FROM {_records(self.table)}"
        return [(_counted(text), json.dumps(self.records))]


@dataclass(frozen=True)
class Fill:
    """Adds rows of a part for those of some parents that are still there and have none.

    Attributes:
        parent: the part's column that refers to `key` of the table `of`.
    """

    table: str
    columns: Sequence[str]
    records: Sequence[Mapping[str, Any]]
    parent: str
    of: str
    key: str
    keys: Sequence[Any]
    do: ClassVar[str] = "fill"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        columns, key, parent = names(self.columns), identifier(self.key), identifier(self.parent)
        lock = f"SELECT FROM {relation(self.of)} AS t WHERE {among(f't.{key}')} FOR UPDATE OF t"
        there = f"SELECT FROM {relation(self.of)} AS t WHERE {equal(f't.{key}', f'r.{parent}')}"
        full = f"SELECT FROM {relation(self.table)} AS p WHERE {equal(f'p.{parent}', f'r.{parent}')}"
        insert = (
            f"INSERT INTO {relation(self.table)} ({columns}) "
            f"SELECT {columns} FROM {_records(self.table)} AS r "
            f"WHERE EXISTS ({there}) AND NOT EXISTS ({full})"
        )
        return [(lock, json.dumps(self.keys)), (insert, json.dumps(self.records))]


@dataclass(frozen=True)
class Update:
    """Changes rows, and returns how many.

    Attributes:
        key: the columns by which a row is known.
        values: the columns that change.
        fills: those that get a value if they still have none.
    """

    table: str
    key: Sequence[str]
    values: Sequence[str]
    fills: Sequence[str]
    records: Sequence[Mapping[str, Any]]
    do: ClassVar[str] = "update"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        new = [f"{identifier(name)} = r.{identifier(name)}" for name in self.values]
        new += [
            f"{identifier(name)} = COALESCE(t.{identifier(name)}, r.{identifier(name)})"
            for name in self.fills
        ]
        same = " AND ".join(equal(f"t.{identifier(name)}", f"r.{identifier(name)}") for name in self.key)
        text = (
            f"UPDATE {relation(self.table)} AS t SET {', '.join(new)} "
            f"FROM {_records(self.table)} AS r WHERE {same}"
        )
        return [(_counted(text), json.dumps(self.records))]


@dataclass(frozen=True)
class Rename:
    """Gives rows other keys, and returns how many.

    Attributes:
        key: the one column of the key.
        records: the keys as they are, `old`, and as they are to be, `new`.
    """

    table: str
    key: str
    records: Sequence[Mapping[str, str]]
    do: ClassVar[str] = "rename"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        key = identifier(self.key)
        records = "pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r (old text, new text)"
        text = (
            f"UPDATE {relation(self.table)} AS t SET {key} = r.new FROM {records} "
            f"WHERE {equal(f't.{key}', 'r.old')}"
        )
        return [(_counted(text), json.dumps(self.records))]


@dataclass(frozen=True)
class Clear:
    """Sets a column of the rows with some keys to NULL."""

    table: str
    column: str
    key: str
    keys: Sequence[Any]
    do: ClassVar[str] = "clear"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        where = among(identifier(self.key))
        text = f"UPDATE {relation(self.table)} SET {identifier(self.column)} = NULL WHERE {where}"
        return [(text, json.dumps(self.keys))]


@dataclass(frozen=True)
class Delete:
    """Removes the rows with some keys."""

    table: str
    key: str
    keys: Sequence[Any]
    do: ClassVar[str] = "delete"

    def queries(self) -> Sequence[tuple[str, str | None]]:
        return [
            (f"DELETE FROM {relation(self.table)} WHERE {among(identifier(self.key))}", json.dumps(self.keys))
        ]


def _counted(text: str) -> str:
    """A statement that returns how many rows it has written."""
    return (
        f"WITH done AS ({text} RETURNING 1) "
        "SELECT pg_catalog.count(*)::pg_catalog.text, NULL::pg_catalog.text FROM done"
    )


def _records(table: str) -> str:
    return f"pg_catalog.jsonb_populate_recordset(NULL::{relation(table)}, $1::pg_catalog.jsonb)"
