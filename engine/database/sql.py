"""SQL text from names and values."""

from __future__ import annotations

from collections.abc import Iterable

from modules.spec.names import PUBLIC, bare, schema_of


def identifier(name: str) -> str:
    """A name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text, quoted; right whatever `standard_conforming_strings` says."""
    quoted = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'"
    return f" E{quoted}" if "\\" in value else quoted


def relation(name: str) -> str:
    """A table or type, by the name that it goes by (`modules.spec.names`)."""
    schema = schema_of(name)
    return f"{PUBLIC if schema == PUBLIC else identifier(schema)}.{identifier(bare(name))}"


def names(columns: Iterable[str]) -> str:
    """A list of column names."""
    return ", ".join(identifier(each) for each in columns)


# In the caller's session others' operators may come first: these are Postgres' own.


def equal(one: str, other: str) -> str:
    """That two expressions are equal as text."""
    return f"{one}::pg_catalog.text OPERATOR(pg_catalog.=) {other}::pg_catalog.text"


def among(expression: str) -> str:
    """That an expression, as text, is an element of the JSON array that is parameter $1."""
    elements = "pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb)"
    return f"{expression}::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT {elements}))"
