"""A plan as Markdown."""

from __future__ import annotations

from typing import Any

from engine.plan.model import Change, Difference
from engine.plan.review import escaped, markdown


def _change(action: Any, name: str, **more: Any) -> Change:
    return Change(action=action, table="log_group", id=None, name=name, **more)


def _difference(action: Any, column: str | None, **more: Any) -> Difference:
    values: dict[str, Any] = {"current": None, "desired": None, "replaces": False, **more}
    return Difference(
        action=action, table="log_group", id=None, name="/app", label="/app", column=column, **values
    )


def test_nothing_to_do_is_said() -> None:
    assert markdown([], [], str) == (
        "# Pending changes\n\nNothing to do: AWS holds what the tables ask for.\n"
    )


def test_what_goes_for_an_update_is_lost() -> None:
    text = markdown([_change("update", "/app", gives_up=("version v1",))], [], str)
    assert "## What is lost\n\n- log&#95;group /app: version v1\n" in text


def test_a_change_has_totals_its_columns_what_is_lost_and_what_others_have_changed() -> None:
    changes = [_change("create", "/new"), _change("replace", "/app", loses=("its log events",))]
    differences = [
        _difference("create", "log_group_name", desired="/new"),
        _difference("replace", "log_group_name", current="/app", desired="/other"),
        _difference("follow", "tags", base="{}", current='{"a": "b"}', changed_by="aws"),
        _difference("gone", None),
    ]
    assert markdown(changes, differences, str).splitlines() == [
        "# Pending changes",
        "",
        "1 to create, 1 to replace.",
        "",
        "| action | table | resource |",
        "|---|---|---|",
        "| create | log&#95;group | /new |",
        "| replace | log&#95;group | /app |",
        "",
        "## What is lost",
        "",
        "- log&#95;group /app: its log events",
        "",
        "## Column by column",
        "",
        "| action | table | resource | column | now | then |",
        "|---|---|---|---|---|---|",
        "| create | log&#95;group | /app | log&#95;group&#95;name |  | /new |",
        "| replace | log&#95;group | /app | log&#95;group&#95;name | /app | /other |",
        "",
        "## What others have changed in AWS",
        "",
        '- log&#95;group /app, tags: the row follows ({} → {"a": "b"})',
        "- log&#95;group /app: gone from AWS, and nothing is done about it",
    ]


def test_names_are_no_markup() -> None:
    text = "a|b`c` <script>*x*_y_[z](u)\n# @all \\"
    assert escaped(text) == (
        "a&#124;b&#96;c&#96; &#60;script&#62;&#42;x&#42;&#95;y&#95;&#91;z&#93;(u) &#35; &#64;all &#92;"
    )
    assert not set("|`<>*_[]\n#@\\") & set(escaped(text).replace("&#", ""))
