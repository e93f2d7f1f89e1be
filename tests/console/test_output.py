"""What is printed, for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console import COMMANDS
from console.cli import BY_NAME
from console.output import Lines, Terminal, printable
from console.shown import Change, Column, Notice, Plan, changes


def column(name: str, current: str | None, desired: str | None, **more: Any) -> Column:
    return Column(
        **{"name": name, "current": current, "desired": desired, "replaces": False, "base": None}
        | {"changed_by": "row"}
        | more
    )


def change(action: str, *columns: Column, loses: tuple[str, ...] = ()) -> Change:
    return Change(action=action, table="vpc", id=1, description="web", columns=columns, loses=loses)


PLAN = Plan(
    id="abc",
    notices=(
        Notice(severity="WARNING", message="careful", hint="look"),
        Notice(severity="NOTICE", message="3"),
    ),
    changes=(
        change("create", column("cidr", None, "10.0.0.0/16"), column("tags", None, "{}")),
        change("replace", column("cidr", "a", "b", replaces=True), loses=("its routes",)),
        change("conflict", column("cidr", "theirs", "ours", base="before", changed_by="both")),
        change("follow", column("cidr", "new", "new", base="old", changed_by="aws")),
        change("delete", column("cidr", "a", None)),
    ),
)


def test_a_plan_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().plan(PLAN)
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "+ create   vpc  web",
        "    cidr  10.0.0.0/16",
        "± replace  vpc  web",
        "    cidr  a → b  replaces it",
        "    loses its routes",
        "! conflict vpc  web",
        "    cidr  was before, the row says ours, AWS has theirs",
        "< follow   vpc  web",
        "    cidr  old → new",
        "- delete   vpc  web",
        "3, 1 in conflict, 1 row follows AWS",
    ]
    assert shown.err.splitlines() == ["WARNING: careful", "  look"]


def test_colours_are_for_terminals(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Terminal(colour=True).plan(PLAN)
    assert "\x1b[32m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    Terminal().plan(PLAN)
    assert "\x1b" not in capsys.readouterr().out


def test_a_table_without_a_terminal_has_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().rows("row", ("id", "name", "tags"), [(1, None, {"a": "b"}), (12, "x\ty", {})], "none")
    assert capsys.readouterr().out == '1\t\t{"a": "b"}\n12\tx y\t{}\n'


@pytest.mark.parametrize("hostile", ["\x1b[2Jgone", "a\rb", "x\u202ey", "a\x9bm", "[bold]no markup[/bold]"])
def test_names_in_aws_move_no_cursor(capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    assert not {"\x1b", "\r", "\u202e", "\x9b"} & set(printable(hostile))
    told = Change(action="create", table="vpc", id=1, description=hostile)
    Terminal().plan(Plan(id=None, changes=(told,)))
    Terminal().notice(Notice(severity="ERROR", message=hostile, detail=hostile))
    shown = capsys.readouterr()
    assert not {"\x1b", "\r", "\u202e", "\x9b"} & set(shown.out + shown.err)
    assert ("[bold]" in shown.out) == ("[bold]" in hostile)


def test_a_plan_as_lines_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    out = Lines()
    out.plan(PLAN)
    out.notice(Notice(severity="NOTICE", message="[1/3] create vpc web: 0.5 s"))
    out.notice(Notice(severity="ERROR", message="no", sqlstate="40001"))
    out.end(1)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["event"] for each in events] == [
        "begin", "notice", "notice", *["change"] * 5, "plan", "step", "error", "end",
    ]  # fmt: skip
    assert events[8] == {"event": "plan", "id": "abc", "create": 1, "update": 0, "replace": 1, "delete": 1}
    assert events[9] == {"event": "step", "number": 1, "count": 3, "what": "create vpc web", "seconds": 0.5}


def test_rows_of_a_difference_are_changes() -> None:
    rows = [
        ("replace", "vpc", 1, "web", "cidr", "a", "b", True, "its routes", "a", "row"),
        ("replace", "vpc", 1, "web", "tags", "{}", '{"a": "b"}', False, None, "{}", "row"),
        ("gone", "vpc", 2, "other", None, None, None, False, None, None, "aws"),
    ]
    first, second = changes(rows)
    assert [each.name for each in first.columns] == ["cidr", "tags"]
    assert first.loses == ("its routes",)
    assert second.columns == ()
    assert Plan(id=None, changes=(second,)).is_empty
    assert not Plan(id=None, changes=(first,)).is_empty


def test_the_names_of_commands_are_those_that_there_are() -> None:
    assert set(COMMANDS) == BY_NAME.keys()
