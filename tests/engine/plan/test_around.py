"""Planning around rows that cannot be used: what they are in AWS, and what that uses, stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

from engine.plan.around import Around, plan_around
from engine.plan.merge import Merged
from engine.plan.model import Found, Row
from modules.spec import column, fixed, ref
from tests.engine.plan.tiny import by_table, found, resource, row, snapshot

_NET = resource("net", fixed("range", "text", "range"))
_HOST = resource("host", ref("net", "net", "net"), column("size", "integer", "size"))
_GATE = resource("gate", ref("host", "host", "host"), column("size", "integer", "size"))
_GROUP = resource("group", column("members", "text[]", "members", refers="net"))
_ALL = (_NET, _HOST, _GATE, _GROUP)

NET = found(_NET, "net-1", name="n", range="old")
OTHER_NET = found(_NET, "net-2", name="o", range="old")
HOST = found(_HOST, "host-1", name="h", net="net-1", size=1)
OTHER_HOST = found(_HOST, "host-2", name="i", net="net-2", size=1)
GATE = found(_GATE, "gate-1", name="g", host="host-1", size=1)
NET_ROW = row("net", 1, arn="net-1", name="n", range="old")
OTHER_NET_ROW = row("net", 2, arn="net-2", name="o", range="old")


def around(finds: Sequence[Found], rows: Sequence[Row], *unusable: tuple[str, int]) -> Around:
    return plan_around(
        snapshot(_ALL, finds, rows),
        Merged(rows=by_table(_ALL, rows)),
        [(table, (key,)) for table, key in unusable],
    )


def actions(planned: Around) -> list[str]:
    return [f"{each.action} {each.table} {each.name}" for each in planned.plan.changes]


def host(key: int, net: int, *, name: str = "h", size: int = 1, arn: str | None = "host-1") -> Row:
    return row("host", key, arn=arn, name=name, net=net, size=size)


def test_others_are_planned_and_its_resource_stays() -> None:
    rows = [NET_ROW, OTHER_NET_ROW, host(1, 1, size=9), host(2, 2, name="i", arn="host-2", size=9)]
    planned = around([NET, OTHER_NET, HOST, OTHER_HOST], rows, ("host", 1))
    assert actions(planned) == ["update host host-2"]


def test_a_new_row_is_not_made() -> None:
    assert actions(around([NET], [NET_ROW, host(1, 1, arn=None)], ("host", 1))) == []


def test_a_row_that_would_have_been_replaced_stays() -> None:
    rows = [row("net", 1, arn="net-1", name="n", range="new")]
    assert actions(around([NET], rows, ("net", 1))) == []


def test_what_refers_to_it_is_left_out() -> None:
    gate = row("gate", 1, arn="gate-1", name="g", host=1, size=9)
    planned = around([NET, HOST, GATE], [NET_ROW, host(1, 1), gate], ("net", 1))
    assert actions(planned) == []
    assert planned.rows == {("net", (1,)), ("host", (1,)), ("gate", (1,))}


def test_what_its_resource_uses_is_not_deleted() -> None:
    """The row refers to another net by now, and that of the old one has been deleted."""
    planned = around([NET, OTHER_NET, HOST], [OTHER_NET_ROW, host(1, 2)], ("host", 1))
    assert actions(planned) == []
    assert planned.resources == {("net", "net-1")}
    assert actions(around([NET, OTHER_NET, HOST], [OTHER_NET_ROW, host(1, 2)])) != []


def test_what_its_resource_uses_is_not_replaced_nor_what_else_that_would_take() -> None:
    rows = [
        row("net", 1, arn="net-1", name="n", range="new"),
        host(1, 1),
        host(2, 1, name="k", arn=None),
        OTHER_NET_ROW,
    ]
    planned = around([NET, HOST], rows, ("host", 1))
    assert actions(planned) == ["create net o"]
    assert planned.rows == {("net", (1,)), ("host", (1,)), ("host", (2,))}


def test_what_its_resource_names_in_an_array_is_not_deleted() -> None:
    group = found(_GROUP, "group-1", name="g", members=["net-1"])
    rows = [row("group", 1, arn="group-1", name="g", members=[["net-1"]])]
    planned = around([NET, OTHER_NET, group], rows, ("group", 1))
    assert actions(planned) == ["delete net net-2"]
    assert planned.resources == {("net", "net-1")}


def test_what_has_no_row_any_more_is_deleted_although_another_row_cannot_be_used() -> None:
    planned = around([NET, OTHER_NET], [NET_ROW], ("net", 1))
    assert actions(planned) == ["delete net net-2"]


def test_without_unusable_rows_it_is_the_plan() -> None:
    assert actions(around([NET], [])) == ["delete net net-1"]
