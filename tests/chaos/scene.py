"""A Postgres, a proxy, a simulated AWS, relays that cut, clients; and what befalls them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg

from deploy.embedded_postgres import EmbeddedPostgres
from tests.chaos.relay import CuttingRelay
from tests.chaos.visitors import Findings, Visitor
from tests.fixtures.certificates import Authority
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer, free_port
from tests.fixtures.proxies import IasqlProcess, launch

_SETTINGS = {"listen_addresses": "127.0.0.1", "fsync": "off", "max_connections": "200"}


class Scene:
    """What is there.

    Args:
        folder: one that the server's user can enter.
        options: further ones of `iasql up`.

    Attributes:
        to_proxy, to_postgres: the relays.
        findings: what the clients have seen.
    """

    def __init__(self, folder: Path, cloud: Cloud, seed: int, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._cloud = cloud
        certificate = Authority(folder).issue("proxy")
        tls = "--tls-cert", str(certificate.certificate), "--tls-key", str(certificate.key)
        self._options = (*tls, *options)
        self._seed = seed
        self._chance = random.Random(seed)
        self._postgres_port = free_port()
        self._port = free_port()
        settings = _SETTINGS | {"port": str(self._postgres_port)}
        self._postgres = EmbeddedPostgres(folder / "data", settings=settings)
        self._proxy: IasqlProcess
        self._database: Database
        self.to_postgres = CuttingRelay(self._postgres_port, random.Random(f"{seed} server"), rate=0)
        self.to_proxy = CuttingRelay(self._port, random.Random(f"{seed} client"), rate=0)
        self.findings = Findings()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything is there, and nothing befalls it yet."""
        await asyncio.to_thread(self._postgres.start)
        try:
            await self.to_postgres.start()
            await self.to_proxy.start()
            await self._start_proxy()
            await asyncio.to_thread(self._make_database)
            yield
        finally:
            with suppress(AttributeError):
                await asyncio.to_thread(self._proxy.stop, signal.SIGKILL)
            await self.to_proxy.stop()
            await self.to_postgres.stop()
            await asyncio.to_thread(self._postgres.stop)

    async def visit(self, clients: int, during: Callable[[], Awaitable[None]]) -> None:
        """Let clients come and go while something happens, and wait until all have gone."""
        chances = [random.Random(f"{self._seed} visitor {number}") for number in range(clients)]
        visitors = [
            Visitor(f"v{number}", self._database.at("127.0.0.1", self.to_proxy.port), chance, self.findings)
            for number, chance in enumerate(chances)
        ]
        tasks = [asyncio.ensure_future(visitor.run()) for visitor in visitors]
        await during()
        for visitor in visitors:
            visitor.stopped = True
        await asyncio.gather(*tasks)

    # -- what befalls them

    async def cut(self, seconds: float, *, to_proxy: float = 0.0, to_postgres: float = 0.0) -> None:
        """Cut a share of the connections for a while."""
        self.to_proxy.rate, self.to_postgres.rate = to_proxy, to_postgres
        await asyncio.sleep(seconds)
        self.to_proxy.rate = self.to_postgres.rate = 0.0

    async def crash_postgres(self) -> None:
        """End Postgres at once, and start it again."""
        await self._restart_postgres(signal.SIGQUIT)

    async def restart_postgres(self) -> None:
        """End Postgres as an administrator does, and start it again."""
        await self._restart_postgres(signal.SIGINT)

    async def terminate_backends(self) -> None:
        """End some sessions from within Postgres."""
        await asyncio.to_thread(self._terminate)

    async def kill_proxy(self) -> None:
        """Kill the proxy, and start another one."""
        os.kill(self._proxy.pid, signal.SIGKILL)
        await asyncio.to_thread(self._proxy.wait_for_death)
        await asyncio.to_thread(self._proxy.stop)
        await self._start_proxy()

    async def restart_proxy(self) -> None:
        """End the proxy, and start another one."""
        if await asyncio.to_thread(self._proxy.stop, signal.SIGTERM) != 0:
            self.findings.failures.append(f"the proxy ended badly: {self._proxy.log[-2000:]}")
        await self._start_proxy()

    async def run(self, seconds: float, rate: float) -> None:
        """Everything, in an order that chance decides."""
        disasters = (
            self.crash_postgres,
            self.restart_postgres,
            self.terminate_backends,
            self.kill_proxy,
            self.restart_proxy,
        )
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self.cut(self._chance.uniform(1, 8), to_proxy=rate, to_postgres=rate / 2)
            disaster = self._chance.choice(disasters)
            self.findings.counts[disaster.__name__] += 1
            await disaster()

    # -- what is left

    def descriptors(self) -> int:
        """How many the proxy has open."""
        return len(list(Path(f"/proc/{self._proxy.pid}/fd").iterdir()))

    def faults(self) -> list[str]:
        """What the proxies have logged of faults of their own."""
        lines = self._proxy.log.splitlines()
        return [
            "\n".join(lines[number : number + 40])
            for number, line in enumerate(lines)
            if "[error " in line or line.startswith("Traceback") or "Exception in" in line
        ]

    async def _start_proxy(self) -> None:
        server = PostgresServer(
            host="127.0.0.1",
            port=self.to_postgres.port,
            socket_dir=self._postgres.socket_dir,
            superuser_password=self._postgres.superuser_password,
        )
        options = ["--listen", f"127.0.0.1:{self._port}", *self._options]
        log = self._folder / "iasql.log"
        rate, self.to_postgres.rate = self.to_postgres.rate, 0.0
        self._proxy = await asyncio.to_thread(launch, log, server, self._cloud, *options)
        self.to_postgres.rate = rate

    def _make_database(self) -> None:
        password = self._postgres.superuser_password
        server = PostgresServer(
            host="127.0.0.1",
            port=self._postgres_port,
            socket_dir=self._postgres.socket_dir,
            superuser_password=password,
        )
        self._database = server.create()
        with psycopg.connect(self._database.at("127.0.0.1", self._port).url, autocommit=True) as client:
            client.execute("SELECT * FROM iasql_install('aws_cloudwatch')")

    def _terminate(self) -> None:
        with psycopg.connect(self._postgres.superuser_url(), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND random() < 0.5",
                [self._database.name],
            )

    async def _restart_postgres(self, how: signal.Signals) -> None:
        pid = int((self._folder / "data" / "pgdata" / "postmaster.pid").read_text().split("\n")[0])
        os.kill(pid, how)
        await asyncio.to_thread(self._postgres.stop)
        await asyncio.to_thread(self._postgres.start)
