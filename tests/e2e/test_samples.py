"""Every function as `iasql_help()` shows it, one after the other in one transaction, in any order.

What a function writes in the caller's transaction, and what the engine writes on connections of its own,
must not wait for each other: PostgreSQL sees no deadlock there, and both would wait for ever.
"""

from __future__ import annotations

from random import Random

import psycopg
import pytest

from tests.fixtures.databases import Database

#: What no call of a function may end with: a wait without end, and a fault of the engine's own.
_WRONG = ("55P03", "57014", "XX000")
_EDIT = "INSERT INTO log_group (log_group_name) VALUES ('/sample/%s')"


@pytest.mark.timeout(600)
def test_samples_end_in_a_transaction_in_any_order(deployed: Database) -> None:
    random = Random(1)
    with psycopg.connect(deployed.url, autocommit=True) as connection:
        found = connection.execute("SELECT DISTINCT sample_usage FROM iasql_help() ORDER BY 1").fetchall()
        samples = [sample for (sample,) in found]
        assert len(samples) > 40
        calls = random.sample(samples, len(samples)) + random.sample(samples, len(samples) // 2)
        connection.execute("BEGIN")
        ends = [
            (sql, _end(connection, sql))
            for number, call in enumerate(calls)
            for sql in (_EDIT % number, call)
        ]
        connection.execute("ROLLBACK")
    assert [each for each in ends if each[1] in _WRONG] == []
    assert sum(end is None for _, end in ends) > len(ends) // 3


def _end(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> str | None:
    """The SQLSTATE that a statement ends with, and takes back what it did with; None if it is well."""
    connection.execute("SAVEPOINT sample")
    try:
        connection.execute(sql.replace("%", "%%"))
    except psycopg.Error as error:
        connection.execute("ROLLBACK TO sample")
        return error.sqlstate
    return None
