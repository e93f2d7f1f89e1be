"""Calls for several resources at once: what is tried again in halves, and what is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.aws.errors import CloudError, Treatment
from engine.aws.patience import Patience
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.drivers.declared.create_once import Maker
from engine.drivers.declared.lookup import Lookup
from engine.drivers.job import Job
from engine.errors import OperationError
from engine.plan.model import Change, Desired, Row
from engine.plan.snapshot import Snapshot
from modules.spec import Batch, Call, Item, Waiter
from tests.engine.plan.tiny import resource

_REMOVE = Call(operation="remove", params={"Names[0]": "name"}, batch=Batch(parameter="Names", limit=10))
_MAKE = Call(operation="make", params={"Names[0]": "name"}, batch=Batch(parameter="Names", limit=10))
_THING = resource("thing", create=(_MAKE,), delete=(_REMOVE,))


class Calls:
    """What is sent for which elements; one of them is wrong."""

    def __init__(self, error: CloudError) -> None:
        self.error = error
        self.sent: list[list[str]] = []

    async def call(
        self, cloud: Any, service: str, operation: str, params: dict[str, Any], *a: Any, **b: Any
    ) -> dict[str, Any]:
        self.sent.append(params["Names"])
        if "wrong" in self.sent[-1]:
            raise self.error
        return {}


def _maker() -> Maker:
    cloud = Cloud(region="us-east-1", access_key="a", secret_key="b")
    return Maker(cloud, {}, Lookup(cloud, Snapshot([_THING], {})), Patience(), Stop())


def _jobs(*names: str) -> list[Job]:
    change = Change(action="create", table="thing", id=None, name="")
    row = Row(table="thing", key=(1,), values={})
    return [
        Job(
            number=number,
            resource=_THING,
            change=change,
            desired=Desired(row, {"name": name}, {}),
            token="",
        )
        for number, name in enumerate(names)
    ]


async def test_what_is_refused_because_of_one_is_tried_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    error = CloudError(message="no", treatment=Treatment.REFUSED)
    calls = Calls(error)
    monkeypatch.setattr("engine.aws.calls.call", calls.call)
    assert await _maker().repeat(_REMOVE, _jobs("a", "wrong", "c", "d")) == [{}, error, {}, {}]
    assert calls.sent == [["a", "wrong", "c", "d"], ["a", "wrong"], ["a"], ["wrong"], ["c", "d"]]


async def test_what_is_there_already_is_not_made_where_aws_would_say_that_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = Calls(CloudError(message="not there", treatment=Treatment.REFUSED))
    monkeypatch.setattr("engine.aws.calls.call", calls.call)
    look = Call(operation="look", params={"Names[0]": "name"})
    there, not_there = (
        replace(each, resource=replace(_THING, taken=look)) for each in _jobs("there", "wrong")
    )
    [made] = await _maker().create(_MAKE, [there])
    assert isinstance(made, CloudError)
    assert (made.sqlstate, calls.sent) == ("23505", [["there"]])
    calls.sent.clear()
    assert await _maker().create(_MAKE, [not_there]) == [calls.error]
    assert calls.sent == [["wrong"], ["wrong"]]


@pytest.mark.parametrize("treatment", [Treatment.THROTTLED, Treatment.UNSENT])
async def test_what_aws_has_not_looked_at_is_no_better_in_halves(
    monkeypatch: pytest.MonkeyPatch, treatment: Treatment
) -> None:
    error = CloudError(message="no", treatment=treatment)
    calls = Calls(error)
    monkeypatch.setattr("engine.aws.calls.call", calls.call)
    assert await _maker().repeat(_REMOVE, _jobs("a", "wrong")) == [error] * 2
    assert await _maker().create(_MAKE, _jobs("a", "wrong")) == [error] * 2
    assert calls.sent == [["a", "wrong"]] * 2


@pytest.mark.parametrize("stopped", [False, True])
async def test_what_a_call_asks_for_is_waited_for_once_for_all(
    monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    """A stop ends the wait: AWS does the rest by itself."""
    waited: list[Any] = []
    maker = _maker()

    async def wait(cloud: Any, service: str, waiter: Waiter, params: Any, stop: Stop, *a: Any) -> None:
        waited.append((waiter.name, params, waiter.seconds))
        if stopped:
            stop.request(OperationError("stopped", sqlstate="57014"))
            stop.check()

    async def call(*a: Any, **b: Any) -> dict[str, Any]:
        return {"Info": {"Id": "c1"}}

    monkeypatch.setattr("engine.aws.calls.call", call)
    monkeypatch.setattr("engine.aws.calls.wait", wait)
    until = Waiter(name="changed", params={"Id": Item("Info.Id")}, seconds=9)
    made = await maker.create(replace(_MAKE, until=until), _jobs("a", "b"))
    assert made == [{"Info": {"Id": "c1"}}] * 2
    assert waited == [("changed", {"Id": "c1"}, 9)]
