"""The calls that make, change or remove one resource."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from engine.aws import calls
from engine.aws.errors import CloudError, Treatment
from engine.aws.patience import Patience, persist
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.drivers.declared import awaiting, looks
from engine.drivers.declared.create_once import Made, Maker
from engine.drivers.declared.listing import detailed, with_batched
from engine.drivers.declared.lookup import Lookup
from engine.drivers.declared.shared_calls import Together
from engine.drivers.driver import Progress, Stage
from engine.drivers.job import Job
from engine.errors import OperationError
from engine.plan import descriptions, diff
from engine.plan.call_groups import Sharing
from engine.plan.model import Found, Values
from engine.plan.requests import Facts, applies, described, is_made, request, structure
from modules.spec import Call, Clear, Column, Kept, OnChange, PerItem, PerKey, Resource, Update, Waiter


class DeclaredWorker:
    """Carries out the steps of one plan by the calls that resources declare; a `Worker`."""

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
            context: see `modules.spec.Context`.
            sharing: which steps share a call, and which need none.
            stop: ends retries that wait for AWS.
            lookup: for what lost calls have made, and for what is to be changed.
        """
        self._cloud = cloud
        self._patience = patience
        self._stop = stop
        self._lookup = lookup
        self._sharing = sharing or Sharing()
        self._together: Together[Job, Made] = Together(self._sharing.groups)
        self._maker = Maker(cloud, context, lookup, patience, stop)

    def companions(self, number: int) -> frozenset[int]:
        return self._together.group(number)

    def withdraw(self, number: int) -> None:
        self._together.leave(number)

    async def look(self, resource: Resource, planned: Found) -> Found | None:
        return await self._lookup.now(resource, planned)

    # Create -------------------------------------------------------------------------------------------

    async def create(self, job: Job) -> AsyncGenerator[Progress, None]:
        ready = job.resource.ready
        made = Stage.SHOWN if ready is not None and ready.blocks else Stage.MADE
        # What takes the place of another is complete before anybody is pointed to it.
        named = Stage.NAMED if made is Stage.MADE and job.change.action != "replace" else Stage.SHOWN
        first = _first(job)
        await self._awaited(job, [each.name for each in job.resource.columns])
        job, found = await self._first_call(job, first)
        if found is not None:
            yield Progress(found, named)
        await self._waited(job, first)
        await self._further_calls(job, first)
        if found is not None:
            yield Progress(found, made)
        # What nothing can begin before it is ready is described once it is.
        waits = found is not None and ready is not None and ready.blocks
        if not waits and (found is None or (job.resource.fetch is not None and not first.whole)):
            found = _with_listed(job.resource, self._described(job, await self._fetched(job)), found)
            yield Progress(found, made)
        if ready is not None:
            assert found is not None
            job = replace(job, desired=replace(job.desired, values=found.values, parts=found.parts))
            await self._wait(job, ready)
            yield Progress(found, Stage.MADE)
            if job.resource.fetch is not None:
                now = descriptions.found(job.resource, await self._fetched(job))
                yield Progress(_with_listed(job.resource, now, found), Stage.MADE)

    async def _first_call(self, job: Job, call: Call) -> tuple[Job, Found | None]:
        """Make the call that makes the resource.

        Returns:
            the job with AWS's name for the resource, and the resource as AWS described it, if it did.

        Raises:
            CloudError: AWS refused; nothing has been made, as far as AWS can be seen.
        """
        made = await self._made(job, call)
        if isinstance(made, CloudError):
            made = await self._had_back(job, made)
        if isinstance(made, Found):
            found = _with_listed(job.resource, self._described(job, made.description), made)
        elif call.result is None:
            return job, None
        else:
            found = self._described(job, described(call, made, self._maker.facts(job)) or {})
            self._lookup.give(found)
        return job.named(found), found

    async def _made(self, job: Job, call: Call) -> Made:
        brought = self._sharing.brought.get(job.number)
        if brought is not None:
            found = await self._maker.find(brought.find, job)
            if found is not None:
                changed = diff.changed(job.resource, job.desired, found)
                return await self._update(job, found, changed) if changed else found
        return await self._together.ask(job.number, job, lambda jobs: self._maker.create(call, jobs))

    async def _had_back(self, job: Job, refusal: CloudError) -> Found:
        """What is being deleted and a row asks for again, as the row has it.

        Raises:
            CloudError: that is not why AWS makes none, or it cannot be had back.
        """
        revival = job.resource.revival
        if revival is None:
            raise refusal
        code, words = revival.error
        if refusal.code != code or words not in refusal.explanation:
            raise refusal
        await self._call(job, revival, request(revival, self._maker.facts(job)))
        found = await self._maker.look_for(job, patiently=True)
        if found is None:
            raise refusal
        changed = diff.changed(job.resource, job.desired, found)
        return await self._update(job, found, changed) if changed else found

    async def _further_calls(self, job: Job, first: Call) -> None:
        """Make the other calls of a create.

        Raises:
            CloudError: AWS refused one of them; the resource is there.
        """
        resource, facts = job.resource, self._maker.facts(job)
        wanted = self._sharing.wanted.get(job.number, ())
        unwanted = [
            each.unwanted
            for each in resource.comes_with
            if each.unwanted and each not in wanted and each.is_made(facts.values)
        ]
        for call in (*resource.create, *unwanted):
            if call.seen is not None:
                await self._as_seen(job, call, call.seen)
            elif call is not first and is_made(call, facts):
                await self._call_when_seen(job, call, request(call, facts))
                await self._waited(job, call)
        await self._per_item(job, added=_outside(resource, facts.values))
        await self._per_key(job, {}, [each.column for each in resource.update if _is_of_new(each)])
        for kept in resource.carry.calls if job.change.action == "replace" else ():
            await self._keep(job, kept)

    # What a replacement keeps -------------------------------------------------------------------------

    async def _keep(self, job: Job, kept: Kept) -> None:
        """Give a resource what the one has that it replaces, and no column shows.

        Raises:
            CloudError: AWS refused one of the calls.
        """
        for old, item in await self._to_keep(job, kept):
            facts = replace(self._maker.facts(job), old=old, item=item)
            await self._call_when_seen(job, kept, request(kept, facts))

    async def _to_keep(self, job: Job, kept: Kept) -> list[tuple[Found, Any]]:
        """For what a call has to be made: the old resource, as far as it is sent, and the element."""
        old = job.found
        there = descriptions.search(kept.of, old.description)
        if kept.unless is not None and there:
            has = await self._has_already(job, kept.unless)
            there = [each for each in there if each not in has]
            old = replace(old, description={**old.description, kept.unless: there})
        if not there:
            return []
        return [(old, each) for each in there] if kept.each else [(old, None)]

    async def _has_already(self, job: Job, into: str) -> list[Any]:
        each = next(each for each in job.resource.carry.looks if each.into == into)
        return await looks.look(self._cloud, job.resource, each, self._maker.facts(job)) or []

    async def _undo_kept(self, job: Job) -> None:
        """Take off a replaced resource what AWS wants off it, now that the new one has it."""
        for kept in _undone(job):
            assert kept.undone is not None
            for old, item in await self._to_keep(job, kept):
                facts = replace(self._maker.facts(job), old=old, item=item)
                await self._call(job, kept.undone, request(kept.undone, facts))

    def _described(self, job: Job, description: Mapping[str, Any]) -> Found:
        """What was made; what AWS has not described, and does not choose, is as it was sent."""
        found = descriptions.found(job.resource, description)
        values = {
            column.name: found.values[column.name]
            if column.left_to_aws or _of_listing(column) or found.values[column.name] is not None
            else job.desired.values.get(column.name)
            for column in job.resource.columns
        }
        return replace(found, values=values)

    # Change -------------------------------------------------------------------------------------------

    async def change(self, job: Job) -> Found:
        return await self._update(job, job.found, job.change.changed)

    async def _update(self, job: Job, old: Found, columns: Collection[str]) -> Found:
        """Change some columns and parts of a resource, and return it as AWS describes it, or else as it was
        described before with what has been changed.
        """
        resource = job.resource
        job = replace(job.named(old), change=replace(job.change, found=old), changed=frozenset(columns))
        values, facts = job.desired.values, self._maker.facts(job)
        await self._awaited(job, columns)
        description: dict[str, Any] | None = None
        done: list[Call] = []
        for call in resource.update:
            if not isinstance(call, Update) or not set(columns) & set(call.when):
                continue
            try:
                answer = await self._changed(job, call)
            except CloudError as error:
                await self._take_back(job, done, error)
                raise
            if answer is None:
                continue
            done.append(call)
            job = replace(job, answers={**job.answers, call.operation: answer})
            if call.result is not None:
                description = described(call, answer, facts)
            await self._waited(job, call)
        await self._per_item(
            job,
            added=_difference(_items(resource, values), _items(resource, old.values)),
            removed=_difference(_items(resource, old.values), _items(resource, values)),
        )
        await self._per_key(job, old.values, columns)
        if resource.fetch is not None:
            description = await self._fetched_changed(job, old, columns)
        if description is not None:
            return _with_listed(resource, descriptions.found(resource, description), old)
        changed = {name: values[name] for name in columns if name in values}
        return replace(
            old,
            values={**old.values, **changed},
            description=descriptions.without(resource, old.description, columns),
        )

    async def _fetched_changed(self, job: Job, old: Found, columns: Collection[str]) -> dict[str, Any]:
        """How AWS describes a resource of which some columns have been changed.

        Raises:
            CloudError: AWS refused, or has not changed what it has to tell otherwise now.
        """
        resource = job.resource
        calls = [
            each for each in resource.update if isinstance(each, Update) and set(each.shows) & set(columns)
        ]

        async def attempt() -> dict[str, Any]:
            description = await self._fetched(job)
            now = descriptions.found(resource, description)
            for call in calls:
                for name in (each for each in call.shows if each in columns):
                    if _comparable(resource, name, now) == _comparable(resource, name, old):
                        await self._waited(job, call)
                        raise _not_made(resource, call, name)
            return description

        return await persist(
            attempt, lambda error: error.code == _NOT_MADE, self._patience.eventual, self._stop
        )

    async def _waited(self, job: Job, call: Call) -> None:
        """Wait for what a call declares as `then`."""
        if call.then is not None:
            await self._wait(job, call.then)

    async def _changed(self, job: Job, call: Update) -> Mapping[str, Any] | None:
        """The answer to a call of an update; None if it is not to be made.

        Raises:
            CloudError: AWS refused.
        """
        if call.seen is not None:
            return await self._as_seen(job, call, call.seen)
        return await self._with_room(job, call) if is_made(call, self._maker.facts(job)) else None

    async def _with_room(self, job: Job, call: Update) -> Mapping[str, Any]:
        """Make a call of an update, and once more if AWS has had no room for it.

        Raises:
            CloudError: AWS refused.
        """
        try:
            return await self._repeat_together(job, call)
        except CloudError as error:
            if call.room is None or not _is_refused_for(call.room, error):
                raise
            await self._clear(job, call.room)
        return await self._repeat_together(job, call)

    async def _clear(self, job: Job, call: Clear) -> None:
        """Take away what is in the way of another call.

        Raises:
            CloudError: AWS cannot be read, or refused.
        """
        facts = self._maker.facts(job)
        there = await looks.look(self._cloud, job.resource, call.found, facts) or []
        for item in call.which(there):
            await self._call(job, call, request(call, replace(facts, item=item)))

    async def _as_seen(self, job: Job, call: Call, seen: Call) -> Mapping[str, Any] | None:
        """Make a call, if it is to be made, with what has to be seen before it; its answer, None if not.

        Raises:
            CloudError: AWS refused.
        """

        async def attempt() -> Mapping[str, Any] | None:
            there = await looks.look(self._cloud, job.resource, seen, facts)
            about = replace(facts, item=there)
            if not is_made(call, about):
                return None
            return await self._call_when_seen(job, call, request(call, about))

        facts = self._maker.facts(job)
        if not applies(call, facts.values, facts.parts):
            return None
        return await persist(
            attempt, lambda error: error.code in call.outdated, self._patience.eventual, self._stop
        )

    # Remove -------------------------------------------------------------------------------------------

    async def remove(self, job: Job) -> None:
        resource, found = job.resource, job.found
        try:
            await self._remove(job)
        except CloudError as error:
            refused = error.treatment is Treatment.REFUSED
            if error.code not in resource.absent and not (
                refused and await self._lookup.now(resource, found) is None
            ):
                raise  # AWS has no common word for refusing to delete what a lost call has deleted

    async def _remove(self, job: Job) -> None:
        taken_off = _outside(job.resource, job.desired.values)
        clears = any(isinstance(call, Clear) for call in job.resource.delete)
        if any(taken_off.values()) or _undone(job) or clears:
            await self._check_obstacles(job)
        try:
            await self._per_item(job, removed=taken_off)
            await self._undo_kept(job)
            await self._delete(job)
        except CloudError as error:
            await self._put_back(job, taken_off, error)
            raise

    async def _check_obstacles(self, job: Job) -> None:
        """See that AWS will not refuse a deletion, as far as that can be seen, before anything is taken off.

        Raises:
            OperationError: 2BP01, it will.
            CloudError: AWS refused to say.
        """
        for each in job.resource.obstacles:
            if not each.first and not (each.kept and job.change.action == "replace"):
                await looks.check(self._cloud, job.resource, each, self._maker.facts(job))

    async def _put_back(self, job: Job, taken_off: Mapping[str, list[Any]], error: CloudError) -> None:
        """Put back what was taken off a resource that AWS refuses to delete."""
        if error.code in job.resource.absent:
            return
        try:
            await self._per_item(job, added=taken_off)
            for kept in _undone(job):
                await self._keep(job, kept)
        except CloudError as other:
            left = ", ".join(str(each) for some in taken_off.values() for each in some)
            error.detail = f"{error.detail}; these could not all be put back: {left}: {other.detail}"

    async def _take_back(self, job: Job, done: Iterable[Call], error: CloudError) -> None:
        """Take back what the first calls of a deletion or update have done that AWS refuses to complete."""
        for call in done:
            if (back := call.taken_back) is not None:
                try:
                    if back.seen is not None:
                        await self._as_seen(job, back, back.seen)
                    else:
                        await self._call(job, back, request(back, self._maker.facts(job)))
                except CloudError as other:
                    error.detail = f"{error.detail}; {call.operation} could not be taken back: {other.detail}"

    async def _delete(self, job: Job) -> None:
        resource, facts = job.resource, self._maker.facts(job)
        done: list[Call] = []
        for call in resource.delete if not _is_leaving(resource, job.found) else ():
            if isinstance(call, Clear):
                await self._clear(job, call)
                continue
            if call.seen is None and not is_made(call, facts):
                continue
            try:
                made = await persist(
                    lambda call=call: self._delete_once(job, call),  # type: ignore[misc]
                    lambda error: error.code in resource.busy,
                    self._patience.busy,
                    self._stop,
                )
            except CloudError as error:
                if error.code not in resource.absent:
                    await self._take_back(job, done, error)
                raise
            if made:
                done.append(call)
            await self._waited(job, call)
        if resource.gone is not None:
            await self._wait(job, resource.gone)

    async def _delete_once(self, job: Job, call: Call) -> bool:
        """Make a call of a deletion, unless AWS is at it already, as it may be after a lost answer; whether
        something was to be done.
        """
        resource = job.resource
        try:
            if call.seen is not None:
                return await self._as_seen(job, call, call.seen) is not None
            await self._repeat_together(job, call)
        except CloudError as error:
            if resource.leaving is None or error.code not in resource.busy:
                raise
            now = await self._lookup.now(resource, job.found)
            if now is not None and not _is_leaving(resource, now):
                raise
        return True

    # Calls --------------------------------------------------------------------------------------------

    async def _awaited(self, job: Job, columns: Collection[str]) -> None:
        """Wait until what some columns refer to can be used.

        Raises:
            CloudError: that takes too long, or AWS cannot be read.
        """
        for column in job.resource.columns:
            if column.reference is not None and column.name in columns:
                other = self._lookup.referred(column, job.desired.values.get(column.name))
                if other is not None and other[0].awaited is not None:
                    await awaiting.usable(self._cloud, *other, self._patience.awaited, self._stop)

    async def _per_item(
        self,
        job: Job,
        *,
        added: Mapping[str, list[Any]] | None = None,
        removed: Mapping[str, list[Any]] | None = None,
    ) -> None:
        for call in job.resource.update:
            if isinstance(call, PerItem):
                items = ((added if call.which == "added" else removed) or {}).get(call.column, [])
                for item in items:
                    facts = replace(self._maker.facts(job), item=item)
                    await self._call_when_seen(job, call, request(call, facts))

    async def _per_key(self, job: Job, old: Values, columns: Collection[str]) -> None:
        """Make the calls for the keys of objects that have been set or removed.

        Args:
            old: the values before.
        """
        for call in job.resource.update:
            if isinstance(call, PerKey) and call.column in columns:
                keys, facts = _keys(job.resource, call, old, job.desired.values), self._maker.facts(job)
                seen = None
                if keys and call.seen is not None:
                    seen = await looks.look(self._cloud, job.resource, call.seen, facts)
                for some in _portions(keys, call.most):
                    item = some if call.seen is None else {"item": some, "seen": seen}
                    about = replace(facts, item=item)
                    if is_made(call, about):
                        await self._call_when_seen(job, call, request(call, about))
                        await self._waited(job, call)

    async def _repeat_together(self, job: Job, call: Call) -> Mapping[str, Any]:
        """A call that can be repeated, together with the others of the step's group."""
        answer = await self._together.ask(job.number, job, lambda jobs: self._maker.repeat(call, jobs))
        if isinstance(answer, CloudError):
            raise answer
        assert isinstance(answer, Mapping)
        return answer

    async def _call_when_seen(self, job: Job, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        return await self._maker.when_seen(job.resource, call, lambda: self._call(job, call, params))

    async def _call(self, job: Job, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        resource = job.resource
        try:
            return await calls.call(
                self._cloud,
                resource.service,
                call.operation,
                params,
                resource.region,
                trails=[job.trail],
                stop=self._stop,
                refused=call.refused,
            )
        except CloudError as error:
            if error.code in call.tolerate:
                return {}
            raise

    async def _fetched(self, job: Job) -> dict[str, Any]:
        """How AWS describes a resource, where other answers do not say all.

        Raises:
            CloudError: AWS refused, or does not show it.
        """
        resource, fetch, facts = job.resource, job.resource.fetch, self._maker.facts(job)
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

        description = await persist(
            attempt,
            lambda error: error.code in (*resource.absent, _NOT_SHOWN),
            self._patience.eventual,
            self._stop,
        )
        for batched in resource.batched:
            if batched.fetched:
                [description] = await with_batched(self._cloud, resource, batched, [description])
        details = [each for each in resource.details if each.fetched]
        return await detailed(self._cloud, resource, details, description)

    async def _wait(self, job: Job, waiter: Waiter) -> None:
        await calls.wait(
            self._cloud,
            job.resource.service,
            waiter,
            structure(waiter.params, self._maker.facts(job)),
            self._stop,
            job.resource.region,
        )


_NOT_SHOWN = "NotShownYet"
_NOT_MADE = "NotMade"


def _comparable(resource: Resource, name: str, found: Found) -> Any:
    """A column's value such that two of the same meaning are equal."""
    column = resource.column(name)
    return column.canonical(found.values[name]) if column.canonical else found.values[name]


def _not_made(resource: Resource, call: Call, name: str) -> CloudError:
    return CloudError(
        message="AWS has taken the change and not made it",
        sqlstate="58000",
        detail=f"{resource.service} {call.operation}: {name} is what it was before",
        hint="Ask for another value, or look in AWS's console for what it says of the resource.",
        code=_NOT_MADE,
    )


def _first(job: Job) -> Call:
    """The call that makes the resource; the others of its create complete it."""
    return next(call for call in job.resource.create if applies(call, job.desired.values, job.desired.parts))


def _undone(job: Job) -> list[Kept]:
    """Of what a replacement keeps, what has to be taken off the old resource before it is deleted."""
    calls = job.resource.carry.calls if job.change.action == "replace" else ()
    return [kept for kept in calls if kept.undone is not None]


def _of_listing(column: Column) -> bool:
    """Whether AWS assigns a column's value, and it takes all that a listing puts together to see it."""
    return column.on_change is OnChange.ASSIGNED and column.path is None


def _with_listed(resource: Resource, found: Found, listed: Found | None) -> Found:
    """A resource with what only a listing tells, as that has told it, if it has."""
    if listed is None:
        return found
    names = [each.name for each in resource.columns if _of_listing(each)]
    told = {name: listed.values[name] for name in names if listed.values[name] is not None}
    return replace(found, values={**found.values, **told})


def _is_of(resource: Resource, description: Mapping[str, Any], facts: Facts) -> bool:
    """Whether a description is that of the resource and not of one with a name like it."""
    key = [column for column in resource.columns if column.name in resource.key]
    values = descriptions.values_of(key, description)
    return all(value == facts.values.get(name) for name, value in values.items())


def _items(resource: Resource, values: Values) -> dict[str, list[Any]]:
    """The elements of the array columns whose elements have calls of their own."""
    columns = {call.column for call in resource.update if isinstance(call, PerItem)}
    return {name: list(values.get(name) or ()) for name in columns}


def _outside(resource: Resource, values: Values) -> dict[str, list[Any]]:
    """Of these, what neither the create's own call sends nor the delete's takes along."""
    inside = {call.column for call in resource.update if isinstance(call, PerItem) and call.inside}
    return {name: items for name, items in _items(resource, values).items() if name not in inside}


def _keys(resource: Resource, call: PerKey, old: Values, new: Values) -> dict[str, Any] | list[str]:
    """Of an object column, what has been set, or the keys that have been removed.

    Raises:
        OperationError: 22023, the row has no object there.
    """
    canonical = resource.column(call.column).canonical or (lambda value: value or {})
    before, after = canonical(old.get(call.column)), canonical(new.get(call.column))
    if not isinstance(after, Mapping):
        raise OperationError(
            f"{resource.table}.{call.column} is no JSON object",
            sqlstate="22023",
            hint='Write keys and values, such as {"team": "x"}.',
            table=resource.table,
            column=call.column,
        )
    if call.which == "removed":
        return [name for name in before if name not in after]
    return {name: value for name, value in after.items() if before.get(name, _UNSET) != value}


_UNSET = object()


def _portions(keys: dict[str, Any] | list[str], most: int | None) -> list[dict[str, Any] | list[str]]:
    """What the calls for some keys take, each so many at most."""
    names = list(keys)
    size = most or len(names) or 1
    some = [names[at : at + size] for at in range(0, len(names), size)]
    if isinstance(keys, list):
        return list(some)
    return [{name: keys[name] for name in each} for each in some]


def _is_of_new(call: Update | PerItem | PerKey) -> TypeGuard[PerKey]:
    """Whether a new resource gets the keys of a column by the call."""
    return isinstance(call, PerKey) and call.new


def _is_leaving(resource: Resource, found: Found) -> bool:
    """Whether AWS is deleting a resource already."""
    return resource.leaving is not None and resource.leaving(found.description)


def _is_refused_for(room: Clear, error: CloudError) -> bool:
    """Whether AWS has refused a call for what makes room for it."""
    code, words = room.refusal or (None, "")
    return error.code == code and words in error.explanation


def _difference(some: Mapping[str, Iterable[Any]], others: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: [each for each in items if each not in others[name]] for name, items in some.items()}
