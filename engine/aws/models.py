"""What botocore's models say of an operation's pages, and of what a waiter looks at.

The engine turns pages and waits itself, so that each call is paced, repeated and recorded like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jmespath
from botocore import xform_name
from botocore.exceptions import DataNotFoundError
from botocore.session import Session
from botocore.waiter import WaiterModel

from modules.spec import Waiter


@dataclass(frozen=True)
class Paging:
    """How the pages of a listing follow each other.

    Attributes:
        inputs: the parameters that ask for the page after another.
        outputs: where that one's answer says them, as JMESPath expressions.
        more: where it says whether there is another; None: the others being there says it.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    more: str | None = None

    def following(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that ask for the next page; none after the last one."""
        if self.more is not None and not jmespath.search(self.more, answer):
            return {}
        tokens = zip(self.inputs, self.outputs, strict=True)
        found = {name: jmespath.search(path, answer) for name, path in tokens}
        return {name: token for name, token in found.items() if token}


def paging(service: str, operation: str) -> Paging | None:
    """How an operation is paged, None if it answers everything at once."""
    return _pagings(service).get(operation)


@cache
def _pagings(service: str) -> dict[str, Paging]:
    try:
        model = _session().get_component("data_loader").load_service_model(service, "paginators-1")
    except DataNotFoundError:
        return {}
    return {xform_name(name): _paging(config) for name, config in model["pagination"].items()}


def _paging(config: Mapping[str, Any]) -> Paging:
    return Paging(
        _several(config["input_token"]), _several(config["output_token"]), config.get("more_results")
    )


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@dataclass(frozen=True)
class Waiting:
    """What a waiter looks at.

    Attributes:
        operation: the one that it calls.
    """

    operation: str
    _acceptors: Sequence[Any]

    def state(self, answer: Mapping[str, Any]) -> str:
        """`success`, `failure` or `retry`, from an answer or from an error in the form of one."""
        accepted = (each.state for each in self._acceptors if each.matcher_func(answer))
        return next(accepted, "failure" if "Error" in answer else "retry")


@dataclass(frozen=True)
class Looking:
    """What is looked at where botocore has no waiter; see `modules.spec.Waiter`."""

    operation: str
    _path: str
    _done: tuple[str, ...]
    _failed: tuple[str, ...]
    _gone: tuple[str, ...]

    def state(self, answer: Mapping[str, Any]) -> str:
        """As of `Waiting`."""
        if (error := answer.get("Error")) is not None:
            return "success" if error["Code"] in self._gone else "failure"
        there = jmespath.search(self._path, answer)
        states = [str(each).lower() for each in (there if isinstance(there, list) else [there]) if each]
        if any(each in self._failed for each in states):
            return "failure"
        is_done = all(each in self._done for each in states) if states else bool(self._gone)
        return "success" if is_done else "retry"


def waiting(service: str, waiter: Waiter) -> Waiting | Looking:
    """What a declared waiter looks at."""
    if waiter.state is None:
        return _of_botocore(service, waiter.name)
    return Looking(waiter.name, waiter.state, waiter.done, waiter.failed, waiter.gone)


@cache
def _of_botocore(service: str, waiter: str) -> Waiting:
    """One of botocore's waiters, by its Python name."""
    model: WaiterModel = _session().get_waiter_model(service)
    name = next(each for each in model.waiter_names if xform_name(each) == waiter)
    config = model.get_waiter(name)
    return Waiting(xform_name(config.operation), tuple(config.acceptors))


@cache
def _session() -> Session:
    return Session()
