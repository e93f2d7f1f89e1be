"""Two connections to the proxy: one to look, and one for what takes a while."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.string import TextLoader

from console.session import Refused, Row, call_of, notice_of, said
from console.shown import Notice, Plan, changes

#: Seconds that the proxy is given to let somebody in.
_PATIENCE = 20
#: The search path, quoted where SQL needs that.
PATH = sql.SQL(
    "SELECT pg_catalog.quote_ident(name) "
    "FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) AS of (name)"
)
_ACTIVE, _IDLE = psycopg.pq.TransactionStatus.ACTIVE, psycopg.pq.TransactionStatus.IDLE


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the proxy is.

    Attributes:
        host: a name, an address, or the directory of a socket.
        encrypted: whether it wants TLS.
    """

    host: str
    port: int
    encrypted: bool = False


@dataclass
class Job:
    """An apply that is under way, or has ended.

    Attributes:
        only, region: what it is limited to.
        heard: what the server has said of it, in order.
        failed: the error with which it has ended.
    """

    only: str | None = None
    region: str | None = None
    heard: list[Notice] = field(default_factory=list)
    failed: Notice | None = None
    ended: bool = False
    stopping: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Wake those who wait for news."""
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A plan that has been shown.

    Attributes:
        steps: number, action, table, description, and the numbers of those that it waits for.
        only, region: what it was limited to.
    """

    plan: Plan
    steps: Sequence[Row]
    only: str | None
    region: str | None


@dataclass(frozen=True)
class Table:
    """An answer as text.

    Attributes:
        more: rows that there are beside.
    """

    columns: tuple[str, ...]
    rows: list[tuple[str | None, ...]]
    more: int


@dataclass(frozen=True, kw_only=True)
class Written:
    """A statement that changes one row, as it was shown.

    Attributes:
        id: nobody can know it beforehand.
    """

    id: str
    text: str


class ServerSession:
    """Somebody's connections. The password is not kept.

    Attributes:
        last_written: the statement that was shown last.
        shown: the plan that was shown last.
        job: the apply that was begun last.
        message: what is to be said on the next page.
        path: the search path, quoted, that statements have found or left; None before the first one.
    """

    def __init__(
        self, look: psycopg.AsyncConnection[Row], work: psycopg.AsyncConnection[Row], user: str, database: str
    ) -> None:
        self._look, self._work = look, work
        self.user, self.database = user, database
        self.shown: Shown | None = None
        self.job: Job | None = None
        self.message: str | None = None
        self.last_written: Written | None = None
        self.path: list[str] | None = None
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._hear: list[Notice] = []
        work.add_notice_handler(self._notice)

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self._turn.locked()

    @property
    def lost(self) -> bool:
        """Whether the server has left."""
        return self._look.closed or (self._work.closed and not self.busy)

    async def rows(self, statement: sql.Composable, *parameters: object) -> list[Row]:
        """What a query for a page returns.

        Raises:
            Refused: the server's error.
        """
        try:
            cursor = await self._look.execute(statement.as_string(self._look).encode(), parameters or None)
            return await cursor.fetchall()
        except psycopg.Error as error:
            raise Refused(said(error)) from error

    async def plan(self, only: str | None, region: str | None) -> None:
        """Make a plan, and remember that it is shown.

        Raises:
            Refused: the server's error, or something is under way.
        """
        async with self._working() as heard:
            self.shown = None
            given: dict[str, object] = {"only": only, "region": region}
            found = changes(await self._call("iasql_diff", given))
            ((name,),) = await self._call("iasql_plan_id", {})
            told = tuple(heard)
            steps = await self._call("iasql_plan_steps", {"only": only}) if found and region is None else []
            plan = Plan(id=name, changes=found, notices=told)
            self.shown = Shown(plan=plan, steps=steps, only=only, region=region)

    async def undo(self, operation: int | None) -> int:
        """Put rows back; returns how many.

        Raises:
            Refused: the server's error, or something is under way.
        """
        async with self._working():
            self.shown = None
            return len(await self._call("iasql_undo", {"operation": operation}))

    async def apply(self, shown: Shown, *, allow_loss: bool) -> None:
        """Begin to apply exactly a plan; `job` tells how it goes on.

        Raises:
            Refused: something is under way.
        """
        self._check_free()
        self.job = Job(only=shown.only, region=shown.region)
        begun = asyncio.Event()
        self._task = asyncio.create_task(self._apply(self.job, shown, allow_loss, begun))
        await begun.wait()

    async def stop(self) -> None:
        """Ask for an end as soon as what has been begun is finished."""
        job = self.job
        if job is None or job.ended:
            return
        job.stopping = True
        try:
            await self._work.cancel_safe()
        except psycopg.Error as error:
            raise Refused(said(error)) from error

    async def run(self, statement: str, most: int) -> Table:
        """Run a statement as it is, and return its first rows.

        Raises:
            Refused: the server's error, or something is under way.
        """
        async with self._working():
            self.shown = None
            cursor = self._work.cursor()
            for each in psycopg.adapters.types:
                cursor.adapters.register_loader(each.oid, TextLoader)
            rows: list[tuple[str | None, ...]] = []
            more = 0
            try:
                # The rest is read and forgotten: a statement that changes rows is finished.
                async for row in cursor.stream(statement.encode()):
                    if len(rows) < most:
                        rows.append(row)
                    else:
                        more += 1
            except psycopg.ProgrammingError as error:
                # So psycopg says that the statement is done and has no rows.
                if error.sqlstate is not None or self._work.info.transaction_status == _ACTIVE:
                    raise
            columns = tuple(each.name for each in cursor.description or ())
            await self._look_for_path()
            return Table(columns, rows, more)

    async def _look_for_path(self) -> None:
        """See where a statement that is done has left the search path."""
        if self._work.info.transaction_status != _IDLE:
            return  # An open one is rolled back, with what it has set.
        # The statement is done, whatever becomes of this, such as with a statement_timeout of 1 ms.
        with suppress(psycopg.Error):
            self.path = [name for (name,) in await self._execute(PATH)]

    def take_message(self) -> str | None:
        """What is to be said on this page, and on no other."""
        message, self.message = self.message, None
        return message

    def written(self, statement: sql.Composed) -> Written:
        """Remember that a statement is shown, as it will run.

        Raises:
            Refused: there is a character in it that no text has.
        """
        try:
            text = statement.as_string(self._look)
        except psycopg.Error as error:
            raise Refused(said(error)) from error
        self.last_written = Written(id=secrets.token_urlsafe(16), text=text)
        return self.last_written

    async def write(self, written: Written) -> bool:
        """Run a statement that changes one row; whether it did: otherwise nothing is done.

        Raises:
            Refused: the server's error, or something is under way.
        """
        async with self._working():
            self.shown = None
            self.last_written = None
            await self._work.execute("BEGIN")
            cursor = await self._work.execute(written.text.encode())
            if cursor.rowcount != 1:
                return False  # it is rolled back
            await self._work.execute("COMMIT")
        return True

    async def close(self) -> None:
        """Leave; what is being applied is finished first."""
        if self._task is not None:
            await asyncio.wait([self._task])
        await self.leave()

    async def leave(self) -> None:
        """Leave at once."""
        for each in (self._look, self._work):
            with suppress(psycopg.Error, OSError):
                await each.close()
        if self._task is not None:
            await asyncio.wait([self._task])

    def _check_free(self) -> None:
        if self.busy:
            hint = "Wait for its end, or stop it on the page Change."
            raise Refused(Notice(severity="ERROR", message="something is under way", hint=hint))

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[list[Notice]]:
        """The turn of one thing; a transaction that it has left open is rolled back.

        Raises:
            Refused: the server's error, or something is under way.
        """
        self._check_free()
        async with self._turn:
            heard: list[Notice] = []
            self._hear = heard
            try:
                yield heard
            except psycopg.Error as error:
                raise Refused(said(error)) from error
            finally:
                if not self._work.closed and self._work.info.transaction_status == _ACTIVE:
                    # A COPY, say, that waits for what nobody sends.
                    await self._work.close()
                elif not self._work.closed and self._work.info.transaction_status != _IDLE:
                    with suppress(psycopg.Error):
                        await self._work.rollback()

    async def _apply(self, job: Job, shown: Shown, allow_loss: bool, begun: asyncio.Event) -> None:
        try:
            async with self._working():
                self._hear = job.heard
                begun.set()
                allowed = sql.Literal("on" if allow_loss else "off")
                await self._execute(
                    sql.SQL("SELECT set_config('iasql.allow_loss', {}, false)").format(allowed)
                )
                given: dict[str, object] = {"only": shown.only, "region": shown.region}
                await self._call("iasql_apply", {**given, "plan_id": shown.plan.id})
        except Refused as refused:
            job.failed = refused.said
        finally:
            self.shown = None
            job.ended = True
            begun.set()
            job.tell()

    async def _call(self, function: str, arguments: dict[str, object]) -> list[Row]:
        return await self._execute(call_of(function, arguments))

    async def _execute(self, statement: sql.SQL | sql.Composed) -> list[Row]:
        return await (await self._work.execute(statement)).fetchall()

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        self._hear.append(notice_of(diagnostic))
        if (job := self.job) is not None and not job.ended:
            job.tell()


async def sign_in(server: Server, database: str, user: str, password: str) -> ServerSession:
    """Connect as somebody.

    Raises:
        Refused: the server does not let them in.
    """
    given: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "dbname": database,
        "user": user,
        "password": password,
        "sslmode": "require" if server.encrypted else "disable",
        # To itself; and where PostgreSQL checks the password through TLS of its own, it could not be.
        "channel_binding": "disable",
        "gssencmode": "disable",
        "application_name": "iasql console",
        "connect_timeout": _PATIENCE,
        # What the server itself has in its home and its environment is not for those who sign in.
        "passfile": "/dev/null",
        "options": "-c client_encoding=UTF8",
    }
    try:
        look = await psycopg.AsyncConnection.connect("", autocommit=True, **given)
    except psycopg.Error as error:
        raise Refused(said(error)) from error
    try:
        work = await psycopg.AsyncConnection.connect("", autocommit=True, **given)
    except psycopg.Error as error:
        await look.close()
        raise Refused(said(error)) from error
    return ServerSession(look, work, user, database)
