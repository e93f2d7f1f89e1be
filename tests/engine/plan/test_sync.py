"""What the rows have to become, so that they show what AWS holds."""

from __future__ import annotations

from collections.abc import Sequence

from engine.plan import sync
from engine.plan.model import Found, Row, RowChange
from engine.plan.new_keys import NewKey
from modules.spec import Call, ComesWith, OnChange, Part, Resource, assigned, column, ref
from tests.engine.plan.tiny import by_table, found, resource, row, snapshot

_NET = resource("net", column("size", "text", "size"), assigned("state", "text", "state"))
_HOST = resource("host", ref("net", "net", "net"), column("zone", "text", "zone", left_to_aws=True))
_PAIR = (_NET, _HOST)


def _planned(
    finds: Sequence[Found], rows: Sequence[Row], *, only_new: bool = False, of: Sequence[Resource] = _PAIR
) -> tuple[RowChange, ...]:
    return sync.plan_sync(snapshot(of, finds, rows), by_table(of, rows), only_new=only_new)


def test_a_resource_without_a_row_gets_one_and_what_refers_to_it_refers_to_that() -> None:
    net, host = _planned([found(_HOST, "h1", name="h", net="n1"), found(_NET, "n1", name="n")], [])
    assert (net.action, net.key, net.values["arn"]) == ("create", (NewKey("net", 1),), "n1")
    assert host.values["net"] == NewKey("net", 1)


def test_a_row_whose_resource_differs_becomes_like_it() -> None:
    [change] = _planned(
        [found(_NET, "n1", name="n", size="l")], [row("net", 7, arn="n1", name="n", size="s")]
    )
    assert (change.action, change.key, change.values) == ("update", (7,), {"size": "l"})


def test_a_row_shows_an_id_that_stands_beside_a_reference() -> None:
    """Of what has no row: no reference can show it, and it means the same as one would."""
    linked = resource(
        "host",
        column("net_id", "text", "net", unless=("net",)),
        ref("net", "net", "net", on_change=OnChange.UPDATE),
        canonical=lambda values: {
            **values,
            "net_id": None,
            "net": values.get("net") or values.get("net_id"),
        },
    )
    there = found(linked, "host-1", name="h", net="net-of-another-account")
    one = row("host", 1, name="h", arn="host-1")
    both = (_NET, linked)
    [change] = sync.plan_sync(snapshot(both, [there], [one]), by_table(both, [one]))
    assert change.values["net_id"] == "net-of-another-account"


def test_a_row_without_a_resource_goes() -> None:
    [change] = _planned([], [row("net", 7, name="n")])
    assert (change.action, change.key, change.name) == ("delete", (7,), "n")


def test_what_refers_to_a_row_goes_before_it() -> None:
    gone = _planned([], [row("net", 7, name="n"), row("host", 8, name="h", net=7)])
    assert [each.table for each in gone] == ["host", "net"]


def test_a_reference_to_what_there_is_not_becomes_null() -> None:
    [change] = _planned([found(_HOST, "h1", name="h", net="nowhere")], [])
    assert change.values["net"] is None


def test_only_what_is_missing_is_added_if_that_is_asked() -> None:
    finds = [found(_NET, "n1", name="n", size="l"), found(_NET, "n2", name="m")]
    rows = [row("net", 7, arn="n1", name="n"), row("net", 8, name="gone")]
    [change] = _planned(finds, rows, only_new=True)
    assert (change.action, change.name) == ("create", "n2")


def test_a_row_and_its_resource_alike_need_nothing() -> None:
    assert _planned([found(_NET, "n1", name="n")], [row("net", 7, arn="n1", name="n")]) == ()


def _refreshed(resource: Resource, one: Row, there: Found) -> RowChange | None:
    mirror = sync.Mirror(snapshot(_PAIR, [there], [one]), {}, {(one.table, one.key): there})
    return mirror.refreshed(resource, one, there)


def test_after_an_apply_a_row_shows_only_what_aws_has_assigned() -> None:
    there = found(_NET, "n1", name="n", size="l", state="up")
    change = _refreshed(_NET, row("net", 7, name="n", size="s"), there)
    assert change is not None
    assert (change.values, change.fills) == ({"arn": "n1", "state": "up"}, {})


def test_what_aws_has_chosen_fills_only_what_was_left_to_it() -> None:
    there = found(_HOST, "h1", name="h", zone="a")
    left = _refreshed(_HOST, row("host", 7, arn="h1", name="h", zone=None), there)
    assert left is not None
    assert (left.values, left.fills) == ({}, {"zone": "a"})
    assert _refreshed(_HOST, row("host", 7, arn="h1", name="h", zone="b"), there) is None


def test_an_update_fills_only_what_is_still_empty() -> None:
    change = RowChange(action="update", table="host", key=(7,), name="h1", fills={"zone": "a"})
    assert change.written(row("host", 7, zone=None)).values["zone"] == "a"
    assert change.written(row("host", 7, zone="b")).values["zone"] == "b"


def test_the_rows_of_a_part_are_shown_whatever_their_order() -> None:
    part = Part(
        table="port",
        parent=ref("net_id", "net", None),
        path="ports",
        columns=(column("number", "integer", "number"),),
        key=("id",),
        natural_key=("number",),
        on_change=OnChange.UPDATE,
    )
    net = resource("net", parts=(part,))
    there = found(net, "n1", name="n", ports=[{"number": 1}, {"number": 2}])
    same = row("net", 7, {"port": [{"number": 2}, {"number": 1}]}, arn="n1", name="n")
    assert _planned([there], [same], of=[net]) == ()
    [change] = _planned([there], [row("net", 7, arn="n1", name="n")], of=[net])
    assert change.parts == {"port": ({"number": 1}, {"number": 2})}


def test_of_new_rows_those_fit_whose_references_have_rows() -> None:
    net = RowChange(action="create", table="net", key=(NewKey("net", 1),), name="n")
    references = {"h1": NewKey("net", 1), "h2": 7, "h3": 99, "h4": None}
    hosts = [
        RowChange(action="create", table="host", key=(name,), name=name, values={"net": net})
        for name, net in references.items()
    ]
    fitting = sync.that_fit({"net": _NET, "host": _HOST}, {"net": [row("net", 7)]}, [net, *hosts])
    assert [each.name for each in fitting] == ["n", "h1", "h2", "h4"]


def _with(table: str, *, unwanted: bool) -> ComesWith:
    call = Call(operation="undo", params={})
    return ComesWith(table=table, by="in", values={}, find=call, unwanted=call if unwanted else None)


def test_aws_brings_what_comes_with_something_and_what_comes_with_that() -> None:
    some = {
        "vpc": resource("vpc", comes_with=(_with("group", unwanted=False),)),
        "group": resource("group", comes_with=(_with("rule", unwanted=True),)),
        "rule": resource("rule"),
    }
    assert sync.tables_brought(some, ["vpc"]) == {"group", "rule"}
    assert sync.tables_brought(some, ["group"]) == set(), "the engine takes an unwanted rule away"
