"""pgjdbc's prepared statements and cursors work through the proxy as they do without it."""

from __future__ import annotations

import pytest

from tests.drivers.pgjdbc.client import Jdbc, first_error, jdbc
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven


@pytest.fixture
def session(maven: Maven) -> Jdbc:
    """Runs steps in a session."""
    return jdbc(maven)


def test_a_statement_prepared_once_is_executed_many_times(session: Jdbc, served: Database) -> None:
    step = "0:SELECT $1 || ? || '!'\tx".replace("$1", "'a'")
    assert session(served, *[step] * 8) == [[["ax!"]]] * 8


def test_a_cursor_fetches_all_rows_in_portions(session: Jdbc, served: Database) -> None:
    results = session(served, "BEGIN", "10:SELECT g FROM generate_series(1, 95) g", "COMMIT")
    assert results[1] == [[str(number)] for number in range(1, 96)]


def test_binary_transfer_gives_the_same_values(session: Jdbc, served: Database) -> None:
    step = "0:SELECT 42, 1.5::float8, '2024-02-03'::date, NULL::text, '{\"a\": 1}'::jsonb"
    text = session(served, step, options="binaryTransfer=false")
    assert session(served, *[step] * 6, options="binaryTransfer=true&prepareThreshold=1")[-1] == text[0]


def test_an_error_ends_the_transaction_and_keeps_its_state(session: Jdbc, served: Database) -> None:
    results = session(
        served, "0:CREATE TABLE t (a integer)", "BEGIN", "0:INSERT INTO t VALUES (1)", "0:SELECT 1/0",
        "0:SELECT 1", "ROLLBACK", "0:SELECT count(*) FROM t",
    )  # fmt: skip
    assert first_error(results)["error"] == "22012"
    assert results[4]["error"] == "25P02"
    assert results[6] == [["0"]]


@pytest.mark.parametrize("mode", ["simple", "extendedForPrepared", "extendedCacheEverything"])
def test_every_query_mode_works(session: Jdbc, served: Database, mode: str) -> None:
    assert session(served, *["0:SELECT ?\tx"] * 2, options=f"preferQueryMode={mode}") == [[["x"]]] * 2
