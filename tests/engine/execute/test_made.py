"""What others refer to while a plan is carried out, and what rows have to show."""

from __future__ import annotations

import pytest

from engine.errors import OperationError
from engine.execute.made import Made
from engine.plan.model import Desired, Found, Pending, Row
from modules.spec import assigned, ref
from tests.engine.plan.tiny import found, resource, row, snapshot

_NET = resource("net", assigned("address", "text", "address"))
_HOST = resource("host", ref("net", "net", "net", by="address"))
_ROW = row("net", 1, name="n")


def _made(*there: tuple[Row, Found]) -> Made:
    pairs = {(one.table, one.key): other for one, other in there}
    return Made(snapshot([_NET, _HOST], [other for _, other in there]), pairs)


def _asks(one: Row) -> Desired:
    return Desired(one, one.values, {})


_WAITING = _asks(row("host", 2, name="h", net=Pending("net", (1,), "address")))


def test_what_was_pending_is_what_aws_calls_it_once_it_is_made() -> None:
    made = _made()
    made.add(_NET, _asks(_ROW), found(_NET, "n1", name="n", address="10.0.0.1"))
    assert made.nothing_pending(_WAITING).values["net"] == "10.0.0.1"


def test_what_was_there_before_is_known() -> None:
    made = _made((_ROW, found(_NET, "n1", name="n", address="10.0.0.1")))
    assert made.nothing_pending(_WAITING).values["net"] == "10.0.0.1"


def test_what_has_not_been_made_cannot_be_referred_to() -> None:
    with pytest.raises(OperationError, match="the net that it refers to has not been made") as refused:
        _made().nothing_pending(_WAITING)
    assert refused.value.sqlstate == "55000"


def test_a_resource_can_be_referred_to_when_all_is_known_by_which_others_do() -> None:
    made = _made()
    made.add(_NET, _asks(_ROW), found(_NET, "n1", name="n"))
    assert not made.can_be_referred_to(_ROW)
    made.add(_NET, _asks(_ROW), found(_NET, "n1", name="n", address="10.0.0.1"))
    assert made.can_be_referred_to(_ROW)


def test_a_row_has_to_show_only_what_it_does_not_show_yet() -> None:
    made = _made()
    first = made.add(_NET, _asks(_ROW), found(_NET, "n1", name="n"))
    second = made.add(_NET, _asks(_ROW), found(_NET, "n1", name="n", address="10.0.0.1"))
    assert first is not None
    assert second is not None
    assert (first.values, second.values) == ({"arn": "n1"}, {"address": "10.0.0.1"})
    assert made.add(_NET, _asks(_ROW), found(_NET, "n1", name="n", address="10.0.0.1")) is None
