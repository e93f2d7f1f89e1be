"""A create that is made again with the same client token is answered again, and performed once.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError

_MISMATCHES = {
    "ecs": AwsError("InvalidParameterException", "Creation of service was not idempotent."),
}
_MISMATCH = AwsError(
    "IdempotentParameterMismatch",
    "The request uses the same client token as a previous, but non-identical request.",
)
_TOKENS = ("ClientToken", "clientToken")

_Key = tuple[str, str, str, str, str]


class Repeats:
    """The answers given to calls with a client token; not safe for threads."""

    def __init__(self) -> None:
        self._given: dict[_Key, tuple[str, bytes, Mapping[str, str]]] = {}

    def answer(self, call: AwsCall) -> Response | AwsError | None:
        """The answer given before, an error if other parameters came with the token, or nothing."""
        given = self._given.get(_key(call))
        if given is None or not _token(call):
            return None
        parameters, body, headers = given
        if parameters != _digest(call.parameters):
            return _MISMATCHES.get(call.service, _MISMATCH)
        return Response(body, headers=dict(headers))

    def remember(self, call: AwsCall, reply: Response) -> None:
        """Keep the answer to a call that was performed."""
        if _token(call) and reply.status_code == 200:
            kept = {"Content-Type": reply.headers["Content-Type"]}
            self._given[_key(call)] = (_digest(call.parameters), reply.get_data(), kept)


def _token(call: AwsCall) -> str:
    return next((text for name in _TOKENS if (text := call.text(name))), "")


def _key(call: AwsCall) -> _Key:
    return call.account, call.region, call.service, call.operation, _token(call)


def _digest(parameters: Mapping[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True)
