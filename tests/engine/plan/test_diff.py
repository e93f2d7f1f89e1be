"""What differs between a row and its resource, and what that means."""

from __future__ import annotations

from typing import Any

from engine.plan import diff
from engine.plan.model import Desired
from modules.spec import OnChange, Part, Resource, assigned, column, fixed, ref
from tests.engine.plan.tiny import found, resource, row

_RULES = Part(
    table="rule",
    parent=ref("thing_id", "thing", None),
    path="rules",
    columns=(column("port", "integer", "port"),),
    key=("id",),
    natural_key=("port",),
    on_change=OnChange.REPLACE,
)
_THING = resource(
    "thing",
    column("size", "text", "size"),
    column("note", "text", "note", canonical=lambda value: value and value.strip()),
    column("zone", "text", "zone", left_to_aws=True),
    assigned("state", "text", "state"),
    parts=(_RULES,),
)


def _changed(ours: dict[str, Any], theirs: dict[str, Any], thing: Resource = _THING) -> set[str]:
    """The names that differ between a row and a description; `rules` are the ports of each."""
    rules = [{"port": port} for port in ours.pop("rules", ())]
    described = {**theirs, "rules": [{"port": port} for port in theirs.pop("rules", ())]}
    one = row("thing", 1, {"rule": rules}, arn="x", **ours)
    return set(diff.changed(thing, Desired(one, one.values, one.parts), found(thing, "x", **described)))


def test_equal_values_do_not_differ() -> None:
    assert _changed({"name": "a", "size": "s"}, {"name": "a", "size": "s"}) == set()


def test_what_differs_is_named() -> None:
    assert _changed({"name": "a", "size": "s"}, {"name": "b", "size": None}) == {"name", "size"}


def test_what_aws_assigns_never_differs() -> None:
    assert _changed({"state": None}, {"state": "running"}) == set()


def test_two_forms_of_one_value_do_not_differ() -> None:
    assert _changed({"note": " hello "}, {"note": "hello"}) == set()


def test_null_has_no_opinion_on_what_is_left_to_aws() -> None:
    assert _changed({"zone": None}, {"zone": "a"}) == set()
    assert _changed({"zone": "b"}, {"zone": "a"}) == {"zone"}


def test_an_id_goes_with_the_reference_that_it_stands_beside() -> None:
    """Both are one value of AWS's, so a row that follows AWS in one has to follow it in the other."""
    linked = resource(
        "thing",
        column("other_id", "text", "id", unless=("other",)),
        ref("other", "other", "id", on_change=OnChange.UPDATE),
        canonical=lambda values: {
            **values,
            "other_id": None,
            "other": values.get("other") or values.get("other_id"),
        },
    )
    assert _changed({}, {"id": "x"}, linked) == {"other", "other_id"}
    assert _changed({"other_id": "x"}, {"id": "x"}, linked) == set()


def test_the_order_of_a_parts_rows_means_nothing() -> None:
    assert _changed({"rules": (80, 443)}, {"rules": (443, 80)}) == set()
    assert _changed({"rules": (80,)}, {"rules": (80, 80)}) == {"rule"}


def test_no_rows_of_a_part_that_is_left_to_aws_mean_whatever_it_has() -> None:
    left = Part(**{**vars(_RULES), "left_to_aws": True})
    thing = resource("thing", parts=(left,))
    assert _changed({}, {"rules": (80,)}, thing) == set()
    assert _changed({"rules": (443,)}, {"rules": (80,)}, thing) == {"rule"}


def test_a_column_or_a_part_that_is_fixed_makes_a_replacement() -> None:
    assert not diff.replaces(_THING, ["size", "note"])
    assert diff.replaces(_THING, ["size", "name"])
    assert diff.replaces(_THING, ["rule"])


def test_two_looks_differ_in_words() -> None:
    thing = resource("thing", fixed("size", "integer", "size"), assigned("state", "text", "state"))
    before = found(thing, "x", name="a", size=None, state="starting")
    after = found(thing, "x", name="b", size=3, state="running")
    assert diff.between(thing, before, after) == ["name: a → b", "size: NULL → 3"]
    assert diff.between(thing, before, before) == []


def test_what_is_masked_is_not_in_these_words() -> None:
    thing = resource("thing", column("content", "text", "content", masked=True))
    before, after = found(thing, "x", name="a", content="hush"), found(thing, "x", name="a", content="quiet")
    assert diff.between(thing, before, after) == ["content"]
