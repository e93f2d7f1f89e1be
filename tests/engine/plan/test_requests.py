"""Requests from declarations and values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.plan.model import Desired
from engine.plan.requests import Facts, applies, carried, described, is_made, merged, request
from modules.spec import (
    SET,
    UNSET,
    Answered,
    Call,
    Const,
    Context,
    Derived,
    Each,
    Item,
    Only,
    Part,
    Source,
    Token,
    Update,
    When,
    column,
    ref,
)
from tests.engine.plan.tiny import found, resource, row


def _request(params: dict[str, Source], **values: Any) -> dict[str, Any]:
    facts = Facts(
        values=values,
        parts={"rule": ({"port": 80, "note": None}, {"port": 443, "note": "tls"})},
        context={"region": "here", "account": "1"},
        item="element",
        token="t",
    )
    return request(Call(operation="do", params=params), facts)


def test_a_parameter_takes_a_columns_value_and_is_left_out_without_one() -> None:
    assert _request({"Name": "name", "Size": "size"}, name="n", size=None) == {"Name": "n"}
    assert _request({"On": "on", "Count": "count"}, on=False, count=0) == {"On": False, "Count": 0}


def test_a_path_is_nested_structures_and_the_first_element_of_lists() -> None:
    made = _request({"A.B": "x", "A.C[0].D": "y", "A.C[0].E": Const(1), "F[0]": "x"}, x="1", y="2")
    assert made == {"A": {"B": "1", "C": [{"D": "2", "E": 1}]}, "F": ["1"]}


def test_values_come_from_the_account_the_element_and_functions_of_columns() -> None:
    assert _request({"Region": Context("region"), "Item": Item()}) == {"Region": "here", "Item": "element"}
    elsewhere = Context("region", lambda region: None if region == "here" else region)
    assert _request({"Region": elsewhere}) == {}
    joined = Derived(lambda one, two: f"{one}-{two}", ("one", "two"))
    assert _request({"Both": joined}, one="a", two=None) == {"Both": "a-None"}
    assert _request({"Both": joined}, one=None, two="b") == {}


def test_a_source_can_depend_on_another_column() -> None:
    params: dict[str, Source] = {"Kind": When("name", Const("named"))}
    assert _request(params, name="n") == {"Kind": "named"}
    assert _request(params, name=None) == {}


def test_each_row_of_a_part_is_an_element() -> None:
    assert _request({"Ports": Each("rule", "port")}) == {"Ports": [80, 443]}
    structures = _request({"Rules": Each("rule", {"Port": "port", "Note": "note"})})
    assert structures == {"Rules": [{"Port": 80}, {"Port": 443, "Note": "tls"}]}


def test_the_only_row_of_a_part_is_a_structure() -> None:
    source = Only("rule", {"Port": "port", "Inner.Note": "note", "One": Const(1)})
    assert _request({"Rule": source}) == {"Rule": {"Port": 80, "One": 1}}
    none = Facts(values={}, parts={"rule": ()}, context={})
    assert request(Call(operation="do", params={"Rule": source}), none) == {}


def test_a_token_is_the_same_for_the_same_values_only() -> None:
    one, same, other = (_request({"Token": Token(), "Name": "name"}, name=name) for name in "aab")
    assert one["Token"] == same["Token"] != other["Token"]
    assert len(one["Token"]) == 32


def test_a_call_may_be_made_for_one_value_only() -> None:
    call = Call(operation="do", params={}, given=("kind", "tcp"))
    assert applies(call, {"kind": "tcp"}, {})
    assert not applies(call, {"kind": "udp"}, {})


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_a_call_may_be_made_for_what_is_set_or_for_what_is_not(empty: Any) -> None:
    put, delete = (Call(operation="do", params={}, given=("some", each)) for each in (SET, UNSET))
    for there in ({"some": False}, {"some": 0}, {"some": "x"}, {"some": {"a": None}}):
        assert applies(put, there, {})
        assert not applies(delete, there, {})
    assert applies(delete, {"some": empty}, {})
    assert not applies(put, {"some": empty}, {})
    assert applies(put, {}, {"some": ({"a": 1},)})
    assert applies(delete, {}, {"some": ()})


def test_an_update_sends_what_has_changed_or_all_where_aws_sets_back_what_it_is_not_given() -> None:
    params: dict[str, Source] = {"Name": "name", "Size": "size", "Note": "note"}
    facts = Facts(values={"name": "n", "size": 1, "note": "x"}, parts={}, context={}, changed={"size"})
    update = Update(operation="put", params=params, when=("size", "note"))
    assert request(update, facts) == {"Name": "n", "Size": 1}
    assert request(replace(update, whole=True), facts) == {"Name": "n", "Size": 1, "Note": "x"}


def test_a_call_takes_what_an_earlier_one_has_answered() -> None:
    update = Update(operation="set", when=("a",), params={"N": Answered("make", "Made.N", str)}, needs="N")
    facts = Facts(values={}, parts={}, context={}, changed={"a"}, answers={"make": {"Made": {"N": 2}}})
    assert (request(update, facts), is_made(update, facts)) == ({"N": "2"}, True)
    assert not is_made(update, replace(facts, answers={}))


def test_requests_that_differ_in_one_list_become_one() -> None:
    assert merged([{"G": "g", "L": [1]}, {"G": "g", "L": [2, 3]}], "L") == {"G": "g", "L": [1, 2, 3]}
    inner = [{"G": "g", "B": {"C": "c", "L": [1]}}, {"G": "g", "B": {"C": "c", "L": [2]}}]
    assert merged(inner, "B.L") == {"G": "g", "B": {"C": "c", "L": [1, 2]}}


_THING = resource("thing", column("note", "text", "note"))


def _carried(old: dict[str, Any], new: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A replacement's request, from the old description and the request that the row makes."""
    desired = Desired(row("thing", 1), {"name": "n", **values}, {})
    return carried(_THING, desired, found(_THING, "x", name="n", **old), new, {"note", "extra", "deep"})


def test_a_replacement_keeps_what_no_column_shows_and_the_call_takes() -> None:
    assert _carried({"extra": 1, "unknown": 2}, {"note": "b"}, note="b") == {"extra": 1, "note": "b"}
    assert _carried({"deep": {"a": 1, "b": 2}}, {"deep": {"b": 3}}) == {"deep": {"a": 1, "b": 3}}


def test_a_replacement_does_not_keep_what_the_row_has_cleared() -> None:
    assert _carried({"note": "old", "extra": 1}, {}, note=None) == {"extra": 1}


def test_a_replacement_keeps_what_no_column_shows_of_the_rows_of_a_part() -> None:
    part = Part(
        table="port",
        parent=ref("thing_id", "thing", None),
        path="ports",
        columns=(column("name", "text", "name"),),
        key=("id",),
        natural_key=("name",),
        on_change=_THING.column("name").on_change,
    )
    thing = resource("thing", parts=(part,))
    there = found(thing, "x", name="n", ports=[{"name": "a", "extra": 1}, {"name": "b", "extra": 2}])
    desired = Desired(row("thing", 1), {"name": "n"}, {"port": ({"name": "b"},)})
    made = carried(thing, desired, there, {"ports": [{"name": "b"}]}, {"ports"})
    assert made == {"ports": [{"name": "b", "extra": 2}]}


def test_a_token_can_make_a_name_that_nothing_has() -> None:
    last = Token(after="name", unless=("within",))
    made = _request({"Snapshot": last}, name="db", within=None)["Snapshot"]
    assert made.startswith("db-")
    assert len(made) == len("db-") + 32
    assert _request({"Snapshot": last}, name="db", within="a cluster") == {}


def test_an_empty_list_is_not_sent_where_it_would_mean_something_else() -> None:
    assert _request({"Groups": Each("nothing", "port", some=True), "All": Each("nothing", "port")}) == {
        "All": []
    }
    assert _request({"Ports": Each("rule", "port", some=True)}) == {"Ports": [80, 443]}


def test_a_description_gets_what_an_answer_has_beside_it() -> None:
    facts = Facts(values={"id": "i"}, parts={}, context={})
    call = Call(
        operation="o",
        params={},
        result="Thing",
        beside={"Tags": "Tags", "Place": "More.Place"},
        joins={"Id": "id"},
    )
    answer = {"Thing": {"Name": "n"}, "Tags": {"a": "b"}, "More": {"Place": "p", "Secret": "s"}}
    assert described(call, answer, facts) == {"Name": "n", "Tags": {"a": "b"}, "Place": "p", "Id": "i"}
    assert described(call, {"Tags": {}}, facts) is None
