"""One AWS operation: called, paged, waited for; its errors translated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import WaiterError

from engine.aws.errors import CloudError, translated
from engine.aws.session import Cloud
from engine.caller import Stop


async def call(
    cloud: Cloud, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
) -> dict[str, Any]:
    """Call an operation and return its answer.

    Raises:
        CloudError: AWS refused, or cannot be reached after the client's own retries.
    """
    client = await cloud.client(service, region)
    async with cloud.slot(service, operation):
        try:
            answer: dict[str, Any] = await getattr(client, operation)(**params)
        except Exception as error:
            raise translated(error, service, operation) from error
    answer.pop("ResponseMetadata", None)
    return answer


async def pages(
    cloud: Cloud, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
) -> AsyncIterator[dict[str, Any]]:
    """The answers of a listing, page by page; one answer if the operation has no pages.

    Raises:
        CloudError: as `call`.
    """
    client = await cloud.client(service, region)
    if not client.can_paginate(operation):
        yield await call(cloud, service, operation, params, region)
        return
    iterator = aiter(client.get_paginator(operation).paginate(**params))
    while True:
        async with cloud.slot(service, operation):
            try:
                page = await anext(iterator)
            except StopAsyncIteration:
                return
            except Exception as error:
                raise translated(error, service, operation) from error
        yield page


async def wait(
    cloud: Cloud,
    service: str,
    waiter: str,
    params: Mapping[str, Any],
    seconds: int,
    stop: Stop,
    region: str | None = None,
) -> None:
    """Wait with one of botocore's waiters, asking every second at first and every six seconds later.

    Raises:
        CloudError: 58000 if it takes longer than `seconds`, or AWS refuses.
        OperationError: a stop was requested.
    """
    client = await cloud.client(service, region)
    spent, delay = 0.0, 0.5
    while True:
        try:
            await client.get_waiter(waiter).wait(**params, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
            return
        except WaiterError as error:
            if "Max attempts exceeded" not in str(error) or spent >= seconds:
                raise CloudError(
                    message="AWS is not done yet",
                    sqlstate="58000",
                    detail=f"{service} {waiter}: {error.kwargs.get('reason', error)}",
                    hint="Apply again later; what has been done is kept.",
                    code="WaiterError",
                    explanation=str(error),
                ) from error
        except Exception as error:
            raise translated(error, service, waiter) from error
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), delay)
        stop.check()
        spent, delay = spent + delay, min(delay * 1.5, 6)


def parameters(client: Any, operation: str) -> Collection[str]:
    """The parameters that an operation takes."""
    name = client.meta.method_to_api_mapping[operation]
    members: Collection[str] = client.meta.service_model.operation_model(name).input_shape.members
    return members
