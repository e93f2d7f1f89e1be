"""The admin port: whether we live, whether we are ready, and what we have done.

It asks nobody for a password, and tells no names: let only those reach it who run the proxy.
"""

from __future__ import annotations

import asyncio
import time

import asyncpg
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from engine.database.connection import GONE, Database
from engine.errors import OperationError
from proxy.entry.listeners import TCPAddress
from proxy.server import Proxy

#: Seconds that Postgres is given to answer, and for which an answer holds, however many ask.
_PATIENCE = 5.0
_REMEMBERED = 1.0

_log = structlog.get_logger("admin")


class Admin:
    """An HTTP server with `/healthz`, `/readyz` and `/metrics`.

    Args:
        database: the backing PostgreSQL, as the engine connects to it.
        registry: what is counted.

    Attributes:
        address: where it listens, with the port that was found.
    """

    def __init__(self, proxy: Proxy, database: Database, registry: CollectorRegistry) -> None:
        self._proxy = proxy
        self._registry = registry
        self._postgres = _Postgres(database)
        application = web.Application()
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/readyz", self._readyz)
        application.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(application, access_log=None)
        self.address: TCPAddress

    async def start(self, address: TCPAddress, *, reuse_port: bool = False) -> None:
        """Begin to answer.

        Raises:
            OSError: the address cannot be listened on.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, address.host, address.port, reuse_port=reuse_port).start()
        self.address = TCPAddress(address.host, self._runner.addresses[0][1])

    async def close(self) -> None:
        """Answer no more."""
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        if self._proxy.draining:
            return web.Response(status=503, text="not ready: the proxy is stopping\n")
        if not await self._postgres.answers():
            return web.Response(status=503, text="not ready: the backing PostgreSQL does not answer\n")
        return web.Response(text="ready\n")

    async def _metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Postgres:
    """Whether the backing PostgreSQL answers; asked once for all who want to know at the same time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._answers = False
        self._until = 0.0

    async def answers(self) -> bool:
        """Whether it lets the engine in, now or a second ago."""
        async with self._turn:
            if time.monotonic() >= self._until:
                self._answers = await self._ask()
                self._until = time.monotonic() + _REMEMBERED
        return self._answers

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE), self._database.connection() as connection:
                await connection.fetchval("SELECT 1")
        except OperationError as error:
            _log.warning("not ready", error=error.message, detail=error.detail)
            return False
        except (OSError, asyncpg.PostgresError, *GONE) as error:
            _log.warning("not ready", error=str(error) or "no answer")
            return False
        return True
