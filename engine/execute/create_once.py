"""Makes resources, each once, also when AWS's answer is lost; and what AWS lets be done together, together.

A call that makes something is not repeated before it has been looked whether it was performed. AWS may show
what it has made only after a while: where it would make a second one of the same name, it is given time.

AWS refuses a call for several resources because of one of them. It is then made for each half, and so on, so
that only what is wrong fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.aws import calls
from engine.aws.calls import Trail
from engine.aws.errors import CloudError, Treatment
from engine.aws.patience import Patience, persist
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.plan import descriptions
from engine.plan.model import Desired, Found
from engine.plan.requests import merged
from engine.read.lookup import Lookup
from engine.waiting import Attempts, growing
from modules.spec import Call, Resource

#: AWS's answer for one resource, or what has been found in its place, or why there is nothing.
Made = Mapping[str, Any] | Found | CloudError


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be made for one row, or done to its resource.

    Attributes:
        desired: the row, with nothing pending.
        params: those of the call that does it.
    """

    desired: Desired
    params: Mapping[str, Any]
    trail: Trail


class Maker:
    """Makes calls for one or more resources at once."""

    def __init__(self, cloud: Cloud, lookup: Lookup, patience: Patience, stop: Stop) -> None:
        self.cloud = cloud
        self.lookup = lookup
        self.patience = patience
        self.stop = stop

    async def make(
        self, resource: Resource, call: Call, wanted: Sequence[Wanted], sent: int = 1
    ) -> list[Made]:
        """Make what some rows ask for.

        Args:
            sent: how often AWS has been asked for it, with this time.

        Raises:
            CloudError: AWS cannot be read.
        """
        for each in wanted:
            each.trail.attempts = max(each.trail.attempts, sent)
        try:
            answer = await self._answer(resource, call, wanted)
        except CloudError as reason:
            error = reason
        else:
            return await self._told(resource, call, wanted, answer)
        if error.treatment is Treatment.REFUSED and len(wanted) > 1:
            return await self._halves(resource, call, wanted, sent)
        if error.treatment is not Treatment.LOST and sent == 1:
            return [error] * len(wanted)
        return await self._looked_for(resource, call, wanted, error, sent)

    async def do(self, resource: Resource, call: Call, wanted: Sequence[Wanted]) -> list[Made]:
        """Make a call that can be repeated; of each its answer, or why there is none."""
        try:
            return [await self._answer(resource, call, wanted, repeatable=True)] * len(wanted)
        except CloudError as error:
            if error.treatment is not Treatment.REFUSED:
                return [error] * len(wanted)
            if len(wanted) == 1:
                return [{} if error.code in call.tolerate else error]
        middle = len(wanted) // 2
        first, second = wanted[:middle], wanted[middle:]
        return await self.do(resource, call, first) + await self.do(resource, call, second)

    async def given(self, resource: Resource, find: Call, wanted: Wanted) -> Found | None:
        """What AWS makes by itself for a row, None if it does not show it in time.

        Args:
            find: the call that shows it, with the parameters of `wanted`.

        Raises:
            CloudError: AWS cannot be read.
        """

        async def found() -> Found | None:
            answer = await self._answer(resource, find, [wanted], repeatable=True)
            shown = _shown(resource, find.result or "@", answer)
            return self.lookup.among(resource, shown, wanted.desired)

        return await self._in_time(found)

    async def _halves(
        self, resource: Resource, call: Call, wanted: Sequence[Wanted], sent: int
    ) -> list[Made]:
        middle = len(wanted) // 2
        first = await self.make(resource, call, wanted[:middle], sent)
        return first + await self.make(resource, call, wanted[middle:], sent)

    async def _looked_for(
        self, resource: Resource, call: Call, wanted: Sequence[Wanted], error: CloudError, sent: int
    ) -> list[Made]:
        """What has been made, although AWS did not say so; the rest is made, if AWS has not refused."""
        lost = error.treatment is Treatment.LOST
        results: list[Made] = []
        for each in wanted:
            found = await self._found(resource, each, patiently=not (lost and resource.unique_in_aws))
            results.append(found or error)
        missing = [number for number, made in enumerate(results) if made is error]
        if missing and lost and sent < self.cloud.retries.attempts and not self.stop.requested:
            again = await self.make(resource, call, [wanted[each] for each in missing], sent + 1)
            for number, made in zip(missing, again, strict=True):
                results[number] = made
        return results

    async def _told(
        self, resource: Resource, call: Call, wanted: Sequence[Wanted], answer: Mapping[str, Any]
    ) -> list[Made]:
        """The part of an answer that is each one's; what it does not tell is looked for."""
        if call.batch is None or call.batch.results is None or len(wanted) == 1:
            return [answer]
        shown = _shown(resource, call.batch.results, answer)
        told = [self.lookup.among(resource, shown, each.desired) for each in wanted]
        return [
            found or await self._found(resource, each, patiently=True) or _not_told(resource, call)
            for found, each in zip(told, wanted, strict=True)
        ]

    async def _answer(
        self, resource: Resource, call: Call, wanted: Sequence[Wanted], *, repeatable: bool = False
    ) -> dict[str, Any]:
        listed = call.batch.parameter if call.batch else ""
        params = merged([each.params for each in wanted], listed)
        return await persist(
            lambda: calls.call(
                self.cloud,
                resource.service,
                call.operation,
                params,
                resource.region,
                repeatable=repeatable,
                trails=[each.trail for each in wanted],
                stop=self.stop,
            ),
            lambda error: not_seen_yet(resource, error),
            self.patience.eventual,
            self.stop,
        )

    async def _found(self, resource: Resource, wanted: Wanted, *, patiently: bool) -> Found | None:
        async def found() -> Found | None:
            return await self.lookup.made_for(resource, wanted.desired)

        return await (self._in_time(found) if patiently else found())

    async def _in_time(self, look: Callable[[], Awaitable[Found | None]]) -> Found | None:
        found: Found | None = None
        async for _ in Attempts(
            growing(0.2), seconds=self.patience.lost, stop=self.stop, last_after_stop=True
        ):
            found = await look()
            if found is not None:
                break
        return found


def _shown(resource: Resource, path: str, answer: Mapping[str, Any]) -> list[Found]:
    """The resources in an answer, as AWS describes them."""
    return [descriptions.found(resource, each) for each in descriptions.search(path, answer)]


def _not_told(resource: Resource, call: Call) -> CloudError:
    return CloudError(
        message="AWS has not said what it has made",
        sqlstate="58000",
        detail=f"{resource.service} {call.operation}",
        hint="Apply again: what was made is found then.",
    )


def not_seen_yet(resource: Resource, error: CloudError) -> bool:
    """Whether AWS says of something that was just made that it is not there."""
    return any(error.code == code and words in error.explanation for code, words in resource.eventual)
