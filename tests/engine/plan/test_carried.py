"""What a replacement keeps of the old description."""

from __future__ import annotations

from typing import Any

from engine.plan import descriptions
from engine.plan.model import Desired, Row
from engine.plan.requests import carried
from modules.aws_ecs_fargate.task_definition import TASK_DEFINITION

_ACCEPTED = {"family", "containerDefinitions", "volumes"}


def _carried(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What is sent for a container `web` whose row has not changed."""
    description = {
        "family": "site",
        "containerDefinitions": [{"name": "web", **old}],
        "volumes": [{"name": "v"}],
    }
    found = descriptions.found(TASK_DEFINITION, description)
    row = Row(table="task_definition", key=(1,), values={})
    desired = Desired(row, found.values, found.parts)
    request = {"family": "site", "containerDefinitions": [{"name": "web", **new}]}
    return carried(TASK_DEFINITION, desired, found, request, _ACCEPTED)


def test_what_no_column_shows_is_kept() -> None:
    sent = _carried({"user": "nobody", "status": "x"}, {"memory": 512})
    assert sent["volumes"] == [{"name": "v"}]
    assert sent["containerDefinitions"] == [{"name": "web", "user": "nobody", "status": "x", "memory": 512}]


def test_elements_are_merged_by_their_names() -> None:
    old = {"secrets": [{"name": "a", "valueFrom": "1"}], "mountPoints": [{"sourceVolume": "v"}]}
    sent = _carried(old, {"secrets": [{"name": "a"}], "mountPoints": [{"readOnly": True}]})
    [container] = sent["containerDefinitions"]
    assert container["secrets"] == [{"name": "a", "valueFrom": "1"}]
    assert container["mountPoints"] == [{"sourceVolume": "v", "readOnly": True}]


def test_a_variable_that_the_row_has_no_more_is_gone() -> None:
    old = {"environment": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}
    sent = _carried(old, {"environment": [{"name": "a", "value": "1"}]})
    assert sent["containerDefinitions"][0]["environment"] == [{"name": "a", "value": "1"}]
