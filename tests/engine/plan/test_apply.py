"""What an apply would do with each row and each resource."""

from __future__ import annotations

import pytest

from engine.errors import OperationError
from modules.spec import Call, Clear, OnChange, Settled, Update, column, ref
from tests.engine.plan.tiny import found, in_order, only, plan, resource, row

_THING = resource("thing", column("size", "text", "size"))
_NET = resource("net", column("kind", "text", "kind", on_change=OnChange.REPLACE))
_HOST = resource("host", ref("net", "net", "net", on_change=OnChange.UPDATE))
_DISK = resource("disk", ref("net", "net", "net"))


def test_a_row_without_a_resource_is_created() -> None:
    change = only(plan([_THING], [], [row("thing", 1, name="a")]).changes)
    assert (change.action, change.id, change.name) == ("create", 1, "a")


def test_a_resource_without_a_row_is_deleted() -> None:
    change = only(plan([_THING], [found(_THING, "x", name="a")], []).changes)
    assert (change.action, change.id, change.name) == ("delete", None, "x")


def test_a_row_that_is_as_its_resource_is_left_alone() -> None:
    planned = plan([_THING], [found(_THING, "x", name="a")], [row("thing", 1, arn="x", name="a")])
    assert (planned.changes, planned.restores) == ((), ())
    assert planned.pairs["thing", (1,)].identity == "x"


def test_what_aws_can_change_is_updated() -> None:
    planned = plan([_THING], [found(_THING, "x", name="a")], [row("thing", 1, arn="x", name="a", size="s")])
    change = only(planned.changes)
    assert (change.action, set(change.changed)) == ("update", {"size"})


def test_what_aws_cannot_change_is_replaced_and_the_new_one_made_first() -> None:
    planned = plan([_THING], [found(_THING, "x", name="a")], [row("thing", 1, arn="x", name="b")])
    assert only(planned.changes).action == "replace"
    assert in_order(planned) == ["create thing x", "delete thing x"]


def test_the_old_one_goes_first_if_the_new_one_needs_its_name() -> None:
    there, wanted = found(_NET, "n1", name="n", kind="old"), row("net", 1, arn="n1", name="n", kind="new")
    planned = plan([_NET], [there], [wanted])
    assert only(planned.changes).delete_first
    assert in_order(planned) == ["delete net n1", "create net n1"]


def test_what_is_used_by_something_that_stays_cannot_go_first() -> None:
    finds = [found(_NET, "n1", name="n", kind="old"), found(_HOST, "h1", name="h", net="n1")]
    rows = [row("net", 1, arn="n1", name="n", kind="new"), row("host", 1, arn="h1", name="h", net=1)]
    with pytest.raises(OperationError, match=r"cannot be replaced while host h \(h1\) uses it") as refused:
        plan([_NET, _HOST], finds, rows)
    assert refused.value.sqlstate == "0A000"


def test_what_is_left_to_aws_lets_go_of_what_is_removed_and_goes_along_with_what_is_replaced() -> None:
    net = ref("net", "net", "net", on_change=OnChange.UPDATE, left_to_aws=True, let_go=True)
    host = resource("host", net)
    finds = [found(_NET, "n1", name="n", kind="old"), found(host, "h1", name="h", net="n1")]
    mine = row("host", 1, arn="h1", name="h")
    planned = plan([_NET, host], finds, [mine])
    assert in_order(planned) == ["update host h1", "delete net n1"]
    assert planned.changes[0].desired is not None
    assert planned.changes[0].desired.values["net"] is None
    planned = plan([_NET, host], finds, [mine, row("net", 1, arn="n1", name="m", kind="new")])
    assert in_order(planned) == ["create net n1", "update host h1", "delete net n1"]
    kept = row("net", 1, arn="n1", name="n", kind="old")
    assert plan([_NET, host], finds, [mine, kept]).changes == ()


def test_what_is_used_by_what_nobody_may_change_stays() -> None:
    net = ref("net", "net", "net", on_change=OnChange.UPDATE, left_to_aws=True, let_go=True)
    host = resource("host", net, protected=lambda description: True)
    finds = [found(_NET, "n1", name="n", kind="old"), found(host, "h1", name="h", net="n1")]
    planned = plan([_NET, host], finds, [])
    assert planned.changes == ()
    assert [each.table for each in planned.restores] == ["net", "host"]
    assert "host h1, which nobody may change, uses it" in planned.restores[0].why
    with pytest.raises(OperationError, match="cannot be replaced while host h1 uses it"):
        plan([_NET, host], finds, [row("net", 1, arn="n1", name="m", kind="new")])


def test_what_is_replaced_itself_goes_first_with_what_it_uses() -> None:
    finds = [found(_NET, "n1", name="n", kind="old"), found(_DISK, "d1", name="d", net="n1")]
    rows = [row("net", 1, arn="n1", name="n", kind="new"), row("disk", 1, arn="d1", name="d", net=1)]
    order = ["delete disk d1", "delete net n1", "create net n1", "create disk d1"]
    assert in_order(plan([_NET, _DISK], finds, rows)) == order


def test_two_rows_of_a_name_that_aws_allows_once_are_refused() -> None:
    rows = [row("thing", 1, name="a"), row("thing", 2, name="a")]
    with pytest.raises(OperationError, match="two rows of thing are a") as refused:
        plan([_THING], [], rows)
    assert refused.value.sqlstate == "23505"


def test_an_array_that_names_what_would_be_deleted_is_refused() -> None:
    group = resource("group", column("things", "text[]", "things", refers="thing"))
    finds = [found(_THING, "x", name="a"), found(group, "g", name="g", things=["x"])]
    with pytest.raises(OperationError, match="uses thing x, which would be deleted") as refused:
        plan([_THING, group], finds, [row("group", 1, arn="g", name="g", things=["x"])])
    assert (refused.value.sqlstate, refused.value.column) == ("23503", "things")


def test_an_update_says_what_goes_for_it() -> None:
    room = Clear(
        operation="forget", params={}, found=Call(operation="list", params={}), which=lambda some: some[2:],
        listed="versions", named="id", what="version",
    )  # fmt: skip
    update = Update(operation="update", when=("text",), params={}, room=room)
    paper = resource(
        "paper", column("text", "text", "text"), column("size", "text", "size"), update=(update,)
    )
    versions = [{"id": "3"}, {"id": "2"}, {"id": "1"}]
    there = found(paper, "x", name="a", text="old", size="s", versions=versions)
    change = only(plan([paper], [there], [row("paper", 1, arn="x", name="a", text="new", size="s")]).changes)
    assert (change.action, change.gives_up) == ("update", ("version 1",))
    change = only(plan([paper], [there], [row("paper", 1, arn="x", name="a", text="old", size="t")]).changes)
    assert change.gives_up == ()


_OWN = resource("own", column("size", "text", "size"), protected=lambda each: each["name"] == "default")


def test_a_protected_resource_is_not_changed_and_its_row_is_restored() -> None:
    there = found(_OWN, "x", name="default", size="s")
    planned = plan([_OWN], [there], [row("own", 1, arn="x", name="default", size="other")])
    assert planned.changes == ()
    [restore] = planned.restores
    assert (restore.found, restore.why) == (there, "own default (x) cannot be changed")


def test_a_protected_resource_is_not_deleted_and_its_row_comes_back() -> None:
    planned = plan([_OWN], [found(_OWN, "x", name="default")], [])
    assert planned.changes == ()
    [restore] = planned.restores
    assert (restore.row, restore.why) == (None, "own default (x) cannot be deleted")
    assert restore.notice(planned=True) == "own default (x) cannot be deleted: its row would be restored"
    assert restore.notice(planned=False) == "own default (x) cannot be deleted: its row is restored"


def test_what_is_in_a_protected_resource_comes_back_with_it() -> None:
    inner = resource("inner", ref("own", "own", "own"), within="own")
    finds = [found(_OWN, "x", name="default"), found(inner, "i", name="i", own="x")]
    planned = plan([_OWN, inner], finds, [])
    assert planned.changes == ()
    assert [each.table for each in planned.restores] == ["own", "inner"]


def test_a_protected_resource_goes_along_with_what_it_is_in() -> None:
    inner = resource("inner", ref("net", "net", "net"), protected=lambda each: True)
    finds = [found(_NET, "n1", name="n"), found(inner, "i", name="i", net="n1")]
    planned = plan([_NET, inner], finds, [])
    assert [(each.action, each.table) for each in planned.changes] == [("delete", "net")]
    assert planned.restores == ()


def test_a_row_of_what_only_aws_makes_is_taken_away() -> None:
    given = resource("given", create=())
    planned = plan([given], [], [row("given", 1, name="a")])
    [restore] = planned.restores
    assert (planned.changes, restore.found) == ((), None)
    assert restore.row is not None


def test_another_name_for_what_only_aws_makes_is_told_once() -> None:
    given = resource("given", create=(), protected=lambda each: True)
    planned = plan([given], [found(given, "x", name="x")], [row("given", 1, name="a")])
    assert planned.changes == ()
    assert sorted(each.why for each in planned.restores) == ["", "given x cannot be changed"]


def test_what_goes_along_with_its_owner_is_not_taken_off_first() -> None:
    inner = resource("inner", ref("net", "net", "net"), ref("thing", "thing", "thing"), within="net")
    finds = [
        found(_NET, "n1", name="n"),
        found(_THING, "t", name="t"),
        found(inner, "i", name="i", net="n1", thing="t"),
    ]
    planned = plan([_NET, _THING, inner], finds, [])
    assert {(each.action, each.table) for each in planned.changes} == {
        ("delete", "net"),
        ("delete", "thing"),
        ("delete", "inner"),
    }
    assert in_order(planned) == ["delete net n1", "delete thing t"]
    last = planned.steps[-1]
    assert last.after == frozenset({0}), "what the inner one uses goes after what takes it along"


def test_what_is_used_by_something_that_no_row_can_show_stays() -> None:
    strict = resource("strict", column("size", "text", "size", not_null=True), ref("net", "net", "net"))
    finds = [found(_NET, "n1", name="n", kind="a"), found(strict, "s", name="s", net="n1")]
    planned = plan([_NET, strict], finds, [])
    assert planned.changes == ()
    [restore] = planned.restores
    assert restore.found is finds[0]
    assert "strict s, which no row can show, uses it" in restore.why
    with pytest.raises(OperationError, match="cannot be replaced while strict s uses it") as refused:
        plan([_NET, strict], finds, [row("net", 1, arn="n1", name="n", kind="b")])
    assert refused.value.sqlstate == "0A000"


def test_what_aws_would_not_delete_is_refused_before_anything_is_deleted() -> None:
    locked = resource(
        "locked",
        column("kind", "text", "kind", on_change=OnChange.REPLACE),
        undeletable=lambda each: "a lock" if each.get("lock") else None,
    )
    there = found(locked, "x", name="a", kind="k", lock=True)
    for rows in ([], [row("locked", 1, arn="x", name="a", kind="other")]):
        with pytest.raises(OperationError, match=r"locked a .*cannot be deleted: it has a lock") as refused:
            plan([locked], [there], rows)
        assert refused.value.sqlstate == "0A000"
    assert only(plan([locked], [found(locked, "x", name="a")], []).changes).action == "delete"


def test_what_aws_lets_change_at_times_only_is_refused_at_others_with_the_reason() -> None:
    machine = resource(
        "machine",
        column("kind", "text", "kind"),
        column("state", "text", "state"),
        settled={
            "kind": Settled(
                of=lambda there, values: there["state"] == "on" == values["state"],
                why="It is on.",
                hint="Turn it off.",
            )
        },
    )
    there = found(machine, "x", name="a", kind="k", state="on")
    with pytest.raises(OperationError, match=r"machine a .*cannot be changed in kind") as refused:
        plan([machine], [there], [row("machine", 1, arn="x", name="a", kind="other", state="on")])
    assert (refused.value.detail, refused.value.hint) == ("It is on.", "Turn it off.")
    off = plan([machine], [there], [row("machine", 1, arn="x", name="a", kind="other", state="off")])
    assert only(off.changes).changed == {"kind", "state"}


def test_what_only_aws_names_is_called_by_what_people_call_it() -> None:
    machine = resource(
        "machine",
        column("label", "text", "label"),
        natural_key=("arn",),
        called=lambda values: values.get("label"),
        unique_in_aws=False,
    )
    made = plan([machine], [], [row("machine", 1, name="n", label="web")])
    assert only(made.changes).label == "web"
    gone = plan([machine], [found(machine, "x", name="n", label="web")], [])
    assert only(gone.changes).label == "web (x)"


def test_what_only_one_can_have_is_let_go_of_before_what_has_it_goes_along_with_something() -> None:
    machine = resource(
        "machine", column("kind", "text", "kind", on_change=OnChange.REPLACE), unique_in_aws=False
    )
    plug = resource(
        "plug",
        ref("machine", "machine", "machine"),
        column("socket", "text", "socket"),
        within="machine",
        holds=("socket",),
        unique_in_aws=False,
    )
    finds = [
        found(machine, "m1", name="m", kind="old"),
        found(plug, "p1", name="p", machine="m1", socket="s"),
    ]
    rows = [
        row("machine", 1, arn="m1", name="m", kind="new"),
        row("plug", 1, arn="p1", name="p", machine=1, socket="s"),
    ]
    steps = in_order(plan([machine, plug], finds, rows))
    assert steps.index("delete plug p1") < steps.index("create plug p1")
    assert steps.index("delete plug p1") < steps.index("delete machine m1")
