"""What a connection may cost: a slow side stops the other one, and nobody else."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.databases import Database
from tests.fixtures.proxies import IasqlProcess, StartIasql

MEGABYTE = 1 << 20

#: Bytes that a connection may cost whose two sides are not equally fast: a buffer each way, and some.
ALLOWED = 16 * MEGABYTE


def memory(iasql: IasqlProcess, what: str = "VmRSS") -> int:
    """Bytes that the proxy has in memory; VmHWM is the most that it had."""
    for line in Path(f"/proc/{iasql.pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise AssertionError(what)


def latency(client: psycopg.Connection[Any]) -> float:
    """Seconds that a short statement takes, as a median."""
    taken = []
    for _ in range(100):
        began = time.perf_counter()
        client.execute("SELECT 1")
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


@pytest.fixture
def iasql(start_iasql: StartIasql, fresh_database: Database) -> IasqlProcess:
    """One that has done everything once."""
    iasql = start_iasql()
    with psycopg.connect(iasql.serves(fresh_database).url) as client:
        client.execute("SELECT repeat('x', 10000000)").fetchall()
        client.execute("SELECT count(*) FROM iasql_modules_list()")
    return iasql


def test_a_client_that_does_not_read_stops_only_itself(iasql: IasqlProcess, fresh_database: Database) -> None:
    url = iasql.serves(fresh_database).url
    with psycopg.connect(url) as slow, psycopg.connect(url, autocommit=True) as other:
        alone, before = latency(other), memory(iasql)
        slow.pgconn.send_query(b"SELECT repeat('x', 100000) FROM generate_series(1, 4000)")
        slow.pgconn.flush()
        time.sleep(1)
        assert memory(iasql) - before < ALLOWED
        assert latency(other) < 5 * alone + 0.01
        assert _result(slow).ntuples == 4000


def test_a_server_that_does_not_read_stops_only_its_client(
    iasql: IasqlProcess, fresh_database: Database
) -> None:
    url = iasql.serves(fresh_database).url
    with psycopg.connect(url, autocommit=True) as fast, psycopg.connect(url, autocommit=True) as other:
        fast.execute("CREATE TABLE bulk (text text)")
        fast.execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(3); RETURN NEW; END $$"
        )
        fast.execute("CREATE TRIGGER wait BEFORE INSERT ON bulk FOR EACH STATEMENT EXECUTE FUNCTION wait()")
        before = memory(iasql)
        fast.pgconn.send_query(b"COPY bulk FROM STDIN")
        assert fast.pgconn.get_result() is not None  # it waits for the rows
        fast.pgconn.nonblocking = 1
        sent = _pour(fast, until=time.monotonic() + 1.5)
        assert sent < 32 * MEGABYTE
        assert memory(iasql) - before < ALLOWED
        assert latency(other) < 0.1
        sent += _pour(fast, until=time.monotonic() + 30, most=64 * MEGABYTE)
        while fast.pgconn.flush() != 0:  # libpq refuses to block before everything has left it
            time.sleep(0.001)
        fast.pgconn.nonblocking = 0
        fast.pgconn.put_copy_end()
        assert _result(fast).error_message == b""
        assert other.execute("SELECT sum(length(text)) FROM bulk").fetchone() == (sent // 10 * 9,)
        assert memory(iasql) - before < ALLOWED


def _result(client: psycopg.Connection[Any]) -> Any:
    """The result of what was sent, when all of it has come."""
    result = client.pgconn.get_result()
    assert client.pgconn.get_result() is None
    return result


def _pour(client: psycopg.Connection[Any], *, until: float, most: int = 1 << 40) -> int:
    """Send rows as fast as they are taken, and tell how many bytes have been."""
    rows = b"xxxxxxxxx\n" * 10_000
    sent = 0
    while sent < most and time.monotonic() < until:
        if client.pgconn.flush() == 0:
            client.pgconn.put_copy_data(rows)
            sent += len(rows)
        else:
            time.sleep(0.001)
    return sent


@pytest.mark.parametrize(("options", "allowed"), [((), 400), (("--memory-per-connection", "1"), 16)])
def test_a_long_statement_costs_no_more_than_is_allowed(
    start_iasql: StartIasql, fresh_database: Database, options: tuple[str, ...], allowed: int
) -> None:
    iasql = start_iasql(*options)
    with psycopg.connect(iasql.serves(fresh_database).url, autocommit=True) as client:
        client.execute("SELECT 1")
        before = memory(iasql)
        for size in (60 * MEGABYTE, 120 * MEGABYTE):
            row = client.execute(f"SELECT 1 /* {'x' * size} */").fetchone()
            assert row == (1,)
        assert memory(iasql, "VmHWM") - before < allowed * MEGABYTE
