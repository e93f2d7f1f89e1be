"""One step of a plan: the calls that make, change or remove one resource."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine import described
from engine.aws import calls
from engine.aws.calls import Trail
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.errors import OperationError
from engine.lookup import Lookup
from engine.making import Maker, Wanted, not_seen_yet
from engine.model import Change, Desired, Found, Values
from engine.patience import Patience, persist
from engine.requests import Facts, applies, carried, request, structure
from modules.spec import Call, PerItem, Resource, Update, Waiter


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one step has to do.

    Attributes:
        desired: the row with nothing pending; None for a removal.
        token: the journal's name for what the step makes, the same when the step is tried again.
        trail: what has become of its calls so far.
    """

    resource: Resource
    change: Change
    desired: Desired | None = None
    token: str = ""
    trail: Trail = field(default_factory=Trail)

    @property
    def row(self) -> Desired:
        assert self.desired is not None
        return self.desired

    @property
    def found(self) -> Found:
        assert self.change.found is not None
        return self.change.found


class Worker:
    """Carries out steps against one account."""

    def __init__(
        self, cloud: Cloud, context: Mapping[str, str], patience: Patience, stop: Stop, lookup: Lookup
    ) -> None:
        """
        Args:
            context: account and region.
            stop: ends retries that wait for AWS.
            lookup: for what lost calls have made, and for what is to be changed.
        """
        self.cloud = cloud
        self.context = context
        self.patience = patience
        self.stop = stop
        self.lookup = lookup
        self.maker = Maker(cloud, lookup, patience, stop)

    async def create(self, job: Job) -> tuple[Facts, Found | None]:
        """Make the first call of a create.

        Returns:
            what `complete` and `describe` go on from, and the resource as AWS described it, if it did.

        Raises:
            CloudError: AWS refused; nothing has been made, as far as AWS can be seen.
        """
        resource, row = job.resource, job.row
        facts = Facts(values=row.values, parts=row.parts, context=self.context, token=_token(job))
        call = next(call for call in resource.create if applies(call, facts))
        wanted = Wanted(desired=row, params=await self._parameters(job, call, facts), trail=job.trail)
        made = await self.maker.make(resource, call, wanted)
        if isinstance(made, CloudError):
            raise made
        if isinstance(made, Found):
            return replace(facts, values={**facts.values, **_identity(resource, made)}), made
        if call.result is None:
            return facts, None
        found = _described(resource, described.search(call.result, made), facts)
        return replace(facts, values={**facts.values, **_identity(resource, found)}), found

    async def complete(self, job: Job, facts: Facts) -> None:
        """Make the other calls of a create.

        Raises:
            CloudError: AWS refused one of them; the resource is there.
        """
        resource = job.resource
        first = next(call for call in resource.create if applies(call, facts))
        for call in resource.create:
            if call is not first and applies(call, facts):
                await self._eventually(job, call, request(call, facts))
        await self._per_item(job, facts, added=_items(resource, facts.values))

    async def describe(self, job: Job, facts: Facts, found: Found | None) -> Found:
        """How AWS describes what has been made, where the create's answer, `found`, may not say all.

        Raises:
            CloudError: AWS refused, or does not show it.
        """
        if job.resource.fetch is None:
            assert found is not None
            return found
        return _described(job.resource, await self._fetched(job, facts), facts)

    async def settle(self, job: Job, found: Found) -> Found:
        """Wait until a resource is ready, and return how AWS describes it then.

        Raises:
            CloudError: it takes too long, or AWS refused.
            OperationError: a stop was requested.
        """
        resource = job.resource
        assert resource.ready is not None
        facts = Facts(values=found.values, parts=found.parts, context=self.context)
        await self._wait(resource, resource.ready, facts)
        if resource.fetch is None:
            return found
        return described.found(resource, await self._fetched(job, facts))

    async def change(self, job: Job) -> Found:
        """Change a resource in place, and return it as AWS describes it, or else as it was described
        before with what has been changed.

        Raises:
            CloudError: AWS refused.
            OperationError: 40001, it is another than when the plan was made.
        """
        resource, old = job.resource, job.found
        await self.lookup.check(resource, old)
        values = {**job.row.values, **_identity(resource, old)}
        facts = Facts(values=values, parts=job.row.parts, context=self.context)
        description: dict[str, Any] | None = None
        for call in resource.update:
            if isinstance(call, Update) and job.change.changed & set(call.when) and applies(call, facts):
                answer = await self._eventually(job, call, request(call, facts))
                if call.result is not None:
                    description = described.search(call.result, answer)
        await self._per_item(
            job,
            facts,
            added=_difference(_items(resource, values), _items(resource, old.values)),
            removed=_difference(_items(resource, old.values), _items(resource, values)),
        )
        if resource.fetch is not None:
            description = await self._fetched(job, facts)
        if description is not None:
            return described.found(resource, description)
        changed = {name: values[name] for name in job.change.changed if name in values}
        return replace(old, values={**old.values, **changed})

    async def remove(self, job: Job) -> None:
        """Delete a resource and wait until it is gone. One that is gone already is no error.

        Raises:
            CloudError: AWS refused.
            OperationError: 40001, it is another than when the plan was made.
        """
        resource, found = job.resource, job.found
        if not await self.lookup.check(resource, found):
            return
        facts = Facts(values=found.values, parts=found.parts, context=self.context)
        try:
            await self._per_item(job, facts, removed=_items(resource, found.values))
            for call in resource.delete:
                if applies(call, facts):
                    await persist(
                        lambda call=call: self._call(job, call, request(call, facts)),  # type: ignore[misc]
                        lambda error: error.code in resource.busy,
                        self.patience.busy,
                        self.stop,
                    )
            if resource.gone is not None:
                await self._wait(resource, resource.gone, facts)
        except CloudError as error:
            if error.code not in resource.absent:
                raise

    async def _parameters(self, job: Job, call: Call, facts: Facts) -> dict[str, Any]:
        resource, made = job.resource, request(call, facts)
        if not resource.carry or job.change.found is None:
            return made
        client = await self.cloud.client(resource.service, resource.region)
        accepted = calls.parameters(client, call.operation)
        return carried(resource, job.row, job.found, made, accepted)

    async def _per_item(
        self,
        job: Job,
        facts: Facts,
        *,
        added: Mapping[str, list[Any]] | None = None,
        removed: Mapping[str, list[Any]] | None = None,
    ) -> None:
        for call in job.resource.update:
            if isinstance(call, PerItem):
                items = ((added if call.which == "added" else removed) or {}).get(call.column, [])
                for item in items:
                    await self._eventually(job, call, request(call, replace(facts, item=item)))

    async def _eventually(self, job: Job, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        return await persist(
            lambda: self._call(job, call, params),
            lambda error: not_seen_yet(job.resource, error),
            self.patience.eventual,
            self.stop,
        )

    async def _call(self, job: Job, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        resource = job.resource
        try:
            return await calls.call(
                self.cloud,
                resource.service,
                call.operation,
                params,
                resource.region,
                trails=[job.trail],
                stop=self.stop,
            )
        except CloudError as error:
            if error.code in call.tolerate:
                return {}
            raise

    async def _fetched(self, job: Job, facts: Facts) -> dict[str, Any]:
        resource, fetch = job.resource, job.resource.fetch
        assert fetch is not None

        async def attempt() -> dict[str, Any]:
            answer = await self._call(job, fetch, request(fetch, facts))
            result: dict[str, Any] | None = described.search(fetch.result or "@", answer)
            if result is None or not _is_of(resource, result, facts):
                raise CloudError(
                    message="AWS does not show it yet",
                    sqlstate="58000",
                    detail=f"{resource.service} {fetch.operation}",
                    code=_NOT_SHOWN,
                )
            return result

        return await persist(
            attempt,
            lambda error: error.code in (*resource.absent, _NOT_SHOWN),
            self.patience.eventual,
            self.stop,
        )

    async def _wait(self, resource: Resource, waiter: Waiter, facts: Facts) -> None:
        await calls.wait(
            self.cloud,
            resource.service,
            waiter.name,
            structure(waiter.params, facts),
            waiter.seconds,
            self.stop,
            resource.region,
        )


def _token(job: Job) -> str:
    """What AWS knows a repetition by: other values are no repetition. At most 32 characters.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html
    """
    text = json.dumps([job.token, job.row.values, job.row.parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _identity(resource: Resource, found: Found) -> dict[str, Any]:
    return {resource.identity: found.values[resource.identity]} if resource.identity else {}


def _described(resource: Resource, description: Mapping[str, Any], facts: Facts) -> Found:
    """What was made; what the answer does not tell, and AWS does not choose, is as it was sent."""
    found = described.found(resource, description)
    values = {
        column.name: found.values[column.name]
        if column.left_to_aws or found.values[column.name] is not None
        else facts.values.get(column.name)
        for column in resource.columns
    }
    return replace(found, values=values)


_NOT_SHOWN = "NotShownYet"


def _is_of(resource: Resource, description: Mapping[str, Any], facts: Facts) -> bool:
    """Whether a description is that of the resource and not of one with a name like it."""
    values = described.found(resource, description).values
    return all(values[name] == facts.values.get(name) for name in resource.key if name in values)


def _items(resource: Resource, values: Values) -> dict[str, list[Any]]:
    """The elements of the array columns whose elements have calls of their own."""
    columns = {call.column for call in resource.update if isinstance(call, PerItem)}
    return {name: list(values.get(name) or ()) for name in columns}


def _difference(some: Mapping[str, Iterable[Any]], others: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: [each for each in items if each not in others[name]] for name, items in some.items()}


_VERBS = {"make": "create", "change": "update", "remove": "delete"}


def explained(error: OperationError, resource: Resource, kind: str, description: str) -> OperationError:
    """An error of a step, with what failed, where, and what to do."""
    code = getattr(error, "code", "")
    verb = _VERBS[kind]
    return OperationError(
        message=f"could not {verb} {resource.table} {description}: {error.message}",
        sqlstate=error.sqlstate,
        detail=error.detail,
        hint=resource.hints.get(code) or error.hint or _general_hint(error.sqlstate),
        schema="public",
        table=resource.table,
    )


def _general_hint(state: str) -> str | None:
    return {
        "22023": "Correct the row and apply again.",
        "2BP01": "Something still needs it. Remove that first, then apply again.",
        "23505": "AWS has one of that name already; iasql_sync() shows it as a row.",
        "42501": "The credentials of the iasql server lack this permission.",
        "53000": "AWS is limiting the rate of calls. Apply again later; what was done is kept.",
        "53400": "A quota of the AWS account is used up.",
        "58000": "AWS had a fault of its own. Apply again; what was done is kept.",
    }.get(state)
