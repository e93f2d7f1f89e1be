"""One step of a plan: the calls that make, change or remove one resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine import described
from engine.aws import calls
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.errors import OperationError
from engine.model import Change, Desired, Found, Values
from engine.patience import Patience, persist
from engine.requests import Facts, applies, carried, request, structure
from modules.spec import Call, PerItem, Resource, Update, Waiter


class Worker:
    """Carries out steps against one account."""

    def __init__(self, cloud: Cloud, context: Mapping[str, str], patience: Patience, stop: Stop) -> None:
        """
        Args:
            context: account and region.
            stop: ends retries that wait for AWS.
        """
        self.cloud = cloud
        self.context = context
        self.patience = patience
        self.stop = stop

    async def create(
        self, resource: Resource, change: Change, desired: Desired
    ) -> tuple[Facts, Found | None]:
        """Make the first call of a create.

        Args:
            desired: the row with nothing pending.

        Returns:
            what `complete` and `describe` go on from, and the resource as AWS described it, if it did.

        Raises:
            CloudError: AWS refused; nothing has been made.
        """
        facts = Facts(values=desired.values, parts=desired.parts, context=self.context)
        call = next(call for call in resource.create if applies(call, facts))
        parameters = await self._parameters(resource, change, desired, call, facts)
        answer = await self._eventually(resource, call, parameters)
        if call.result is None:
            return facts, None
        found = _described(resource, described.search(call.result, answer), facts)
        return replace(facts, values={**facts.values, **_identity(resource, found)}), found

    async def complete(self, resource: Resource, facts: Facts) -> None:
        """Make the other calls of a create.

        Raises:
            CloudError: AWS refused one of them; the resource is there.
        """
        first = next(call for call in resource.create if applies(call, facts))
        for call in resource.create:
            if call is not first and applies(call, facts):
                await self._eventually(resource, call, request(call, facts))
        await self._per_item(resource, facts, added=_items(resource, facts.values))

    async def describe(self, resource: Resource, facts: Facts, found: Found | None) -> Found:
        """How AWS describes what has been made, where the create's answer, `found`, may not say all.

        Raises:
            CloudError: AWS refused, or does not show it.
        """
        if resource.fetch is None:
            assert found is not None
            return found
        return _described(resource, await self._fetched(resource, facts), facts)

    async def settle(self, resource: Resource, found: Found) -> Found:
        """Wait until a resource is ready, and return how AWS describes it then.

        Raises:
            CloudError: it takes too long, or AWS refused.
            OperationError: a stop was requested.
        """
        assert resource.ready is not None
        facts = Facts(values=found.values, parts=found.parts, context=self.context)
        await self._wait(resource, resource.ready, facts)
        if resource.fetch is None:
            return found
        return described.found(resource, await self._fetched(resource, facts))

    async def change(self, resource: Resource, change: Change, desired: Desired) -> Found:
        """Change a resource in place, and return it as AWS describes it, or else as it was described
        before with what has been changed.

        Raises:
            CloudError: AWS refused.
        """
        assert change.found is not None
        values = {**desired.values, **_identity(resource, change.found)}
        facts = Facts(values=values, parts=desired.parts, context=self.context)
        description: dict[str, Any] | None = None
        for call in resource.update:
            if isinstance(call, Update) and change.changed & set(call.when) and applies(call, facts):
                answer = await self._eventually(resource, call, request(call, facts))
                if call.result is not None:
                    description = described.search(call.result, answer)
        await self._per_item(
            resource,
            facts,
            added=_difference(_items(resource, values), _items(resource, change.found.values)),
            removed=_difference(_items(resource, change.found.values), _items(resource, values)),
        )
        if resource.fetch is not None:
            description = await self._fetched(resource, facts)
        if description is not None:
            return described.found(resource, description)
        changed = {name: values[name] for name in change.changed if name in values}
        return replace(change.found, values={**change.found.values, **changed})

    async def remove(self, resource: Resource, found: Found) -> None:
        """Delete a resource and wait until it is gone. One that is gone already is no error.

        Raises:
            CloudError: AWS refused.
        """
        facts = Facts(values=found.values, parts=found.parts, context=self.context)
        try:
            await self._per_item(resource, facts, removed=_items(resource, found.values))
            for call in resource.delete:
                if applies(call, facts):
                    await persist(
                        lambda call=call: self._call(resource, call, request(call, facts)),  # type: ignore[misc]
                        lambda error: error.code in resource.busy,
                        self.patience.busy,
                        self.stop,
                    )
            if resource.gone is not None:
                await self._wait(resource, resource.gone, facts)
        except CloudError as error:
            if error.code not in resource.absent:
                raise

    async def _parameters(
        self, resource: Resource, change: Change, desired: Desired, call: Call, facts: Facts
    ) -> dict[str, Any]:
        made = request(call, facts)
        if not resource.carry or change.found is None:
            return made
        client = await self.cloud.client(resource.service, resource.region)
        return carried(resource, desired, change.found, made, calls.parameters(client, call.operation))

    async def _per_item(
        self,
        resource: Resource,
        facts: Facts,
        *,
        added: Mapping[str, list[Any]] | None = None,
        removed: Mapping[str, list[Any]] | None = None,
    ) -> None:
        for call in resource.update:
            if isinstance(call, PerItem):
                items = ((added if call.which == "added" else removed) or {}).get(call.column, [])
                for item in items:
                    await self._eventually(resource, call, request(call, replace(facts, item=item)))

    async def _eventually(self, resource: Resource, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        return await persist(
            lambda: self._call(resource, call, params),
            lambda error: any(
                error.code == code and words in error.explanation for code, words in resource.eventual
            ),
            self.patience.eventual,
            self.stop,
        )

    async def _call(self, resource: Resource, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await calls.call(self.cloud, resource.service, call.operation, params, resource.region)
        except CloudError as error:
            if error.code in call.tolerate:
                return {}
            raise

    async def _fetched(self, resource: Resource, facts: Facts) -> dict[str, Any]:
        fetch = resource.fetch
        assert fetch is not None

        async def attempt() -> dict[str, Any]:
            answer = await self._call(resource, fetch, request(fetch, facts))
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
