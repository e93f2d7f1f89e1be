"""Makes resources, each once, also when AWS's answer is lost.

A call that makes something is not repeated before it has been looked whether it was performed. AWS may show
what it has made only after a while: where it would make a second one of the same name, it is given time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.aws import calls
from engine.aws.calls import Trail
from engine.aws.errors import CloudError, Treatment
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.lookup import Lookup
from engine.model import Desired, Found
from engine.patience import Patience, persist
from modules.spec import Call, Resource

#: AWS's answer, or what has been found in its place, or why there is nothing.
Made = Mapping[str, Any] | Found | CloudError


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be made for one row.

    Attributes:
        desired: the row, with nothing pending.
        params: those of the call that makes it.
    """

    desired: Desired
    params: Mapping[str, Any]
    trail: Trail


class Maker:
    """Makes the first call of creates."""

    def __init__(self, cloud: Cloud, lookup: Lookup, patience: Patience, stop: Stop) -> None:
        self.cloud = cloud
        self.lookup = lookup
        self.patience = patience
        self.stop = stop

    async def make(self, resource: Resource, call: Call, wanted: Wanted, sent: int = 1) -> Made:
        """Make what a row asks for.

        Args:
            sent: how often AWS has been asked for it, with this time.

        Raises:
            CloudError: AWS cannot be read.
        """
        wanted.trail.attempts = max(wanted.trail.attempts, sent)
        try:
            return await self._answer(resource, call, wanted)
        except CloudError as reason:
            error = reason
        lost = error.treatment is Treatment.LOST
        if not lost and sent == 1:
            return error
        found = await self._found(resource, wanted, patiently=not (lost and resource.unique_in_aws))
        if found is not None:
            return found
        if lost and sent < self.cloud.retries.attempts and not self.stop.requested:
            return await self.make(resource, call, wanted, sent + 1)
        return error

    async def _answer(self, resource: Resource, call: Call, wanted: Wanted) -> dict[str, Any]:
        return await persist(
            lambda: calls.call(
                self.cloud,
                resource.service,
                call.operation,
                wanted.params,
                resource.region,
                repeatable=False,
                trails=[wanted.trail],
                stop=self.stop,
            ),
            lambda error: not_seen_yet(resource, error),
            self.patience.eventual,
            self.stop,
        )

    async def _found(self, resource: Resource, wanted: Wanted, *, patiently: bool) -> Found | None:
        end = time.monotonic() + (self.patience.lost if patiently else 0)
        delay = 0.2
        while True:
            found = await self.lookup.made_for(resource, wanted.desired)
            if found is not None or time.monotonic() >= end or self.stop.requested:
                return found
            await self.stop.pause(delay)
            delay *= 2


def not_seen_yet(resource: Resource, error: CloudError) -> bool:
    """Whether AWS says of something that was just made that it is not there."""
    return any(error.code == code and words in error.explanation for code, words in resource.eventual)
