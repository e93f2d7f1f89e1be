"""A transaction in which something was applied, and that is rolled back."""

from __future__ import annotations

import psycopg
import pytest

from tests.drivers.psql.client import psql, rows
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

_APPLY = "INSERT INTO log_group (log_group_name) VALUES ('g'); SELECT * FROM iasql_apply();"
_STANDS = "the ROLLBACK has not reached AWS: what was applied stands there"


def _groups(cloud: Cloud) -> list[str]:
    return [each["logGroupName"] for each in cloud.client("logs").describe_log_groups()["logGroups"]]


def test_psql_warns_before_it_says_rollback(installed: Database, simulator: Cloud) -> None:
    script = f"BEGIN; {_APPLY}\n\\echo before\n\\warn before\nROLLBACK;\n\\warn after\nBEGIN; ROLLBACK;"
    printed = psql(installed, script=script)
    assert printed.returncode == 0
    assert printed.stdout.endswith("before\nROLLBACK\nBEGIN\nROLLBACK\n")
    _, between, after = printed.stderr.replace("after\n", "before\n").split("before\n")
    assert between.startswith(f"WARNING:  {_STANDS}\nHINT:  ")
    assert after == ""
    assert _groups(simulator) == ["g"]
    assert rows(installed, "SELECT count(*) FROM log_group") == ["0"]


def test_not_of_a_commit(installed: Database) -> None:
    printed = psql(installed, script=f"BEGIN; {_APPLY} COMMIT; BEGIN; ROLLBACK;")
    assert _STANDS not in printed.stderr


@pytest.mark.parametrize("ends", ["COMMIT", "ROLLBACK"])
def test_of_a_transaction_that_has_failed(installed: Database, ends: str) -> None:
    printed = psql(installed, "--set=ON_ERROR_STOP=0", script=f"BEGIN; {_APPLY} SELECT 1/0; {ends};")
    assert printed.stderr.index("division by zero") < printed.stderr.index(_STANDS)


def test_of_several_statements_of_one_query_that_fail(installed: Database) -> None:
    printed = psql(installed, "-c", f"{_APPLY} SELECT 1/0;")
    assert printed.stderr.count(_STANDS) == 1


def test_of_a_savepoint(installed: Database) -> None:
    printed = psql(installed, script=f"BEGIN; SAVEPOINT s; {_APPLY} ROLLBACK TO s; COMMIT;")
    assert printed.stderr.count(_STANDS) == 1


def test_a_driver_hears_it_with_its_rollback(installed: Database) -> None:
    said: list[str] = []
    with psycopg.connect(installed.url) as connection:
        connection.add_notice_handler(lambda each: said.append(str(each.message_primary)))
        connection.execute(_APPLY)
        connection.execute("SELECT repeat('x', 100000) FROM generate_series(1, 20)").fetchall()
        assert _STANDS not in said
        connection.rollback()
        assert said[-1] == _STANDS
        connection.execute("SELECT 1")
        connection.rollback()
        assert said.count(_STANDS) == 1


@pytest.mark.timeout(120)
def test_a_driver_that_prepares_statements_goes_on_in_its_transaction(
    installed: Database, simulator: Cloud
) -> None:
    with psycopg.connect(installed.url) as connection:
        for name in ("a", "b", "c"):
            connection.execute("INSERT INTO log_group (log_group_name) VALUES (%s)", [name])
            made = connection.execute("SELECT description FROM iasql_apply(only => %s)", ["log_group"])
            assert made.fetchall() == [(name,)]
    assert _groups(simulator) == ["a", "b", "c"]


def test_who_does_not_hear_warnings_does_not_hear_it(installed: Database) -> None:
    printed = psql(installed, script=f"SET client_min_messages = error; BEGIN; {_APPLY} ROLLBACK;")
    assert printed.stderr == ""
