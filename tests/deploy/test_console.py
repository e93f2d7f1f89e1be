"""`iasql up --console`: where it is, and with what."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import click
import pytest

from deploy import options
from proxy.entry.listeners import TCPAddress
from tests.deploy.test_up import IASQL
from tests.deploy.test_up_tls import UP
from tests.fixtures.certificates import Authority
from tests.fixtures.encrypted_postgres import PASSWORD, EncryptedPostgres
from tests.fixtures.proxies import IasqlProcess, StartIasql

_LISTEN = [TCPAddress("127.0.0.1", 5432)]


def port_of(iasql: IasqlProcess) -> int:
    found = re.search(r"Console: https?://127\.0\.0\.1:(\d+)/", iasql.output)
    assert found is not None, iasql.output
    return int(found[1])


def test_it_is_off_unless_it_is_asked_for(start_iasql: StartIasql) -> None:
    assert "Console:" not in start_iasql().output


def test_it_is_beside_the_proxy_and_ends_with_it(start_iasql: StartIasql) -> None:
    iasql = start_iasql("--console", "127.0.0.1:0")
    connection = HTTPConnection("127.0.0.1", port_of(iasql), timeout=20)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    connection.close()
    assert iasql.stop() == 0


@contextmanager
def on_a_terminal(*arguments: str, until: bytes) -> Iterator[str]:
    """What a command prints on a terminal up to a text; it is ended then."""
    master, terminal = os.openpty()
    process = subprocess.Popen([*IASQL, *arguments], stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    printed = b""
    try:
        while until not in printed and select.select([master], [], [], 60)[0]:
            printed += os.read(master, 1 << 16)
        yield printed.decode()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        os.close(master)


def test_a_simulated_account_on_a_terminal_has_one_and_says_what_to_sign_in_with(data_dir: Path) -> None:
    where = ("--listen", "127.0.0.1:0", "--data-dir", str(data_dir))
    with on_a_terminal("up", "--simulate", *where, until=b"Begin with") as printed:
        known = r"\(database iasql, user admin, password (\S+)\)"
        found = re.search(rf"Console: http://127\.0\.0\.1:(\d+)/  {known}", printed)
        assert found is not None, printed
        assert f"admin:{found[2]}@" in printed
        assert "To connect an account" not in printed
        connection = HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
        connection.request("GET", "/sign-in")
        assert connection.getresponse().status == 200
        connection.close()


def test_who_does_not_want_it_has_none(data_dir: Path) -> None:
    where = ("--listen", "127.0.0.1:0", "--data-dir", str(data_dir))
    with on_a_terminal("up", "--simulate", "--console", "off", *where, until=b"Begin with") as printed:
        assert "Connect with" in printed
        assert "Console:" not in printed


@pytest.mark.parametrize("where", ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080", "console.example:8080"])
def test_passwords_in_the_clear_are_refused(where: str) -> None:
    with pytest.raises(click.BadParameter, match="in the clear"):
        options.console(where, _LISTEN, None, None, None)


@pytest.mark.parametrize("where", ["127.0.0.1:0", "[::1]:0", "localhost:0", ":0"])
def test_this_machine_needs_no_certificate(where: str) -> None:
    found = options.console(where, _LISTEN, None, None, None)
    assert found is not None
    assert found.tls is None


def test_where_clients_need_a_certificate_it_needs_a_socket(authority: Authority) -> None:
    issued = authority.issue("console")
    files = issued.certificate, issued.key
    tls = options.tls("require", *files, authority.root)
    with pytest.raises(click.BadParameter, match="give it a socket"):
        options.console("127.0.0.1:0", _LISTEN, *files, tls)
    listen = options.listen(["127.0.0.1:5432", "/tmp"], "0777")
    assert options.console("127.0.0.1:0", listen, *files, tls) is not None


def test_with_a_certificate_it_has_tls_and_secure_cookies(
    encrypted_postgres: EncryptedPostgres, authority: Authority, tmp_path: Path
) -> None:
    issued = authority.issue("console")
    shutil.copy(issued.certificate, tmp_path / "tls.crt")
    shutil.copy(issued.key, tmp_path / "tls.key")
    url = encrypted_postgres.upstream_url(sslmode="verify-full", sslrootcert=str(authority.root))
    shown = ["--tls-cert", "tls.crt", "--tls-key", "tls.key", "--tls", "require"]
    log = tmp_path / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*UP, "--postgres", url, *shown, "--console", "127.0.0.1:0"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
        )
    running = IasqlProcess(process, log)
    try:
        context = ssl.create_default_context(cafile=str(authority.root))
        connection = HTTPSConnection("localhost", port_of(running), timeout=20, context=context)
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        cookie = answer.headers["Set-Cookie"]
        token = re.search(r'name="token" value="(\w+)"', answer.read().decode())
        assert cookie.startswith("__Host-iasql-form=")
        assert "Secure" in cookie
        assert token is not None
        form = {"token": token[1], "database": "postgres", "user": "scram", "password": PASSWORD}
        headers = {
            "Cookie": cookie.partition(";")[0],
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", "/sign-in", urlencode(form), headers)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (303, "/"), answer.read()
        assert answer.headers["Set-Cookie"].startswith("__Host-iasql=")
        connection.close()
    finally:
        assert running.stop() == 0, running.log
