"""Lists the resources of one table: pages, descriptions, details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.aws.calls import call, identity, pages
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.drivers.driver import Scope
from engine.plan import descriptions
from engine.plan.model import Found
from engine.tasks import all_of
from modules.spec import Detail, Resource


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
            items += [await _located(cloud, found)] if listing.items == "@" else found or []
    except CloudError as error:
        if error.code in listing.absent:
            return []
        raise
    if resource.describe is None:
        return items
    named(items)
    return await _described(cloud, resource, scope, items)


async def _located(cloud: Cloud, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that is one description, with the region, which AWS does not repeat."""
    return {**answer, "Region": (await identity(cloud)).region}


async def _described(
    cloud: Cloud, resource: Resource, scope: Scope, names: list[str]
) -> list[dict[str, Any]]:
    describe = resource.describe
    assert describe is not None
    batches = [names[at : at + describe.batch] for at in range(0, len(names), describe.batch)]
    answers = await all_of(
        call(
            cloud,
            resource.service,
            describe.operation,
            {
                **describe.params,
                **{name: scope[name] for name in describe.per_params},
                describe.ids: batch if describe.batch > 1 else batch[0],
            },
            resource.region,
        )
        for batch in batches
    )
    results = [descriptions.search(describe.items, answer) for answer in answers]
    return [each for some in results for each in (some if isinstance(some, list) else [some])]


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
