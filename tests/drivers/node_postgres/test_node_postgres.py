"""node-postgres works through the proxy as it does without it."""

from __future__ import annotations

from tests.drivers.node_postgres.client import Node, node
from tests.fixtures.databases import Database

__all__ = ["node"]


def test_simple_parameterised_and_named_statements(node: Node, served: Database) -> None:
    named = ("SELECT $1::int + 1", ["41"], "plus_one")
    results = node(served, ("SELECT 1; SELECT 'two'", []), ("SELECT $1::text", ["ü"]), named, named)
    assert results == [[["two"]], [["ü"]], [[42]], [[42]]]


def test_an_error_has_its_code_and_leaves_the_session_usable(node: Node, served: Database) -> None:
    results = node(served, ("SELECT * FROM nowhere", []), ("SELECT 1", []))
    assert results[0]["error"] == "42P01"
    assert results[1] == [[1]]


def test_a_transaction_is_rolled_back(node: Node, served: Database) -> None:
    steps = ["BEGIN", "CREATE TABLE t (a integer)", "ROLLBACK", "SELECT to_regclass('t')::text"]
    assert node(served, *[(step, []) for step in steps])[-1] == [[None]]
