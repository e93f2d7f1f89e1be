"""A plan, column by column."""

from __future__ import annotations

from engine.plan import columns
from engine.plan.model import Difference, Found, Row
from modules.spec import column, ref
from tests.engine.plan.tiny import found, plan, resource, row

_NET = resource("net", column("size", "integer", "size"))
_HOST = resource("host", ref("net", "net", "net"))
_PAIR = (_NET, _HOST)


def _differences(finds: list[Found], rows: list[Row]) -> list[Difference]:
    return columns.of_plan({each.table: each for each in _PAIR}, plan(_PAIR, finds, rows))


def test_a_creation_shows_what_the_row_asks_for_and_nothing_that_aws_assigns() -> None:
    found = _differences([], [row("net", 1, name="n", size=3)])
    assert [(each.column, each.current, each.desired) for each in found] == [
        ("name", None, "n"),
        ("size", None, "3"),
    ]


def test_a_deletion_shows_what_goes() -> None:
    shown = _differences([found(_NET, "n1", name="n", size=3)], [])
    assert [(each.column, each.current, each.desired) for each in shown] == [
        ("name", "n", None),
        ("size", "3", None),
    ]


def test_a_change_shows_what_differs_and_what_of_it_makes_a_replacement() -> None:
    there, wanted = found(_NET, "n1", name="n", size=3), row("net", 1, arn="n1", name="m", size=4)
    shown = _differences([there], [wanted])
    assert [(each.column, each.current, each.desired, each.replaces) for each in shown] == [
        ("name", "n", "m", True),
        ("size", "3", "4", False),
    ]


def test_what_is_yet_to_be_made_is_named() -> None:
    shown = _differences([], [row("net", 1, name="n"), row("host", 1, name="h", net=1)])
    assert [each.desired for each in shown if each.column == "net"] == ["(new net n)"]


def test_what_is_masked_is_not_shown() -> None:
    masked = resource("box", column("content", "jsonb", "Content", masked=True))
    there = found(masked, "b1", name="n", Content={"a": "hush"})
    wanted = row("box", 1, arn="b1", name="n", content='{"a": "quiet"}')
    for finds, rows in (([], [wanted]), ([there], [wanted]), ([there], [])):
        shown = columns.of_plan({"box": masked}, plan([masked], finds, rows))
        some = [(each.current, each.desired) for each in shown if each.column == "content"]
        assert some == [("***" if finds else None, "***" if rows else None)]


def test_what_aws_does_not_tell_is_compared_with_what_the_row_said_and_shown() -> None:
    untold = resource("box", column("content", "text", untold=True, left_to_aws=True))
    there, wanted = found(untold, "b1", name="n"), row("box", 1, arn="b1", name="n", content="here")
    shown = columns.of_plan({"box": untold}, plan([untold], [there], [wanted]))
    assert [(each.column, each.desired) for each in shown] == [("content", "here")]
    assert plan([untold], [there], [row("box", 1, arn="b1", name="n")]).changes == ()


def test_what_may_be_a_secret_is_not_shown() -> None:
    secret = resource("box", column("content", "text", secret=True, left_to_aws=True))
    there, wanted = found(secret, "b1", name="n"), row("box", 1, arn="b1", name="n", content="hush")
    for finds in ([], [there]):
        shown = columns.of_plan({"box": secret}, plan([secret], finds, [wanted]))
        assert [each.desired for each in shown if each.column == "content"] == ["***"]
    assert plan([secret], [there], [row("box", 1, arn="b1", name="n")]).changes == ()
