"""The rows of a table as HTML, which may be thousands: a template takes ten times as long. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from console.session import Row

_NULL = Markup("<td><i>null</i></td>")
_quoted = lru_cache(10_000)(quote)


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
    start, word = escape(to_edit[0]), escape(to_edit[1])
    lines: list[str] = []
    for number, row in enumerate(rows):
        line = ["<tr>"]
        if edits is not None:
            line.append(f'<td><a href="{start}{escape(edits[number])}">{word}</a></td>')
        for link, cell in zip(links, row, strict=True):
            if cell is None:
                line.append(_NULL)
            elif link is None:
                line.append(f"<td>{escape(cell)}</td>")
            else:
                line.append(f'<td><a href="{link}{escape(_quoted(cell, safe=""))}">{escape(cell)}</a></td>')
        if past is not None:
            line.append(_past(*past, row))
        line.append("</tr>")
        lines.append("".join(line))
    return Markup("\n".join(lines))


def _past(address: str, column: str, place: int, row: Row) -> str:
    if row[place] is None:
        return "<td></td>"
    named = escape(f"{address}?{urlencode({'column': column, 'is': row[place]})}")
    return f'<td><a href="{named}">history</a></td>'
