"""Looks at what is to be replaced or deleted: what has no column, what AWS would refuse a deletion for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from engine.aws.calls import pages
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.errors import OperationError
from engine.plan import descriptions
from engine.plan.model import Found
from engine.plan.requests import Facts, picked, request
from modules.spec import Call, Look, Obstacle, Resource


async def at_replaced(
    cloud: Cloud,
    resource: Resource,
    found: Found,
    context: Mapping[str, str],
    *,
    used_by: Collection[str],
    first: bool,
) -> Found:
    """A resource with all that its replacement has to know of it.

    Args:
        context: account and region.
        used_by: the tables of which a resource refers to it.
        first: it has to go before the new one can be made.

    Raises:
        CloudError: AWS cannot be read.
        OperationError: 2BP01, AWS would not delete it.
    """
    facts = Facts(values=found.values, parts={}, context=context, old=found)
    for obstacle in resource.obstacles:
        counts = first or not obstacle.first
        if counts and not obstacle.kept and not set(obstacle.unless_used_by) & set(used_by):
            await check(cloud, resource, obstacle, facts)
    for each in resource.carry.looks:
        if not set(each.unless_used_by) & set(used_by):
            found = replace(found, description=await _seen(cloud, resource, each, found, facts))
            facts = replace(facts, old=found)
    return found


async def check(cloud: Cloud, resource: Resource, obstacle: Obstacle, facts: Facts) -> None:
    """See that AWS will not refuse a deletion for something.

    Raises:
        CloudError: AWS cannot be read.
        OperationError: 2BP01, it will.
    """
    there = await look(cloud, resource, obstacle, facts)
    if not there:
        return
    names = ", ".join(map(str, there)) if isinstance(there, list) else str(there)
    raise OperationError(
        f"AWS would not delete it: it has {obstacle.what}",
        sqlstate="2BP01",
        detail=f"{obstacle.what}: {names}. Nothing has been taken off it.",
        hint=f"Remove this first: {obstacle.what}.",
        table=resource.table,
    )


async def look(cloud: Cloud, resource: Resource, call: Call, facts: Facts) -> Any:
    """What a call finds, in all of its pages; None if there is nothing of that kind.

    Raises:
        CloudError: AWS cannot be read.
    """
    result: Any = None
    try:
        params = request(call, facts)
        async for page in pages(cloud, resource.service, call.operation, params, resource.region):
            some = descriptions.search(call.result or "@", page)
            result = [*result, *some] if isinstance(result, list) and isinstance(some, list) else some
            if isinstance(call, Obstacle) and call.first_page:
                break
    except CloudError as error:
        if error.code not in call.tolerate:
            raise
    return picked(call, result, facts) if call.where else result


async def _seen(
    cloud: Cloud, resource: Resource, each: Look, found: Found, facts: Facts
) -> Mapping[str, Any]:
    """A description with what one more look finds."""
    if each.each is None:
        there = await look(cloud, resource, each, facts)
    else:
        items = descriptions.search(each.each, found.description) or []
        some = [await look(cloud, resource, each, replace(facts, item=item)) for item in items]
        there = [one for part in some for one in (part if isinstance(part, list) else [part])]
    if each.into:
        return {**found.description, each.into: there}
    return {**found.description, **(there or {})}
