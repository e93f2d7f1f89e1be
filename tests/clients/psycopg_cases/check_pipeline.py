"""Pipeline mode."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.clients.psycopg_cases.conftest import Show

Connection = psycopg.Connection[Any]


@pytest.mark.parametrize("statements", [1, 50, 5_000])
@pytest.mark.parametrize("prepare", [False, True], ids=["unnamed", "named"])
def test_each_statement_has_its_result(connection: Connection, statements: int, prepare: bool) -> None:
    with connection.pipeline():
        cursors = [
            connection.execute("SELECT %s::int * 2", [number], prepare=prepare)
            for number in range(statements)
        ]
    assert [cursor.fetchone() for cursor in cursors] == [(number * 2,) for number in range(statements)]


@pytest.mark.parametrize("kilobytes", [1, 100, 5_000])
def test_large_statements_and_large_results_at_once(connection: Connection, kilobytes: int) -> None:
    value = "x" * (kilobytes << 10)
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::text || %s", [value, number]) for number in range(20)]
    assert [cursor.fetchone() for cursor in cursors] == [(f"{value}{number}",) for number in range(20)]


@pytest.mark.parametrize("failing", [0, 3, 9])
def test_an_error_aborts_the_rest(connection: Connection, failing: int) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with (
        pytest.raises((psycopg.errors.DivisionByZero, psycopg.errors.PipelineAborted)),
        connection.pipeline(),
    ):
        for number in range(10):
            connection.execute("INSERT INTO t VALUES (10 / %s::int)", [number - failing])
    assert connection.execute("SELECT * FROM t").fetchall() == []


def test_a_sync_begins_anew_after_an_error(connection: Connection, show: Show) -> None:
    with connection.pipeline() as pipeline:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / 0")
            pipeline.sync()
        show(connection.execute("SELECT 2").fetchone())


def test_what_was_done_before_an_error_is_undone(connection: Connection, show: Show) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline():
        connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("SELECT 1 / 0")
        connection.execute("INSERT INTO t VALUES (2)")
    show(connection.execute("SELECT * FROM t").fetchall())


def test_what_was_synced_before_an_error_stays(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline() as pipeline:
        connection.execute("INSERT INTO t VALUES (1)")
        pipeline.sync()
        connection.execute("INSERT INTO t VALUES (2)")
        connection.execute("SELECT 1 / 0")
    assert connection.execute("SELECT * FROM t").fetchall() == [(1,)]


def test_transactions_in_a_pipeline(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with connection.pipeline():
        with connection.transaction():
            connection.execute("INSERT INTO t VALUES (1)")
        with connection.transaction(force_rollback=True):
            connection.execute("INSERT INTO t VALUES (2)")
    assert connection.execute("SELECT * FROM t").fetchall() == [(1,)]


def test_executemany_in_a_pipeline_returns_rows(connection: Connection) -> None:
    with connection.pipeline(), connection.cursor() as cursor:
        cursor.executemany("SELECT %s::int", [(number,) for number in range(3_000)], returning=True)
        assert [result.fetchone() for result in cursor.results()] == [(n,) for n in range(3_000)]


def test_pipelines_nest(connection: Connection) -> None:
    with connection.pipeline():
        outer = connection.execute("SELECT 1")
        with connection.pipeline():
            inner = connection.execute("SELECT 2")
        last = connection.execute("SELECT 3")
    assert [cursor.fetchone() for cursor in (outer, inner, last)] == [(1,), (2,), (3,)]


def test_copy_is_refused_in_a_pipeline(connection: Connection, show: Show) -> None:
    with (
        pytest.raises(psycopg.NotSupportedError) as caught,
        connection.pipeline(),
        connection.cursor().copy("COPY (SELECT 1) TO STDOUT"),
    ):
        pass
    show(caught.value)


@pytest.mark.parametrize("statement", ["VACUUM pg_class", "CREATE DATABASE piped", "SELECT 1; SELECT 2", ""])
def test_statements_that_do_not_go_well_with_others(
    connection: Connection, show: Show, statement: str
) -> None:
    shown: list[object] = []
    try:
        with connection.pipeline():
            first = connection.execute("SELECT 1")
            connection.execute(statement.encode())
            connection.execute("SELECT 3")
        shown.append(first.fetchone())
    except psycopg.Error as error:
        shown.append((error.sqlstate, str(error)))
    show((shown, connection.info.transaction_status))


def test_notices_come_in_a_pipeline(connection: Connection) -> None:
    seen: list[str | None] = []
    connection.add_notice_handler(lambda diagnostic: seen.append(diagnostic.message_primary))
    with connection.pipeline():
        for number in range(20):
            connection.execute(f"DO $$ BEGIN RAISE NOTICE '{number}'; END $$".encode())
    assert seen == [str(number) for number in range(20)]
