"""Where connections are kept, and where Postgres is: embedded, managed, with or without rights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.accounts.conftest import ONE, OTHER, Commands, at, groups, make_group
from tests.accounts.test_connect import everything
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import PASSWORD, PostgresServer

IASQL = [sys.executable, "-m", "deploy.cli"]


def iasql(cloud: Cloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*IASQL, *arguments],
        env=os.environ | cloud.environment,
        input="a secret\n",
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_embedded_postgres_is_found_whether_a_server_runs_on_it_or_not(
    simulator: Cloud, data_dir: Path
) -> None:
    where = ["--data-dir", str(data_dir)]
    key = ["--region", REGION, "--access-key-id", f"simulated-{ONE}", "--secret-from", "-"]
    first = iasql(simulator, "connect", "before", *key, "--json", *where)
    assert first.returncode == 0, first.stderr
    made = json.loads(first.stdout)
    assert (made["account"], made["regions"], made["schema"]) == (ONE, [REGION], "public")
    assert made["url"].partition("@")[2] == f"127.0.0.1:5432/{made['database']}"
    assert (data_dir / "secret-key").stat().st_mode & 0o777 == 0o600
    server = subprocess.Popen(
        [*IASQL, "up", "--listen", "127.0.0.1:0", *where],
        env=os.environ | simulator.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        address = next(line for line in server.stdout if "postgresql://" in line).split("@")[1].split("/")[0]
        key[3] = f"simulated-{OTHER}"
        second = iasql(simulator, "connect", "meanwhile", *key, *where)
        assert second.returncode == 0, second.stderr
        assert f"@{address}/_" in second.stdout
        make_group(second.stdout.strip(), "/meanwhile")
        make_group(made["url"].replace("127.0.0.1:5432", address), "/before")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        server.stdout.close()
    assert (groups(simulator, ONE), groups(simulator, OTHER)) == (["/before"], ["/meanwhile"])


def engine_role(server: PostgresServer, *options: str) -> str:
    """Make a role that is no superuser, with a database of its own; its URL."""
    options = (*options, "LOGIN", "PASSWORD")
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE engine " + " ".join(options) + " {}").format(PASSWORD))
        admin.execute("CREATE DATABASE engine OWNER engine")
    return server.superuser_url("engine").replace(
        f"postgres:{server.superuser_password}", "engine:" + PASSWORD.replace("#", "%23")
    )


def test_a_role_that_may_make_databases_and_roles_is_enough(commands: Commands, simulator: Cloud) -> None:
    """As a managed Postgres' administrator is."""
    where = ["--postgres", engine_role(commands.server, "CREATEDB", "CREATEROLE")]
    made = commands.connect("one", *where)
    make_group(at(commands.up(*where), made.url), "/of-one")
    assert groups(simulator, ONE) == ["/of-one"]
    assert commands.run("disconnect", "one", "--drop-database", *where).status == 0


def test_where_no_database_can_be_made_connections_are_in_a_schema_of_the_engine_s(
    commands: Commands, simulator: Cloud
) -> None:
    url = engine_role(commands.server)
    where = ["--postgres", url]
    with psycopg.connect(commands.server.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE apart OWNER engine")
        admin.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    made = commands.connect("one", "--existing", "apart", *where)
    assert made.status == 0, made.err
    with psycopg.connect(url) as own:
        assert own.execute("SELECT name FROM iasql_accounts.connection").fetchall() == [("one",)]
    stranger = commands.server.superuser_url("engine").replace(
        f"postgres:{commands.server.superuser_password}", "stranger:x"
    )
    with psycopg.connect(stranger) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("SELECT * FROM iasql_accounts.connection")
    iasql = commands.up(*where)
    make_group(at(iasql, url.rpartition("/")[0] + "/apart"), "/of-one")
    assert groups(simulator, ONE) == ["/of-one"]


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_a_connect_that_is_ended_leaves_nothing_behind(
    commands: Commands, simulator: Cloud, wanted: signal.Signals
) -> None:
    with psycopg.connect(commands.server.url, autocommit=True) as blocker:
        commands.connect("other", account=OTHER)
        before = everything(commands)
        own = psycopg.connect(commands.server.superuser_url("iasql_accounts"))
        own.execute("LOCK iasql_accounts.connection IN SHARE MODE")
        key = ["--access-key-id", f"simulated-{ONE}", "--secret-from", "-"]
        process = subprocess.Popen(
            [*IASQL, "connect", "one", "--region", REGION, *key, "--postgres", commands.server.url],
            env=commands.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write("a secret\n")
        process.stdin.flush()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'"
        deadline = time.monotonic() + 60
        while blocker.execute(waiting).fetchone() == (0,) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(everything(commands)) == len(before) + 2
        process.send_signal(wanted)
        deadline = time.monotonic() + 60
        while blocker.execute(waiting).fetchone() != (0,) and time.monotonic() < deadline:
            time.sleep(0.05)
        own.close()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "nothing is left of it" in err
    assert everything(commands) == before
    assert [each["name"] for each in commands.accounts()] == ["other"]


def test_one_of_two_connects_to_an_account_at_the_same_time_is_refused(commands: Commands) -> None:
    key = ["--access-key-id", f"simulated-{ONE}", "--secret-from", "-"]
    both = [
        subprocess.Popen(
            [*IASQL, "connect", name, "--region", REGION, *key, "--postgres", commands.server.url],
            env=commands.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for each in both:
        each.communicate("a secret\n", timeout=60)
    assert sorted(each.returncode for each in both) == [0, 1]
    assert len(commands.accounts()) == 1
