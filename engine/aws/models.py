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


@cache
def waiting(service: str, waiter: str) -> Waiting:
    """One of botocore's waiters, by its Python name."""
    model: WaiterModel = _session().get_waiter_model(service)
    name = next(each for each in model.waiter_names if xform_name(each) == waiter)
    config = model.get_waiter(name)
    return Waiting(xform_name(config.operation), tuple(config.acceptors))


@cache
def _session() -> Session:
    return Session()
