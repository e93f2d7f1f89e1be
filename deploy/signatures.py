"""What the functions are called with and return, as a page for people: `docs/tables/functions.md`.

Of an operation that is told by what the server makes its function from, of an ordinary function by its SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from itertools import groupby

from engine.database.functions import OPERATIONS, OWNERS, PLAIN, SIGNATURES, script

_ABOUT = """# Functions

What each function is called with, and the rows that it returns. [Functions](../functions.md) tells what they
are for, and `SELECT * FROM iasql_help()` lists the same in a database.
"""
_OWNERS = "The owner of the database may execute it, and grant that."


def page() -> str:
    """The page, in Markdown."""
    by_name = groupby(sorted([*_operations(), *_plain()], key=lambda each: each[0]), key=lambda each: each[0])
    return "\n".join([_ABOUT, *(line for name, some in by_name for line in _section(name, list(some)))])


#: Name, parameters, columns or type of the result, what it does, an example, whether it is the owner's.
_Line = tuple[str, str, str, str, str, bool]


def _operations() -> Iterator[_Line]:
    for each in OPERATIONS:
        yield each.name, each.parameters, each.columns, each.comment, each.sample, each.signature in OWNERS


def _plain() -> Iterator[_Line]:
    sql = resources.files("engine.database").joinpath("schema.sql").read_text() + script()
    for signature in sorted(SIGNATURES):
        if signature in PLAIN:
            name, _, types = signature.removeprefix("public.").rstrip(")").partition("(")
            parameters, result = _declared(sql, name, len(types.split(", ")) if types else 0)
            owners = signature in OWNERS
            yield name, parameters, result, _comment(sql, signature), PLAIN[signature], owners


def _declared(sql: str, name: str, count: int) -> tuple[str, str]:
    """The parameters and the result of a function with so many of them, as its SQL has them."""
    found = re.findall(rf"FUNCTION public\.{name}\(([^)]*)\)\s+RETURNS (?:TABLE \(([^)]*)\)|(\w+))", sql)
    [declared] = {
        (each, table or type) for each, table, type in found if len(each.split(", ")) * bool(each) == count
    }
    return declared


def _comment(sql: str, signature: str) -> str:
    found = re.search(rf"COMMENT ON FUNCTION {re.escape(signature)} IS\s+'((?:[^']|'')*)';", sql)
    assert found, f"{signature} has no comment"
    return found[1].replace("''", "'")


def _section(name: str, some: list[_Line]) -> Iterator[str]:
    yield from (f"## {name}", "")
    if any(each[-1] for each in some):
        yield from (_OWNERS, "")
    for columns, alike in groupby(some, key=lambda each: each[2]):
        for _, parameters, _, comment, sample, _ in alike:
            yield f"- `{name}({parameters})`: {comment} `{sample}`"
        yield f"- returns `{columns}`" if columns and columns != "void" else "- returns nothing"
    yield ""
