"""Lines as wide as a terminal."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from console import layout
from tests.console.terminals import shown

_COLUMNS = ("action", "id", "name", "value")
_ROWS = [
    ["create", "", "a", "short"],
    ["create", "", "b", "a value that is too long for one line of a narrow terminal"],
    ["delete", "", "c", ""],
]


def _console(width: int, *, terminal: bool = True) -> Console:
    return Console(width=width, force_terminal=terminal, no_color=True)


def _table(width: int, said_once: int = 0) -> list[str]:
    lines = [str(each) for each in layout.table(_console(width), _COLUMNS, _ROWS, said_once)]
    assert max(map(cell_len, lines)) <= width
    return lines


def test_a_table_has_its_columns_below_each_other_and_none_that_is_empty() -> None:
    assert _table(100)[:2] == ["action  name  value", "create  a     short"]


def test_what_is_too_long_goes_on_in_its_column() -> None:
    assert _table(50)[2:5] == [
        "create  b     a value that is too long for one",
        "              line of a narrow terminal",
        "delete  c",
    ]


def test_a_table_that_is_too_wide_is_a_block_for_each_row() -> None:
    assert _table(30) == [
        "action  create", "name    a", "value   short", "",
        "action  create", "name    b", "value",
        "        a value that is too", "        long for one line of a", "        narrow terminal", "",
        "action  delete", "name    c",
    ]  # fmt: skip


def test_what_is_the_same_in_some_rows_is_said_once() -> None:
    assert _table(100, said_once=1)[:3] == ["  name  value", "create", "  a     short"]


def test_without_a_terminal_a_line_is_a_line() -> None:
    console = _console(20, terminal=False)
    assert [str(each) for each in layout.hanging(console, Text("a: "), Text("b " * 40))] == [
        "a: " + "b " * 40
    ]


def test_wide_letters_count_twice() -> None:
    lines = layout.hanging(_console(40), Text("x: "), Text("漢字 " * 20))
    assert max(each.cell_len for each in lines) <= 40


def test_a_screen_wraps_and_forgets_what_is_written_over() -> None:
    assert shown("12345678", 5) == ["12345", "678"]
    assert shown("bar 1\r\x1b[2Kstep\nbar 2\r\x1b[2K\x1b[1A\x1b[2Kdone", 20) == ["done", ""]
