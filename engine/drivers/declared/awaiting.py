"""Waits for what AWS has made and nothing can use yet, such as a certificate that has not been validated."""

from __future__ import annotations

from engine.aws.errors import CloudError
from engine.aws.patience import persist
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.drivers.declared import looks
from engine.plan import descriptions
from engine.plan.model import Found
from engine.plan.requests import Facts
from modules.spec import Resource

_NOT_YET = "NotUsableYet"


async def usable(cloud: Cloud, resource: Resource, found: Found, seconds: float, stop: Stop) -> None:
    """Wait until nothing is missing any more that one of a resource's kind declares as `awaited`.

    Args:
        found: the one.
        seconds: for so long.

    Raises:
        CloudError: something is still missing then, or AWS cannot be read.
    """
    awaited = resource.awaited
    assert awaited is not None
    facts = Facts(values=found.values, parts=found.parts, context={})
    name = descriptions.natural_name(resource, found.values)

    async def look() -> None:
        if await looks.look(cloud, resource, awaited, facts):
            raise CloudError(
                message=f"{resource.table} {name} {awaited.what}",
                sqlstate="55000",
                detail=f"{resource.service} {awaited.operation} said so for {seconds:.0f} seconds.",
                hint=awaited.hint,
                code=_NOT_YET,
            )

    await persist(look, lambda error: error.code == _NOT_YET, seconds, stop)
