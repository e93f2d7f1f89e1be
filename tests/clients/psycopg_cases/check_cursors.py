"""Server-side cursors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.clients.psycopg_cases.conftest import Show


@pytest.fixture
def connection() -> Iterator[psycopg.Connection[Any]]:
    """In transactions."""
    with psycopg.connect() as opened:
        yield opened
        opened.rollback()


@pytest.mark.parametrize("size", [1, 7, 100, 5_000])
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_a_named_cursor_fetches_in_portions(
    connection: psycopg.Connection[Any], size: int, binary: bool
) -> None:
    with connection.cursor("c", binary=binary) as cursor:
        cursor.itersize = size
        cursor.execute("SELECT g, 'ä' || g FROM generate_series(1, %s) g", [3 * size + 1])
        assert [row[0] for row in cursor] == list(range(1, 3 * size + 2))


@pytest.mark.parametrize("scrollable", [True, False, None])
def test_a_cursor_scrolls_if_it_may(
    connection: psycopg.Connection[Any], show: Show, scrollable: bool | None
) -> None:
    shown: list[object] = []
    with connection.cursor("c", scrollable=scrollable) as cursor:
        cursor.execute("SELECT generate_series(1, 100)")
        for value, mode in ((10, "relative"), (50, "absolute"), (-3, "relative"), (500, "absolute")):
            try:
                cursor.scroll(value, mode)
                shown.append(cursor.fetchone())
            except psycopg.Error as error:
                shown.append((error.sqlstate, str(error)))
                break
    show(shown)


def test_a_cursor_with_hold_outlives_its_transaction(connection: psycopg.Connection[Any]) -> None:
    with connection.cursor("c", withhold=True) as cursor:
        cursor.execute("SELECT generate_series(1, 10)")
        assert cursor.fetchmany(2) == [(1,), (2,)]
        connection.commit()
        assert cursor.fetchone() == (3,)


def test_a_cursor_in_use_keeps_its_rows(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TEMP TABLE t AS SELECT generate_series(1, 5) AS a")
    with connection.cursor("c") as cursor:
        cursor.execute("SELECT a FROM t")
        connection.execute("DELETE FROM t")
        assert len(cursor.fetchall()) == 5


def test_two_cursors_take_turns(connection: psycopg.Connection[Any]) -> None:
    with connection.cursor("a") as one, connection.cursor("b") as two:
        one.execute("SELECT generate_series(1, 50)")
        two.execute("SELECT generate_series(51, 100)")
        for number in range(1, 51):
            assert (one.fetchone(), two.fetchone()) == ((number,), (number + 50,))


def test_a_cursor_that_is_gone(connection: psycopg.Connection[Any], show: Show) -> None:
    cursor = connection.cursor("c")
    cursor.execute("SELECT 1")
    connection.rollback()
    with pytest.raises(psycopg.Error) as caught:
        cursor.fetchone()
    show((caught.value.sqlstate, str(caught.value)))
    connection.rollback()
    cursor.close()


def test_positioned_changes_work(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TEMP TABLE t AS SELECT generate_series(1, 5) AS a")
    with connection.cursor("c") as cursor:
        cursor.execute("SELECT a FROM t FOR UPDATE")
        cursor.fetchmany(2)
        connection.execute("UPDATE t SET a = 20 WHERE CURRENT OF c")
    rows = connection.execute("SELECT a FROM t ORDER BY 1").fetchall()
    assert rows == [(1,), (3,), (4,), (5,), (20,)]


def test_a_raw_cursor_takes_numbered_parameters(connection: psycopg.Connection[Any]) -> None:
    with psycopg.RawServerCursor(connection, "c") as cursor:
        cursor.execute("SELECT $2::text, $1::int FROM generate_series(1, $1::int)", [3, "b"])
        assert cursor.fetchall() == [("b", 3)] * 3


def test_a_client_side_cursor_sends_no_parameters(connection: psycopg.Connection[Any]) -> None:
    cursor = psycopg.ClientCursor(connection)
    row = cursor.execute("SELECT %s, %s; SELECT %s", ["it's", b"\x00\xff", None]).fetchone()
    assert row == ("it's", b"\x00\xff")
