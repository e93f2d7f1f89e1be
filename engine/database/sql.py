"""SQL text from names and values."""

from __future__ import annotations

from collections.abc import Iterable


def identifier(name: str) -> str:
    """A name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text, quoted; right whatever `standard_conforming_strings` says."""
    quoted = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'"
    return f" E{quoted}" if "\\" in value else quoted


def public(name: str) -> str:
    """A table or type of the user's schema."""
    return "public." + identifier(name)


def names(columns: Iterable[str]) -> str:
    """A list of column names."""
    return ", ".join(identifier(each) for each in columns)
