"""Statements, simple and prepared, and their results."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.clients.psycopg_cases.conftest import Show

Connection = psycopg.Connection[Any]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "SELECT 1; SELECT 2, 'b'; SELECT 3",
        ";",
        "",
        "-- only a comment",
        "SELECT",
        "SELECT 1 WHERE false",
        "VALUES (1, 'a'), (2, NULL)",
        "CREATE TABLE t (a int); INSERT INTO t SELECT 1 FROM generate_series(1, 5); UPDATE t SET a = 2; "
        "DELETE FROM t; DROP TABLE t",
        "CREATE TABLE t (a int); SELECT * FROM t; DROP TABLE t",
        "INSERT INTO pg_temp.nowhere VALUES (1)",
        "BEGIN; SELECT 1; COMMIT",
        "BEGIN; SELECT 1/0; COMMIT",
        "SELECT 1; SELECT 1/0; SELECT 3",
        "CREATE TABLE u (a int); SELECT 1/0",
        "SELECT * FROM u",
        "SELEC 1",
        "SELECT 'unterminated",
        "SELECT $1",
        "SELECT 'iasql_apply()'",
        "SELECT 1 AS iasql_apply /* iasql_apply() */",
        "SET my.own = 'ü'; SHOW my.own",
        "DISCARD ALL",
        "VACUUM pg_class",
        "SELECT 1; VACUUM pg_class",
        "EXPLAIN (COSTS off) SELECT 1",
        "DO $$ BEGIN RAISE NOTICE 'n'; END $$",
        "PREPARE p AS SELECT $1::int + 1; EXECUTE p(2); DEALLOCATE p",
        "DECLARE c CURSOR WITH HOLD FOR SELECT generate_series(1, 3); FETCH 2 FROM c; CLOSE c",
    ],
)
def test_a_query_gives_its_results(connection: Connection, show: Show, statement: str) -> None:
    shown: list[object] = []
    cursor = connection.cursor()
    connection.add_notice_handler(lambda diagnostic: shown.append(diagnostic.message_primary))
    try:
        cursor.execute(statement.encode())
        for result in cursor.results():
            columns = [tuple(column)[:2] for column in result.description or ()]
            rows = result.fetchall() if result.description else None
            shown.append((result.statusmessage, result.rowcount, columns, rows))
    except psycopg.Error as error:
        shown.append((error.sqlstate, str(error)))
    show(shown)


@pytest.mark.parametrize("executions", [1, 4, 5, 6, 12])
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_a_statement_is_prepared_when_it_has_been_executed_often(
    connection: Connection, show: Show, executions: int, binary: bool
) -> None:
    for number in range(executions):
        row = connection.execute("SELECT %s::int, %s::text", [number, "ä"], binary=binary).fetchone()
        assert row == (number, "ä")
    show(connection.execute("SELECT name, statement FROM pg_prepared_statements").fetchall())


@pytest.mark.parametrize("threshold", [0, 1, None])
def test_the_threshold_of_preparing_counts(connection: Connection, show: Show, threshold: int | None) -> None:
    connection.prepare_threshold = threshold
    for _ in range(3):
        connection.execute("SELECT %s::int", [1])
    show(connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchall())


def test_prepared_statements_are_evicted(connection: Connection, show: Show) -> None:
    connection.prepared_max = 3
    for number in range(10):
        connection.execute(f"SELECT {number}".encode(), prepare=True)
    show(connection.execute("SELECT statement FROM pg_prepared_statements ORDER BY 1").fetchall())


def test_a_prepared_statement_whose_table_changed(connection: Connection, show: Show) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    connection.execute("SELECT * FROM t", prepare=True)
    connection.execute("ALTER TABLE t ADD b text")
    try:
        show(connection.execute("SELECT * FROM t", prepare=True).description)
    except psycopg.errors.FeatureNotSupported as error:
        show(error)


def test_a_discarded_statement_is_prepared_again(connection: Connection, show: Show) -> None:
    connection.execute("SELECT 1", prepare=True)
    connection.execute("DISCARD ALL")
    assert connection.execute("SELECT 1", prepare=True).fetchone() == (1,)
    show(connection.execute("SELECT name FROM pg_prepared_statements").fetchall())


@pytest.mark.parametrize("rows", [0, 1, 1_000, 100_000])
def test_many_rows_arrive(connection: Connection, rows: int) -> None:
    query = "SELECT g, repeat('x', g %% 100) FROM generate_series(1, %s) g"
    assert sum(1 for _ in connection.execute(query, [rows])) == rows


@pytest.mark.parametrize("columns", [1, 100, 1_600])
def test_many_columns_arrive(connection: Connection, columns: int) -> None:
    row = connection.execute(f"SELECT {', '.join(map(str, range(columns)))}".encode()).fetchone()
    assert row == tuple(range(columns))


@pytest.mark.parametrize("parameters", [0, 1, 1_000, 32_767, 65_535, 65_536])
def test_many_parameters_go(connection: Connection, show: Show, parameters: int) -> None:
    query = f"SELECT ARRAY[{','.join(['%s'] * parameters)}]::int[]".encode()
    try:
        row = connection.execute(query, list(range(parameters))).fetchone()
        assert row == (list(range(parameters)),)
    except psycopg.OperationalError as error:
        show(error)


@pytest.mark.parametrize("size", [0, 1, 8_191, 8_192, 65_536, 1 << 20, 64 << 20])
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_a_large_value_goes_both_ways(connection: Connection, size: int, binary: bool) -> None:
    value = bytes(range(256)) * (size // 256 + 1)
    row = connection.execute("SELECT %b::bytea", [value[:size]], binary=binary).fetchone()
    assert row == (value[:size],)


@pytest.mark.parametrize("size", [1 << 20, 20 << 20, 70 << 20])
def test_a_long_statement_goes(connection: Connection, size: int) -> None:
    row = connection.execute(f"SELECT length('{'x' * size}')".encode()).fetchone()
    assert row == (size,)


def test_a_row_of_200_megabytes_arrives(connection: Connection) -> None:
    row = connection.execute("SELECT repeat('x', 100000000), repeat('y', 100000000)").fetchone()
    assert row is not None
    assert [len(value) for value in row] == [100_000_000, 100_000_000]


def test_a_value_beyond_what_postgres_takes_is_refused(connection: Connection, show: Show) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute("SELECT repeat('x', 1073741824)")
    show((caught.value.sqlstate, str(caught.value)))
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_executemany_returns_what_each_gave(connection: Connection) -> None:
    cursor = connection.cursor(row_factory=dict_row)
    cursor.execute("CREATE TEMP TABLE t (a int PRIMARY KEY, b text)")
    values = [(number, str(number)) for number in range(1_000)]
    cursor.executemany("INSERT INTO t VALUES (%s, %s) RETURNING a", values, returning=True)
    assert [result.fetchone() for result in cursor.results()] == [{"a": number} for number, _ in values]


def test_executemany_stops_at_an_error(connection: Connection, show: Show) -> None:
    connection.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        connection.cursor().executemany("INSERT INTO t VALUES (%s)", [(1,), (2,), (1,), (3,)])
    show((caught.value, connection.execute("SELECT count(*) FROM t").fetchall()))


def test_rows_can_be_streamed_one_by_one(connection: Connection) -> None:
    rows = connection.cursor().stream("SELECT generate_series(1, 20000)")
    assert sum(row[0] for row in rows) == sum(range(20_001))


def test_rows_can_be_streamed_in_chunks(connection: Connection) -> None:
    rows = connection.cursor().stream("SELECT generate_series(1, 20000)", size=300)
    assert sum(row[0] for row in rows) == sum(range(20_001))


def test_a_stream_that_fails_halfway(connection: Connection, show: Show) -> None:
    seen = []
    with pytest.raises(psycopg.errors.DivisionByZero) as caught:
        seen += list(connection.cursor().stream("SELECT 10 / (50 - g) FROM generate_series(1, 100) g"))
    show((caught.value, connection.info.transaction_status))
