"""Lists the resources of one table: pages, descriptions, details."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from engine.aws.calls import call, identity, pages
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.drivers.driver import Scope
from engine.plan import descriptions
from engine.plan.model import Found
from engine.plan.requests import Facts, structure
from engine.tasks import all_of
from modules.spec import Batched, Const, Context, Describe, Detail, List, Resource, Source

_T = TypeVar("_T")
_NOTHING = Facts(values={}, parts={}, context={})


async def listed(
    cloud: Cloud,
    resource: Resource,
    scope: Scope,
    named: Callable[[list[str]], None] = lambda names: None,
) -> list[Found]:
    """What AWS holds of a table; references as AWS gives them.

    Args:
        scope: what says of which resource of another table, where listings are made for each.
        named: hears what the listing gives before it is described.

    Raises:
        CloudError: a call failed; the table is named.
    """
    try:
        described = await _listed(cloud, resource, scope, named)
        for batched in resource.batched:
            described = await with_batched(cloud, resource, batched, described)
        if resource.details:
            details = [detailed(cloud, resource, resource.details, each) for each in described]
            described = await _of_ours(resource, details)
    except CloudError as error:
        if error.table is None:
            error.message = f"could not read {resource.table} from AWS: {error.message}"
            error.table = resource.table
        raise
    wanted = [each for each in described if resource.where is None or resource.where(each)]
    return descriptions.all_found(resource, wanted)


async def _listed(
    cloud: Cloud, resource: Resource, scope: Scope, named: Callable[[list[str]], None]
) -> list[dict[str, Any]]:
    listing = resource.listing
    per = listing.per
    params = {
        **await _given(cloud, listing.params),
        **({name: scope[name] for name in per.params} if per else {}),
    }
    items: list[Any] = []
    try:
        async for page in pages(cloud, resource.service, listing.operation, params, resource.region):
            found = descriptions.search(listing.items, page)
            some = [found] if listing.items == "@" else found or []
            items += some if listing.each is None else _elements(listing, some)
    except CloudError as error:
        if error.code in listing.absent:
            return []
        raise
    if resource.describe is None:
        of_parent = {key: scope[key] for key in per.joins} if per else {}
        joined = await _joined(cloud, items, listing.joins)
        return [{**each, **of_parent} for each in joined] if of_parent else joined
    named(items)
    return await _described(cloud, resource, scope, items)


async def _given(cloud: Cloud, params: Mapping[str, Any]) -> dict[str, Any]:
    """Constant parameters, with what depends on the account and region."""
    if not any(isinstance(each, Context) for each in params.values()):
        return dict(params)
    facts = Facts(values={}, parts={}, context=(await identity(cloud)).context)
    told = {name: each for name, each in params.items() if isinstance(each, Context)}
    return {**params, **structure(told, facts)}


def _elements(listing: List, items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The elements of a list in each item, with what they are to have of that."""
    for item in items:
        outer = {key: descriptions.search(path, item) for key, path in listing.outer.items()}
        yield from ({**each, **outer} for each in descriptions.search(listing.each or "@", item) or ())


async def _joined(
    cloud: Cloud, some: list[dict[str, Any]], joins: Mapping[str, Source], name: str = ""
) -> list[dict[str, Any]]:
    """Some descriptions with what AWS does not repeat in them.

    Args:
        name: the listed name by which they were asked for.
    """
    if not joins:
        return some
    context: Mapping[str, str] = {}
    if any(isinstance(source, Context) for source in joins.values()):
        context = (await identity(cloud)).context
    more = structure(joins, Facts(values={}, parts={}, context=context, item=name))
    return [{**each, **more} for each in some]


async def _described(
    cloud: Cloud, resource: Resource, scope: Scope, names: list[str]
) -> list[dict[str, Any]]:
    describe = resource.describe
    assert describe is not None
    batches = [names[at : at + describe.batch] for at in range(0, len(names), describe.batch)]
    some = await _of_ours(resource, [_batch(cloud, resource, describe, scope, batch) for batch in batches])
    return [each for batch in some for each in batch]


async def _of_ours(resource: Resource, looks: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """What some looks find, without those that AWS does not allow because of the one resource alone.

    Raises:
        CloudError: a look failed, or AWS allows none.
    """
    hidden = (resource.describe or resource.listing).hidden
    if not hidden:
        return await all_of(looks)

    async def seen(look: Coroutine[Any, Any, _T]) -> _T | CloudError:
        try:
            return await look
        except CloudError as error:
            if error.code in hidden:
                return error
            raise

    some = await all_of(seen(each) for each in looks)
    refused = [each for each in some if isinstance(each, CloudError)]
    if refused and len(refused) == len(some):
        raise refused[0]
    return [each for each in some if not isinstance(each, CloudError)]


async def _batch(
    cloud: Cloud, resource: Resource, describe: Describe, scope: Scope, names: list[str]
) -> list[dict[str, Any]]:
    """The descriptions of some names; none of a single one that is gone since it was listed."""
    params = {
        **describe.params,
        **{name: scope[name] for name in describe.per_params},
        describe.ids: names if describe.batch > 1 else names[0],
    }
    some: list[dict[str, Any]] = []
    answer: Mapping[str, Any] = {}
    try:
        async for answer in pages(cloud, resource.service, describe.operation, params, resource.region):
            found = descriptions.search(describe.items, answer)
            some += found if isinstance(found, list) else [found]
    except CloudError as error:
        if describe.batch == 1 and error.code in resource.absent:
            return []
        raise
    beside = {key: descriptions.search(path, answer) for key, path in describe.beside.items()}
    joined = await _joined(cloud, some, describe.joins, names[0])
    return [{**each, **beside} for each in joined] if beside else joined


async def with_batched(
    cloud: Cloud, resource: Resource, batched: Batched, described: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Descriptions with what a further call tells of many of them at once."""
    names = [descriptions.search(batched.of, each) for each in described]
    unless = batched.unless or (lambda description: False)
    of_some = (name for name, each in zip(names, described, strict=True) if not unless(each))
    asked = list(dict.fromkeys(of_some))
    batches = [asked[at : at + batched.batch] for at in range(0, len(asked), batched.batch)]
    some = await all_of(_told(cloud, resource, batched, batch) for batch in batches)
    told = {name: value for each in some for name, value in each.items()}
    of_each = [(each, told.get(name)) for name, each in zip(names, described, strict=True)]
    if not batched.into:
        return [{**each, **(more or {})} for each, more in of_each]
    return [{**each, batched.into: more} for each, more in of_each]


async def _told(cloud: Cloud, resource: Resource, batched: Batched, names: list[str]) -> dict[str, Any]:
    """What a call tells of some resources, by name; of those that are there still."""
    try:
        service, given = batched.service or resource.service, {**batched.params, batched.ids: names}
        params = structure({path: Const(value) for path, value in given.items()}, _NOTHING)
        answer = await call(cloud, service, batched.operation, params, resource.region)
    except CloudError as error:
        if error.code not in resource.absent:
            raise
        if len(names) == 1:
            return {}
        middle = len(names) // 2  # one of them has gone meanwhile
        first = await _told(cloud, resource, batched, names[:middle])
        return {**first, **await _told(cloud, resource, batched, names[middle:])}
    found = descriptions.search(batched.items, answer) or []
    return {descriptions.search(batched.by, each): descriptions.search(batched.value, each) for each in found}


async def detailed(
    cloud: Cloud, resource: Resource, details: Sequence[Detail], description: dict[str, Any]
) -> dict[str, Any]:
    """A description with some details.

    Raises:
        CloudError: AWS refused to tell one.
    """
    asked = (each for each in details if each.unless is None or not each.unless(description))
    found = await all_of(_detail(cloud, resource, each, description) for each in asked)
    return {**description, **dict(found)}


async def _detail(
    cloud: Cloud, resource: Resource, detail: Detail, description: dict[str, Any]
) -> tuple[str, list[Any] | dict[str, Any]]:
    params = {name: descriptions.search(path, description) for name, path in detail.params.items()}
    items: list[Any] = []
    try:
        async for page in pages(cloud, resource.service, detail.operation, params, resource.region):
            found = descriptions.search(detail.items, page) or []
            if isinstance(found, dict):
                return detail.into, found
            items += found
    except CloudError as error:
        if error.code not in (*resource.absent, *detail.absent):
            raise
    return detail.into, items
