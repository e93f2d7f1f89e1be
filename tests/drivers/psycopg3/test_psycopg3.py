"""psycopg 3 works through the proxy as it does without it: pipelines, cursors, COPY, binary."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.fixtures.databases import Database


@pytest.fixture
def connection(served: Database) -> Iterator[psycopg.Connection]:
    """A connection in autocommit, closed in the end."""
    with psycopg.connect(served.url, autocommit=True) as opened:
        yield opened


def test_a_pipeline_gives_each_statement_its_own_result(connection: psycopg.Connection) -> None:
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int * 2", [number]) for number in range(50)]
    assert [cursor.fetchone() for cursor in cursors] == [(number * 2,) for number in range(50)]


def test_an_error_in_a_pipeline_ends_it_and_the_session_goes_on(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline():
        connection.execute("SELECT 1 / 0")
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_statements_are_prepared_after_some_executions(connection: psycopg.Connection) -> None:
    for number in range(12):
        assert connection.execute("SELECT %s::int", [number], binary=True).fetchone() == (number,)
    assert connection.execute("SELECT count(*) > 0 FROM pg_prepared_statements").fetchone() == (True,)


def test_a_server_side_cursor_scrolls(connection: psycopg.Connection) -> None:
    with connection.transaction(), connection.cursor("c", scrollable=True) as cursor:
        cursor.execute("SELECT generate_series(1, 100)")
        assert cursor.fetchmany(3) == [(1,), (2,), (3,)]
        cursor.scroll(50)
        assert cursor.fetchone() == (54,)


def test_copy_goes_both_ways(connection: psycopg.Connection) -> None:
    connection.execute("CREATE TABLE t (a int, b text)")
    with connection.cursor() as cursor:
        with cursor.copy("COPY t FROM STDIN") as copy:
            for number in range(10_000):
                copy.write_row((number, "x" * 100))
        with cursor.copy("COPY t TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            assert sum(1 for _ in copy.rows()) == 10_000


def test_large_values_pass(connection: psycopg.Connection) -> None:
    size = 20_000_000
    assert connection.execute("SELECT length(%s::text), repeat('y', %s)", ["x" * size, size]).fetchone() == (
        size,
        "y" * size,
    )


def test_a_running_statement_can_be_cancelled(connection: psycopg.Connection) -> None:
    connection.execute("SET statement_timeout = 100")
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT pg_sleep(30)")
    assert connection.execute("SHOW statement_timeout").fetchone() == ("100ms",)
