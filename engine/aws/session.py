"""One AWS account, region and identity, and its clients."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from aiobotocore.config import AioConfig
from botocore.credentials import RefreshableCredentials

from engine.aws.attribution import attribute
from engine.aws.client_session import client_session
from engine.aws.errors import translated
from engine.aws.http import HttpSession
from engine.aws.pace import CHANGING, READING, Paces
from engine.aws.retries import Retries


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the engine is to AWS."""

    account: str
    region: str
    arn: str

    @property
    def context(self) -> Mapping[str, str]:
        """What declarations can name of it: see `modules.spec.Context`."""
        return {"region": self.region, "account": self.account, "arn": self.arn}

    @property
    def partition(self) -> str:
        """The part of AWS that the account is in: `aws`, `aws-cn`, `aws-us-gov`."""
        return self.arn.split(":")[1]


class Cloud:
    """Clients of one account and region, made when first needed and kept.

    Attributes:
        retries: how long calls are repeated.
        paces: when they are sent.
        identity: who they are to AWS, once `engine.aws.calls.identity` has asked.
        asking: is held while it asks.
    """

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
        retries: Retries | None = None,
        read_timeout: float = 60,
        session: Any = None,
        paced_with: Cloud | None = None,
    ) -> None:
        """
        Args:
            region, endpoint_url: what the standard settings (`AWS_REGION`, `AWS_ENDPOINT_URL`) say if None.
            access_key, secret_key: the standard credential chain if None.
            session: of aiobotocore, with credentials of its own; several regions may use the same.
            paced_with: clients of the same account and region with other credentials: AWS counts their calls
                together.
            retries: how long calls are repeated; what the standard setting `AWS_MAX_ATTEMPTS` says if None.
            read_timeout: seconds that an answer may take.
        """
        self.retries = retries or Retries(attempts=int(os.environ.get("AWS_MAX_ATTEMPTS") or 6))
        self._region = region or os.environ.get("AWS_REGION")
        self._session = session or client_session(
            region=self._region, access_key=access_key, secret_key=secret_key
        )
        self._endpoint_url = endpoint_url
        self._read_timeout = read_timeout
        self._stack = AsyncExitStack()
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = asyncio.Lock()
        self.paces: Paces = Paces() if paced_with is None else paced_with.paces
        self._used = time.monotonic()
        self.identity: Identity | None = None
        self.asking = asyncio.Lock()

    @property
    def idle(self) -> float:
        """Seconds since it was used; 0 while a call is under way."""
        if self.paces.under_way:
            self._used = time.monotonic()
        return time.monotonic() - self._used

    async def access_key(self) -> str | None:
        """The id of the access key that calls are signed with now; None if there are no credentials.

        Raises:
            CloudError: they cannot be had.
        """
        try:
            credentials = await self._session.get_credentials()
            return credentials and str((await credentials.get_frozen_credentials()).access_key)
        except Exception as error:
            raise translated(error, "credentials", "client") from error

    async def lasts(self, seconds: float) -> bool:
        """Whether the credentials are good for so long, or are renewed.

        Those in the environment may have an end (`AWS_CREDENTIAL_EXPIRATION`), and nobody renews them there.

        Raises:
            CloudError: they cannot be had.
        """
        try:
            credentials = await self._session.get_credentials()
        except Exception as error:
            raise translated(error, "credentials", "client") from error
        ends = isinstance(credentials, RefreshableCredentials) and credentials.method == "env"
        return not ends or not credentials.refresh_needed(seconds)

    async def client(self, service: str, region: str | None = None) -> Any:
        """The client of a service.

        Args:
            region: another region than the account's.

        Raises:
            CloudError: there is no region, or no such profile.
        """
        key = service, region
        self._used = time.monotonic()
        if key not in self._clients:
            async with self._making:
                if key not in self._clients:
                    try:
                        self._clients[key] = await self._made(service, region or self._region)
                    except Exception as error:
                        raise translated(error, service, "client") from error
        return self._clients[key]

    async def _made(self, service: str, region: str | None) -> Any:
        client = await self._stack.enter_async_context(
            self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self._endpoint_url,
                config=_config(self._read_timeout),
            )
        )
        attribute(client)
        return client

    async def close(self) -> None:
        """Close all clients; they are made anew when they are needed again."""
        await self._stack.aclose()
        self._clients.clear()


def _config(read_timeout: float) -> AioConfig:
    """Each call is sent once by the client; `engine.aws.calls` repeats it."""
    return AioConfig(
        http_session_cls=HttpSession,
        connect_timeout=5,
        read_timeout=read_timeout,
        max_pool_connections=READING + CHANGING,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
