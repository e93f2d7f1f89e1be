"""The Postgres servers that suites are run against, and the proxies in front of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from deploy.embedded_postgres import BINARIES, EmbeddedPostgres
from tests.clients.suite import Server
from tests.clients.target import Target
from tests.fixtures.certificates import Authority
from tests.fixtures.databases import free_port
from tests.fixtures.encrypted_postgres import PASSWORD, running
from tests.fixtures.proxies import IasqlProcess

_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "300",
    "max_prepared_transactions": "20",
    "wal_level": "logical",
}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server, and how it is reached on both sides.

    Attributes:
        version: as it says itself.
        roles: those that it had at first.
        plain: directly and through the proxy, without TLS.
        encrypted: the same with TLS, on both sides of the proxy, if the server has it.
    """

    version: str
    roles: frozenset[str]
    plain: tuple[Target, Target]
    encrypted: tuple[Target, Target] | None

    def sides(self, *, tls: bool) -> tuple[Target, Target]:
        """Directly, and through the proxy."""
        if not tls:
            return self.plain
        assert self.encrypted is not None, "this server has no TLS"
        return self.encrypted

    def empty(self) -> None:
        """Make the server what it was at first: one empty database, and nothing of earlier runs."""
        with psycopg.connect(self.plain[0].url("template1"), autocommit=True) as connection:
            slots = "SELECT slot_name FROM pg_replication_slots"
            for (name,) in connection.execute(slots).fetchall():
                connection.execute("SELECT pg_drop_replication_slot(%s)", [name])
            databases = "SELECT datname FROM pg_database WHERE NOT datistemplate"
            for (name,) in connection.execute(databases).fetchall():
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )
            for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall():
                if name not in self.roles:
                    connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
            connection.execute("CREATE DATABASE postgres")


@contextmanager
def serving(server: Server) -> Iterator[Served]:
    """Run a server and the proxies in front of it.

    Raises:
        pytest.skip.Exception: this machine does not have it.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="iasql-clients-")))
        authority = Authority(folder)
        direct = _packaged(stack, authority) if server == "packaged" else _embedded(stack)
        tls = direct.root is not None
        plain = _sides(stack, folder, replace(direct, root=None), authority, tls=tls)
        with psycopg.connect(plain[0].url()) as connection:
            roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
            version = connection.info.parameter_status("server_version") or ""
        yield Served(
            version=version,
            roles=frozenset(roles),
            plain=plain,
            encrypted=_sides(stack, folder, direct, authority, tls=True) if tls else None,
        )


def _packaged(stack: ExitStack, authority: Authority) -> Target:
    server = stack.enter_context(running(authority, **_SETTINGS))
    return Target(
        port=server.port,
        password=PASSWORD,
        root=authority.root,
        programs=server.binaries,
        proxied=False,
        postmaster=server.pid,
        data=server.data_dir,
    )


def _embedded(stack: ExitStack) -> Target:
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="iasql-tests-"))) / "data"
    port = free_port()
    settings = _SETTINGS | {"listen_addresses": "127.0.0.1", "port": str(port)}
    server = stack.enter_context(EmbeddedPostgres(folder, settings=settings))
    data = folder / "pgdata"
    return Target(
        port=port,
        password=server.superuser_password,
        root=None,
        programs=BINARIES,
        proxied=False,
        postmaster=int((data / "postmaster.pid").read_text().splitlines()[0]),
        data=data,
    )


def _sides(
    stack: ExitStack, folder: Path, direct: Target, authority: Authority, *, tls: bool
) -> tuple[Target, Target]:
    """A server and a proxy in front of it, as it is started from the command line.

    Args:
        tls: whether clients may have TLS, as they may with the server itself.
    """
    command = [sys.executable, "-m", "deploy.cli", "up", "--simulate", "--listen", "127.0.0.1:0"]
    command += ["--postgres", direct.url()]
    if tls:
        issued = authority.issue("proxy")
        command += ["--tls-cert", str(issued.certificate), "--tls-key", str(issued.key)]
    log = folder / ("encrypted.log" if direct.root else "plain.log")
    with log.open("a") as errors:
        process = subprocess.Popen(
            command,
            env=os.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
        )
    proxy = IasqlProcess(process, log)
    stack.callback(proxy.stop)
    return direct, replace(direct, port=proxy.port, proxied=True)
