"""The merge table: what becomes of what rows and AWS have changed since they were last one, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from engine.errors import OperationError
from engine.plan import base as bases
from engine.plan.around import plan_merged
from engine.plan.base import Base
from engine.plan.meet import Name, meet
from engine.plan.merge import Merged, Mode, merged
from engine.plan.model import Found, Row
from modules.spec import OnChange, Part, column, fixed, ref
from tests.engine.plan.tiny import by_table, found, resource, row, snapshot

_RULES = Part(
    table="rule",
    parent=ref("thing_id", "thing", None),
    path="rules",
    columns=(column("port", "integer", "port"), column("note", "text", "note")),
    key=("id",),
    natural_key=("port",),
    on_change=OnChange.UPDATE,
)
_NET = resource("net", fixed("range", "text", "range"))
_THING = resource(
    "thing",
    column("size", "text", "size"),
    column("order", "text[]", "order"),
    column("set", "text[]", "set", canonical=lambda value: value and sorted(value)),
    column("tags", "jsonb", "tags"),
    column("policy", "jsonb", "policy"),
    ref("net", "net", "net", on_change=OnChange.UPDATE),
    parts=(_RULES,),
    mark="born",
)
_ALL = (_NET, _THING)

Values = dict[str, Any]


def _row(**values: Any) -> Row:
    rules = [{"port": port, "note": note} for port, note in values.pop("rules", {}).items()]
    return row("thing", 1, {"rule": rules}, **{"arn": "thing-1", "name": "t", **values})


def _found(**description: Any) -> Found:
    rules = [{"port": port, "note": note} for port, note in description.pop("rules", {}).items()]
    return found(_THING, "thing-1", **{"name": "t", "rules": rules, **description})


def _base(row_: Values, answer: Values | None = None) -> dict[Name, Base]:
    one = bases.agreed(_THING, _found(**row_))
    other = bases.agreed(_THING, _found(**(row_ if answer is None else answer)))
    base = Base(table="thing", identity="thing-1", row=one.row, answer=other.answer, mark=other.mark)
    return {("thing", "thing-1"): base}


@dataclass
class Outcome:
    """What a merge and the plan after it make of the one thing.

    Attributes:
        row: what the row has to follow, by column; None if it does not.
        sent: the columns and parts that AWS is sent.
        conflicts: where both have changed something.
    """

    row: Values | None
    sent: set[str]
    conflicts: set[str | None]
    merged: Merged
    actions: list[str]


def _outcome(
    rows: Sequence[Row],
    finds: Sequence[Found],
    base: Mapping[Name, Base],
    mode: Mode = Mode.MERGE,
    **more: Any,
) -> Outcome:
    there, by = snapshot(_ALL, finds, rows), by_table(_ALL, rows)
    result = merged(meet(there, by), base, mode, **more)
    plan = plan_merged(there, result)
    follows = [each for each in result.follows if each.action == "update"]
    parts = {
        name: {each["port"]: each["note"] for each in some}
        for each in follows
        for name, some in each.parts.items()
    }
    return Outcome(
        row={**follows[0].values, **parts} if follows else None,
        sent={name for each in plan.changes for name in each.changed},
        conflicts={each.column for each in result.conflicts},
        merged=result,
        actions=[f"{each.action} {each.name}" for each in plan.changes],
    )


#: Of each kind of value: a column or part, the base, and two other values.
_KINDS = {
    "scalar": ("size", "s", "m", "l"),
    "ordered list": ("order", ["a"], ["a", "b"], ["b", "a"]),
    "document": ("policy", {"a": [1]}, {"a": [2]}, {"a": [3]}),
}
_MERGED = {
    "set": ("set", ["a", "b"], ["a", "b", "c"], ["b", "d"], ["b", "c", "d"]),
    "map": ("tags", {"a": "1", "b": "1"}, {"a": "1", "b": "1", "c": "1"}, {"b": "2"}, {"b": "2", "c": "1"}),
    "part": ("rules", {80: "x", 81: "x"}, {80: "x", 81: "x", 82: "x"}, {81: "y"}, {81: "y", 82: "x"}),
}
_EVERY = [*_KINDS.values(), *(each[:4] for each in _MERGED.values())]
_IDS = [*_KINDS, *_MERGED]


def _name(name: str) -> str:
    return "rule" if name == "rules" else name


@pytest.mark.parametrize(("name", "old", "one", "other"), _EVERY, ids=_IDS)
def test_what_nobody_has_changed_stays(name: str, old: Any, one: Any, other: Any) -> None:
    outcome = _outcome([_row(**{name: old})], [_found(**{name: old})], _base({name: old}))
    assert (outcome.row, outcome.sent, outcome.conflicts) == (None, set(), set())


@pytest.mark.parametrize(("name", "old", "one", "other"), _EVERY, ids=_IDS)
def test_two_forms_of_one_value_are_no_difference(name: str, old: Any, one: Any, other: Any) -> None:
    outcome = _outcome([_row(**{name: old})], [_found(**{name: one})], _base({name: old}, {name: one}))
    assert (outcome.row, outcome.sent, outcome.conflicts) == (None, set(), set())


@pytest.mark.parametrize(("name", "old", "one", "other"), _EVERY, ids=_IDS)
def test_aws_follows_a_row_that_alone_has_changed(name: str, old: Any, one: Any, other: Any) -> None:
    outcome = _outcome([_row(**{name: one})], [_found(**{name: old})], _base({name: old}))
    assert (outcome.row, outcome.sent, outcome.conflicts) == (None, {_name(name)}, set())


@pytest.mark.parametrize(("name", "old", "one", "other"), _EVERY, ids=_IDS)
def test_a_row_follows_aws_that_alone_has_changed(name: str, old: Any, one: Any, other: Any) -> None:
    outcome = _outcome([_row(**{name: old})], [_found(**{name: one})], _base({name: old}))
    assert (outcome.row, outcome.sent, outcome.conflicts) == ({_name(name): one}, set(), set())
    [settled] = outcome.merged.settled
    assert settled.column == _name(name)


@pytest.mark.parametrize(("name", "old", "one", "other"), _EVERY, ids=_IDS)
def test_what_both_have_changed_to_the_same_is_settled(name: str, old: Any, one: Any, other: Any) -> None:
    outcome = _outcome([_row(**{name: one})], [_found(**{name: one})], _base({name: old}))
    assert (outcome.row, outcome.sent, outcome.conflicts) == (None, set(), set())


@pytest.mark.parametrize(("name", "old", "one", "other"), _KINDS.values(), ids=_KINDS)
def test_what_both_have_changed_otherwise_is_a_conflict(name: str, old: Any, one: Any, other: Any) -> None:
    outcome = _outcome([_row(**{name: one})], [_found(**{name: other})], _base({name: old}))
    assert outcome.conflicts == {name}
    [settled] = outcome.merged.conflicts
    assert (settled.base, settled.row, settled.answer) == (old, one, other)
    assert outcome.merged.conflicting == {("thing", (1,))}


@pytest.mark.parametrize(("name", "old", "ours", "theirs", "both"), _MERGED.values(), ids=_MERGED)
def test_what_both_have_changed_in_other_elements_is_merged(
    name: str, old: Any, ours: Any, theirs: Any, both: Any
) -> None:
    outcome = _outcome([_row(**{name: ours})], [_found(**{name: theirs})], _base({name: old}))
    assert outcome.conflicts == set()
    assert outcome.row is not None
    taken = outcome.row[_name(name)]
    assert (sorted(taken) if name == "set" else taken) == both
    assert outcome.sent == {_name(name)}


@pytest.mark.parametrize(
    ("name", "old", "ours", "theirs"),
    [("tags", {"a": "1"}, {"a": "2"}, {"a": "3"}), ("rules", {80: "x"}, {80: "y"}, {80: "z"})],
)
def test_the_same_element_changed_by_both_is_a_conflict(name: str, old: Any, ours: Any, theirs: Any) -> None:
    outcome = _outcome([_row(**{name: ours})], [_found(**{name: theirs})], _base({name: old}))
    assert outcome.conflicts == {_name(name)}


def test_one_column_follows_while_another_is_sent() -> None:
    base = _base({"size": "s", "tags": {"a": "1"}})
    outcome = _outcome([_row(size="m", tags={"a": "1"})], [_found(size="s", tags={"a": "2"})], base)
    assert (outcome.row, outcome.sent, outcome.conflicts) == ({"tags": {"a": "2"}}, {"size"}, set())
    [(kept, _)] = outcome.merged.keep
    assert (kept.row.values["tags"], kept.row.values["size"]) == ({"a": "2"}, "s")


def test_a_resource_that_appeared_gets_a_row() -> None:
    outcome = _outcome([], [_found(size="s")], {})
    assert outcome.actions == []
    [created] = outcome.merged.follows
    assert (created.action, created.values["size"]) == ("create", "s")


def test_a_resource_whose_row_was_deleted_is_deleted_even_if_it_has_changed() -> None:
    outcome = _outcome([], [_found(size="l")], _base({"size": "s"}))
    assert (outcome.actions, outcome.merged.follows) == (["delete thing-1"], ())
    careful = _outcome([], [_found(size="l")], _base({"size": "s"}), Mode.CAREFUL)
    assert careful.conflicts == {"size"}


def test_a_row_that_has_not_changed_still_keeps_what_its_array_names_from_being_deleted() -> None:
    user = resource("user", column("things", "text[]", "things", refers="net"))
    both = (_NET, user)
    net = found(_NET, "net-1", name="n", range="r")
    one = found(user, "user-1", name="u", things=["net-1"])
    rows = [row("user", 1, arn="user-1", name="u", things=["net-1"])]
    there, by = snapshot(both, [net, one], rows), by_table(both, rows)
    result = merged(meet(there, by), {("net", "net-1"): bases.agreed(_NET, net)}, Mode.MERGE)
    with pytest.raises(OperationError, match="uses net net-1, which would be deleted") as refused:
        plan_merged(there, result)
    assert (refused.value.sqlstate, refused.value.column) == ("23503", "things")


def test_a_row_of_what_is_gone_stays_and_nothing_is_made() -> None:
    outcome = _outcome([_row(size="s")], [], _base({"size": "s"}))
    assert (outcome.actions, outcome.conflicts) == ([], set())
    assert [(each.column, each.answer) for each in outcome.merged.settled] == [(None, None)]


def test_a_changed_row_of_what_is_gone_is_a_conflict() -> None:
    outcome = _outcome([_row(size="m")], [], _base({"size": "s"}))
    assert outcome.conflicts == {"size"}


def test_a_row_without_base_makes_a_resource() -> None:
    assert _outcome([_row(arn=None, size="s")], [], {}).actions == ["create t"]


def test_a_row_without_base_adopts_what_is_there_as_it_says() -> None:
    outcome = _outcome([_row(arn=None, size="s")], [_found(size="s")], {})
    assert (outcome.actions, outcome.conflicts, outcome.merged.follows) == ([], set(), ())


def test_a_row_without_base_that_differs_from_what_is_there_is_a_conflict() -> None:
    outcome = _outcome([_row(arn=None, size="m")], [_found(size="s")], {})
    assert outcome.conflicts == {"size"}
    unfinished = _outcome([_row(arn=None, size="m")], [_found(size="s")], {}, unfinished=[("thing", "t")])
    assert (unfinished.sent, unfinished.conflicts) == ({"size"}, set())


def test_a_row_without_base_follows_in_what_it_does_not_say() -> None:
    there = _found(size="s", tags={"a": "1"}, rules={80: "x"})
    outcome = _outcome([_row(arn=None, size="s", tags={})], [there], {})
    assert (outcome.row, outcome.sent, outcome.conflicts) == (
        {"tags": {"a": "1"}, "rule": {80: "x"}},
        set(),
        set(),
    )


def test_another_resource_of_the_same_name_is_not_the_one_of_the_base() -> None:
    base = _base({"size": "s", "born": "monday"})
    assert _outcome([], [_found(size="s", born="tuesday")], base).actions == []
    assert _outcome([], [_found(size="s", born="monday")], base).actions == ["delete thing-1"]
    assert _outcome([_row(size="s")], [_found(size="l", born="tuesday")], base).conflicts == {"size"}


def test_that_a_target_is_gone_is_no_change_of_what_refers_to_it() -> None:
    net = found(_NET, "net-1", name="n", range="r")
    base = {
        **_base({"net": "net-1"}),
        ("net", "net-1"): bases.agreed(_NET, net),
    }
    rows = [row("net", 7, arn="net-1", name="n", range="r"), _row(net=7)]
    outcome = _outcome(rows, [_found(net="net-1")], base)
    assert (outcome.actions, outcome.conflicts, outcome.row) == ([], set(), None)


def test_what_is_new_cannot_refer_to_what_is_gone() -> None:
    net = found(_NET, "net-1", name="n", range="r")
    rows = [row("net", 7, arn="net-1", name="n", range="r"), _row(arn=None, net=7)]
    outcome = _outcome(rows, [], {("net", "net-1"): bases.agreed(_NET, net)})
    assert outcome.conflicts == {"net"}


def test_what_refers_to_a_deleted_row_and_was_never_shown_keeps_that_from_being_deleted() -> None:
    net = found(_NET, "net-1", name="n", range="r")
    outcome = _outcome([], [net, _found(net="net-1")], {("net", "net-1"): bases.agreed(_NET, net)})
    assert outcome.conflicts == {None}
    assert "delete thing-1" not in outcome.actions


@pytest.mark.parametrize(("name", "old", "one", "other"), _EVERY, ids=_IDS)
def test_enforced_rows_win(name: str, old: Any, one: Any, other: Any) -> None:
    for ours in (old, one):
        outcome = _outcome(
            [_row(**{name: ours})], [_found(**{name: other})], _base({name: old}), Mode.ENFORCE
        )
        assert (outcome.row, outcome.sent, outcome.conflicts) == (None, {_name(name)}, set())
    forms = _outcome(
        [_row(**{name: old})], [_found(**{name: one})], _base({name: old}, {name: one}), Mode.ENFORCE
    )
    assert forms.sent == set()


def test_enforced_rows_make_again_what_is_gone_and_delete_only_what_they_showed_unless_all_is_to_go() -> None:
    assert _outcome([_row(size="s")], [], _base({"size": "s"}), Mode.ENFORCE).actions == ["create t"]
    assert _outcome([], [_found()], {}, Mode.ENFORCE).actions == []
    assert _outcome([], [_found()], {}, Mode.ENFORCE, delete_unknown=True).actions == ["delete thing-1"]
    assert _outcome([], [_found()], {}, Mode.MERGE, delete_unknown=True).actions == []


def test_aws_may_go_on_giving_the_answer_of_before_a_change() -> None:
    new = _base({"size": "m"})["thing", "thing-1"]
    old = bases.agreed(_THING, _found(size="s"))
    fresh = Base(
        table="thing", identity="thing-1", row=new.row, answer=new.answer, before=old.answer, fresh=True
    )
    kept = {("thing", "thing-1"): fresh}
    stale = _outcome([_row(size="m")], [_found(size="s")], kept)
    assert (stale.row, stale.sent, stale.conflicts) == (None, set(), set())
    other = _outcome([_row(size="m")], [_found(size="l")], kept)
    assert other.row == {"size": "l"}
    unseen = _outcome([_row(size="m")], [], kept)
    assert (unseen.actions, unseen.merged.settled) == ([], ())
