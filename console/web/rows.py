"""The rows of a table as HTML, which may be thousands: a template takes many times as long. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup, escape

from console.session import Row

#: What may stand in an address as it is.
_PLAIN = re.compile(r"[\w./:~-]*", re.ASCII).fullmatch
#: No text of PostgreSQL has it.
_BETWEEN = "\0"


def quoted(value: str) -> str:
    """A value for the query of an address."""
    return value if _PLAIN(value) else quote(value, safe="")


def cells(
    rows: Sequence[Row],
    links: Sequence[Markup | None],
    edits: Sequence[str] | None = None,
    to_edit: tuple[str, str] = ("", ""),
    past: tuple[str, str, int] | None = None,
) -> Markup:
    """The rows of a table's body.

    Args:
        links: for each column what leads to the row that a value, which is added, refers to.
        edits: what leads to the form of each row, after the first of `to_edit`; the second is its word.
        past: what leads to what a row has been: an address, the column that tells rows apart, and its place.
    """
    start, word = (str(escape(each)) for each in to_edit)
    plain = not any(links)
    lines: list[str] = []
    for number, row in enumerate(rows):
        line = ["<tr>"]
        if edits is not None:
            line.append(f'<td><a href="{start}{escape(edits[number])}">{word}</a></td>')
        # One call for all cells: there are tens of thousands.
        shown = str(escape(_BETWEEN.join(["" if each is None else each for each in row]))).split(_BETWEEN)
        for place, (cell, text) in enumerate(zip(row, shown, strict=False)):
            if cell is None:
                line.append("<td><i>null</i></td>")
            elif plain or (link := links[place]) is None:
                line.append(f"<td>{text}</td>")
            else:
                line.append(f'<td><a href="{link}{quoted(cell)}">{text}</a></td>')
        if past is not None:
            line.append(_past(*past, row))
        line.append("</tr>")
        lines.append("".join(line))
    return Markup("\n".join(lines))


def _past(address: str, column: str, place: int, row: Row) -> str:
    if row[place] is None:
        return "<td></td>"
    named = escape(f"{address}?column={quoted(column)}&is={quoted(row[place])}")
    return f'<td><a href="{named}">history</a></td>'
