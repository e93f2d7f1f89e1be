"""Which names of arguments are quoted for PostgreSQL."""

from __future__ import annotations

import pytest

from proxy.sql.naming import quoted

ALONE = """
SELECT * FROM iasql_apply()
SELECT * FROM ONLY log_group, iasql_apply(region => 'x')
SELECT * FROM iasql_apply("only" => 'log_group')
SELECT '(only => 1)', iasql_plan_id()
SELECT $$ (only => 1) $$ /* (only => 2) */, iasql_plan_id() -- (only => 3)
SELECT iasql_apply(only = 1)
SELECT iasql_apply('(only =>
"""


@pytest.mark.parametrize("sql", ALONE.strip().splitlines())
def test_everything_else_is_left_as_it_is(sql: str) -> None:
    assert quoted(sql) == sql


@pytest.mark.parametrize(
    ("sql", "as_postgres_takes_it"),
    [
        ("SELECT iasql_apply(only => 'a')", """SELECT iasql_apply("only" => 'a')"""),
        ("SELECT iasql_apply( ONLY:='ä')", """SELECT iasql_apply( "only":='ä')"""),
        (
            "SELECT 'ü', iasql_apply(region => 'x', only => $1), (only => 2)",
            """SELECT 'ü', iasql_apply(region => 'x', "only" => $1), ("only" => 2)""",
        ),
    ],
)
def test_a_name_of_an_argument_is_quoted(sql: str, as_postgres_takes_it: str) -> None:
    assert quoted(sql) == as_postgres_takes_it
