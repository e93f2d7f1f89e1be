"""What the server advises, in other words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.hints import in_commands, in_pages, statements

_ENGINE = Path(__file__).parents[2] / "engine"


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("SELECT * FROM iasql_diff() shows it.", "`iasql diff` shows it."),
        ("SELECT * FROM iasql_sync(keep => 'role a''b'); and", """`iasql sync --keep 'role a'"'"'b'`; and"""),
        ("So: SET iasql.allow_loss = on; and apply again.", "So: `iasql apply --set iasql.allow_loss=on`."),
        ("SET iasql.max_deletes = 3; and apply again.", "`iasql apply --set iasql.max_deletes=3`."),
        ("SET iasql.apply_mode = merge; and apply.", "`iasql apply --mode merge`."),
        ("SELECT * FROM iasql_undo(7).", "`iasql undo 7`."),
        ("SELECT iasql_upgrade() makes it again.", "SELECT iasql_upgrade() makes it again."),
        ("Correct the row and apply again.", "Correct the row and apply again."),
    ],
)  # fmt: skip
def test_advice_is_in_commands(hint: str, said: str) -> None:
    assert in_commands(hint) == said


def test_what_is_advised_can_be_run_on_a_page() -> None:
    hint = (
        "Here: SELECT * FROM iasql_sync(). There: SELECT * FROM iasql_sync(keep => 'a (b) ''c'''); and apply."
    )
    assert statements(hint) == [
        "SELECT * FROM iasql_sync()",
        "SELECT * FROM iasql_sync(keep => 'a (b) ''c''')",
    ]
    assert statements("SELECT * FROM iasql_uninstall(…) drops the tables.") == []


def test_the_engine_still_says_what_is_said_otherwise_here() -> None:
    said = "".join(each.read_text() for each in _ENGINE.rglob("*.py"))
    hint = "Look at iasql_plan_apply() again; iasql_plan_id() then names the new plan."
    assert hint in said
    assert in_commands(hint) == "Look at `iasql plan` again."
    assert in_pages(hint) == "Look at the plan again."
    for each in (r"SET iasql\.allow_loss = on; and apply again", r"SET iasql\.apply_mode = merge; and apply"):
        assert re.search(each, said)
