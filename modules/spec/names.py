"""Names of tables and types in more than one schema.

A table of the schema `public` goes by its own name, one of another schema by `schema.name`. Names of schemas
and tables have no dot in them.
"""

from __future__ import annotations

PUBLIC = "public"


def in_schema(schema: str, name: str) -> str:
    """The name by which a table or type of a schema goes."""
    return name if schema == PUBLIC else f"{schema}.{name}"


def schema_of(table: str) -> str:
    """The schema of a table or type."""
    schema, dot, _ = table.partition(".")
    return schema if dot else PUBLIC


def bare(table: str) -> str:
    """The name of a table or type without its schema."""
    return table.rpartition(".")[2]
