"""`iasql up --listen`, several times, on sockets, and on a port that it shares with its successor."""

from __future__ import annotations

import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.deploy.test_up import IASQL
from tests.fixtures.databases import Database, free_port
from tests.fixtures.proxies import StartIasql
from tests.fixtures.tools import run


@pytest.fixture
def folder() -> Iterator[Path]:
    """One whose name is short enough for a socket's."""
    with tempfile.TemporaryDirectory(prefix="iasql-") as name:
        yield Path(name)


class Callers(threading.Thread):
    """A client that connects, asks and goes, again and again; it keeps the first error."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._stopped = threading.Event()
        self.sessions = 0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stopped.is_set():
                with psycopg.connect(self._url) as client:
                    assert client.execute("SELECT 1").fetchone() == (1,)
                self.sessions += 1
        except Exception as error:
            self.error = error

    def stop(self) -> int:
        self._stopped.set()
        self.join()
        assert self.error is None, self.error
        return self.sessions


def test_a_restart_refuses_no_connection(start_iasql: StartIasql, fresh_database: Database) -> None:
    port = free_port()
    options = ["--listen", f"127.0.0.1:{port}", "--reuse-port", "--drain", "10"]
    first = start_iasql(*options)
    callers = [Callers(fresh_database.at("127.0.0.1", port).url) for _ in range(4)]
    for caller in callers:
        caller.start()
    second = start_iasql(*options)
    assert first.stop() == 0
    third = start_iasql(*options)
    assert second.stop() == 0
    assert sum(caller.stop() for caller in callers) > 100
    assert third.stop() == 0


def test_it_listens_on_sockets_beside_ports(
    start_iasql: StartIasql, fresh_database: Database, folder: Path
) -> None:
    iasql = start_iasql("--listen", str(folder), "--listen", f"{folder}:6432", "--socket-mode", "0700")
    for port in (5432, 6432):
        with psycopg.connect(
            host=str(folder),
            port=port,
            dbname=fresh_database.name,
            user=fresh_database.role,
            password=fresh_database.password,
        ) as client:
            assert client.execute("SELECT current_user").fetchone() == (fresh_database.role,)
    assert stat.S_IMODE((folder / ".s.PGSQL.6432").stat().st_mode) == 0o700
    assert iasql.stop() == 0
    assert list(folder.iterdir()) == []


def test_a_socket_in_use_is_named(start_iasql: StartIasql, folder: Path) -> None:
    start_iasql("--listen", str(folder))
    result = run([*IASQL, "up", "--simulate", "--listen", str(folder)], seconds=60)
    assert result.returncode == 1
    assert f"another server listens on {folder}/.s.PGSQL.5432" in result.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--listen", "5432"], "'5432' is not HOST:PORT"),
        (["--listen", "localhost:99999"], "is not HOST:PORT"),
        (["--listen", "/run/iasql:x"], "'/run/iasql:x' is not /DIRECTORY:PORT"),
        (["--listen", "/nowhere/at/all"], "there is no directory /nowhere/at/all"),
        (["--socket-mode", "0888"], "'0888' is not an octal number"),
        (["--admin", "9187"], "'9187' is not HOST:PORT"),
    ],
)
def test_addresses_that_cannot_be_are_refused(options: list[str], complaint: str) -> None:
    result = run([*IASQL, "up", "--simulate", *options], seconds=60)
    assert result.returncode != 0
    assert complaint in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
