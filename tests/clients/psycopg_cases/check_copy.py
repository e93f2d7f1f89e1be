"""COPY in both directions."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.clients.psycopg_cases.conftest import Show

Connection = psycopg.Connection[Any]

FORMATS = ["text", "csv", "binary"]


@pytest.mark.parametrize("rows", [0, 1, 10_000])
@pytest.mark.parametrize("form", FORMATS)
def test_rows_go_in_and_come_out(connection: Connection, rows: int, form: str) -> None:
    connection.execute("CREATE TEMP TABLE t (a int, b text)")
    cursor = connection.cursor()
    form_in = "binary" if form == "binary" else "text"
    with cursor.copy(f"COPY t FROM STDIN (FORMAT {form_in})".encode()) as copy:
        copy.set_types(["int4", "text"])
        for number in range(rows):
            copy.write_row((number, None if number % 3 else f"ä\t{number}\n\\"))
    assert cursor.rowcount == rows
    with cursor.copy(f"COPY (SELECT * FROM t) TO STDOUT (FORMAT {form})".encode()) as copy:
        data = b"".join(copy)
    connection.execute("CREATE TEMP TABLE u (LIKE t)")
    with cursor.copy(f"COPY u FROM STDIN (FORMAT {form})".encode()) as copy:
        copy.write(data)
    row = connection.execute("SELECT count(*) FROM (SELECT * FROM t EXCEPT ALL SELECT * FROM u) d").fetchone()
    assert row == (0,)
    assert connection.execute("SELECT count(*) FROM u").fetchone() == (rows,)


@pytest.mark.parametrize("block", [1, 100, 8_192, 1 << 20, 16 << 20])
def test_blocks_of_any_size_go_in(connection: Connection, block: int) -> None:
    data = b"".join(b"%d\tsome text\n" % number for number in range(2_000 if block == 1 else 200_000))
    connection.execute("CREATE TEMP TABLE t (a int, b text)")
    with connection.cursor().copy("COPY t FROM STDIN") as copy:
        for at in range(0, len(data), block):
            copy.write(data[at : at + block])
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (data.count(b"\n"),)


@pytest.mark.parametrize("megabytes", [1, 60])
def test_a_single_large_row_goes_both_ways(connection: Connection, megabytes: int) -> None:
    value = "x" * (megabytes << 20)
    connection.execute("CREATE TEMP TABLE t (a text)")
    with connection.cursor().copy("COPY t FROM STDIN") as copy:
        copy.write(value + "\n")
    with connection.cursor().copy("COPY t TO STDOUT") as copy:
        assert sum(map(len, copy)) == len(value) + 1


def test_an_error_in_the_data_is_said_and_the_session_goes_on(connection: Connection, show: Show) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with (
        pytest.raises(psycopg.errors.InvalidTextRepresentation) as caught,
        connection.cursor().copy("COPY t FROM STDIN") as copy,
    ):
        copy.write("1\n2\nthree\n")
        for _ in range(10_000):
            copy.write("4\n")
    show((caught.value, caught.value.diag.context))
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_client_that_fails_takes_the_copy_back(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with pytest.raises(ZeroDivisionError), connection.cursor().copy("COPY t FROM STDIN") as copy:
        copy.write("1\n")
        raise ZeroDivisionError
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_an_error_in_the_middle_of_what_comes_out(connection: Connection, show: Show) -> None:
    seen = 0
    with (
        pytest.raises(psycopg.errors.DivisionByZero) as caught,
        connection.cursor().copy(
            "COPY (SELECT 1 / (50000 - g) FROM generate_series(1, 99999) g) TO STDOUT"
        ) as copy,
    ):
        for _ in copy:
            seen += 1
    show((caught.value, seen))


def test_a_copy_is_cancelled_while_data_comes_out(connection: Connection) -> None:
    with (
        pytest.raises(psycopg.errors.QueryCanceled),
        connection.cursor().copy("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") as copy,
    ):
        for number, _ in enumerate(copy):
            if number == 10:
                connection.cancel_safe()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_copy_in_is_cancelled_while_the_server_waits(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with (
        pytest.raises(psycopg.errors.QueryCanceled),
        connection.cursor().copy("COPY t FROM STDIN") as copy,
    ):
        copy.write("1\n")
        connection.cancel_safe()
        for _ in range(100):
            copy.write("1\n" * 10_000)
    assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "COPY nowhere FROM STDIN",
        "COPY t (no_column) FROM STDIN",
        "COPY t FROM STDIN (FORMAT nonsense)",
        "COPY (SELECT 1/0) TO STDOUT",
    ],
)
def test_a_copy_that_cannot_begin(connection: Connection, show: Show, statement: str) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with pytest.raises(psycopg.Error) as caught, connection.cursor().copy(statement.encode()) as copy:
        copy.read()
    show((caught.value.sqlstate, str(caught.value)))
    assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("options", ["HEADER", "HEADER MATCH", "DELIMITER ';', NULL 'n', QUOTE '!'"])
def test_options_of_csv(connection: Connection, show: Show, options: str) -> None:
    connection.execute("CREATE TEMP TABLE t (a text, b text)")
    out = options.replace("HEADER MATCH", "HEADER")
    connection.execute("INSERT INTO t VALUES ('x;\"!', NULL), ('', 'n')")
    with connection.cursor().copy(f"COPY t TO STDOUT (FORMAT csv, {out})".encode()) as copy:
        data = b"".join(copy)
    with connection.cursor().copy(f"COPY t FROM STDIN (FORMAT csv, {options})".encode()) as copy:
        copy.write(data)
    show((data, connection.execute("SELECT * FROM t").fetchall()))


def test_copy_from_one_connection_into_another(connection: Connection, other: Connection) -> None:
    connection.execute(
        "CREATE TEMP TABLE t AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, 50000) g"
    )
    other.execute("CREATE TEMP TABLE t (a int, b text)")
    with (
        connection.cursor().copy("COPY t TO STDOUT (FORMAT binary)") as source,
        other.cursor().copy("COPY t FROM STDIN (FORMAT binary)") as target,
    ):
        for data in source:
            target.write(data)
    query = "SELECT md5(string_agg(a || b, ',' ORDER BY a)) FROM t"
    assert connection.execute(query).fetchone() == other.execute(query).fetchone()


@pytest.mark.parametrize("statement", ["SELECT 1", "INSERT INTO t VALUES (1)", ""])
def test_copy_wants_a_copy(connection: Connection, show: Show, statement: str) -> None:
    connection.execute("CREATE TEMP TABLE t (a int)")
    with pytest.raises(psycopg.ProgrammingError) as caught, connection.cursor().copy(statement.encode()):
        pass
    show(caught.value)
