"""One step of a plan: the calls that make, change or remove one resource."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.aws import calls
from engine.aws.errors import CloudError, Treatment
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.execute.create_once import Made, Maker, Wanted, not_seen_yet
from engine.execute.job import Job
from engine.execute.patience import Patience, persist
from engine.execute.shared_calls import Together
from engine.plan import descriptions, diff
from engine.plan.call_groups import Sharing
from engine.plan.model import Desired, Found, Row, Values
from engine.plan.requests import Facts, applies, carried, described, request, structure
from engine.read.lookup import Lookup
from modules.spec import Call, PerItem, Resource, Token, Update, Waiter


class Worker:
    """Carries out steps against one account."""

    def __init__(
        self,
        cloud: Cloud,
        context: Mapping[str, str],
        patience: Patience,
        stop: Stop,
        lookup: Lookup,
        sharing: Sharing | None = None,
    ) -> None:
        """
        Args:
            context: account and region.
            sharing: which steps share a call, and which need none.
            stop: ends retries that wait for AWS.
            lookup: for what lost calls have made, and for what is to be changed.
        """
        self.cloud = cloud
        self.context = context
        self.patience = patience
        self.stop = stop
        self.lookup = lookup
        self.sharing = sharing or Sharing()
        self.together: Together[Wanted, Made] = Together(self.sharing.groups)
        self.maker = Maker(cloud, lookup, patience, stop)

    async def create(self, job: Job) -> tuple[Facts, Found | None]:
        """Make the first call of a create.

        Returns:
            what `complete` and `describe` go on from, and the resource as AWS described it, if it did.

        Raises:
            CloudError: AWS refused; nothing has been made, as far as AWS can be seen.
        """
        resource, row = job.resource, job.row
        facts = Facts(values=row.values, parts=row.parts, context=self.context)
        if any(isinstance(each, Token) for each in _first(resource, facts).params.values()):
            facts = replace(facts, token=job.client_token)
        made = await self._made(job, facts)
        if isinstance(made, CloudError):
            raise made
        call = _first(resource, facts)
        if isinstance(made, Found):
            found = _described(resource, made.description, facts)
        elif call.result is None:
            return facts, None
        else:
            found = _described(resource, described(call, made, facts) or {}, facts)
        return replace(facts, values={**facts.values, **_identity(resource, found)}), found

    async def _made(self, job: Job, facts: Facts) -> Made:
        resource, number = job.resource, job.number
        given = self.sharing.given.get(number)
        if given is not None:
            params = request(given.find, facts)
            wanted = Wanted(desired=job.row, params=params, trail=job.trail)
            found = await self.maker.given(resource, given.find, wanted)
            if found is not None:
                changed = diff.changed(resource, job.row, found)
                return await self._update(job, found, changed) if changed else found
        call = _first(resource, facts)
        params = await self._parameters(job, call, facts)
        wanted = Wanted(desired=job.row, params=params, trail=job.trail)
        return await self.together.ask(number, wanted, lambda some: self.maker.make(resource, call, some))

    async def complete(self, job: Job, facts: Facts) -> None:
        """Make the other calls of a create.

        Raises:
            CloudError: AWS refused one of them; the resource is there.
        """
        resource, first = job.resource, _first(job.resource, facts)
        kept = self.sharing.kept.get(job.number, ())
        unwanted = [each.unwanted for each in resource.comes_with if each.unwanted and each not in kept]
        for call in (*resource.create, *unwanted):
            if call is not first and applies(call, facts):
                await self._eventually(job, call, request(call, facts))
        await self._per_item(job, facts, added=_items(resource, facts.values))

    async def describe(self, job: Job, facts: Facts, found: Found | None) -> Found:
        """How AWS describes what has been made, where the create's answer, `found`, may not say all.

        Raises:
            CloudError: AWS refused, or does not show it.
        """
        if found is not None and (job.resource.fetch is None or _first(job.resource, facts).whole):
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
        return descriptions.found(resource, await self._fetched(job, facts))

    async def change(self, job: Job) -> Found:
        """Change a resource in place, and return it as AWS describes it, or else as it was described
        before with what has been changed.

        Raises:
            CloudError: AWS refused.
            OperationError: 40001, it is another than when the plan was made.
        """
        await self.lookup.check(job.resource, job.found)
        return await self._update(job, job.found, job.change.changed)

    async def _update(self, job: Job, old: Found, columns: Collection[str]) -> Found:
        """Change some columns and parts of a resource."""
        resource = job.resource
        values = {**job.row.values, **_identity(resource, old)}
        facts = Facts(values=values, parts=job.row.parts, context=self.context)
        description: dict[str, Any] | None = None
        for call in resource.update:
            if isinstance(call, Update) and set(columns) & set(call.when) and applies(call, facts):
                answer = await self._shared(job, call, facts)
                if call.result is not None:
                    description = described(call, answer, facts)
        await self._per_item(
            job,
            facts,
            added=_difference(_items(resource, values), _items(resource, old.values)),
            removed=_difference(_items(resource, old.values), _items(resource, values)),
        )
        if resource.fetch is not None:
            description = await self._fetched(job, facts)
        if description is not None:
            return descriptions.found(resource, description)
        changed = {name: values[name] for name in columns if name in values}
        return replace(old, values={**old.values, **changed})

    async def remove(self, job: Job) -> None:
        """Delete a resource and wait until it is gone. One that is gone already is no error.

        Raises:
            CloudError: AWS refused.
            OperationError: 40001, it is another than when the plan was made.
        """
        resource, found = job.resource, job.found
        # AWS may not show what is there: what it does not show is deleted as well, and may be gone.
        await self.lookup.check(resource, found)
        facts = Facts(values=found.values, parts=found.parts, context=self.context)
        try:
            await self._per_item(job, facts, removed=_items(resource, found.values))
            for call in resource.delete:
                if applies(call, facts):
                    await persist(
                        lambda call=call: self._shared(job, call, facts),  # type: ignore[misc]
                        lambda error: error.code in resource.busy,
                        self.patience.busy,
                        self.stop,
                    )
            if resource.gone is not None:
                await self._wait(resource, resource.gone, facts)
        except CloudError as error:
            refused = error.treatment is Treatment.REFUSED
            if error.code not in resource.absent and not (
                refused and await self.lookup.gone(resource, found)
            ):
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

    async def _shared(self, job: Job, call: Call, facts: Facts) -> Mapping[str, Any]:
        """A call that can be repeated, together with the others of the step's group."""
        resource = job.resource
        desired = job.desired or Desired(_NO_ROW, job.found.values, job.found.parts)
        wanted = Wanted(desired=desired, params=request(call, facts), trail=job.trail)
        answer = await self.together.ask(job.number, wanted, lambda some: self.maker.do(resource, call, some))
        if isinstance(answer, CloudError):
            raise answer
        assert isinstance(answer, Mapping)
        return answer

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
            result = described(fetch, answer, facts)
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


#: Stands for the row of what is removed, which has none.
_NO_ROW = Row(table="", key=(), values={})


def _first(resource: Resource, facts: Facts) -> Call:
    """The call that makes the resource; the others of its create complete it."""
    return next(call for call in resource.create if applies(call, facts))


def _identity(resource: Resource, found: Found) -> dict[str, Any]:
    return {resource.identity: found.values[resource.identity]} if resource.identity else {}


def _described(resource: Resource, description: Mapping[str, Any], facts: Facts) -> Found:
    """What was made; what the answer does not tell, and AWS does not choose, is as it was sent."""
    found = descriptions.found(resource, description)
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
    values = descriptions.found(resource, description).values
    return all(values[name] == facts.values.get(name) for name in resource.key if name in values)


def _items(resource: Resource, values: Values) -> dict[str, list[Any]]:
    """The elements of the array columns whose elements have calls of their own."""
    columns = {call.column for call in resource.update if isinstance(call, PerItem)}
    return {name: list(values.get(name) or ()) for name in columns}


def _difference(some: Mapping[str, Iterable[Any]], others: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: [each for each in items if each not in others[name]] for name, items in some.items()}
