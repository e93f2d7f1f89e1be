"""Lists the resources of one table: pages, descriptions, details."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.aws.calls import call, identity, pages
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.drivers.driver import Scope
from engine.plan import descriptions
from engine.plan.model import Found
from engine.plan.requests import Facts, structure
from engine.tasks import all_of
from modules.spec import Context, Describe, Detail, Resource, Source


async def listed(
    cloud: Cloud,
    resource: Resource,
    scope: Scope,
    named: Callable[[list[str]], None] = lambda names: None,
) -> list[Found]:
    """What AWS holds of a table; references as AWS gives them.

    Args:
        scope: the parameters that say of which resource of another table, where listings are made for each.
        named: hears what the listing gives before it is described.

    Raises:
        CloudError: a call failed; the table is named.
    """
    try:
        described = await _listed(cloud, resource, scope, named)
        if resource.details:
            described = await all_of(_detailed(cloud, resource, each) for each in described)
    except CloudError as error:
        if error.table is None:
            error.message = f"could not read {resource.table} from AWS: {error.message}"
            error.table = resource.table
        raise
    return [
        descriptions.found(resource, each)
        for each in described
        if resource.where is None or resource.where(each)
    ]


async def _listed(
    cloud: Cloud, resource: Resource, scope: Scope, named: Callable[[list[str]], None]
) -> list[dict[str, Any]]:
    listing = resource.listing
    params = {**listing.params, **scope}
    items: list[Any] = []
    try:
        async for page in pages(cloud, resource.service, listing.operation, params, resource.region):
            found = descriptions.search(listing.items, page)
            items += [found] if listing.items == "@" else found or []
    except CloudError as error:
        if error.code in listing.absent:
            return []
        raise
    if resource.describe is None:
        return await _joined(cloud, items, listing.joins)
    named(items)
    return await _described(cloud, resource, scope, items)


async def _joined(
    cloud: Cloud, some: list[dict[str, Any]], joins: Mapping[str, Source], name: str = ""
) -> list[dict[str, Any]]:
    """Some descriptions with what AWS does not repeat in them.

    Args:
        name: the listed name by which they were asked for.
    """
    if not joins:
        return some
    context: dict[str, str] = {}
    if any(isinstance(source, Context) for source in joins.values()):
        here = await identity(cloud)
        context = {"region": here.region, "account": here.account}
    facts = Facts(values={}, parts={}, context=context, item=name)
    return [{**each, **structure(joins, facts)} for each in some]


async def _described(
    cloud: Cloud, resource: Resource, scope: Scope, names: list[str]
) -> list[dict[str, Any]]:
    describe = resource.describe
    assert describe is not None
    batches = [names[at : at + describe.batch] for at in range(0, len(names), describe.batch)]
    some = await all_of(_batch(cloud, resource, describe, scope, batch) for batch in batches)
    return [each for batch in some for each in batch]


async def _batch(
    cloud: Cloud, resource: Resource, describe: Describe, scope: Scope, names: list[str]
) -> list[dict[str, Any]]:
    """The descriptions of some names; none of a single one that is gone since it was listed."""
    params = {
        **describe.params,
        **{name: scope[name] for name in describe.per_params},
        describe.ids: names if describe.batch > 1 else names[0],
    }
    try:
        answer = await call(cloud, resource.service, describe.operation, params, resource.region)
    except CloudError as error:
        if describe.batch == 1 and error.code in resource.absent:
            return []
        raise
    found = descriptions.search(describe.items, answer)
    some = found if isinstance(found, list) else [found]
    return await _joined(cloud, some, describe.joins, names[0])


async def _detailed(cloud: Cloud, resource: Resource, description: dict[str, Any]) -> dict[str, Any]:
    found = await all_of(_detail(cloud, resource, each, description) for each in resource.details)
    return {**description, **dict(found)}


async def _detail(
    cloud: Cloud, resource: Resource, detail: Detail, description: dict[str, Any]
) -> tuple[str, list[Any]]:
    params = {name: descriptions.search(path, description) for name, path in detail.params.items()}
    items: list[Any] = []
    try:
        async for page in pages(cloud, resource.service, detail.operation, params, resource.region):
            items += descriptions.search(detail.items, page) or []
    except CloudError as error:
        if error.code not in resource.absent:
            raise
    return detail.into, items
