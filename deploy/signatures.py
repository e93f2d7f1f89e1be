"""What the functions are called with and return, as a page for people: `docs/tables/functions.md`.

Of an operation that is told by what the server makes its function from, of an ordinary function by its SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from itertools import groupby

from engine.database.functions import OPERATIONS, OWNERS, PLAIN, script

_ABOUT = """# Functions

What each function is called with, and the rows that it returns. [Functions](../functions.md) tells what they
are for, and `SELECT * FROM iasql_help()` lists the same in a database.
"""
_OWNERS = "The owner of the database may execute it, and grant that."


def page() -> str:
    """The page, in Markdown."""
    some = sorted([*_operations(), *_plain()], key=lambda each: each.name)
    by_name = groupby(some, key=lambda each: each.name)
    return "\n".join([_ABOUT, *(line for name, some in by_name for line in _section(name, list(some)))])


@dataclass(frozen=True)
class _Signature:
    """One way to call a function.

    Attributes:
        parameters, result: as in SQL.
        does, sample: for people.
        owners: whether it is the owner's to execute.
    """

    name: str
    parameters: str
    result: str
    does: str
    sample: str
    owners: bool


def _operations() -> Iterator[_Signature]:
    for each in OPERATIONS:
        owners = each.signature in OWNERS
        yield _Signature(each.name, each.parameters, each.columns, each.comment, each.sample, owners)


def _plain() -> Iterator[_Signature]:
    sql = resources.files("engine.database").joinpath("schema.sql").read_text() + script()
    for signature in sorted(PLAIN):
        name, _, types = signature.removeprefix("public.").rstrip(")").partition("(")
        parameters, result = _declared(sql, name, len(types.split(", ")) if types else 0)
        owners = signature in OWNERS
        yield _Signature(name, parameters, result, _comment(sql, signature), PLAIN[signature], owners)


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


def _section(name: str, some: list[_Signature]) -> Iterator[str]:
    yield from (f"## {name}", "")
    if any(each.owners for each in some):
        yield from (_OWNERS, "")
    for result, alike in groupby(some, key=lambda each: each.result):
        for each in alike:
            yield f"- `{name}({each.parameters})`: {each.does} `{each.sample}`"
        yield f"- returns `{result}`" if result and result != "void" else "- returns nothing"
    yield ""
