"""Simulated accounts: the default database's, and one for each database of certain names."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from fnmatch import fnmatchcase
from urllib.request import Request, urlopen

from accounts.refusals import only_simulated
from deploy.failure import StartError
from deploy.simulator.process import DUMMY_CREDENTIALS, SimulatorError, SimulatorProcess, credentials
from engine.aws.account import Account, Accounts
from engine.aws.session import Cloud
from engine.database.connection import Database
from engine.errors import OperationError

SIMULATED_REGION = "us-east-2"
#: The first account of a database with one of its own.
_FIRST = 100_000_000_001
_SECONDS = 30


class Simulation:
    """A simulated AWS, started when it is first needed; it has as many accounts as are asked for.

    Args:
        conditions: name of them (`deploy.simulator.conditions`).
        stack: ends it.
    """

    def __init__(self, conditions: str, stack: AsyncExitStack) -> None:
        self._conditions = conditions
        self._stack = stack
        self._starting = asyncio.Lock()
        self._endpoint: str | None = None

    async def start(self) -> str:
        """Where it answers; it is started if it was not.

        Raises:
            StartError: it does not start.
        """
        async with self._starting:
            if self._endpoint is None:
                try:
                    process = await asyncio.to_thread(SimulatorProcess, conditions=self._conditions)
                except SimulatorError as error:
                    raise StartError(str(error)) from error
                self._stack.callback(process.stop)
                self._endpoint = process.endpoint
            return self._endpoint

    def credentials(self, account: str | None = None) -> dict[str, str]:
        """Keys of an account, of the usual one if none is named."""
        return dict(DUMMY_CREDENTIALS) if account is None else credentials(account)

    def account(self, number: str | None = None) -> Account:
        """An account of it, the usual one if none is named. It has to be started."""
        keys, default = self.credentials(number), os.environ.get("AWS_REGION") or SIMULATED_REGION
        return Account(
            lambda region: Cloud(
                region=region or default,
                endpoint_url=self._endpoint,
                access_key=keys["AWS_ACCESS_KEY_ID"],
                secret_key=keys["AWS_SECRET_ACCESS_KEY"],
            ),
            default,
        )

    async def forget(self, number: str) -> None:
        """Let an account be empty again, and take no room."""
        data = json.dumps({"account": number}).encode()
        request = Request(f"{self._endpoint}/simulator/forget", method="POST", data=data)

        def send() -> None:
            with urlopen(request, timeout=_SECONDS):
                pass

        await asyncio.to_thread(send)


class DefaultDatabase:
    """One account for the default database, and none for others; `engine.aws.account.Accounts`."""

    def __init__(self, account: Account, database: str) -> None:
        self._account = account
        self._database = database

    async def of(self, database: str, *, user: str = "", changing: bool = False) -> Account:
        if database != self._database:
            raise only_simulated(database)
        return self._account

    async def databases(self) -> Sequence[str]:
        return (self._database,)

    async def close(self) -> None:
        await self._account.close()


class SimulatedDatabases:
    """Databases of certain names have simulated accounts of their own; the others' are as they were.

    A database that was dropped and made again, as test runners do, has a fresh account.

    Args:
        others: the accounts of all other databases.
        patterns: of names, as a shell has them.
        database: connects to the server as the engine's role.
    """

    def __init__(
        self, others: Accounts, patterns: Sequence[str], database: Database, simulation: Simulation
    ) -> None:
        self._others = others
        self._patterns = patterns
        self._database = database
        self._simulation = simulation
        self._turn = asyncio.Lock()
        self._made = 0
        self._accounts: dict[str, tuple[int, str, Account]] = {}

    async def of(self, database: str, *, user: str = "", changing: bool = False) -> Account:
        if not any(fnmatchcase(database, pattern) for pattern in self._patterns):
            return await self._others.of(database, user=user, changing=changing)
        async with self._turn:
            oids = await self._oids()
            await self._forget_dropped(oids)
            if database not in self._accounts:
                self._accounts[database] = await self._open(oids[database])
            return self._accounts[database][2]

    async def databases(self) -> Sequence[str]:
        return await self._others.databases()

    async def close(self) -> None:
        for _, _, account in self._accounts.values():
            await account.close()
        await self._others.close()

    async def _oids(self) -> dict[str, int]:
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT datname, oid FROM pg_database")
        return {row["datname"]: row["oid"] for row in rows}

    async def _forget_dropped(self, oids: dict[str, int]) -> None:
        for name, (oid, number, account) in list(self._accounts.items()):
            if oids.get(name) != oid:
                del self._accounts[name]
                await account.close()
                await self._simulation.forget(number)

    async def _open(self, oid: int) -> tuple[int, str, Account]:
        try:
            await self._simulation.start()
        except StartError as error:
            raise OperationError(str(error), sqlstate="58000") from error
        self._made += 1
        number = str(_FIRST + self._made - 1)
        return oid, number, self._simulation.account(number)
