"""What reading calls were answered before the last changes, for as long as AWS may still say it.

IAM, EC2 and SQS document that they do: a change is not shown at once by what is read next.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.clock import Clock


@dataclass
class _Answer:
    """
    Attributes:
        changed: when the service was first changed after it; None if it has not been.
    """

    service: str
    reply: Response
    changed: float | None


class Outdated:
    """The last answer of each reading call; not safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[str, _Answer] = {}
        self._changed: dict[str, float] = {}

    def began(self) -> float:
        """The moment at which a call begins."""
        return self._clock.now()

    def change(self, call: AwsCall) -> None:
        """A call may have changed something."""
        now = self._changed[call.service] = self._clock.now()
        for each in self._answers.values():
            if each.service == call.service and each.changed is None:
                each.changed = now

    def remember(self, call: AwsCall, reply: Response, began: float) -> None:
        """A reading call that began then has been answered."""
        if reply.status_code == 200:
            changed = self._changed.get(call.service)
            since = changed if changed is not None and changed >= began else None
            self._answers[_key(call)] = _Answer(call.service, _copied(reply), since)

    def answer(self, call: AwsCall, seconds: float) -> Response | None:
        """What a reading call was answered last, if all changes since are younger than that."""
        found = self._answers.get(_key(call))
        if call.mutating or found is None or found.changed is None:
            return None
        return _copied(found.reply) if self._clock.now() - found.changed < seconds else None

    def forget(self) -> None:
        """Remember nothing."""
        self._answers = {}
        self._changed = {}


def _key(call: AwsCall) -> str:
    named = (call.service, call.operation, call.region, call.account, dict(call.parameters))
    return json.dumps(named, sort_keys=True, default=str)


def _copied(reply: Response) -> Response:
    return Response(reply.get_data(), status=reply.status_code, headers=list(reply.headers))
