"""Postgres, pgbouncer and the proxies, all in front of the same database.

Nobody is asked for a password: to hash one takes the client longer than all that is measured here.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.figures import ROOT
from bench.processes import Stat
from deploy.embedded_postgres import EmbeddedPostgres
from tests.fixtures.certificates import Authority, Certificate
from tests.fixtures.databases import free_port

USER = DATABASE = "postgres"

DIRECT = "direct"
PGBOUNCER = "pgbouncer"
PROXY = "proxy"
REUSING = "proxy, reusing connections"

_PAGE = os.sysconf("SC_PAGE_SIZE")
_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0

_PGBOUNCER = """
[databases]
* = host=127.0.0.1 port={server} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 5000
default_pool_size = 2000
client_tls_sslmode = allow
client_tls_cert_file = {certificate}
client_tls_key_file = {key}
user = nobody
"""


@dataclass(frozen=True)
class Contestant:
    """Something to connect to.

    Attributes:
        pid: of the process in between; None if there is none.
    """

    name: str
    port: int
    pid: int | None = None

    @property
    def address(self) -> tuple[str, ...]:
        """What tells psql and pgbench where it is."""
        return self.address_of(USER)

    def address_of(self, user: str) -> tuple[str, ...]:
        """What tells them where it is, and whom they are to log in as."""
        return "--host=127.0.0.1", f"--port={self.port}", f"--username={user}", DATABASE

    @property
    def cpu(self) -> float:
        """Seconds of CPU that the process in between has used so far; 0.0 if there is none."""
        if self.pid is None:
            return 0.0
        return Stat.of(self.pid).own

    @property
    def memory(self) -> int:
        """Bytes that are resident now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE


@contextmanager
def contestants() -> Iterator[Sequence[Contestant]]:
    """All of them, ready; they end with the context."""
    pgbouncer = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if pgbouncer is None:
        raise click.ClickException("pgbouncer is not installed; it is what the proxy is compared with")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="iasql-bench-")))
        folder.chmod(0o755)
        server = stack.enter_context(postgres(folder))
        certificate = Authority(folder).issue("listener")
        certificate.key.chmod(0o644)
        peer = stack.enter_context(_pgbouncer(pgbouncer, folder, server, certificate))
        plain = stack.enter_context(proxy(PROXY, folder, server, certificate))
        reusing = stack.enter_context(
            proxy(REUSING, folder, server, certificate, "--reuse-server-connections=60")
        )
        yield Contestant(DIRECT, server), peer, plain, reusing


@contextmanager
def postgres(folder: Path, access: str = "") -> Iterator[int]:
    """A server that asks nobody for a password; its port.

    Args:
        folder: one that the server's user can enter.
        access: lines of pg_hba.conf for those that are asked.
    """
    port = free_port()
    rules = folder / "pg_hba.conf"
    rules.write_text(access + "local all all trust\nhost all all 127.0.0.1/32 trust\n")
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "hba_file": str(rules),
        "max_connections": "3000",
        "fsync": "off",
    }
    with EmbeddedPostgres(folder / "data", settings=settings):
        yield port


@contextmanager
def _pgbouncer(program: str, folder: Path, server: int, certificate: Certificate) -> Iterator[Contestant]:
    port = free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        _PGBOUNCER.format(
            server=server, user=USER, port=port, certificate=certificate.certificate, key=certificate.key
        )
    )
    settings.chmod(0o644)
    with _running([program, "-q", str(settings)], port, folder / "pgbouncer.log") as pid:
        yield Contestant(PGBOUNCER, port, pid)


@contextmanager
def proxy(
    name: str, folder: Path, server: int, certificate: Certificate | None = None, *arguments: str
) -> Iterator[Contestant]:
    """`iasql up` in front of a server, with further options, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "deploy.cli", "up", "--simulate", "--listen", f"127.0.0.1:{port}"]
    command += ["--postgres", f"postgresql://{USER}@127.0.0.1:{server}/{DATABASE}?sslmode=disable"]
    if certificate is not None:
        command += ["--tls-cert", str(certificate.certificate), "--tls-key", str(certificate.key)]
    command += arguments
    with _running(command, port, folder / f"iasql-{port}.log") as pid:
        yield Contestant(name, port, pid)


@contextmanager
def _running(command: Sequence[str], port: int, log: Path) -> Iterator[int]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        _wait_until_open(process, port, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_STOP_SECONDS)


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise click.ClickException(f"{log.stem} did not start:\n{log.read_text()}")
