"""`iasql up` with certificates: its options, and SIGHUP."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.certificates import Authority
from tests.fixtures.encrypted_postgres import EncryptedPostgres, address
from tests.fixtures.proxies import IasqlProcess
from tests.fixtures.tools import run

UP = [sys.executable, "-m", "deploy.cli", "up", "--simulate", "--listen", "127.0.0.1:0"]

_SHOWN = ["--tls-cert", "tls.crt", "--tls-key", "tls.key"]


@pytest.fixture
def served(
    encrypted_postgres: EncryptedPostgres, authority: Authority, tmp_path: Path
) -> Iterator[IasqlProcess]:
    """With TLS required of clients, and verified towards Postgres."""
    issued = authority.issue("served")
    shutil.copy(issued.certificate, tmp_path / "tls.crt")
    shutil.copy(issued.key, tmp_path / "tls.key")
    url = encrypted_postgres.upstream_url(sslmode="verify-full", sslrootcert=str(authority.root))
    log = tmp_path / "log"
    with log.open("w") as errors:
        options = ["--postgres", url, *_SHOWN, "--tls", "require", "--max-connections-per-user", "1"]
        process = subprocess.Popen(
            [*UP, *options], cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, bufsize=0
        )
    running = IasqlProcess(process, log)
    yield running
    assert running.stop() == 0, running.log


def test_it_is_encrypted_on_both_sides_and_reads_certificates_again(
    served: IasqlProcess, authority: Authority, tmp_path: Path
) -> None:
    verified = {"sslmode": "verify-full", "sslrootcert": str(authority.root)}
    url = address(served.port, channel_binding="require", **verified)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        assert row == (True,)
        assert "iasql_version" in str(connection.execute("SELECT * FROM iasql_help()").fetchall())
        with pytest.raises(psycopg.OperationalError, match='too many connections for role "scram"'):
            psycopg.connect(url)
        with pytest.raises(psycopg.OperationalError, match="connections without TLS are not accepted"):
            psycopg.connect(address(served.port, sslmode="disable"))
        _renew(authority, tmp_path)
        os.kill(served.pid, signal.SIGHUP)
        _until_shown(served.port, tmp_path / "tls.crt")
        assert connection.execute("SELECT 1").fetchone() == (1,)


def _renew(authority: Authority, folder: Path) -> None:
    renewed = authority.issue("renewed")
    shutil.copy(renewed.certificate, folder / "tls.crt")
    shutil.copy(renewed.key, folder / "tls.key")


def _shown(port: int) -> bytes | None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["postgresql"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain) as encrypted,
    ):
        return encrypted.getpeercert(binary_form=True)


def _until_shown(port: int, certificate: Path) -> None:
    """Wait until a connection is shown what is in a file."""
    wanted = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if _shown(port) == wanted:
            return
        time.sleep(0.05)
    raise AssertionError("the new certificate is not shown")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--tls-cert", "tls.crt"], "--tls-cert and --tls-key are needed together"),
        (["--tls", "require"], "--tls require needs --tls-cert and --tls-key"),
        (["--tls-client-ca", "tls.crt"], "--tls-client-ca needs --tls-cert and --tls-key"),
        (
            [*_SHOWN, "--tls-client-ca", "tls.crt"],
            "--tls-client-ca needs --tls require",
        ),
        (
            [*_SHOWN, "--tls", "require", "--tls-client-ca", "empty"],
            "empty has no root certificates in it",
        ),
        (
            ["--tls-cert", "tls.crt", "--tls-key", "empty"],
            "tls.crt and the key empty cannot be used together",
        ),
        (["--tls-cert", "missing", "--tls-key", "tls.key"], "'missing' does not exist"),
        (["--max-connections", "0"], "0 is not in the range"),
    ],
)
def test_options_that_cannot_be_are_refused(
    authority: Authority, tmp_path: Path, options: list[str], complaint: str
) -> None:
    issued = authority.issue("options")
    shutil.copy(issued.certificate, tmp_path / "tls.crt")
    shutil.copy(issued.key, tmp_path / "tls.key")
    (tmp_path / "empty").touch()
    result = run([*UP, *options], cwd=tmp_path, seconds=60)
    assert result.returncode != 0
    assert complaint in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("sslmode", "complaint"),
    [("verify-full&sslrootcert=/nowhere", "/nowhere"), ("perhaps", "sslmode")],
)
def test_an_sslmode_that_cannot_be_is_refused(
    encrypted_postgres: EncryptedPostgres, sslmode: str, complaint: str
) -> None:
    url = f"{encrypted_postgres.upstream_url()}?sslmode={sslmode}"
    result = run([*UP, "--postgres", url], seconds=60)
    assert result.returncode == 1
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr
