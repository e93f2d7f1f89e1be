"""What a rule's target gets, as AWS has it and as columns show it. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules import canonical
from modules.spec import Description

#: What AWS retries, if nobody says otherwise.
#: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
_ATTEMPTS, _AGE = 185, 86400
#: What AWS fills in of how a task is run.
_OF_TASKS = {"TaskCount": 1, "EnableECSManagedTags": False, "EnableExecuteCommand": False}


def attempts(value: Any) -> Any:
    """How often AWS tries again."""
    return _ATTEMPTS if value is None else value


def age(value: Any) -> Any:
    """For how many seconds AWS tries."""
    return _AGE if value is None else value


def tasks(value: Any) -> Any:
    """How a task is run, without what AWS fills in."""
    if not isinstance(value, Mapping):
        return value
    return {key: each for key, each in value.items() if _OF_TASKS.get(key) != each} or None


def transformer(rule: str, template: str | None, paths: Any) -> dict[str, Any] | None:
    """What makes a target's input of an event."""
    if template is None:
        return None
    return {"InputTemplate": template, **({"InputPathsMap": dict(paths)} if paths else {})}


def retries(rule: str, most: int | None, seconds: int | None) -> dict[str, int] | None:
    """How AWS tries again; nothing is AWS's own."""
    some = {"MaximumRetryAttempts": most, "MaximumEventAgeInSeconds": seconds}
    return {key: each for key, each in some.items() if each is not None} or None


def said(value: Any) -> Any:
    """What a JSON text says; what is none is a text."""
    try:
        return canonical.document(value)
    except ValueError:
        return value


def address(target: Description) -> str:
    """What tells a target from those of all rules."""
    return f"{target['RuleArn']}/{target['Id']}"
