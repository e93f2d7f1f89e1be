"""In which order the steps of a plan come, and what each waits for."""

from __future__ import annotations

import pytest

from engine.errors import OperationError
from engine.plan import graph
from engine.plan.model import Action, Change, Desired, Found, Pending, Row
from modules.spec import After, OnChange, column, ref
from tests.engine.plan.tiny import found, in_order, plan, resource, row, snapshot

_NET = resource("net")
_HOST = resource("host", ref("net", "net", "net", on_change=OnChange.UPDATE))
_PAIR = (_NET, _HOST)


def test_what_is_used_is_made_before_what_uses_it() -> None:
    planned = plan(_PAIR, [], [row("host", 1, name="h", net=1), row("net", 1, name="n")])
    assert in_order(planned) == ["create net n", "create host h"]
    assert [step.after for step in planned.steps] == [frozenset(), {0}]


def test_what_uses_something_is_removed_before_it() -> None:
    finds = [found(_NET, "n1", name="n"), found(_HOST, "h1", name="h", net="n1")]
    assert in_order(plan(_PAIR, finds, [])) == ["delete host h1", "delete net n1"]


def test_a_replacement_is_made_then_used_and_the_old_one_removed_last() -> None:
    finds = [found(_NET, "n1", name="old"), found(_HOST, "h1", name="h", net="n1")]
    rows = [row("net", 1, arn="n1", name="new"), row("host", 1, arn="h1", name="h", net=1)]
    assert in_order(plan(_PAIR, finds, rows)) == ["create net n1", "update host h1", "delete net n1"]


def test_what_let_go_of_something_is_changed_before_that_is_removed() -> None:
    finds = [found(_NET, "n1", name="n"), found(_HOST, "h1", name="h", net="n1")]
    planned = plan(_PAIR, finds, [row("host", 1, arn="h1", name="h", net=None)])
    assert in_order(planned) == ["update host h1", "delete net n1"]


def test_what_an_array_names_is_removed_after_it_is_let_go() -> None:
    group = resource("group", column("nets", "text[]", "nets", refers="net"))
    finds = [found(_NET, "n1", name="n"), found(group, "g1", name="g", nets=["n1"])]
    planned = plan([_NET, group], finds, [row("group", 1, arn="g1", name="g", nets=[])])
    assert in_order(planned) == ["update group g1", "delete net n1"]


def test_what_is_named_before_there_is_one_is_made_before_what_names_it() -> None:
    net = resource("net", key_in_name=lambda name: (name.removeprefix("arn:"),))
    host = resource(
        "host", column("nets", "text[]", "nets", refers="net"), column("main", "text", "main", refers="net")
    )
    rows = [
        row("host", 1, name="h", nets=["arn:a", "arn:x"], main="arn:b"),
        row("host", 2, name="i", nets=None, main=None),
        *(row("net", key, name=name) for key, name in enumerate("abc")),
    ]
    steps = {step.change.name: step for step in plan([net, host], [], rows).steps}
    assert steps["h"].after == {steps["a"].number, steps["b"].number}
    assert steps["i"].after == frozenset()


def test_what_one_value_names_is_removed_after_it_is_let_go() -> None:
    host = resource("host", column("main", "text", "main", refers="net"))
    finds = [found(_NET, "n1", name="n"), found(host, "h1", name="h", main="n1")]
    planned = plan([_NET, host], finds, [row("host", 1, arn="h1", name="h", main=None)])
    assert in_order(planned) == ["update host h1", "delete net n1"]


def _change(one: Row, there: Found | None = None) -> Change:
    """A change of one resource, or the creation of one."""
    desired = Desired(one, one.values, {})
    action: Action = "update" if there else "create"
    return Change(action=action, table=one.table, id=None, name=str(one.key[0]), desired=desired, found=there)


def test_a_name_is_free_when_its_holder_has_another() -> None:
    there = found(_NET, "n1", name="taken")
    changes = [_change(row("net", 2, name="taken")), _change(row("net", 1, arn="n1", name="other"), there)]
    steps = graph.steps(snapshot([_NET], [there]), changes)
    assert [(step.kind, step.change.name, set(step.after)) for step in steps] == [
        ("update", "1", set()),
        ("create", "2", {0}),
    ]


def test_a_name_that_several_may_have_is_not_waited_for() -> None:
    alike = resource("thing", unique_in_aws=False, natural_key=("name",))
    there = [found(alike, "x", name="a"), found(alike, "y", name="a")]
    rows = [row("thing", 1, arn="x", name="a"), row("thing", 2, arn="y", name="b"), row("thing", 3, name="a")]
    makes = [step for step in plan([alike], there, rows).steps if step.kind == "create"]
    assert [step.after for step in makes] == [frozenset(), frozenset()]


def test_changes_that_wait_for_each_other_are_refused() -> None:
    some = snapshot([_NET, _HOST], [])
    net = _change(row("net", 1, name="n", host=Pending("host", (2,), "arn")))
    host = _change(row("host", 2, name="h", net=Pending("net", (1,), "arn")))
    with pytest.raises(OperationError, match="wait for each other") as refused:
        graph.steps(some, [net, host])
    assert (refused.value.sqlstate, refused.value.detail) == ("0A000", "create host 2; create net 1")


def test_a_declared_order_is_kept_among_rows_that_share_a_reference() -> None:
    late = resource(
        "late",
        ref("net", "net", "net"),
        after=(After(table="host", shares="net", why="a test"),),
    )
    rows = [
        *(row("net", key, name=f"n{key}") for key in (1, 2)),
        row("late", 1, name="l", net=1),
        row("host", 1, name="same", net=1),
        row("host", 2, name="other", net=2),
    ]
    planned = plan([_NET, _HOST, late], [], rows)
    steps = {step.change.name: step for step in planned.steps}
    assert steps["l"].after == {steps["n1"].number, steps["same"].number}


def test_what_is_pending_is_found_wherever_it_is() -> None:
    one, two = Pending("net", (1,), "arn"), Pending("net", (2,), "arn")
    assert list(graph.pending(({"a": one}, {"part": ({"b": [two, "x"]},)}))) == [one, two]


def test_what_is_new_is_complete_before_anything_that_is_there_is_pointed_to_it() -> None:
    group = resource("group")
    rule = resource("rule", ref("group", "group", "group"), within="group")
    host = resource("host", ref("group", "group", "group", on_change=OnChange.UPDATE))
    finds = [
        found(group, "g1", name="g"),
        found(rule, "r1", name="r", group="g1"),
        found(host, "h1", name="h", group="g1"),
    ]
    rows = [
        row("group", 1, arn="g1", name="other"),
        row("rule", 1, arn="r1", name="r", group=1),
        row("host", 1, arn="h1", name="h", group=1),
    ]
    planned = plan([group, rule, host], finds, rows)
    assert in_order(planned) == ["create group g1", "create rule r1", "update host h1", "delete group g1"]
    by_name = {f"{step.kind} {step.change.table}": step for step in planned.steps}
    assert by_name["create rule"].number in by_name["update host"].after


def test_an_owner_goes_after_what_takes_the_place_of_what_it_takes_along() -> None:
    group = resource("group")
    rule = resource("rule", ref("group", "group", "group"), within="group")
    finds = [found(group, "g1", name="g"), found(rule, "r1", name="r", group="g1")]
    rows = [row("group", 1, arn="g1", name="other"), row("rule", 1, arn="r1", name="r", group=1)]
    assert in_order(plan([group, rule], finds, rows)) == [
        "create group g1",
        "create rule r1",
        "delete group g1",
    ]
