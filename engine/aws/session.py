"""One AWS account, region and identity, and its clients."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig

from engine.aws.errors import translated
from engine.aws.observed import observe

#: Calls of one service that are under way at once, of those that read and of those that change: AWS
#: limits the two apart as well. Where AWS allows less, the client's adaptive retries find out and slow down.
#: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
CONCURRENCY = 64
_READS = ("describe_", "list_", "get_", "batch_get_")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the engine is to AWS."""

    account: str
    region: str
    arn: str


class Cloud:
    """Clients of one account and region, made when first needed and kept."""

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        """
        Args:
            region, endpoint_url: what the standard settings (`AWS_REGION`, `AWS_ENDPOINT_URL`) say if None.
            access_key, secret_key: the standard credential chain if None.
        """
        self._session = aioboto3.Session(
            region_name=region or os.environ.get("AWS_REGION"),
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
        )
        self._endpoint_url = endpoint_url
        self._stack = AsyncExitStack()
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = asyncio.Lock()
        self._slots: dict[tuple[str, bool], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(CONCURRENCY)
        )
        self._identity: Identity | None = None

    async def identity(self) -> Identity:
        """Account, region and identity of the credentials.

        Raises:
            CloudError: there are none, they are refused, or AWS cannot be reached.
        """
        if self._identity is None:
            client = await self.client("sts")
            try:
                answer = await client.get_caller_identity()
            except Exception as error:
                raise translated(error, "sts", "get_caller_identity") from error
            self._identity = Identity(
                account=answer["Account"], region=client.meta.region_name, arn=answer["Arn"]
            )
        return self._identity

    def slot(self, service: str, operation: str) -> asyncio.Semaphore:
        """What limits the calls of one service that are under way at once."""
        return self._slots[service, operation.startswith(_READS)]

    async def client(self, service: str, region: str | None = None) -> Any:
        """The client of a service.

        Args:
            region: another region than the account's.

        Raises:
            CloudError: there is no region, or no such profile.
        """
        key = service, region
        if key not in self._clients:
            async with self._making:
                if key not in self._clients:
                    try:
                        self._clients[key] = await self._stack.enter_async_context(
                            self._session.client(
                                service,
                                region_name=region,
                                endpoint_url=self._endpoint_url,
                                config=_config(),
                            )
                        )
                    except Exception as error:
                        raise translated(error, service, "client") from error
                    observe(self._clients[key])
        return self._clients[key]

    async def close(self) -> None:
        """Close all clients."""
        await self._stack.aclose()
        self._clients.clear()


def _config() -> AioConfig:
    """The settings that the environment does not make otherwise."""
    retries: dict[str, Any] = {}
    if "AWS_RETRY_MODE" not in os.environ:
        retries["mode"] = "adaptive"
    if "AWS_MAX_ATTEMPTS" not in os.environ:
        retries["total_max_attempts"] = 6
    return AioConfig(
        connect_timeout=5, read_timeout=60, max_pool_connections=CONCURRENCY * 2, retries=retries
    )
