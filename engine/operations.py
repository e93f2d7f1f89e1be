"""What a user can ask of the engine: the table of contents of an operation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager

import structlog

from engine import garbage, results
from engine.aws.account import Accounts
from engine.aws.attribution import acting
from engine.aws.patience import Patience
from engine.caller import Caller
from engine.calling import Calling
from engine.common import Common
from engine.database import cancellation
from engine.database.connection import Database
from engine.database.functions import OPERATIONS, Performs
from engine.errors import OperationError
from engine.guard import execution
from engine.observer import WatchObserver
from engine.reconcile import Reconcile
from engine.request import Call, Request
from engine.results import Record
from engine.setup import Setup
from engine.watch import watching
from modules.catalogue import Catalogue

#: Functions that the proxy hands to the engine. All others are ordinary SQL functions.
FUNCTIONS: frozenset[str] = frozenset(each.name for each in OPERATIONS)

#: Requests that are passed on to other servers at once at most: anybody can send some.
_CANCELLING = 4

_log = structlog.get_logger()


class Engine:
    """Performs calls for any number of sessions at once."""

    def __init__(
        self, *, postgres_url: str, accounts: Accounts, catalogue: Catalogue, patience: Patience | None = None
    ) -> None:
        """
        Args:
            postgres_url: how the engine itself connects; it replaces the database in it.
            accounts: which account each database is connected to.
            catalogue: the modules that users can install.
        """
        self._common = Common(Database(postgres_url), accounts, catalogue, patience or Patience())
        self._cancelling = asyncio.Semaphore(_CANCELLING)
        setup, reconcile, calling = Setup(self._common), Reconcile(self._common), Calling(self._common)
        self._performs: Mapping[Performs, Callable[[Request, Caller], Awaitable[list[Record]]]] = {
            "install": setup.install,
            "uninstall": setup.uninstall,
            "upgrade": setup.upgrade,
            "add_region": setup.add_region,
            "remove_region": setup.remove_region,
            "plan_apply": reconcile.plan_apply,
            "plan_steps": reconcile.plan_steps,
            "diff": reconcile.diff,
            "apply": reconcile.apply,
            "plan_sync": reconcile.plan_sync,
            "sync": reconcile.sync,
            "drift": reconcile.drift,
            "review": reconcile.review,
            "undo": reconcile.undo,
            "sql": reconcile.sql,
            "begin": reconcile.begin,
            "rollback": reconcile.rollback,
            "call": calling.call,
            "function": calling.function,
        }

    async def prepare_database(self, database: str) -> None:
        """Make sure that the functions of this version exist in a database.

        Uses a connection of the engine's own. Cheap when nothing is missing.

        Raises:
            OperationError: they could not be created.
        """
        await self._common.database.prepare(database, self._common.catalogue)

    async def perform(self, call: Call, caller: Caller) -> None:
        """Perform one call and leave its rows where the function in the statement finds them.

        Raises:
            OperationError: the statement is to fail with this.
        """
        operation, arguments = await execution.check(caller, call.function, call.arguments, call.named)
        request = Request(call, operation, arguments)
        if operation.says:
            caller.notice(operation.says)
        with acting(call.function, caller.database), garbage.seldom_sought():
            # Whatever is called, a database without an account is refused.
            await self._common.account(caller)
            records = await self._performs[operation.performs](request, caller)
        await results.leave(caller, call.function, records)

    async def cancel(self, key: bytes) -> None:
        """Stop the operation of a session of another server, if there is one.

        Args:
            key: what the client of that session was told to cancel with.
        """
        async with self._cancelling:
            try:
                await cancellation.tell(self._common.database, key)
            except OperationError as error:
                _log.warning("a cancel request could not be passed on", error=str(error))

    def watching(self, interval: float, observer: WatchObserver) -> AbstractAsyncContextManager[None]:
        """Look at the accounts of all connected databases again and again, while something else is done.

        Args:
            interval: seconds from one look at a database to the next.
            observer: hears of each.
        """
        return watching(self._common, interval, observer)

    async def close(self) -> None:
        """Release AWS clients."""
        await self._common.accounts.close()
