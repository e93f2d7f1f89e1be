"""What a rule may say of a call, and how a rule looks into the simulated account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend
from moto.moto_api._internal import mock_random
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A create that AWS answers with the resource that is there already.

    Attributes:
        operation, parameters: the describing call that finds it.
        reshape: makes the create's reply of the describing one's body.
    """

    operation: str
    parameters: Mapping[str, Any]
    reshape: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Answer:
    """What AWS answers where moto cannot.

    Attributes:
        body: the whole answer, in the protocol of the call's service.
        kind: its content type.
    """

    body: str
    kind: str = "text/xml"


Outcome = AwsError | Existing | Answer | None
Rule = Callable[[AwsCall], Outcome]
#: Gives what moto has just made what AWS would have given it.
Completion = Callable[[AwsCall, Response], None]


def backend(call: AwsCall, service: str, *, everywhere: bool = False) -> Any:
    """moto's memory of one service, for the call's account and region.

    Args:
        everywhere: the service is the same in all regions.
    """
    return get_backend(service)[call.account]["aws" if everywhere else call.region]  # type: ignore[call-overload]


@contextmanager
def as_at_first(what: str) -> Iterator[None]:
    """Give what an account has of itself the same names whenever it begins.

    What shows it shows it after a reset, too.

    Args:
        what: which of what accounts have, and whose it is.
    """
    state = mock_random.getstate()
    mock_random.seed(what)
    try:
        yield
    finally:
        mock_random.setstate(state)
