"""Lines as wide as a terminal: what does not fit goes on below where it began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

#: Columns between two cells; those that a text beside something needs, or else is below it; those that
#: the cells of a table have at least, or else each row is a block.
_GAP, _BESIDE, _LEAST = 2, 30, 18
_BELOW = 8


def hanging(console: Console, head: Text, body: Text) -> list[Text]:
    """A text beside its head. Where there is no terminal it is one line."""
    room = console.width - head.cell_len
    if not console.is_terminal or body.cell_len <= room:
        return [head + body]
    if room >= _BESIDE:
        first, *others = _wrapped(console, body, room)
        return [head + first, *(Text(" " * head.cell_len) + each for each in others)]
    lines = _wrapped(console, body, max(console.width - _BELOW, _LEAST))
    head.rstrip()
    return [head, *(Text(" " * _BELOW) + each for each in lines)]


def _wrapped(console: Console, text: Text, width: int) -> list[Text]:
    lines = list(text.wrap(console, width, overflow="fold"))
    for each in lines:
        each.rstrip()
    return lines


def table(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]], said_once: int = 0
) -> Iterator[Text]:
    """A table, or a block for each row if it is too wide; columns in which there is nothing are left out.

    Args:
        said_once: how many columns stand above all rows that have the same in them.
    """
    kept = [each for each in range(said_once, len(columns)) if any(row[each] for row in rows)]
    margin = _GAP if said_once else 0
    natural = [max(cell_len(columns[each]), *(cell_len(row[each]) for row in rows)) for each in kept]
    widths = _widths(natural, console.width - margin - _GAP * (len(kept) - 1))
    names = [columns[each] for each in kept]
    if widths:
        yield from _row(console, margin, widths, [Text(each, style="bold") for each in names])
    for number, (head, some) in enumerate(groupby(rows, key=lambda row: tuple(row[:said_once]))):
        if said_once:
            yield from hanging(console, Text(), Text(" ".join(filter(None, head)), style="bold"))
        for index, row in enumerate(some):
            cells = [row[each] for each in kept]
            if not any(cells):
                continue
            if widths:
                yield from _row(console, margin, widths, [Text(each) for each in cells])
            else:
                if index or (number and not said_once):
                    yield Text()
                yield from _block(console, margin, names, cells)


def _widths(natural: Sequence[int], room: int) -> list[int] | None:
    """How wide each column is, if there is room: the widest ones are as wide as each other."""
    most = max(natural, default=0)
    while sum(min(each, most) for each in natural) > room:
        most -= 1
        if most < _LEAST:
            return None
    return [min(each, most) for each in natural]


def _row(console: Console, margin: int, widths: Sequence[int], cells: Sequence[Text]) -> Iterator[Text]:
    wrapped = [
        [cell] if cell.cell_len <= width else _wrapped(console, cell, width)
        for cell, width in zip(cells, widths, strict=True)
    ]
    for parts in zip_longest(*wrapped, fillvalue=Text()):
        line = Text(" " * margin)
        for part, width in zip(parts, widths, strict=True):
            line.append(part)
            line.append(" " * (width - part.cell_len + _GAP))
        line.rstrip()
        yield line


def _block(console: Console, margin: int, names: Sequence[str], cells: Sequence[str]) -> Iterator[Text]:
    longest = max(map(len, names), default=0)
    for name, cell in zip(names, cells, strict=True):
        if cell:
            head = Text(f"{'':{margin}}{name:{longest}}  ")
            yield from hanging(console, head, Text(cell))
