"""The processes of a soak: Postgres, the simulated account, the proxy; each can be killed and comes back."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from deploy.embedded_postgres import EmbeddedPostgres
from deploy.simulator.conditions import Conditions
from deploy.simulator.process import SimulatorProcess
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer, free_port
from tests.fixtures.proxies import IasqlProcess, launch
from tests.soak import seen
from tests.soak.seen import Seen

#: Slow enough for anything to happen in between, and for AWS's delays to be met.
CONDITIONS = Conditions(
    latency=0.2, page_size=3, unseen=0.6, provisioning=0.6, pending=0.6, draining=0.6, lingering=0.6
)
_SECONDS = 240.0


@dataclass(frozen=True)
class Ended:
    """How a statement ended.

    Attributes:
        state: SQLSTATE of its error; empty if the connection was lost; None if it succeeded.
        notices: what the client was told meanwhile.
    """

    state: str | None
    message: str = ""
    rows: tuple[Any, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        return self.state is None

    @property
    def left_out(self) -> bool:
        """Whether it did nothing about some tables, which could not be read."""
        return any("left out: " in each for each in self.notices)

    def __str__(self) -> str:
        if self.well:
            return "done, but for some tables" if self.left_out else "done"
        return f"{self.state or 'connection lost'}: {' '.join(self.message.split())[:150]}"


class Running:
    """A statement that a client of its own has sent."""

    def __init__(self, url: str, sql: str, *, before: str = "") -> None:
        """
        Args:
            before: what the client sends first.
        """
        self._url = url
        self._sql = sql
        self._before = before
        self._connection: psycopg.Connection[Any] | None = None
        self._ended: Ended | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def wait(self, seconds: float = _SECONDS) -> Ended:
        """How it ended.

        Raises:
            AssertionError: it does not end.
        """
        self._thread.join(seconds)
        assert self._ended is not None, f"{self._sql} has not ended after {seconds:.0f} s"
        return self._ended

    def cancel(self) -> None:
        """Send a CancelRequest."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.cancel_safe(timeout=10)

    def vanish(self) -> None:
        """Cut the connection without a word."""
        if self._connection is not None and not self._connection.closed:
            with (
                suppress(OSError, psycopg.Error),
                socket.socket(fileno=os.dup(self._connection.fileno())) as cut,
            ):
                cut.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        notices: list[str] = []
        try:
            with psycopg.connect(self._url, autocommit=True, connect_timeout=20) as self._connection:
                self._connection.add_notice_handler(lambda told: notices.append(told.message_primary or ""))
                if self._before:
                    self._connection.execute(self._before)
                cursor = self._connection.execute(self._sql)
                rows = tuple(cursor.fetchall()) if cursor.description else ()
                self._ended = Ended(None, rows=rows, notices=tuple(notices))
        except psycopg.Error as error:
            self._ended = Ended(error.sqlstate or "", str(error))


class World:
    """Everything that runs."""

    def __init__(self, folder: Path, postgres: EmbeddedPostgres, port: int, account: Cloud) -> None:
        self.account = account
        self.proxies = 0
        self._folder = folder
        self._postgres = postgres
        self._server = PostgresServer(
            host="127.0.0.1",
            port=port,
            socket_dir=postgres.socket_dir,
            superuser_password=postgres.superuser_password,
        )
        self._database = self._server.create()
        self._state: IasqlProcess | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        assert self._state is not None
        return self._state.serves(self._database).url

    @property
    def direct(self) -> Database:
        """The database without the proxy in between."""
        return self._database

    @property
    def proxy_pid(self) -> int:
        assert self._state is not None
        return self._state.pid

    @property
    def logs(self) -> str:
        """What all proxies wrote to standard error."""
        return "".join(log.read_text(errors="replace") for log in sorted(self._folder.glob("iasql-*.log")))

    @property
    def journal(self) -> str:
        """The steps of the last three operations."""
        with self.superuser() as connection:
            steps = connection.execute(
                "SELECT operation, number, kind, table_name, name, outcome, message, "
                "before, after FROM iasql.iasql_step "
                "WHERE operation > (SELECT max(id) - 6 FROM iasql.iasql_operation) ORDER BY 1, started_at"
            ).fetchall()
        return "\n".join(" ".join(map(str, step)) for step in steps)

    def set(self, setting: str) -> None:
        """Change a setting of the database, for sessions to come."""
        with self.superuser() as connection:
            connection.execute(f"ALTER DATABASE {self._database.name} SET iasql.{setting}".encode())

    def look(self) -> Seen:
        """What the account holds, told at once; nothing else is under way."""
        self.account.be(replace(CONDITIONS, latency=0.0, page_size=0))
        try:
            return seen.account(self.account)
        finally:
            self.account.be(CONDITIONS)

    def settle(self, seconds: float) -> None:
        """Let that much time pass in the account, in which AWS shows all that was done."""
        self.account.advance(seconds)
        with self.superuser() as connection:
            connection.execute("UPDATE iasql.base SET settles_at = NULL")

    def run(self, sql: str) -> Ended:
        """Run a statement as a client of the proxy."""
        return Running(self.url, sql).wait()

    def start_proxy(self, tries: int) -> None:
        """Start a proxy whose AWS client tries each call as often as that."""
        self.proxies += 1
        log = self._folder / f"iasql-{self.proxies}.log"
        env = {"AWS_MAX_ATTEMPTS": str(tries)}
        self._state = launch(log, self._server, self.account, env=env)

    def stop_proxy(self, wanted: int = signal.SIGTERM) -> None:
        """End the proxy, if it has not been killed."""
        if self._state is not None:
            self._state.stop(wanted)
            self._state = None

    def await_death(self) -> None:
        """Return when the proxy has been killed."""
        assert self._state is not None
        self._state.wait_for_death()

    def terminate_backends(self) -> None:
        """Let Postgres end all sessions in the database but our own."""
        with self.superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def crash_postgres(self) -> None:
        """Shut Postgres down at once, as if it had crashed, and start it again."""
        pid = int((self._postgres.data_dir / "pgdata" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        self._postgres.stop()
        self._postgres.start()

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection that does not pass through the proxy."""
        url = self._server.superuser_url(self._database.name)
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


@contextmanager
def world() -> Iterator[World]:
    """Start everything, and end it."""
    port = free_port()
    # no fsync: what is killed is a process, not the machine
    settings = {"fsync": "off", "listen_addresses": "127.0.0.1", "port": str(port), "max_connections": "100"}
    with (
        TemporaryDirectory(prefix="iasql-soak-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "data", settings=settings) as postgres,
        SimulatorProcess() as simulator,
    ):
        account = Cloud(simulator.endpoint)
        account.be(CONDITIONS)
        made = World(Path(folder), postgres, port, account)
        try:
            yield made
        finally:
            made.stop_proxy(signal.SIGKILL)


def pause(seconds: float, running: Running) -> None:
    """Let some seconds pass, or less if a statement ends before."""
    end = time.monotonic() + seconds
    while running.is_running and time.monotonic() < end:
        time.sleep(0.01)
