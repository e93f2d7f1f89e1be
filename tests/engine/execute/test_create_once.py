"""Calls for several resources at once: what is tried again in halves, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from engine.aws.calls import Trail
from engine.aws.errors import CloudError, Treatment
from engine.aws.patience import Patience
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.execute.create_once import Maker, Wanted
from engine.plan.model import Desired, Row
from engine.plan.snapshot import Snapshot
from engine.read.lookup import Lookup
from modules.aws_security_group.security_group_rule import SECURITY_GROUP_RULE

_REMOVE = SECURITY_GROUP_RULE.delete[0]
_MAKE = SECURITY_GROUP_RULE.create[0]
_LISTED = {_REMOVE.operation: "SecurityGroupRuleIds", _MAKE.operation: "IpPermissions"}


class Calls:
    """What is sent for which elements; one of them is wrong."""

    def __init__(self, error: CloudError) -> None:
        self.error = error
        self.sent: list[list[str]] = []

    async def call(
        self, cloud: Any, service: str, operation: str, params: dict[str, Any], *a: Any, **b: Any
    ) -> dict[str, Any]:
        self.sent.append(params[_LISTED[operation]])
        if "wrong" in self.sent[-1]:
            raise self.error
        return {}


def _maker() -> Maker:
    cloud = Cloud(region="us-east-1", access_key="a", secret_key="b")
    lookup = Lookup(cloud, Snapshot([SECURITY_GROUP_RULE], {}))
    return Maker(cloud, lookup, Patience(), Stop())


def _wanted(call: Any, *elements: str) -> list[Wanted]:
    desired = Desired(Row(table="security_group_rule", key=(1,), values={}), {}, {})
    return [
        Wanted(desired=desired, params={"GroupId": "g", _LISTED[call.operation]: [each]}, trail=Trail())
        for each in elements
    ]


async def test_what_is_refused_because_of_one_is_tried_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    error = CloudError(message="no", treatment=Treatment.REFUSED)
    calls = Calls(error)
    monkeypatch.setattr("engine.aws.calls.call", calls.call)
    done = await _maker().do(SECURITY_GROUP_RULE, _REMOVE, _wanted(_REMOVE, "a", "wrong", "c", "d"))
    assert done == [{}, error, {}, {}]
    assert calls.sent == [["a", "wrong", "c", "d"], ["a", "wrong"], ["a"], ["wrong"], ["c", "d"]]


@pytest.mark.parametrize("treatment", [Treatment.THROTTLED, Treatment.UNSENT])
async def test_what_aws_has_not_looked_at_is_no_better_in_halves(
    monkeypatch: pytest.MonkeyPatch, treatment: Treatment
) -> None:
    error = CloudError(message="no", treatment=treatment)
    calls = Calls(error)
    monkeypatch.setattr("engine.aws.calls.call", calls.call)
    maker = _maker()
    assert await maker.do(SECURITY_GROUP_RULE, _REMOVE, _wanted(_REMOVE, "a", "wrong")) == [error] * 2
    assert await maker.make(SECURITY_GROUP_RULE, _MAKE, _wanted(_MAKE, "a", "wrong")) == [error] * 2
    assert calls.sent == [["a", "wrong"]] * 2
