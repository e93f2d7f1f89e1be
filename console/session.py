"""A session of a server: its functions are called, and what it says meanwhile is passed on."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from console.shown import Notice, Plan, changes

#: Seconds between two looks at whether Ctrl-C was pressed.
_LOOK = 0.1
_DRIVER = re.compile(r"^postgres(?:ql)?\+\w+://")

_SERVER = "Name the server: --url, DATABASE_URL, or PGHOST, PGPORT, PGDATABASE and PGUSER."
_LOST = "Once it is there again, `iasql history` tells what was done, and `iasql plan` what is left."
_PASSWORD = "The password is what --url, DATABASE_URL, PGPASSWORD or ~/.pgpass has."

Row = tuple[Any, ...]


class Refused(Exception):
    """The server has said no, or cannot be reached.

    Attributes:
        said: its error.
    """

    def __init__(self, said: Notice) -> None:
        super().__init__(said.message)
        self.said = said


@contextmanager
def session(
    url: str | None, settings: Mapping[str, str], hear: Callable[[Notice], None]
) -> Iterator[Session]:
    """A session, with settings.

    Args:
        url: a connection string; None is `DATABASE_URL`, or else what libpq finds: `PG*`, a service file,
            `~/.pgpass`. A driver's name in it, as SQLAlchemy has it, is left out.
        settings: names and values.
        hear: is told each notice as it comes, in another thread.

    Raises:
        Refused: the server cannot be reached, or refuses who connects.
    """
    given = url or os.environ.get("DATABASE_URL") or ""
    try:
        connection = psycopg.connect(
            _DRIVER.sub("postgresql://", given), autocommit=True, fallback_application_name="iasql"
        )
    except psycopg.Error as error:
        hint = _PASSWORD if "password" in str(error) else _SERVER
        raise Refused(replace(said(error), hint=hint)) from error
    with connection:
        own = Session(connection, hear)
        for name, value in settings.items():
            own.rows(sql.SQL("SELECT set_config({}, {}, false)").format(name, value))
        yield own


def call_of(function: str, arguments: Mapping[str, object]) -> sql.Composed:
    """The statement that calls a function; arguments of None are left out."""
    given = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in arguments.items()
        if value is not None
    )
    return sql.SQL("SELECT * FROM {}({})").format(sql.Identifier(function), given)


class Session:
    """Calls functions of the server."""

    def __init__(self, connection: psycopg.Connection[Row], hear: Callable[[Notice], None]) -> None:
        self._connection = connection
        self._hear = hear
        connection.add_notice_handler(self._notice)

    def call(self, function: str, /, **arguments: object) -> list[Row]:
        """The rows of a function; arguments of None are left out.

        Ctrl-C asks the server to stop where it is safe, and a second one leaves at once.

        Raises:
            Refused: the server's error.
        """
        return self.rows(call_of(function, arguments))

    def rows(self, statement: sql.Composed | sql.SQL) -> list[Row]:
        """The rows of a statement.

        Raises:
            Refused: the server's error.
        """
        with ThreadPoolExecutor(1) as executor, _interruptions() as interruptions:
            work = executor.submit(self._rows, statement)
            asked = 0
            while True:
                try:
                    return work.result(_LOOK)
                except NotYet:
                    if len(interruptions) > asked:
                        asked = len(interruptions)
                        self._stop(final=asked > 1)
                except psycopg.Error as error:
                    told = said(error)
                    # It may have said so itself, as when it is stopped.
                    hint = _LOST if self._connection.closed else told.hint
                    raise Refused(replace(told, hint=hint)) from error

    def plan(self, *, only: str | None = None, region: str | None = None) -> Plan:
        """What an apply would do.

        Raises:
            Refused: the server's error.
        """
        heard: list[Notice] = []
        hear, self._hear = self._hear, heard.append
        try:
            found = changes(self.call("iasql_diff", only=only, region=region))
            ((name,),) = self.call("iasql_plan_id")
        except Refused:
            for each in heard:
                hear(each)
            raise
        finally:
            self._hear = hear
        return Plan(id=name, changes=found, notices=tuple(heard))

    def _rows(self, statement: sql.Composed | sql.SQL) -> list[Row]:
        cursor = self._connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def _stop(self, *, final: bool) -> None:
        if final:
            self._hear(Notice(severity="WARNING", message="left; what the server has begun it finishes"))
            os._exit(130)
        self._hear(
            Notice(
                severity="NOTICE",
                message="stopping as soon as what has been begun is finished",
                hint="Ctrl-C again leaves at once.",
            )
        )
        self._connection.cancel_safe()

    def _notice(self, said: psycopg.errors.Diagnostic) -> None:
        self._hear(notice_of(said))


@contextmanager
def _interruptions() -> Iterator[Sequence[int]]:
    """Gives a list that grows with each Ctrl-C, instead of an exception."""
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def notice_of(said: psycopg.errors.Diagnostic) -> Notice:
    return Notice(
        severity=said.severity_nonlocalized or said.severity or "NOTICE",
        message=said.message_primary or "",
        detail=said.message_detail,
        hint=said.message_hint,
        sqlstate=None if said.sqlstate == "00000" else said.sqlstate,
    )


def said(error: psycopg.Error) -> Notice:
    """An error as the server said it, or the driver, without the connection string."""
    if error.diag.message_primary:
        return notice_of(error.diag)
    first, _, more = str(error).strip().partition("\n")
    lost = isinstance(error, psycopg.OperationalError)
    return Notice(
        severity="FATAL",
        message=first or type(error).__name__,
        detail=more or None,
        sqlstate=error.sqlstate or ("08006" if lost else None),
    )
