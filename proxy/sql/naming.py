"""Names of arguments that are key words of SQL: `only => …`, which PostgreSQL takes in quotes alone.

What is written so is a syntax error to PostgreSQL, so that quoting it cannot change what a statement means.
"""

from __future__ import annotations

import re

import postgast

from proxy.sql.grammar import COMMENTS, NAMING, TOKEN

#: Only a text with this can contain such a name; others are not worth scanning.
_MAY_NAME = re.compile(r"[(,]\s*only\s*(?:=>|:=)", re.IGNORECASE)
_BEFORE = frozenset({TOKEN.ASCII_40, TOKEN.ASCII_44})


def quoted(sql: str) -> str:
    """A text with quotes around such names."""
    if not _MAY_NAME.search(sql):
        return sql
    try:
        tokens = [each for each in postgast.scan(sql).tokens if each.token not in COMMENTS]
    except postgast.PgQueryError:
        return sql
    text, at, result = sql.encode(), 0, []
    for before, name, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.token in _BEFORE and name.token == TOKEN.ONLY and after.token in NAMING:
            result += [text[at : name.start], b'"only"']
            at = name.end
    return b"".join([*result, text[at:]]).decode()
