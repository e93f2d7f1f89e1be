"""Bad input of every kind: a clear error with a fitting SQLSTATE, and nothing changed."""

from __future__ import annotations

import socket
import struct
import time

import psycopg
import pytest

from deploy import tutorial
from tests.drivers.psql.client import fail, rows, succeed
from tests.e2e.account import assert_holds_the_tutorial, assert_is_empty, inventory
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer, free_port
from tests.fixtures.proxies import IasqlProcess, StartIasql

APPLY = "SELECT * FROM iasql_apply();"


def test_unknown_modules_are_all_named_with_what_was_meant(database: Database, simulator: Cloud) -> None:
    printed = fail(database, "SELECT * FROM iasql_install('aws_vcp', 'aws_vpc', 'nonsense');")
    assert "aws_vcp" in printed
    assert "nonsense" in printed
    assert "aws_vpc" in printed
    assert "22023" in printed or "42704" in printed
    assert rows(database, "SELECT to_regclass('vpc')") == [""]


def test_a_name_that_aws_refuses_is_refused_with_aws_words(installed: Database, simulator: Cloud) -> None:
    succeed(installed, "INSERT INTO repository (repository_name) VALUES ('UPPER_case repository');")
    printed = fail(installed, APPLY)
    assert "22023" in printed
    assert "repositoryName" in printed
    assert_is_empty(simulator)


def test_an_invalid_trust_policy_is_refused(installed: Database, simulator: Cloud) -> None:
    policy = '{"Statement": [{"Effect": "Perhaps"}]}'
    statement = f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{policy}');"
    succeed(installed, statement)
    printed = fail(installed, APPLY)
    assert "MalformedPolicyDocument" in printed
    assert "22023" in printed
    assert_is_empty(simulator)


def test_what_references_something_that_cannot_be_created_is_not_created(
    installed: Database, simulator: Cloud
) -> None:
    script = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]
    succeed(installed, script.replace('"Effect":"Allow"', '"Effect":"Perhaps"'))
    assert "MalformedPolicyDocument" in fail(installed, APPLY)
    found = inventory(simulator)
    assert (found["role"], found["task_definition"], found["service"]) == ([], [], [])
    assert found["log_group"] == ["quickstart-log-group"]


@pytest.mark.parametrize(
    ("environment", "state"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "cannot be reached"),
    ],
)
def test_a_start_without_aws_says_what_is_missing(
    start_iasql: StartIasql, environment: dict[str, str], state: str
) -> None:
    with pytest.raises(AssertionError, match="did not get ready") as refused:
        start_iasql(env=environment)
    lines = [line for line in str(refused.value).splitlines() if line.startswith("iasql:")]
    assert len(lines) == 1
    assert state in lines[0]
    assert "Traceback" not in str(refused.value)


def test_aws_that_goes_away_is_an_error_that_says_so(installed: Database, simulator: Cloud) -> None:
    succeed(installed, "INSERT INTO log_group (log_group_name) VALUES ('g');")
    simulator.plan({"action": "drop_before", "times": 0})
    printed = fail(installed, APPLY)
    assert "AWS cannot be reached" in printed
    assert rows(installed, "SELECT log_group_name FROM log_group") == ["g"]
    simulator.cancel_faults()
    assert len(rows(installed, "SELECT * FROM iasql_apply()")) == 1


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        bytes(range(256)) * 8,
        struct.pack("!i", 1 << 30) + b"\0\3\0\0",
        struct.pack("!i", -5) + b"\0\3\0\0",
    ],
    ids=["http", "garbage", "a gigabyte", "a negative length"],
)
def test_noise_on_the_port_is_answered_by_closing_it(
    iasql: IasqlProcess, database: Database, noise: bytes
) -> None:
    with socket.create_connection((iasql.host, iasql.port), timeout=10) as connection:
        connection.sendall(noise)
        received = b""
        try:
            while chunk := connection.recv(4096):
                received += chunk
        except ConnectionResetError:
            pass
        assert received == b"" or received.startswith(b"E")
    assert rows(database, "SELECT 1") == ["1"]


def test_a_client_that_vanishes_in_an_apply_leaves_an_account_that_can_go_on(
    installed: Database, simulator: Cloud
) -> None:
    script = tutorial.migration(tutorial.V2).rpartition("SELECT * from iasql_apply()")[0]
    succeed(installed, script)
    simulator.plan({"action": "delay", "seconds": 0.3, "times": 0, "mutating": True})
    client = psycopg.connect(installed.url)
    client.pgconn.send_query(APPLY.encode())
    deadline = time.monotonic() + 20
    while not simulator.calls(mutating=True) and time.monotonic() < deadline:
        time.sleep(0.02)
    client.pgconn.finish()
    time.sleep(1.0)
    seen = len(simulator.calls(mutating=True))
    time.sleep(1.0)
    assert len(simulator.calls(mutating=True)) == seen, "calls went on after the client was gone"
    assert inventory(simulator)["service"] == []
    succeed(installed, APPLY)
    assert_holds_the_tutorial(simulator)


def test_a_port_that_is_taken_is_named_with_a_command_that_uses_another(
    start_iasql: StartIasql, postgres_server: PostgresServer
) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(AssertionError) as refused:
        start_iasql("--listen", f"127.0.0.1:{port}")
    assert f"cannot listen on 127.0.0.1:{port}" in str(refused.value)
    assert "iasql up --listen 127.0.0.1:" in str(refused.value)
    # What else was given is given again, but no password.
    assert "--postgres" in str(refused.value)
    assert postgres_server.superuser_password not in str(refused.value)
