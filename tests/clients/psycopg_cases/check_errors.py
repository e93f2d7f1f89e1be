"""Errors and notices, with all of their fields."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.errors import Diagnostic

from tests.clients.psycopg_cases.conftest import Show

Connection = psycopg.Connection[Any]

FIELDS = (
    "severity", "severity_nonlocalized", "sqlstate", "message_primary", "message_detail", "message_hint",
    "statement_position", "internal_position", "internal_query", "context", "schema_name", "table_name",
    "column_name", "datatype_name", "constraint_name", "source_file", "source_line", "source_function",
)  # fmt: skip

SCHEMA = """
    CREATE TEMP TABLE parent
        (id int PRIMARY KEY, v int NOT NULL CHECK (v > 0), EXCLUDE USING btree (v WITH =));
    CREATE TEMP TABLE child (id int REFERENCES parent);
    CREATE DOMAIN pg_temp.small AS int CONSTRAINT is_small CHECK (VALUE < 10);
    INSERT INTO parent VALUES (1, 1);
"""


def fields(diagnostic: Diagnostic) -> dict[str, str | None]:
    """All of them."""
    return {name: getattr(diagnostic, name) for name in FIELDS}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM nowhere",
        "SELECT no_column FROM parent",
        "INSERT INTO parent VALUES (1, 2)",
        "INSERT INTO parent VALUES (2, -1)",
        "INSERT INTO parent VALUES (2, 1)",
        "INSERT INTO parent VALUES (2, NULL)",
        "INSERT INTO child VALUES (7)",
        "DELETE FROM parent; INSERT INTO child VALUES (1)",
        "SELECT 11::pg_temp.small",
        "SELECT 1 / 0",
        "SELECT 'x'::int",
        "SELECT 99999999999999999999::int",
        "SELECT '2024-02-30'::date",
        "SELECT '{'::json",
        "SELECT cast('a' AS pg_catalog.nothing)",
        "DO $$ BEGIN RAISE 'mine' USING ERRCODE = 'XY123', DETAIL = 'd', HINT = 'h', COLUMN = 'c', "
        "CONSTRAINT = 'k', DATATYPE = 't', TABLE = 'b', SCHEMA = 's'; END $$",
        "DO $$ BEGIN EXECUTE 'SELECT 1 +'; END $$",
        "DO $$ BEGIN ASSERT false, 'no'; END $$",
        "SELECT set_config('work_mem', '1', false)",
        "SET TRANSACTION READ ONLY; SELECT lo_create(0)",
        "LOCK TABLE pg_class NOWAIT",
        "SELECT * FROM pg_class FOR UPDATE NOWAIT; SELEC",
        "SELECT repeat('long ', 3000) || 1 / 0",
        "SELECT 'ü' + 'ö'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("prepared", [False, True], ids=["simple", "extended"])
def test_an_error_has_all_its_fields(
    connection: Connection, show: Show, statement: str, prepared: bool
) -> None:
    connection.execute(SCHEMA)
    try:
        connection.execute(statement.encode(), prepare=prepared, binary=prepared)
    except psycopg.Error as error:
        show((type(error).__name__, fields(error.diag)))
    assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("level", ["debug", "log", "info", "notice", "warning"])
@pytest.mark.parametrize("wanted", ["debug1", "notice", "error"])
def test_messages_of_each_level_arrive_if_wanted(
    connection: Connection, show: Show, level: str, wanted: str
) -> None:
    shown: list[object] = []
    connection.execute(f"SET client_min_messages = {wanted}".encode())
    connection.add_notice_handler(lambda diagnostic: shown.append(fields(diagnostic)))
    connection.execute(
        f"DO $$ BEGIN RAISE {level} 'm' USING DETAIL = 'd', HINT = 'h', ERRCODE = '01X01'; END $$".encode()
    )
    show([each for each in shown if isinstance(each, dict) and each["sqlstate"] == "01X01"])


def test_a_thousand_notices_arrive_in_order(connection: Connection) -> None:
    seen: list[str | None] = []
    connection.add_notice_handler(lambda diagnostic: seen.append(diagnostic.message_primary))
    connection.execute("DO $$ BEGIN FOR i IN 1..1000 LOOP RAISE NOTICE '%', i; END LOOP; END $$")
    assert seen == [str(number) for number in range(1, 1_001)]


@pytest.mark.parametrize("verbosity", [0, 1, 2, 3])
@pytest.mark.parametrize("context", [0, 1, 2])
def test_libpq_words_an_error_as_it_is_told(
    connection: Connection, show: Show, verbosity: int, context: int
) -> None:
    result = connection.pgconn.exec_(b"SELECT 1 / 0")
    show((verbosity, context, result.error_message, result.get_error_message()))
