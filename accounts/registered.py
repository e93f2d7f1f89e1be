"""The accounts of a running server: each database's as it is registered, and the default database's."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress

from accounts import binding, refusals
from accounts.model import Connection
from accounts.opened import OpenedAccount
from accounts.registry import Found, Registry, check_alone
from accounts.seal import SecretKeys
from engine.aws.account import Account
from engine.aws.calls import identity
from engine.database.connection import Database

#: Seconds after which an account that nobody uses is closed.
_IDLE = 600.0


class RegisteredAccounts:
    """Knows the account of each database; an `engine.aws.account.Accounts`.

    The registry is asked for each operation, so that what an operator connects or disconnects counts at once,
    on every server.
    """

    def __init__(
        self,
        database: Database,
        *,
        default: Account,
        default_database: str,
        keys: Callable[[], SecretKeys],
        reading_policy: str,
        idle: float = _IDLE,
    ) -> None:
        """
        Args:
            database: connects to the server as the engine's role.
            default: the server's own account.
            default_database: what manages it, unless it is connected itself.
            keys: gives the keys that secrets are encrypted with.
            reading_policy: limits the sessions of roles that plan, sync and report.
            idle: seconds after which an account that nobody uses is closed.
        """
        self._database = database
        self._registry = Registry(database)
        self._default = default
        self._default_database = default_database
        self._keys = keys
        self._reading_policy = reading_policy
        self._idle = idle
        self._opened: dict[str, OpenedAccount] = {}
        self._left: list[OpenedAccount] = []
        self._opening: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._noted = False
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def open(self) -> int:
        """How many accounts are open, beside the default one."""
        return len(self._opened) + len(self._left)

    async def of(self, database: str, *, user: str = "", changing: bool = False) -> Account:
        """The account that a database is connected to, once its credentials have been found to be that one's.

        Raises:
            OperationError: 55000, it is connected to none, or another one's credentials are there; 58000,
                Postgres cannot be asked; or AWS refuses.
        """
        is_default = database == self._default_database
        found = await self._registry.find(database, absent_lately=is_default)
        if found.connection is None:
            self._leave(database)
            if is_default:
                return await self._checked_default()
            raise refusals.not_connected(database)
        if (why := unlike(database, found, found.connection)) is not None:
            self._leave(database)
            raise refusals.not_bound(database, found.connection, why)
        async with self._opening[database]:
            opened = self._opened.get(database)
            if opened is None or opened.connection != found.connection:
                opened = await self._open(database, found.connection)
            await opened.verify()
            return opened.account(user, changing=changing)

    async def databases(self) -> Sequence[str]:
        """The default database, and all that are connected.

        Raises:
            OperationError: 58000, Postgres cannot be asked.
        """
        return sorted({self._default_database, *(each.database for each in await self._registry.all())})

    async def close(self) -> None:
        """Close all clients, and the connection to Postgres."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        for each in (*self._opened.values(), *self._left):
            await each.close()
        await self._default.close()
        await self._registry.close()

    async def _checked_default(self) -> Account:
        """
        Raises:
            OperationError: 55000, another database manages the account alone.
        """
        who = await identity(self._default.cloud())
        others = await self._registry.of_account(who.account, who.partition)
        check_alone(others, who.account, who.partition, shared=any(each.shared for each in others))
        if not self._noted:
            async with self._database.connection(self._default_database) as own:
                await binding.note_managed(own, who.account)
            self._noted = True
        return self._default

    async def _open(self, database: str, connection: Connection) -> OpenedAccount:
        self._leave(database)
        async with self._database.connection(database) as own:
            if await binding.read_mark(own) != connection.mark:
                raise refusals.not_bound(database, connection, "this one does not have its mark")
        opened = OpenedAccount(connection, self._keys(), self._reading_policy)
        await opened.verify()
        self._opened[database] = opened
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._close_idle())
        return opened

    def _leave(self, database: str) -> None:
        """Give nobody the account of a database any more; operations that have it go on."""
        if (opened := self._opened.pop(database, None)) is not None:
            self._left.append(opened)

    async def _close_idle(self) -> None:
        while self._opened or self._left:
            await asyncio.sleep(self._idle / 4)
            for database, opened in list(self._opened.items()):
                await opened.close_idle(self._idle)
                if opened.idle >= self._idle and not self._opening[database].locked():
                    self._leave(database)
            for opened in [each for each in self._left if each.idle >= self._idle]:
                self._left.remove(opened)
                await opened.close()


def unlike(database: str, found: Found, connection: Connection) -> str | None:
    """How a database differs from the one that a connection is about, as far as a record shows it. Pure."""
    if found.server is None:
        return "this server is a replica"
    if found.server != connection.server:
        return f"it is of server {connection.server}, and this is {found.server}"
    if found.connection is None or connection.oid != found.oid:
        return f'"{connection.database}" was dropped and made again, or restored, since it was connected'
    if connection.database != database:
        return f'it was called "{connection.database}" when it was connected'
    return None
