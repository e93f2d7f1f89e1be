"""The SQL of statements that name rows as people do. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from engine.database.sql import identifier, literal
from engine.plan.said import Expression, Given, Listed, Remark, Said, Type
from modules.spec.names import PUBLIC, bare, schema_of


def spoken(some: Sequence[Said], schema: str = PUBLIC) -> list[str]:
    """The SQL of each.

    Args:
        schema: the tables of this one go by their own names.
    """
    return [_Text(schema).of(each) for each in some]


class _Text:
    def __init__(self, schema: str) -> None:
        self._schema = schema

    def of(self, said: Said) -> str:
        if isinstance(said, Remark):
            # A name must not end the comment.
            return f"-- {' '.join(said.text.split())}"
        table = self._table(said.table)
        where = [f"{_name(name)} {self._is(value)}" for name, value in said.where]
        where += [f"{self._expression(each)} IS NOT NULL" for each in said.needed]
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        columns = ", ".join(map(_name, said.values))
        values = [self._expression(each) for each in said.values.values()]
        match said.do:
            case "insert" if condition:
                return f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)}{condition};"
            case "insert":
                return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(values)});"
            case "update":
                new = zip(map(_name, said.values), values, strict=True)
                return (
                    f"UPDATE {table} SET {', '.join(f'{name} = {value}' for name, value in new)}{condition};"
                )
            case _:
                return f"DELETE FROM {table}{condition};"

    def _table(self, table: str) -> str:
        schema = schema_of(table)
        name = _name(bare(table))
        return name if schema == self._schema else f"{_name(schema)}.{name}"

    def _is(self, value: Expression) -> str:
        if isinstance(value, Given) and value.value is None:
            return "IS NULL"
        return f"= {self._expression(value)}"

    def _expression(self, value: Expression) -> str:
        if isinstance(value, Given):
            return _given(value.value, value.type)
        if isinstance(value, Listed):
            if not value.elements:
                return "'{}'"
            return f"ARRAY[{', '.join(map(self._expression, value.elements))}]::{value.type}"
        where = " AND ".join(f"{_name(name)} {self._is(each)}" for name, each in value.where)
        return f"(SELECT {_name(value.column)} FROM {self._table(value.table)} WHERE {where})"


def _given(value: Any, type: Type) -> str:
    if value is None:
        return "NULL"
    if type == "jsonb":
        return literal(json.dumps(value, ensure_ascii=False)).strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return literal(str(value)).strip()


def _name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name not in _RESERVED else identifier(name)


_PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
#: https://www.postgresql.org/docs/current/sql-keywords-appendix.html, what cannot be a column or a table.
_WORDS = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
    collation column concurrently constraint create cross current_catalog current_date current_role
    current_schema current_time current_timestamp current_user default deferrable desc distinct do else end
    except false fetch for foreign freeze from full grant group having ilike in initially inner intersect
    into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null
    offset on only or order outer overlaps placing primary references returning right select session_user
    similar some symmetric system_user table tablesample then to trailing true union unique user using
    variadic verbose when where window with
"""
_RESERVED = frozenset(_WORDS.split())
