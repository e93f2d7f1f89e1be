"""A pending change as Markdown, for the description of a pull request. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.plan.model import Action, Change, Difference

#: What each action is called, in the order in which totals have them.
_TOTALS: tuple[Action, ...] = ("create", "update", "replace", "delete")
#: What becomes of what others have changed, by the action of a difference.
_OTHERS = {
    "follow": "the row follows",
    "gone": "gone from AWS, and nothing is done about it",
    "conflict": "the row says something else, and an apply is refused",
}
_LONGEST = 200


def markdown(
    changes: Sequence[Change],
    differences: Sequence[Difference],
    name_of: Callable[[str], str],
    *,
    title: str = "Pending changes",
    description: str = "",
    sql: Sequence[str] = (),
) -> str:
    """What an apply would do: all of it, column by column, what is lost, and what others have changed.

    Args:
        differences: of the changes, and of what others have changed.
        name_of: how a person calls a table.
        sql: the statements that make the changes, a line or more each.
    """
    lines = [f"# {escaped(title)}", ""]
    if description:
        lines += [escaped(description), ""]
    lines.append(_total(changes))
    if changes:
        lines += ["", *_plan(changes, name_of)]
    lines += _section("What is lost", _losses(changes, name_of))
    lines += _section("Column by column", _columns(differences, name_of))
    lines += _section("What others have changed in AWS", _others(differences, name_of))
    lines += _section("SQL", _fenced(sql))
    return "\n".join([*lines, ""])


def _total(changes: Iterable[Change]) -> str:
    counts = Counter(each.action for each in changes)
    some = [f"{counts[action]} to {action}" for action in _TOTALS if counts[action]]
    return ", ".join(some) + "." if some else "Nothing to do: AWS holds what the tables ask for."


def _section(title: str, lines: Iterable[str]) -> list[str]:
    some = list(lines)
    return ["", f"## {title}", "", *some] if some else []


def _plan(changes: Iterable[Change], name_of: Callable[[str], str]) -> Iterator[str]:
    yield from _head("action", "table", "resource")
    for each in changes:
        yield _row(each.action, name_of(each.table), each.label)


def _losses(changes: Iterable[Change], name_of: Callable[[str], str]) -> Iterator[str]:
    for each in changes:
        if lost := (*each.loses, *each.gives_up):
            yield f"- {escaped(name_of(each.table))} {escaped(each.label)}: {escaped('; '.join(lost))}"


def _columns(differences: Iterable[Difference], name_of: Callable[[str], str]) -> Iterator[str]:
    some = [each for each in differences if each.action not in _OTHERS and each.column is not None]
    if some:
        yield from _head("action", "table", "resource", "column", "now", "then")
    for each in some:
        then = "" if each.action == "delete" else _short(each.desired)
        now = "" if each.action == "create" else _short(each.current)
        yield _row(each.action, name_of(each.table), each.label, each.column or "", now, then)


def _others(differences: Iterable[Difference], name_of: Callable[[str], str]) -> Iterator[str]:
    for each in differences:
        if each.action in _OTHERS:
            what = f"{escaped(name_of(each.table))} {escaped(each.label)}"
            column = f", {escaped(each.column)}" if each.column else ""
            values = f" ({_short(each.base)} → {_short(each.current)})" if each.column else ""
            yield f"- {what}{column}: {_OTHERS[each.action]}{escaped(values)}"


def _fenced(sql: Sequence[str]) -> Iterator[str]:
    """Statements as a block of code, whose end is nothing that is in them."""
    if sql:
        longest = max((len(each) for text in sql for each in re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        yield f"{fence}sql"
        yield from sql
        yield fence


def _head(*names: str) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(escaped, cells))} |"


def _short(value: str | None) -> str:
    if value is None:
        return "NULL"
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


#: What means something in Markdown or HTML, or calls somebody.
_SPECIAL = {ord(each): f"&#{ord(each)};" for each in "&<>|`*_[]~@\\#"} | {ord("\n"): " ", ord("\r"): " "}


def escaped(text: str) -> str:
    """A text that nobody takes for markup, whatever it is: names are what their authors want."""
    return text.translate(_SPECIAL)
