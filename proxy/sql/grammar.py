"""Postgres' own grammar, as plain dictionaries.

libpg_query's JSON tree is used rather than its protobuf form, because the protobuf
runtime refuses trees nested deeper than 100: `'a' || 'b' || …` fifty times over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import postgast
from postgast import pg_query_pb2
from postgast.native import lib

Node = dict[str, Any]

_DEEPEST = 20_000

TOKEN = pg_query_pb2.Token
_OPENING = frozenset({TOKEN.ASCII_40, TOKEN.ASCII_91})
_CLOSING = frozenset({TOKEN.ASCII_41, TOKEN.ASCII_93})
#: What stands between an argument's name and the argument.
NAMING = frozenset({TOKEN.EQUALS_GREATER, TOKEN.COLON_EQUALS})
#: The tokens that mean nothing.
COMMENTS = frozenset({TOKEN.SQL_COMMENT, TOKEN.C_COMMENT})


def parse(sql: bytes) -> list[Node] | None:
    """The raw statements of a text in UTF-8, or None when Postgres' grammar refuses it."""
    result = lib.pg_query_parse(sql)
    try:
        if result.error:
            return None
        tree = _load(result.parse_tree)
    except (RecursionError, ValueError):
        return None
    finally:
        lib.pg_query_free_parse_result(result)
    statements: list[Node] = tree.get("stmts", [])
    return statements


def _load(tree: bytes) -> Node:
    # An operator chain of 500 terms nests 1,500 deep; the grammar has its own limit of stack depth.
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        loaded: Node = json.loads(tree)
    finally:
        sys.setrecursionlimit(limit)
    return loaded


def walk(node: Any) -> Iterator[tuple[str, Node]]:
    """Every node below, with the name of its type."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending.extend(current)
        elif isinstance(current, dict):
            for name, value in current.items():
                if isinstance(value, dict):
                    if name[:1].isupper():
                        yield name, value
                    pending.append(value)
                elif isinstance(value, list):
                    pending.append(value)


def kind_of(node: Node) -> tuple[str, Node]:
    """Type name and content of a wrapped node."""
    for name, value in node.items():
        return name, value
    return "", {}


def arguments(sql: bytes, location: int, end: int) -> tuple[list[str], list[int], bool]:
    """The argument expressions of the call that begins at a location, as written, without their names.

    Parameters are renumbered from $1 in the order of their first use.

    Returns:
        The expressions, the original numbers of the parameters, and whether the
        last expression is marked VARIADIC.
    """
    text = sql[location:end]
    depth = 0
    parts: list[list[bytes]] = [[]]
    numbers: list[int] = []
    variadic = False
    for token in postgast.scan(text.decode()).tokens:
        word = text[token.start : token.end]
        if token.token in _CLOSING:
            depth -= 1
            if depth == 0:
                break
        if depth == 1 and token.token == TOKEN.ASCII_44:
            parts.append([])
        elif depth == 1 and token.token == TOKEN.VARIADIC:
            variadic = True
        elif depth == 1 and token.token in NAMING:
            parts[-1] = []
        elif token.token == TOKEN.PARAM:
            number = int(word[1:])
            if number not in numbers:
                numbers.append(number)
            parts[-1].append(b"$%d" % (numbers.index(number) + 1))
        elif depth > 0 and token.token not in COMMENTS:
            parts[-1].append(word)
        if token.token in _OPENING:
            depth += 1
    # A line break between two string constants makes them one; anywhere else it is only a space.
    expressions = [b"\n".join(words).decode() for words in parts if words]
    return expressions, numbers, variadic


def parenthesised(sql: bytes, start: int, end: int) -> str:
    """What stands in the first parentheses of a statement."""
    text = sql[start:end]
    depth, inside = 0, 0
    for token in postgast.scan(text.decode()).tokens:
        if token.token in _CLOSING:
            depth -= 1
            if depth == 0:
                return text[inside : token.start].decode()
        if token.token in _OPENING:
            depth += 1
            inside = inside or token.end
    return ""


def called_names(code: str) -> set[str]:
    """Names that stand before a parenthesis in procedural code."""
    names: set[str] = set()
    try:
        tokens = postgast.scan(code).tokens
    except postgast.PgQueryError:
        return names
    text = code.encode()
    words = [(t.token, text[t.start : t.end]) for t in tokens if t.token not in COMMENTS]
    for (token, word), (following, _) in pairwise(words):
        if token == TOKEN.IDENT and following == TOKEN.ASCII_40:
            name = word.decode()
            names.add(name[1:-1] if name.startswith('"') else name.lower())
    return names
