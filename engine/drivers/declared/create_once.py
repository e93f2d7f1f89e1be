"""Makes resources, each once, also when AWS's answer is lost; and what AWS lets be done together, together.

A call that makes something is not repeated before it has been looked whether it was performed. AWS may show
what it has made only after a while: where it would make a second one of the same name, it is given time.

AWS refuses a call for several resources because of one of them. It is then made for each half, and so on, so
that only what is wrong fails.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from engine.aws import calls
from engine.aws.errors import CloudError, Treatment
from engine.aws.patience import Patience, Scouting, persist
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.drivers.declared.lookup import Lookup
from engine.drivers.job import Job
from engine.errors import OperationError
from engine.plan import descriptions
from engine.plan.model import Found
from engine.plan.requests import Facts, carried, merged, request, structure, unseen
from engine.waiting import Attempts, growing
from modules.spec import Call, Edited, Resource, Token, Waiter

#: Seconds that AWS takes to allow another call, from which on none is to be made in vain.
_SCARCE = 1.0

#: AWS's answer for one job, or the resource if AWS has shown it, or why there is nothing.
Made = Mapping[str, Any] | Found | CloudError


class Maker:
    """Makes calls for one or more jobs at once, which are of one resource's table."""

    def __init__(
        self, cloud: Cloud, context: Mapping[str, str], lookup: Lookup, patience: Patience, stop: Stop
    ) -> None:
        """
        Args:
            context: account and region.
        """
        self.cloud = cloud
        self.context = context
        self.lookup = lookup
        self.patience = patience
        self.stop = stop
        self._scouting: dict[tuple[str, str], Scouting] = defaultdict(Scouting)

    def facts(self, job: Job) -> Facts:
        """What the parameters of a job's calls are made from."""
        desired, old = job.desired, job.change.found
        updates = job.changed is not None and old is not None
        return Facts(
            values=desired.values,
            parts=desired.parts,
            context=self.context,
            token=job.token,
            old=old,
            unseen=unseen(job.resource, old) if updates and old is not None else {},
            changed=job.changed,
            lossy=bool(job.change.loses),
            answers=job.answers,
        )

    async def create(self, call: Call, jobs: Sequence[Job], sent: int = 1) -> list[Made]:
        """Make the resources of some jobs.

        Args:
            sent: how often AWS has been asked for them, with this time.

        Raises:
            CloudError: AWS cannot be read.
        """
        for each in jobs:
            each.trail.attempts = max(each.trail.attempts, sent)
        if jobs[0].resource.taken is not None and sent == 1:
            taken = await self._taken(jobs[0].resource.taken, jobs[0])
            if taken is not None:
                return [taken]
        params = [await self._create_params(call, each) for each in jobs]
        try:
            answer = await self._answer(call, jobs, params)
        except CloudError as reason:
            error = reason
        else:
            return await self._share_out(call, jobs, answer)
        if error.treatment is Treatment.REFUSED and len(jobs) > 1:
            return await self._create_halves(call, jobs, sent)
        if error.treatment is not Treatment.LOST and sent == 1:
            return [error] * len(jobs)
        return await self._create_missing(call, jobs, error, sent)

    async def _taken(self, look: Call, job: Job) -> CloudError | None:
        """Why a resource is not to be made: AWS would answer as if it had made the one that is there."""
        params = request(look, self.facts(job))
        try:
            await calls.call(
                self.cloud, job.resource.service, look.operation, params, job.resource.region, stop=self.stop
            )
        except CloudError as error:
            if error.treatment is not Treatment.REFUSED:
                return error
            return None  # it is not there, or the create is refused as well
        return CloudError(
            message=f"there is a {job.resource.table} of that name already",
            sqlstate="23505",
            detail=f"{job.resource.service} {look.operation} found it, and the listing did not.",
            hint="Apply again: if it is the account's own, the row shows it then.",
            code="AlreadyExists",
        )

    async def repeat(self, call: Call, jobs: Sequence[Job]) -> list[Made]:
        """Make a call that can be repeated; of each job its answer, or why there is none."""
        params = [request(call, self.facts(each)) for each in jobs]
        try:
            return [await self._answer(call, jobs, params, repeatable=True)] * len(jobs)
        except CloudError as error:
            if error.treatment is not Treatment.REFUSED:
                return [error] * len(jobs)
            if len(jobs) == 1:
                return [{} if error.code in call.tolerate else error]
        middle = len(jobs) // 2
        return await self.repeat(call, jobs[:middle]) + await self.repeat(call, jobs[middle:])

    async def find(self, call: Call, job: Job) -> Found | None:
        """What AWS makes by itself and a job asks for, None if AWS does not show it in time.

        Args:
            call: shows it.

        Raises:
            CloudError: AWS cannot be read.
        """
        params = request(call, self.facts(job))

        async def look() -> Found | None:
            answer = await self._answer(call, [job], [params], repeatable=True)
            more = structure(call.joins, self.facts(job))
            shown = _shown(job.resource, call.result or "@", answer, more)
            return self.lookup.pick(job.resource, shown, job.desired)

        return await self._look_in_time(look)

    async def _create_params(self, call: Call, job: Job) -> Mapping[str, Any]:
        """A request with what the resource that is replaced has and no column shows, if that is kept."""
        resource, facts = job.resource, self.facts(job)
        params = request(call, facts)
        if not resource.carry.description or job.change.found is None:
            return params
        client = await self.cloud.client(resource.service, resource.region)
        said = {path for path, source in call.params.items() if isinstance(source, Edited)}
        accepted = set(calls.parameters(client, call.operation)) - said
        new = request(call, replace(facts, initial=False))
        return carried(resource, job.desired, job.change.found, new, accepted, params)

    async def _create_halves(self, call: Call, jobs: Sequence[Job], sent: int) -> list[Made]:
        middle = len(jobs) // 2
        first = await self.create(call, jobs[:middle], sent)
        return first + await self.create(call, jobs[middle:], sent)

    async def _create_missing(
        self, call: Call, jobs: Sequence[Job], error: CloudError, sent: int
    ) -> list[Made]:
        """What has been made, although AWS did not say so; the rest is made, if AWS has not refused."""
        lost = error.treatment is Treatment.LOST
        more = lost and sent < self.cloud.retries.attempts and not self.stop.requested
        if more and _is_known_again(call) and not jobs[0].resource.unique_in_aws:
            # A look cannot tell like ones apart; AWS answers a repetition with the one that it has made.
            return await self.create(call, jobs, sent + 1)
        results: list[Made] = []
        for each in jobs:
            found = await self.look_for(each, patiently=not (lost and each.resource.unique_in_aws))
            results.append(found or error)
        missing = [number for number, made in enumerate(results) if made is error]
        if missing and more:
            again = await self.create(call, [jobs[each] for each in missing], sent + 1)
            for number, made in zip(missing, again, strict=True):
                results[number] = made
        return results

    async def _share_out(self, call: Call, jobs: Sequence[Job], answer: Mapping[str, Any]) -> list[Made]:
        """The part of an answer that is each job's; what the answer does not contain is looked for."""
        if call.batch is None or call.batch.results is None or len(jobs) == 1:
            return [answer] * len(jobs)
        shown = _shown(jobs[0].resource, call.batch.results, answer)
        matching = [self.lookup.pick(each.resource, shown, each.desired) for each in jobs]
        return [
            found or await self.look_for(each, patiently=True) or _not_in_answer(each.resource, call)
            for found, each in zip(matching, jobs, strict=True)
        ]

    async def _answer(
        self,
        call: Call,
        jobs: Sequence[Job],
        params: Sequence[Mapping[str, Any]],
        *,
        repeatable: bool = False,
    ) -> dict[str, Any]:
        resource, together = jobs[0].resource, merged(params, call.batch.parameter if call.batch else "")
        answer = await self.when_seen(
            resource,
            call,
            lambda: calls.call(
                self.cloud,
                resource.service,
                call.operation,
                together,
                resource.region,
                repeatable=repeatable,
                trails=[each.trail for each in jobs],
                stop=self.stop,
                refused=call.refused,
            ),
        )
        if call.until is not None:
            await self._wait_until(resource, call.until, answer)
        return answer

    async def _wait_until(self, resource: Resource, until: Waiter, answer: Mapping[str, Any]) -> None:
        """Wait for what a call has asked for. A stop ends the wait: AWS goes on by itself."""
        params = structure(until.params, Facts(values={}, parts={}, context=self.context, item=answer))
        try:
            await calls.wait(
                self.cloud,
                resource.service,
                until,
                params,
                self.stop,
                resource.region,
            )
        except OperationError:
            if not self.stop.requested:
                raise

    async def when_seen(
        self, resource: Resource, call: Call, attempt: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        """Make a call, again and again while AWS does not see what has just been made for it.

        Where AWS allows few of these calls, they do not all find that out.

        Raises:
            CloudError: AWS refused, or does not see it in time.
            OperationError: a stop was requested before it was made.
        """
        again, scarce = partial(not_seen_yet, resource), False
        if resource.eventual:
            seconds = self.cloud.paces.seconds_a_token(resource.service, call.operation)
            scarce = seconds >= _SCARCE
        if not scarce:
            return await persist(attempt, again, self.patience.eventual, self.stop)
        scouting = self._scouting[resource.service, call.operation]
        return await scouting.persist(attempt, again, self.patience.eventual, self.stop, spacing=seconds / 2)

    async def look_for(self, job: Job, *, patiently: bool) -> Found | None:
        """What is there now that a job asks for, and was not there when AWS was read.

        Args:
            patiently: AWS may show it only after a while.

        Raises:
            CloudError: AWS cannot be read.
        """

        async def look() -> Found | None:
            return await self.lookup.find_made(job.resource, job.desired)

        return await (self._look_in_time(look) if patiently else look())

    async def _look_in_time(self, look: Callable[[], Awaitable[Found | None]]) -> Found | None:
        found: Found | None = None
        async for _ in Attempts(
            growing(0.2), seconds=self.patience.lost, stop=self.stop, last_after_stop=True
        ):
            found = await look()
            if found is not None:
                break
        return found


def _shown(
    resource: Resource, path: str, answer: Mapping[str, Any], joined: Mapping[str, Any] | None = None
) -> list[Found]:
    """The resources in an answer, as AWS describes them, with what it does not repeat."""
    return [
        descriptions.found(resource, {**each, **(joined or {})}) for each in descriptions.search(path, answer)
    ]


def _not_in_answer(resource: Resource, call: Call) -> CloudError:
    return CloudError(
        message="AWS has not said what it has made",
        sqlstate="58000",
        detail=f"{resource.service} {call.operation}",
        hint="Apply again: what was made is found then.",
    )


def _is_known_again(call: Call) -> bool:
    """Whether AWS knows a repetition of a call by a token."""
    return any(isinstance(each, Token) for each in call.params.values())


def not_seen_yet(resource: Resource, error: CloudError) -> bool:
    """Whether AWS says of something that was just made that it is not there."""
    return any(error.code == code and words in error.explanation for code, words in resource.eventual)
