"""What Postgres can be asked beforehand about a statement, beside its plan: what fails where it would fail.

EXPLAIN sees a statement's query, and not what is done with the rows. No trial does anything that lasts, and
none evaluates a function of the statement's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import postgast

from engine.database.sql import literal
from proxy.sql.grammar import COMMENTS, Node, kind_of, parenthesised, walk


@dataclass(frozen=True)
class Trial:
    """A statement that is tried.

    Attributes:
        parameters: the numbers of the statement's parameters that are $1, $2, … in it.
    """

    sql: str
    parameters: tuple[int, ...] = ()


def trials(kind: str, statement: Node, text: bytes, start: int, end: int) -> Iterator[Trial]:
    """What to try before a statement with a call is run."""
    if kind == "CreateTableAsStmt" and not statement.get("if_not_exists") and not _has_parameters(statement):
        yield Trial(_undone(_without_data(text[start:end])))
    elif kind == "CopyStmt" and statement.get("options") and not _writes(statement):
        yield Trial(_without_rows(text, start, end))
    query = statement if kind == "SelectStmt" else kind_of(statement.get("query", {}))[1]
    limits = [_limit(word, query[name]) for word, name in _LIMITS.items() if name in query]
    yield from (each for each in limits if each is not None)


_LIMITS = {"LIMIT": "limitCount", "OFFSET": "limitOffset"}


def _has_parameters(statement: Node) -> bool:
    return any(kind == "ParamRef" for kind, _ in walk(statement))


def _writes(statement: Node) -> bool:
    return any(kind in ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt") for kind, _ in walk(statement))


def _without_data(statement: bytes) -> str:
    """A CREATE TABLE AS that makes the table and does not run the query."""
    tokens = [each for each in postgast.scan(statement.decode()).tokens if each.token not in COMMENTS]
    words = [statement[each.start : each.end].upper() for each in tokens[-3:]]
    for last in ([b"WITH", b"DATA"], [b"WITH", b"NO", b"DATA"]):
        if words[-len(last) :] == last:
            statement = statement[: tokens[-len(last)].start]
            break
    return f"{statement.decode()}\nWITH NO DATA"


def _undone(statement: str) -> str:
    """A statement whose effects are rolled back at once."""
    block = (
        f"BEGIN EXECUTE {literal(statement)}; RAISE EXCEPTION USING ERRCODE = 'IAS00'; "
        "EXCEPTION WHEN SQLSTATE 'IAS00' THEN NULL; END"
    )
    return f"DO LANGUAGE plpgsql {literal(block)}"


def _without_rows(text: bytes, start: int, end: int) -> str:
    """A COPY of a query that is planned and not run."""
    query = parenthesised(text, start, end)
    statement = text[start:end].decode()
    return statement.replace(f"({query})", f"(SELECT * FROM ({query}\n) AS iasql_rows WHERE false)", 1)


def _limit(word: str, value: Node) -> Trial | None:
    numbers: list[int] = []
    text = _constant(value, numbers)
    return None if text is None else Trial(f"SELECT FROM (SELECT) AS one {word} {text}", tuple(numbers))


def _constant(value: Node, numbers: list[int]) -> str | None:
    """An expression of constants and parameters, as SQL; None: it has something else in it.

    Args:
        numbers: takes the numbers of its parameters.
    """
    kind, node = kind_of(value)
    if kind == "A_Const":
        return _literal(node)
    if kind == "ParamRef" and "number" in node:
        numbers.append(int(node["number"]))
        return f"${len(numbers)}"
    if kind == "A_Expr" and node.get("kind") == "AEXPR_OP" and "lexpr" in node:
        operator = "".join(each["String"]["sval"] for each in node["name"])
        left, right = (_constant(node[side], numbers) for side in ("lexpr", "rexpr"))
        known = operator in ("+", "-", "*", "/", "%") and left is not None and right is not None
        return f"({left} OPERATOR(pg_catalog.{operator}) {right})" if known else None
    return None


def _literal(node: Node) -> str | None:
    if "ival" in node:
        return f"({node['ival'].get('ival', 0)})"
    if "fval" in node:
        return f"({node['fval']['fval']})"
    return literal(node["sval"].get("sval", "")) if "sval" in node else None
