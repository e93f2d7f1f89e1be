"""psql prints through the proxy what it prints with Postgres itself."""

from __future__ import annotations

from tests.drivers.psql.client import fail, psql, rows, succeed
from tests.fixtures.databases import Database


def test_several_statements_in_one_string_are_one_transaction(served: Database) -> None:
    result = psql(served, "-c", "CREATE TABLE t (a integer); INSERT INTO t VALUES (1); SELECT 1 / 0")
    assert "division by zero" in result.stderr
    assert rows(served, "SELECT to_regclass('t')") == [""]


def test_copy_goes_both_ways(served: Database) -> None:
    numbers = "".join(f"{number}\tline {number}\n" for number in range(20_000))
    script = f"CREATE TABLE t (a integer, b text);\nCOPY t FROM STDIN;\n{numbers}\\.\nCOPY t TO STDOUT;\n"
    printed = succeed(served, script)
    assert "COPY 20000" in printed
    assert printed.endswith("19999\tline 19999\n")


def test_notices_and_errors_keep_their_fields(served: Database) -> None:
    assert "NOTICE:  hello" in succeed(served, "DO $$ BEGIN RAISE NOTICE 'hello'; END $$;")
    printed = fail(served, "SELECT * FROM nowhere;")
    assert "42P01" in printed
    assert "LINE 1" in printed


def test_the_catalogue_commands_work(served: Database) -> None:
    succeed(served, "CREATE TABLE t (a integer PRIMARY KEY);")
    assert "Indexes:" in succeed(served, "\\d t\n\\dt\n\\df\n\\conninfo\n")


def test_notifications_arrive(served: Database) -> None:
    printed = succeed(served, "LISTEN c; NOTIFY c, 'payload';\nSELECT 1;\n")
    assert 'Asynchronous notification "c" with payload "payload"' in printed


def test_a_wrong_password_is_refused_by_postgres(served: Database) -> None:
    wrong = Database(name=served.name, role=served.role, host=served.host, port=served.port, password="guess")
    result = psql(wrong, "-c", "SELECT 1")
    assert f'password authentication failed for user "{served.role}"' in result.stderr
