"""Tells of each call of a client, whoever makes it: a step, a paginator, a waiter.

https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from engine.aws.errors import sqlstate, translated
from engine.observer import CloudCall, observer

_SERVICE, _OPERATION, _BEGAN = "iasql_service", "iasql_operation", "iasql_began"
_ATTEMPTS, _THROTTLES = "iasql_attempts", "iasql_throttles"

#: What an error's SQLSTATE says of how a call ended; all others are refusals.
_OUTCOMES = {"53000": "throttled", "58000": "failed", "HV00N": "unreachable"}


def observe(client: Any) -> None:
    """Tell the observer of what is done with a client's calls from now on."""
    events = client.meta.events
    events.register("before-call", _begun)
    events.register("needs-retry", _attempted)
    events.register("after-call", _answered)
    events.register("after-call-error", _given_up)


def _begun(model: Any, context: dict[str, Any], **_: Any) -> None:
    context[_SERVICE], context[_OPERATION] = model.service_model.service_name, model.name
    context[_BEGAN] = time.monotonic()
    context[_ATTEMPTS] = context[_THROTTLES] = 0


def _attempted(
    request_dict: Mapping[str, Any], response: tuple[Any, Mapping[str, Any]] | None, **_: Any
) -> None:
    context = request_dict["context"]
    context[_ATTEMPTS] += 1
    if response is not None and _outcome(response[1]) == "throttled":
        context[_THROTTLES] += 1


def _answered(context: Mapping[str, Any], parsed: Mapping[str, Any], **_: Any) -> None:
    _tell(context, _outcome(parsed))


def _given_up(context: Mapping[str, Any], exception: Exception, **_: Any) -> None:
    error = translated(exception, context[_SERVICE], context[_OPERATION])
    _tell(context, _OUTCOMES.get(error.sqlstate, "failed"))


def _outcome(parsed: Mapping[str, Any]) -> str:
    code = parsed.get("Error", {}).get("Code")
    return "done" if code is None else _OUTCOMES.get(sqlstate(str(code)), "refused")


def _tell(context: Mapping[str, Any], outcome: str) -> None:
    observer().called(
        CloudCall(
            service=context[_SERVICE],
            operation=context[_OPERATION],
            outcome=outcome,
            seconds=time.monotonic() - context[_BEGAN],
            attempts=context[_ATTEMPTS],
            throttles=context[_THROTTLES],
        )
    )
