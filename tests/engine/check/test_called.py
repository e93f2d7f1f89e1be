"""Mistakes in the functions of modules are found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.check.check import module_faults
from modules.aws_sns import MODULE
from modules.aws_sns.functions import SUBSCRIBE, UNSUBSCRIBE
from modules.catalogue import Catalogue, find_modules
from modules.spec import Const, Result, Then


def found(**change: Any) -> list[str]:
    """What is wrong with a module, one function of which is changed."""
    module = replace(MODULE, functions=(replace(SUBSCRIBE, **change), UNSUBSCRIBE))
    others = [each for each in find_modules().modules if each.name != MODULE.name]
    return [each.what for each in module_faults(module, Catalogue((*others, module)))]


def _nothing(asked: Any, answer: Any) -> Then:
    """What follows is no call at all."""
    yield from ()
    return {}


def test_nothing_is_wrong_with_what_is_there() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"name": "subscribe"}, "subscribe: its name does not begin with iasql_"),
        ({"name": "iasql_unsubscribe"}, "iasql_unsubscribe: another function has its name"),
        ({"service": "snss"}, "iasql_subscribe: no service snss"),
        ({"operation": "subscribes"}, "iasql_subscribe: no operation subscribes in sns"),
        (
            {"params": {**SUBSCRIBE.params, "Topic": Const("x")}},
            "iasql_subscribe: subscribe takes no Topic: SubscribeInput has no member Topic",
        ),
        ({"params": {"TopicArn": "topic_arn"}}, "iasql_subscribe: subscribe needs Protocol"),
        ({"parameters": {"topic_arn": "text", "protocol": "text"}}, "Endpoint: no parameter endpoint"),
        ({"columns": (Result(name="arn", type="text", path="Arn"),)}, "iasql_subscribe: arn: nothing at Arn"),
        ({"items": "Subscriptions"}, "iasql_subscribe: subscribe answers no Subscriptions"),
        ({"following": (("sns", "publish"),)}, "`then` makes the calls that `following` names"),
        ({"then": _nothing}, "`then` makes the calls that `following` names"),
        ({"then": _nothing, "following": (("snss", "publish"),)}, "no service snss"),
        ({"then": _nothing, "following": (("sns", "publishes"),)}, "no operation publishes in sns"),
    ],
)
def test_a_mistake_is_found(change: dict[str, Any], what: str) -> None:
    faults = found(**change)
    assert any(what in each for each in faults), faults
