"""Columns in which neither side follows the other."""

from __future__ import annotations

from collections.abc import Sequence

from engine.plan import diff, sync
from engine.plan.apply import plan_apply
from engine.plan.model import Found, Plan, Row, RowChange
from modules.spec import OnChange, Part, Resource, column, ref
from tests.engine.plan.tiny import by_table, found, only, resource, row, snapshot

_TASKS = Part(
    table="task",
    parent=ref("thing_id", "thing", None, type="integer", cascade=True, not_null=True),
    path="tasks",
    columns=(column("what", "text", "what"),),
    key=("id",),
    natural_key=("what",),
    on_change=OnChange.UPDATE,
)
_THING = resource(
    "thing", column("size", "text", "size"), column("count", "integer", "count"), parts=(_TASKS,)
)
_NET = resource("net", column("kind", "text", "kind", on_change=OnChange.REPLACE))
_HOST = resource("host", ref("net", "net", "net", on_change=OnChange.UPDATE))
_THERE = found(_THING, "x", name="a", size="s", count=7, tasks=[{"what": "theirs"}])


def planned(of: Sequence[Resource], finds: Sequence[Found], rows: Sequence[Row], *names: str) -> Plan:
    """What an apply would do if the first resource's table ignored some columns."""
    account = snapshot(of, finds, rows)
    account.ignored = {(each.table, each.identity): frozenset(names) for each in finds}
    return plan_apply(account, by_table(of, rows))


def synced(ours: Row, *names: str) -> list[RowChange]:
    """What a sync would do with one row."""
    account = snapshot([_THING], [_THERE], [ours])
    account.ignored = {("thing", "x"): frozenset(names)}
    return list(sync.plan_sync(account, by_table([_THING], [ours])))


def mine(**values: object) -> Row:
    return row("thing", 1, {"task": [{"what": "mine"}]}, arn="x", name="a", **values)


def test_an_ignored_column_makes_no_change() -> None:
    assert planned([_THING], [_THERE], [mine(size="s", count=2)], "count", "task").changes == ()


def test_what_is_sent_with_another_change_is_as_aws_has_it() -> None:
    change = only(planned([_THING], [_THERE], [mine(size="other", count=2)], "count", "task").changes)
    assert change.changed == {"size"}
    assert change.desired is not None
    assert change.desired.values["count"] == 7
    assert change.desired.parts["task"] == ({"what": "theirs"},)


def test_a_replacement_keeps_what_aws_has() -> None:
    wanted = row("thing", 1, arn="x", name="b", size="s", count=2)
    change = only(planned([_THING], [_THERE], [wanted], "count").changes)
    assert change.action == "replace"
    assert change.desired is not None
    assert change.desired.values["count"] == 7


def test_a_new_resource_is_made_as_its_row_says() -> None:
    change = only(planned([_THING], [], [row("thing", 1, name="a", count=2)], "count").changes)
    assert change.desired is not None
    assert change.desired.values["count"] == 2


def test_a_reference_to_what_is_replaced_is_not_ignored() -> None:
    finds = [found(_NET, "n1", name="n", kind="k"), found(_HOST, "h1", name="h", net="n1")]
    rows = [row("net", 1, arn="n1", name="other", kind="k"), row("host", 1, arn="h1", name="h", net=1)]
    changes = planned([_NET, _HOST], finds, rows, "net").changes
    assert {(each.action, each.table) for each in changes} == {("replace", "net"), ("update", "host")}


def test_a_sync_leaves_an_ignored_column_alone() -> None:
    assert synced(mine(size="s", count=2), "count", "task") == []
    [change] = synced(mine(size="other", count=2), "count")
    assert (change.values, set(change.parts)) == ({"size": "s"}, {"task"})


def test_what_is_ignored_may_change_between_plan_and_step() -> None:
    later = found(_THING, "x", name="a", size="s", count=9, tasks=[])
    assert diff.between(_THING, _THERE, later) == ["count: 7 → 9", "task"]
    assert diff.between(_THING, _THERE, later, {"count", "task"}) == []
