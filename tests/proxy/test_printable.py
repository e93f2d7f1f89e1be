"""Names come from others: in messages they cannot move a cursor, or stand for another line."""

from __future__ import annotations

import pytest

from engine.errors import OperationError
from proxy.errors import fields_of, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\rb", r"a\rb"),
        ("a\nDETAIL:  b", r"a\nDETAIL:  b"),
        ("a\u202eb", r"a\u202eb"),
        ("a\x9bb", r"a\x9bb"),
        ("größer → 網", "größer → 網"),
    ],
)
def test_controls_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert printable(text) == shown
    fields = fields_of(OperationError(text, detail=f"one\n{text.replace(chr(10), '')}"))
    assert fields["M"] == shown
    assert fields["D"].startswith("one\n")
    assert "\x1b" not in fields["D"]
