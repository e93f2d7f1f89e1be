"""Finds the calls in a text of SQL, and says which of them can be performed.

A call is performed before Postgres executes the statement, once. So it has to stand
where Postgres would evaluate it exactly once; anywhere else it is refused. What the
grammar does not accept is left to Postgres, whose error is the right one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from proxy.sql.grammar import Node, arguments, called_names, kind_of, parenthesised, parse, walk
from proxy.sql.trials import Trial, trials

#: A text without this, in any case, contains no call.
NEEDLE = b"iasql_"

#: Only a text with this can contain a call; others are not worth parsing.
_CALL_LIKE = re.compile(r"(?:iasql_[\w$]*|delete_all_records)\"?\s*(?:\(|/\*|--)", re.IGNORECASE)

_SCHEMA = "public"
_OWN_NAME = re.compile(r"iasql_|delete_all_records$")


@dataclass(frozen=True)
class Made:
    """Where a statement makes a table: in a schema, None being the first of the search_path, or in none."""

    schema: str | None
    temporary: bool


@dataclass(frozen=True)
class Cursor:
    """A cursor that a statement declares; unless it is held, its transaction's end closes it."""

    name: str
    held: bool


@dataclass(frozen=True)
class CallSite:
    """A call that can be performed.

    Attributes:
        function: its unqualified name.
        qualified: whether the schema is written, so that search_path does not matter.
        arguments: an SQL expression of type text[] for its arguments, None if it has none.
        names: of those that are named, by which they are, in order, after those that are not.
        parameters: the numbers of the statement's parameters that are $1, $2, … in it.
        query: the query in a statement of which EXPLAIN takes only that; None: it takes the statement.
        makes: where the statement makes a table of the rows; None: it makes none.
        cursor: the cursor that the statement declares; None: it declares none.
        trials: what else Postgres is asked beforehand.
    """

    function: str
    qualified: bool = False
    arguments: str | None = None
    names: tuple[str, ...] = ()
    parameters: tuple[int, ...] = ()
    query: str | None = None
    makes: Made | None = None
    cursor: Cursor | None = None
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A call where it cannot be performed, and what to write instead."""

    function: str
    message: str
    hint: str


@dataclass(frozen=True)
class Statement:
    """One statement of a text: where it is, in bytes of UTF-8, and the call in it."""

    start: int
    end: int
    finding: CallSite | Refusal | None


@dataclass(frozen=True)
class Analysis:
    """What a text of SQL contains.

    Attributes:
        statements: all of them, in order; empty when it cannot be parsed.
        needs_functions: whether it uses a function that `prepare_database` creates.
    """

    statements: tuple[Statement, ...] = ()
    needs_functions: bool = False

    @property
    def refusal(self) -> Refusal | None:
        return next((s.finding for s in self.statements if isinstance(s.finding, Refusal)), None)

    @property
    def has_call(self) -> bool:
        return any(isinstance(s.finding, CallSite) for s in self.statements)


def analyse(sql: str, functions: Collection[str]) -> Analysis:
    """Find the calls of these functions in a text."""
    if not _CALL_LIKE.search(sql):
        return Analysis()
    text = sql.encode("utf-8", "replace")
    raw = parse(text)
    if raw is None:
        return Analysis()
    statements: list[Statement] = []
    needs_functions = False
    for item in raw:
        start = item.get("stmt_location", 0)
        end = start + item["stmt_len"] if item.get("stmt_len") else len(text)
        tree: Node = item.get("stmt", {})
        names = set(_own_names(tree))
        needs_functions = needs_functions or bool(names)
        finding = _finding(tree, text, start, end, functions) if names or "DoStmt" in tree else None
        statements.append(Statement(start, end, finding))
    return Analysis(tuple(statements), needs_functions)


def _own_names(tree: Node) -> Iterator[str]:
    for kind, node in walk(tree):
        if kind == "FuncCall":
            schema, name = _name(node)
            if schema in ("", _SCHEMA) and _OWN_NAME.match(name):
                yield name


def _finding(
    tree: Node, text: bytes, start: int, end: int, functions: Collection[str]
) -> CallSite | Refusal | None:
    kind, statement = kind_of(tree)
    if kind == "DoStmt":
        return _refuse_block(statement, functions)
    if kind == "CreateFunctionStmt" or (kind == "ExplainStmt" and not _executes(statement)):
        return None
    calls = [node for name, node in walk(tree) if name == "FuncCall" and _is_ours(node, functions)]
    if not calls:
        return None
    call = min(calls, key=lambda node: int(node.get("location", 0)))
    schema, function = _name(call)
    if len(calls) > 1:
        return Refusal(
            function,
            f"{function}() and another call of that kind cannot stand in one statement",
            "Write one statement for each call.",
        )
    if kind in _REFUSED:
        hint = _UNPREPARED if kind == "PrepareStmt" else _direct(function)
        return Refusal(function, f"{function}() cannot be called {_REFUSED[kind]}", hint)
    if not any(node is call for node in _performable(kind, statement)):
        return _refuse_position(tree, call, function)
    for name, _ in walk(call.get("args", [])):
        if name == "ColumnRef":
            return Refusal(
                function,
                f"an argument of {function}() refers to a column",
                "Its arguments must be constants or parameters: they are needed before the statement runs.",
            )
    if kind == "CopyStmt" and (statement.get("filename") or statement.get("is_program")):
        return Refusal(
            function,
            f"{function}() cannot be called in COPY to a file or a program of the server",
            "Copy to STDOUT; psql's \\copy writes that to a file of yours.",
        )
    tried = tuple(trials(kind, statement, text, start, end))
    site = replace(_site(call, text, end, qualified=bool(schema)), trials=tried)
    if kind == "CopyStmt":
        return replace(site, query=parenthesised(text, start, end))
    if kind == "DeclareCursorStmt":
        held = bool(statement.get("options", 0) & _CURSOR_OPT_HOLD)
        return replace(site, cursor=Cursor(statement["portalname"], held))
    return replace(site, makes=_made(kind, statement))


#: https://github.com/postgres/postgres/blob/master/src/include/nodes/parsenodes.h
_CURSOR_OPT_HOLD = 0x0020


def _made(kind: str, statement: Node) -> Made | None:
    clause = statement.get("into" if kind == "CreateTableAsStmt" else "intoClause")
    if clause is None:
        return None
    table = clause["rel"]
    return Made(table.get("schemaname"), table.get("relpersistence") == "t")


_UNPREPARED = "Call it directly, or let the driver prepare the statement instead of writing PREPARE."

_REFUSED = {
    "ExplainStmt": "under EXPLAIN ANALYZE",
    "ViewStmt": "in a view",
    "PrepareStmt": "in PREPARE",
    "UpdateStmt": "in UPDATE",
    "DeleteStmt": "in DELETE",
    "MergeStmt": "in MERGE",
    "RuleStmt": "in a rule",
}


_QUERY_INSIDE = frozenset({"CreateTableAsStmt", "CopyStmt", "DeclareCursorStmt"})


def _performable(kind: str, statement: Node) -> Iterator[Node]:
    """The function calls of a statement that Postgres evaluates exactly once."""
    if kind == "SelectStmt":
        yield from _of_select(statement)
    elif kind == "InsertStmt":
        yield from _of_ctes(statement)
        yield from _of_query(statement.get("selectStmt"))
    elif kind in _QUERY_INSIDE and not (
        statement.get("objtype") == "OBJECT_MATVIEW" or statement.get("is_from")
    ):
        yield from _of_query(statement.get("query"))


def _of_query(node: Node | None) -> Iterator[Node]:
    kind, content = kind_of(node or {})
    if kind == "SelectStmt":
        yield from _of_select(content)


def _of_ctes(statement: Node) -> Iterator[Node]:
    clause = statement.get("withClause", {})
    if clause.get("recursive"):
        return
    for cte in clause.get("ctes", []):
        kind, content = kind_of(cte["CommonTableExpr"]["ctequery"])
        if kind in ("SelectStmt", "InsertStmt"):
            yield from _performable(kind, content)


def _of_select(select: Node, *, in_from: bool = False) -> Iterator[Node]:
    yield from _of_ctes(select)
    if "larg" in select:
        yield from _of_select(select["larg"], in_from=in_from)
        yield from _of_select(select["rarg"], in_from=in_from)
        return
    for item in select.get("fromClause", []):
        yield from _of_from_item(item)
    # A sub-select without a scan of its own may be evaluated again by the join around it.
    bare = not any(select.get(clause) for clause in ("fromClause", "whereClause", "groupClause"))
    if bare and not in_from:
        for target in select.get("targetList", []):
            yield from _of_target(target["ResTarget"].get("val", {}))


def _of_from_item(item: Node) -> Iterator[Node]:
    kind, content = kind_of(item)
    if kind == "RangeFunction":
        for function in content.get("functions", []):
            inner, call = kind_of(function["List"]["items"][0])
            if inner == "FuncCall":
                yield call
    elif kind == "RangeSubselect" and not content.get("lateral"):
        subquery, select = kind_of(content["subquery"])
        if subquery == "SelectStmt":
            yield from _of_select(select, in_from=True)
    elif kind == "JoinExpr":
        yield from _of_from_item(content["larg"])
        yield from _of_from_item(content["rarg"])


def _of_target(value: Node) -> Iterator[Node]:
    kind, content = kind_of(value)
    if kind == "FuncCall":
        yield content
        for argument in content.get("args", []):
            yield from _of_target(argument)
    elif kind == "TypeCast":
        yield from _of_target(content["arg"])
    elif kind == "A_Expr" and content.get("kind") == "AEXPR_OP":
        for side in ("lexpr", "rexpr"):
            yield from _of_target(content.get(side, {}))
    elif kind == "SubLink" and content.get("subLinkType") in ("EXPR_SUBLINK", "ARRAY_SUBLINK"):
        yield from _of_query(content.get("subselect"))


def _site(call: Node, text: bytes, end: int, *, qualified: bool) -> CallSite:
    _, function = _name(call)
    expressions, numbers, variadic = arguments(text, int(call.get("location", 0)), end)
    if not expressions:
        return CallSite(function, qualified)
    names = tuple(each["NamedArgExpr"]["name"] for each in call["args"] if "NamedArgExpr" in each)
    last = f"({expressions.pop()})::text[]" if variadic else None
    elements = ", ".join(f"({each})::text" for each in expressions)
    array = f"ARRAY[{elements}]" if expressions else None
    return CallSite(function, qualified, " || ".join(filter(None, (array, last))), names, tuple(numbers))


def _refuse_position(tree: Node, call: Node, function: str) -> Refusal:
    for kind, node in walk(tree):
        if kind == "A_Indirection" and kind_of(node.get("arg", {}))[1] is call:
            message = f"{function}() cannot be called with a field taken from its result"
            return Refusal(function, message, _direct(function))
    return Refusal(
        function,
        f"{function}() cannot be called where it might be evaluated never or more than once",
        _direct(function),
    )


def _refuse_block(statement: Node, functions: Collection[str]) -> Refusal | None:
    for argument in statement.get("args", []):
        kind, value = kind_of(argument["DefElem"].get("arg", {}))
        found = called_names(value.get("sval", "")) & set(functions) if kind == "String" else None
        if found:
            function = min(found)
            return Refusal(function, f"{function}() cannot be called in a DO block", _direct(function))
    return None


def _direct(function: str) -> str:
    arguments = "'aws_…'" if function.endswith("install") else ""
    return f"Write it in a statement of its own: SELECT * FROM {function}({arguments});"


def _executes(explain: Node) -> bool:
    for option in explain.get("options", []):
        element = option["DefElem"]
        if element["defname"] == "analyze":
            kind, value = kind_of(element.get("arg", {}))
            if kind == "Integer":
                return bool(value.get("ival"))
            return str(value.get("sval", "on")).lower() not in ("off", "false", "0")
    return False


def _is_ours(call: Node, functions: Collection[str]) -> bool:
    schema, name = _name(call)
    return name in functions and schema in ("", _SCHEMA)


def _name(call: Node) -> tuple[str, str]:
    words = [word["String"].get("sval", "") for word in call["funcname"]]
    return ".".join(words[:-1]), words[-1]
