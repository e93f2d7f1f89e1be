"""A Postgres of these tests' own, and the commands that connect its databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import boto3
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from accounts.seal import new_key
from deploy.cli import main
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import PostgresServer, running_postgres
from tests.fixtures.proxies import IasqlProcess

#: Two accounts of the simulated AWS, beside the server's own.
ONE, OTHER = "222222222222", "333333333333"
OWN = "123456789012"


_KEY = new_key()


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def url(self) -> str:
        """The connection string, which is all that is on standard output."""
        assert self.status == 0, self.err
        (line,) = self.out.splitlines()
        return line

    @property
    def password(self) -> str:
        """What is in the connection string."""
        return self.url.split("@")[0].rpartition(":")[2]


@dataclass
class Commands:
    """Runs commands of `iasql` against one Postgres and the simulated AWS."""

    server: PostgresServer
    cloud: Cloud
    folder: Path
    usual: list[IasqlProcess]
    key: str = _KEY
    started: list[IasqlProcess] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Of commands and servers."""
        return os.environ | self.cloud.environment | {"IASQL_SECRET_KEY": self.key}

    def run(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> Result:
        """Run a command to its end, in this process since that is quicker."""
        where = [] if "--postgres" in arguments else ["--postgres", self.server.url]
        command = [*arguments, *where]
        done = CliRunner().invoke(main, command, input=stdin, env=self.environment | (env or {}))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Result(status=done.exit_code, out=done.stdout, err=done.stderr)

    def connect(
        self, name: str, *arguments: str, account: str = ONE, env: dict[str, str] | None = None
    ) -> Result:
        """Connect a database to an account of the simulated AWS by an access key."""
        key = ["--access-key-id", f"simulated-{account}", "--secret-from", "-"]
        return self.run("connect", name, "--region", REGION, *key, *arguments, stdin="a secret\n", env=env)

    def up(self, *arguments: str, env: dict[str, str] | None = None) -> IasqlProcess:
        """A server that runs; one of the test's own if it is to be another one than usual."""
        if not arguments and not env and self.usual:
            return self.usual[0]
        process = self.start(*arguments, env=env)
        if not arguments and not env:
            self.usual.append(process)
        else:
            self.started.append(process)
        return process

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> IasqlProcess:
        """Start a server."""
        command = [sys.executable, "-m", "deploy.cli", "up", "--listen", "127.0.0.1:0"]
        command += ["--postgres", self.server.url]
        log = self.folder / f"iasql-{token_hex(4)}.log"
        with log.open("a") as errors:
            process = subprocess.Popen(
                [*command, *arguments],
                env=self.environment | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
            )
        return IasqlProcess(process, log)

    def accounts(self) -> list[dict[str, Any]]:
        """What `iasql accounts` lists."""
        listed = self.run("accounts", "--json")
        assert listed.status == 0, listed.err
        found: list[dict[str, Any]] = json.loads(listed.out)
        return found


@pytest.fixture(scope="session")
def own_server() -> Iterator[PostgresServer]:
    """A server for these tests, since a registry is for a whole server."""
    with running_postgres(fsync="off", synchronous_commit="off", full_page_writes="off") as server:
        yield server


@pytest.fixture
def server(own_server: PostgresServer) -> Iterator[PostgresServer]:
    """That server, as empty as at first."""
    yield own_server
    with psycopg.connect(own_server.url, autocommit=True) as admin:
        for (name,) in admin.execute(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        ).fetchall():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute("DROP SCHEMA IF EXISTS iasql_accounts, iasql, iasql_all CASCADE")
        admin.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for (name,) in admin.execute(
            "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'admin')"
        ).fetchall():
            admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def usual_servers(own_server: PostgresServer) -> Iterator[list[IasqlProcess]]:
    """The server that most tests use, once there is one: it notices that they connect other databases."""
    usual: list[IasqlProcess] = []
    yield usual
    for process in usual:
        process.stop()


@pytest.fixture
def commands(
    server: PostgresServer, simulator: Cloud, usual_servers: list[IasqlProcess], tmp_path: Path
) -> Iterator[Commands]:
    """Runs commands; the servers that it starts, beside the usual one, end with the test."""
    commands = Commands(server, simulator, tmp_path, usual_servers)
    yield commands
    for process in commands.started:
        process.stop(signal.SIGKILL)


def at(process: IasqlProcess, url: str) -> str:
    """A connection string, for a server at another address."""
    before, _, after = url.partition("@")
    return f"{before}@{process.host}:{process.port}/{after.partition('/')[2]}"


def client(cloud: Cloud, service: str, account: str, region: str = REGION) -> Any:
    """A boto3 client of one account of the simulated AWS."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=cloud.endpoint,
        aws_access_key_id=f"simulated-{account}",
        aws_secret_access_key="simulated",
    )


def groups(cloud: Cloud, account: str, region: str = REGION) -> list[str]:
    """The log groups of an account's region."""
    found = client(cloud, "logs", account, region).describe_log_groups()["logGroups"]
    return sorted(each["logGroupName"] for each in found)


def make_group(url: str, name: str) -> None:
    """Install what there is for log groups, and apply one."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        session.execute("INSERT INTO log_group (log_group_name) VALUES (%s)", (name,))
        session.execute("SELECT * FROM iasql_apply()")


def refused(url: str) -> psycopg.Error:
    """What a call is refused with."""
    with (
        psycopg.connect(url, autocommit=True) as session,
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught,
    ):
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
    return caught.value
