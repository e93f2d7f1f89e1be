"""What an operation that was cut off has made, and what AWS has made along with that."""

from __future__ import annotations

from collections.abc import Sequence

from engine.plan import base, cut_off
from engine.plan.brought import came_of_itself
from engine.plan.cut_off import Open
from engine.plan.meet import Meeting, meet
from engine.plan.model import Found, Row
from modules.spec import Call, ComesWith, column, ref
from tests.engine.plan.tiny import by_table, found, resource, row, snapshot

_FIND = Call(operation="find", params={"Name": "name"}, result="items")
_NET = resource(
    "net", comes_with=(ComesWith(table="gate", by="net", values={"name": "default"}, find=_FIND),)
)
_GATE = resource(
    "gate",
    ref("net", "net", "net"),
    column("note", "text", "note"),
    natural_key=("net", "name"),
)
_ALL = (_NET, _GATE)
#: Network `a` was being replaced by `b`.
_STEP = Open(4, "net", "net-1", "create", becomes="b")
_OLD, _NEW = found(_NET, "net-1", name="a"), found(_NET, "net-2", name="b")
_ROW = row("net", 1, name="b", arn="net-1")


def _meeting(*finds: Found, rows: Sequence[Row] = (_ROW,)) -> Meeting:
    return meet(snapshot(_ALL, finds, rows), by_table(_ALL, rows))


def test_what_is_to_make_way_is_not_the_end_of_its_replacement() -> None:
    assert cut_off.known(_meeting(_OLD), [_STEP]) == {}
    known = cut_off.known(_meeting(_OLD, _NEW), [_STEP])
    assert known == {("net", "net-2"): _STEP}


def test_what_a_later_plan_goes_on_to_change_takes_the_place_of_the_old_one() -> None:
    meeting = _meeting(_OLD, _NEW)
    known = cut_off.known(meeting, [_STEP])
    assert cut_off.replaced(meeting, [("net", "net-2"), ("net", "net-1")], known) == {
        ("net", "net-2"): "net-1"
    }


def test_what_aws_made_along_with_it_is_the_same_operation_s() -> None:
    gate = found(_GATE, "gate-2", name="default", net="net-2")
    meeting = _meeting(_OLD, _NEW, gate, rows=(_ROW, row("gate", 1, name="default", net=1, arn="gate-1")))
    known = cut_off.known(meeting, [_STEP])
    [(kept, _)] = cut_off.attributed(meeting, [(base.agreed(_GATE, gate), gate)], known)
    assert (kept.begun_by, kept.replaces) == (4, "gate-1")


def test_what_somebody_has_touched_did_not_come_of_itself() -> None:
    plain = found(_GATE, "gate-2", name="default", net="net-2")
    touched = found(_GATE, "gate-2", name="default", net="net-2", note="mine")
    other = found(_GATE, "gate-2", name="other", net="net-2")
    there = snapshot(_ALL, [_NEW, plain])
    assert [came_of_itself(there, each) for each in (plain, touched, other)] == [True, False, False]
