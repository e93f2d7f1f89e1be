"""How a connection begins, what is known of it, and how it ends."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

import psycopg
import pytest

from tests.clients.psycopg_cases.conftest import Show

STATUSES = (
    "server_version", "server_encoding", "client_encoding", "application_name", "is_superuser",
    "session_authorization", "DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes",
    "standard_conforming_strings", "default_transaction_read_only", "in_hot_standby", "scram_iterations",
    "search_path",
)  # fmt: skip


@pytest.mark.parametrize("name", STATUSES)
def test_a_parameter_is_reported(connection: psycopg.Connection[Any], show: Show, name: str) -> None:
    show(connection.info.parameter_status(name))


def test_the_process_is_the_backends_own(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row == (connection.info.backend_pid,)


def test_the_connection_knows_whether_it_is_encrypted(connection: psycopg.Connection[Any]) -> None:
    assert connection.pgconn.ssl_in_use is (os.environ["PGSSLMODE"] != "disable")
    row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert row == (connection.pgconn.ssl_in_use,)


def test_a_password_was_needed_and_used(connection: psycopg.Connection[Any]) -> None:
    assert connection.pgconn.needs_password is False
    assert connection.pgconn.used_password is True


@pytest.mark.parametrize(
    "words",
    [
        {"password": "wrong"},
        {"password": ""},
        {"user": "nobody_of_that_name"},
        {"dbname": "no_database_of_that_name"},
        {"dbname": "no database; of 'that\" name ü"},
        {"dbname": "x" * 200},
        {"user": "y" * 100},
        {"options": "-c no_such_parameter=1"},
        {"options": "-c work_mem=nonsense"},
        {"options": "--nonsense"},
        {"options": "-c"},
        {"client_encoding": "nonsense"},
        {"replication": "nonsense"},
        {"require_auth": "md5"},
        {"require_auth": "password"},
        {"require_auth": "none"},
        {"target_session_attrs": "standby"},
        {"target_session_attrs": "read-only"},
        {"channel_binding": "require", "sslmode": "disable"},
        {"sslmode": "verify-full", "sslrootcert": "/nowhere"},
        {"gssencmode": "require"},
        {"min_protocol_version": "3.2"},
    ],
    ids=str,
)
def test_a_connection_that_is_refused(show: Show, words: dict[str, Any]) -> None:
    try:
        psycopg.connect(**words).close()
    except psycopg.Error as error:
        show(f"{type(error).__name__} {error.sqlstate} {error}".replace(os.environ["PGPORT"], "PORT"))
    else:
        show("connected")


@pytest.mark.parametrize(
    ("words", "setting", "value"),
    [
        ({"options": "-c search_path=a,b"}, "search_path", "a,b"),
        ({"options": "-capplication_name=c\\ d"}, "application_name", "c d"),
        ({"options": "-c work_mem=5MB -c enable_seqscan=off"}, "enable_seqscan", "off"),
        ({"options": "--statement-timeout=7s"}, "statement_timeout", "7s"),
        ({"application_name": "ünïcode name"}, "application_name", None),
        ({"application_name": "x" * 100}, "application_name", "x" * 63),
        ({"client_encoding": "LATIN1"}, "client_encoding", "LATIN1"),
        ({"options": "-c datestyle=German"}, "datestyle", "German, DMY"),
        ({"options": "-c intervalstyle=iso_8601"}, "intervalstyle", "iso_8601"),
        ({"options": "-c timezone=Asia/Tokyo"}, "timezone", "Asia/Tokyo"),
        ({"options": "-c default_transaction_read_only=on"}, "transaction_read_only", "on"),
        ({"options": "-c my.own=thing"}, "my.own", "thing"),
        ({"require_auth": "scram-sha-256"}, "application_name", ""),
        ({"target_session_attrs": "primary"}, "transaction_read_only", "off"),
        ({"target_session_attrs": "read-write"}, "transaction_read_only", "off"),
        ({"target_session_attrs": "prefer-standby"}, "transaction_read_only", "off"),
        ({"gssencmode": "prefer"}, "application_name", ""),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_asked_for_at_the_start_holds(
    show: Show, words: dict[str, Any], setting: str, value: str | None
) -> None:
    with psycopg.connect(**words) as connection:
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    show(row)
    assert row is not None
    assert value is None or row[0] == value


@pytest.mark.parametrize("binding", ["disable", "prefer", "require"])
def test_the_login_can_be_bound_to_the_channel_where_there_is_one(show: Show, binding: str) -> None:
    try:
        with psycopg.connect(channel_binding=binding) as connection:
            show(connection.execute("SELECT current_user").fetchall())
    except psycopg.OperationalError as error:
        show(str(error).replace(os.environ["PGPORT"], "PORT"))


@pytest.mark.parametrize("version", ["3.0", "3.2", "latest"])
def test_the_protocol_version_is_negotiated(show: Show, version: str) -> None:
    with psycopg.connect(max_protocol_version=version) as connection:
        show(connection.pgconn.full_protocol_version)
        connection.execute("SET statement_timeout = '20s'")
        timer = threading.Timer(0.3, connection.cancel_safe)
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled, match="due to user request"):
            connection.execute("SELECT pg_sleep(30)")
        timer.join()


def test_a_backend_that_is_terminated_says_so(
    connection: psycopg.Connection[Any], other: psycopg.Connection[Any], show: Show
) -> None:
    other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError) as caught:
        connection.execute("SELECT pg_sleep(5)")
    show(f"{caught.value.sqlstate} {caught.value}")
    assert connection.broken


def test_a_role_without_connections_left_is_refused(connection: psycopg.Connection[Any], show: Show) -> None:
    connection.execute("CREATE ROLE few LOGIN PASSWORD 'p' CONNECTION LIMIT 0")
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(user="few", password="p")
    show(str(caught.value).replace(os.environ["PGPORT"], "PORT"))
    connection.execute("DROP ROLE few")


def test_a_database_without_its_clients_can_be_dropped(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE DATABASE short_lived")
    for _ in range(10):
        psycopg.connect(dbname="short_lived").close()
    connection.execute("DROP DATABASE short_lived")


def test_a_client_that_goes_without_a_word_leaves_no_backend(connection: psycopg.Connection[Any]) -> None:
    gone = psycopg.connect()
    process = gone.info.backend_pid
    with socket.socket(fileno=os.dup(gone.pgconn.socket)) as its:
        its.shutdown(socket.SHUT_RDWR)
    for _ in range(200):
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        if connection.execute(query, [process]).fetchone() == (0,):
            break
        connection.execute("SELECT pg_sleep(0.02)")
    else:
        pytest.fail("the backend is still there")
    gone.close()


def test_a_reset_connection_is_a_new_session(show: Show) -> None:
    connection = psycopg.connect(autocommit=True)
    connection.execute("SET application_name = 'before'")
    first = connection.info.backend_pid
    connection.pgconn.reset()
    assert connection.info.backend_pid != first
    show(connection.execute("SHOW application_name").fetchall())
    connection.close()


def test_a_password_can_be_changed(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE ROLE changing LOGIN PASSWORD 'first'")
    psycopg.connect(user="changing", password="first").close()
    connection.pgconn.change_password(b"changing", b"second")
    psycopg.connect(user="changing", password="second").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(user="changing", password="first")
    connection.execute("DROP ROLE changing")
