"""The embedded Postgres keeps its data, its passwords and its directory to itself."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from deploy.embedded_postgres import EmbeddedPostgres, PostgresError


def as_client(
    server: EmbeddedPostgres, *, user: str = "admin", password: str | None = None
) -> psycopg.Connection:
    """Connect over the socket as a client's session would."""
    return psycopg.connect(
        host=str(server.socket_dir), user=user, password=password or server.password, dbname="iasql"
    )


def test_what_a_client_stores_is_there_after_a_restart(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server, as_client(server) as client:
        client.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        first = server.password
    with EmbeddedPostgres(data_dir) as server, as_client(server) as client:
        assert server.password == first
        assert client.execute("SELECT answer FROM kept").fetchall() == [(42,)]


def test_nobody_gets_in_without_the_password(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        for user in ("admin", "postgres"):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                as_client(server, user=user, password="guess")
        with psycopg.connect(server.superuser_url()) as superuser:
            assert superuser.execute("SHOW is_superuser").fetchall() == [("on",)]
        with as_client(server) as client:
            assert client.execute("SHOW is_superuser").fetchall() == [("off",)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_it_says_which_directories_anybody_may_pass_now(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir(mode=0o700)
    with EmbeddedPostgres(above / "data") as server:
        assert above in server.opened
        assert above / "data" not in server.opened
    with EmbeddedPostgres(above / "data") as server:
        assert server.opened == []


def test_the_passwords_are_readable_by_their_owner_only(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        for name in ("password", "superuser-password"):
            assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600


def test_the_log_is_readable_by_its_owner_only(data_dir: Path) -> None:
    log = data_dir / "postgres.log"
    with EmbeddedPostgres(data_dir):
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
    log.chmod(0o644)  # as an earlier version made it
    with EmbeddedPostgres(data_dir):
        assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_clients_role_makes_roles_and_databases_and_is_no_superuser(data_dir: Path) -> None:
    with (
        EmbeddedPostgres(data_dir) as server,
        psycopg.connect(server.superuser_url(), autocommit=True) as superuser,
    ):
        superuser.execute("ALTER ROLE admin NOCREATEROLE NOCREATEDB")  # as an earlier version made it
    with EmbeddedPostgres(data_dir) as server, as_client(server) as client:
        client.autocommit = True
        client.execute("CREATE ROLE analyst LOGIN")
        client.execute("CREATE DATABASE another")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("CREATE ROLE ladder SUPERUSER")


def test_a_lost_client_password_is_made_anew(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        pass
    (data_dir / "password").unlink()
    with EmbeddedPostgres(data_dir) as server, as_client(server) as client:
        assert client.execute("SELECT current_user").fetchall() == [("admin",)]


def test_a_directory_in_use_is_named_with_its_user(data_dir: Path) -> None:
    in_use = rf"{data_dir} is in use .*pid {os.getpid()}.*--data-dir"
    with EmbeddedPostgres(data_dir), pytest.raises(PostgresError, match=in_use):
        EmbeddedPostgres(data_dir).start()


def test_a_directory_of_another_major_version_is_refused(data_dir: Path) -> None:
    (data_dir / "pgdata").mkdir(parents=True)
    (data_dir / "pgdata" / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresError, match=r"made by PostgreSQL 16, this is PostgreSQL 18"):
        EmbeddedPostgres(data_dir).start()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PostgresError, match=r"cannot use the data directory .*file/data: Not a directory"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_a_server_whose_owner_was_killed_is_ended_by_the_next_start(data_dir: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from deploy.embedded_postgres import EmbeddedPostgres;"
        "EmbeddedPostgres(Path(sys.argv[1])).start(); print('ready', flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, data_dir], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == b"ready\n"
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
    left_over = int((data_dir / "pgdata" / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{left_over}").exists()
    with EmbeddedPostgres(data_dir) as server, as_client(server) as client:
        assert client.execute("SELECT 1").fetchall() == [(1,)]
    deadline = time.monotonic() + 5
    while Path(f"/proc/{left_over}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{left_over}").exists()


def test_a_long_directory_name_still_gets_a_socket(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir / ("long-" * 30)) as server, as_client(server) as client:
        assert client.execute("SELECT 1").fetchall() == [(1,)]
