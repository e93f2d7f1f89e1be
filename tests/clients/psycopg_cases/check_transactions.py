"""Transactions: the status at each step, savepoints, two phases, isolation, deadlocks."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from tests.clients.psycopg_cases.conftest import Show

Connection = psycopg.Connection[Any]


def test_the_status_is_true_at_each_step() -> None:
    with psycopg.connect() as connection:
        seen = [connection.info.transaction_status]
        for statement in ("SELECT 1", "SAVEPOINT s", "SELECT 1 / 0", "ROLLBACK TO s", "COMMIT"):
            with contextlib.suppress(psycopg.errors.DivisionByZero):
                connection.execute(statement.encode())
            seen.append(connection.info.transaction_status)
    status = TransactionStatus
    assert seen == [
        status.IDLE, status.INTRANS, status.INTRANS, status.INERROR, status.INTRANS, status.IDLE
    ]  # fmt: skip


def test_a_failed_transaction_refuses_everything_but_its_end(show: Show) -> None:
    with psycopg.connect() as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / 0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction) as caught:
            connection.execute("SELECT 1")
        show(caught.value)
        connection.rollback()
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("depth", [1, 2, 10, 100])
@pytest.mark.parametrize("failing", [False, True], ids=["released", "rolled back"])
def test_savepoints_nest(connection: Connection, depth: int, failing: bool) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")

    def descend(left: int) -> None:
        with connection.transaction(force_rollback=failing and left == 1):
            connection.execute("INSERT INTO t VALUES (%s)", [left])
            if left > 1:
                descend(left - 1)

    descend(depth)
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (depth - failing,)


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("deferrable", [False, True])
def test_the_characteristics_of_a_transaction_hold(
    show: Show, level: str, read_only: bool, deferrable: bool
) -> None:
    with psycopg.connect() as connection:
        connection.isolation_level = psycopg.IsolationLevel[level.replace(" ", "_")]
        connection.read_only = read_only
        connection.deferrable = deferrable
        names = ("isolation", "read_only", "deferrable")
        show([connection.execute(f"SHOW transaction_{name}".encode()).fetchone() for name in names])


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_transaction_in_two_phases(connection: Connection, other: Connection, end: str) -> None:
    connection.execute(f"CREATE TABLE two_phases_{end} (a int)".encode())
    connection.autocommit = False
    connection.tpc_begin(connection.xid(1, "gtrid", end))
    connection.execute(f"INSERT INTO two_phases_{end} VALUES (1)".encode())
    connection.tpc_prepare()
    assert len(other.tpc_recover()) == 1
    getattr(connection, f"tpc_{end}")()
    connection.commit()
    assert other.tpc_recover() == []
    row = other.execute(f"SELECT count(*) FROM two_phases_{end}".encode()).fetchone()
    assert row == (int(end == "commit"),)


def test_a_deadlock_is_found(connection: Connection, other: Connection) -> None:
    connection.execute("CREATE TABLE contended AS SELECT g AS id FROM generate_series(1, 2) g")
    for each, number in ((connection, 1), (other, 2)):
        each.execute("SET deadlock_timeout = '50ms'")
        each.execute("BEGIN")
        each.execute("DELETE FROM contended WHERE id = %s", [number])
    errors: list[Exception] = []

    def cross(each: Connection, number: int) -> None:
        try:
            each.execute("DELETE FROM contended WHERE id = %s", [number])
            each.execute("ROLLBACK")
        except psycopg.Error as error:
            errors.append(error)
            each.execute("ROLLBACK")

    threads = [threading.Thread(target=cross, args=pair) for pair in ((connection, 2), (other, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in errors] == [psycopg.errors.DeadlockDetected]


def test_a_serialization_failure_is_said(connection: Connection, other: Connection, show: Show) -> None:
    connection.execute("CREATE TABLE serial_one AS SELECT 1 AS a")
    for each in (connection, other):
        each.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
        each.execute("SELECT sum(a) FROM serial_one")
    for each in (connection, other):
        each.execute("INSERT INTO serial_one VALUES (2)")
    connection.execute("COMMIT")
    with pytest.raises(psycopg.errors.SerializationFailure) as caught:
        other.execute("COMMIT")
    show(caught.value.diag.message_primary)


@pytest.mark.parametrize(
    ("setting", "statement"),
    [
        ("statement_timeout", "SELECT pg_sleep(10)"),
        ("lock_timeout", "LOCK TABLE pg_description"),
    ],
)
def test_a_timeout_of_the_servers(
    connection: Connection, other: Connection, show: Show, setting: str, statement: str
) -> None:
    other.execute("BEGIN; LOCK TABLE pg_description")
    connection.execute(f"SET {setting} = 50".encode())
    with pytest.raises(psycopg.Error) as caught, connection.transaction():
        connection.execute(statement.encode())
    show((caught.value.sqlstate, str(caught.value)))


def test_an_idle_transaction_is_ended_by_the_server(show: Show) -> None:
    with pytest.raises(psycopg.Error) as caught, psycopg.connect() as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 50")
        connection.execute("SELECT 1")
        threading.Event().wait(0.5)
        connection.execute("SELECT 1")
    show((caught.value.sqlstate, str(caught.value)))


def test_an_idle_session_is_ended_by_the_server(show: Show) -> None:
    connection = psycopg.connect(autocommit=True)
    connection.execute("SET idle_session_timeout = 50")
    threading.Event().wait(0.5)
    with pytest.raises(psycopg.Error) as caught:
        connection.execute("SELECT 1")
    show((caught.value.sqlstate, str(caught.value)))
    connection.close()
