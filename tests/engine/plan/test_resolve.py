"""Which row is which resource, and what a row's references are in AWS's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.plan.model import Desired, Found, Pending, Row
from engine.plan.resolve import Resolver, match
from modules.spec import Resource, column, ref
from tests.engine.plan.tiny import by_table, found, resource, row, snapshot

_THING = resource("thing")
_ALIKE = resource("thing", unique_in_aws=False)
_BY_NAME = resource("thing", column("label", "text", "label"), key=("name",), natural_key=("label",))


def _paired(resource: Resource, rows: Sequence[Row], finds: Sequence[Found]) -> dict[Any, str]:
    """The resource of each row that has one, by the rows' keys."""
    desired = [Desired(each, each.values, {}) for each in rows]
    return {one.row.key[0]: other.identity for one, other in match(resource, desired, finds)}


def test_a_new_row_takes_the_resource_of_its_name() -> None:
    assert _paired(_THING, [row("thing", 1, name="a")], [found(_THING, "x", name="a")]) == {1: "x"}


def test_a_renamed_row_stays_with_its_resource() -> None:
    assert _paired(_THING, [row("thing", 1, arn="x", name="b")], [found(_THING, "x", name="a")]) == {1: "x"}


def test_a_name_that_aws_allows_once_decides_before_the_identity() -> None:
    finds = [found(_THING, "x", name="a"), found(_THING, "y", name="b")]
    assert _paired(_THING, [row("thing", 1, arn="x", name="b")], finds) == {1: "y"}


def test_where_several_may_have_one_name_the_identity_decides_first() -> None:
    finds = [found(_ALIKE, "x", name="a"), found(_ALIKE, "y", name="b")]
    assert _paired(_ALIKE, [row("thing", 1, arn="x", name="b")], finds) == {1: "x"}


def test_what_agrees_in_both_comes_first() -> None:
    rows = [row("thing", 1, name="a"), row("thing", 2, arn="x", name="a")]
    assert _paired(_THING, rows, [found(_THING, "x", name="a")]) == {2: "x"}


def test_rows_alike_get_one_resource_each() -> None:
    rows = [row("thing", key, name="a") for key in (1, 2, 3)]
    finds = [found(_ALIKE, arn, name="a") for arn in ("x", "y")]
    assert _paired(_ALIKE, rows, finds) == {1: "x", 2: "y"}


def test_the_primary_key_decides_before_the_identity() -> None:
    """Another row of the same key could not show the resource."""
    finds = [found(_BY_NAME, "x", name="a", label="l"), found(_BY_NAME, "y", name="b", label="m")]
    changed = Row(table="thing", key=("a",), values={"arn": "y", "name": "a", "label": "new"})
    assert _paired(_BY_NAME, [changed], finds) == {"a": "x"}


def test_a_row_without_a_resource_gets_none() -> None:
    assert _paired(_THING, [row("thing", 1, name="a")], [found(_THING, "x", name="b")]) == {}


_NET = resource("net")
_HOST = resource("host", ref("net", "net", "net", default=lambda description: description["name"] == "main"))


def _reference(rows: Sequence[Row], finds: Sequence[Found], *, replaced: Row | None = None) -> Any:
    """What the reference of the only host is in AWS's terms."""
    resolver = Resolver(snapshot([_NET, _HOST], finds), by_table([_NET, _HOST], rows))
    resolver.table(_NET)
    if replaced is not None:
        resolver.replaced(replaced)
    [host] = resolver.table(_HOST)
    return host.values["net"]


_NET_ROW, _HOST_ROW = row("net", 1, name="n"), row("host", 5, name="h", net=1)


def test_a_reference_to_what_is_there_is_what_aws_calls_it() -> None:
    assert _reference([_NET_ROW, _HOST_ROW], [found(_NET, "net-1", name="n")]) == "net-1"


def test_a_reference_to_what_will_be_made_is_pending() -> None:
    assert _reference([_NET_ROW, _HOST_ROW], []) == Pending("net", (1,), "arn")


def test_a_reference_to_what_makes_way_for_a_new_one_is_pending() -> None:
    there = [found(_NET, "net-1", name="n")]
    assert _reference([_NET_ROW, _HOST_ROW], there, replaced=_NET_ROW) == Pending("net", (1,), "arn")


def test_no_reference_stands_for_the_default() -> None:
    host = row("host", 5, name="h", net=None)
    assert _reference([host], [found(_NET, "net-1", name="main")]) == "net-1"
    assert _reference([host], [found(_NET, "net-1", name="n")]) is None


def test_a_row_is_named_with_the_names_of_what_it_refers_to() -> None:
    part = resource("disk", ref("host", "host", "host"), natural_key=("host", "name"))
    rows = [_HOST_ROW, row("disk", 9, name="d", host=5)]
    resolver = Resolver(snapshot([_NET, _HOST, part], []), by_table([_NET, _HOST, part], rows))
    assert resolver.name(part, rows[1]) == "h d"
