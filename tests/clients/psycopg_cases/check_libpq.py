"""libpq itself: calls, and traces of the messages that go and come."""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import pq
from psycopg.pq import ExecStatus

from tests.clients.psycopg_cases.conftest import Show

Connection = psycopg.Connection[Any]

SEVERAL = b"SELECT 1; CREATE TEMP TABLE t (a int); SELECT 1 / 0; SELECT 3"


def described(result: pq.abc.PGresult) -> object:
    """All that is known of a result."""
    columns = range(result.nfields)
    return (
        ExecStatus(result.status).name, result.command_status, result.command_tuples, result.oid_value,
        result.error_message, [result.param_type(number) for number in range(result.nparams)],
        [(result.fname(c), result.ftable(c), result.ftablecol(c), result.fformat(c), result.ftype(c),
          result.fmod(c), result.fsize(c)) for c in columns],
        [[result.get_value(row, c) for c in columns] for row in range(result.ntuples)],
    )  # fmt: skip


def results(connection: pq.abc.PGconn) -> list[object]:
    """All results until there are none."""
    found: list[object] = []
    while (result := connection.get_result()) is not None:
        found.append(described(result))
        if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
            break
    return found


def _simple(c: pq.abc.PGconn) -> object:
    return described(c.exec_(b"SELECT 1 AS a, 'b'::text AS b, NULL"))


def _several(c: pq.abc.PGconn) -> object:
    c.send_query(SEVERAL)
    return results(c)


def _parameters(c: pq.abc.PGconn) -> object:
    return described(c.exec_params(b"SELECT $1::int, $2", [b"1", b"x"], [0, 25], [0, 1], 1))


def _prepared(c: pq.abc.PGconn) -> object:
    first = described(c.prepare(b"p", b"SELECT $1::int + $2", [0, 20]))
    return first, described(c.describe_prepared(b"p")), described(c.exec_prepared(b"p", [b"1", b"2"]))


def _portal(c: pq.abc.PGconn) -> object:
    c.exec_(b"BEGIN; DECLARE c CURSOR FOR SELECT 1 AS a, 'b' AS b")
    return described(c.describe_portal(b"c")), described(c.exec_(b"FETCH ALL FROM c; ROLLBACK"))


def _closed(c: pq.abc.PGconn) -> object:
    c.prepare(b"p", b"SELECT 1")
    return described(c.close_prepared(b"p")), described(c.exec_prepared(b"p", []))


def _single_rows(c: pq.abc.PGconn) -> object:
    c.send_query(b"SELECT generate_series(1, 5); SELECT 'x'")
    c.set_single_row_mode()
    return results(c)


def _copy_out(c: pq.abc.PGconn) -> object:
    first = described(c.exec_(b"COPY (SELECT generate_series(1, 3)) TO STDOUT"))
    data = []
    while (got := c.get_copy_data(0))[0] > 0:
        data.append(bytes(got[1]))
    return first, data, results(c)


def _copy_in(c: pq.abc.PGconn) -> object:
    c.exec_(b"CREATE TEMP TABLE t (a int)")
    first = described(c.exec_(b"COPY t FROM STDIN"))
    c.put_copy_data(b"1\n2\n")
    c.put_copy_end()
    return first, results(c)


def _copy_failed(c: pq.abc.PGconn) -> object:
    c.exec_(b"CREATE TEMP TABLE t (a int)")
    c.exec_(b"COPY t FROM STDIN")
    c.put_copy_data(b"1\n")
    c.put_copy_end(b"the client's reason")
    return results(c)


def _pipeline(c: pq.abc.PGconn) -> object:
    c.enter_pipeline_mode()
    c.send_query_params(b"SELECT $1", [b"1"])
    c.send_prepare(b"q", b"SELECT 'q'")
    c.send_query_prepared(b"q", [])
    c.send_describe_prepared(b"q")
    c.pipeline_sync()
    c.send_query_params(b"SELECT 1 / 0", [])
    c.send_query_params(b"SELECT 'skipped'", [])
    c.pipeline_sync()
    c.send_query_params(b"SELECT 'after'", [])
    c.pipeline_sync()
    return [results(c) for _ in range(4)] + [_sync(c)] + _rest_of_pipeline(c)


def _sync(c: pq.abc.PGconn) -> object:
    result = c.get_result()
    assert result is not None
    return described(result)


def _rest_of_pipeline(c: pq.abc.PGconn) -> list[object]:
    rest: list[object] = [results(c), results(c), _sync(c), results(c), _sync(c)]
    c.exit_pipeline_mode()
    return rest


def _flush_request(c: pq.abc.PGconn) -> object:
    c.enter_pipeline_mode()
    c.send_query_params(b"SELECT 'before the sync'", [])
    c.send_flush_request()
    first = results(c)
    c.pipeline_sync()
    last = _sync(c)
    c.exit_pipeline_mode()
    return first, last


def _empty(c: pq.abc.PGconn) -> object:
    return described(c.exec_(b"")), described(c.exec_params(b"", [])), described(c.exec_(b" ; "))


def _failed_transaction(c: pq.abc.PGconn) -> object:
    first = described(c.exec_(b"BEGIN; SELECT 1 / 0"))
    return first, c.transaction_status, described(c.exec_params(b"SELECT 1", [])), described(c.exec_(b"END"))


def _settings(c: pq.abc.PGconn) -> object:
    c.exec_(b"SET client_encoding TO LATIN1; SET TimeZone TO 'Asia/Tokyo'; SET application_name TO 'n'")
    names = (b"client_encoding", b"TimeZone", b"application_name")
    return [c.parameter_status(name) for name in names]


def _large_object(c: pq.abc.PGconn) -> object:
    c.exec_(b"BEGIN; SELECT lo_create(4711)")
    first = described(c.exec_(b"SELECT lo_put(4711, 2, '\\x0102')"))
    return (
        first,
        described(c.exec_params(b"SELECT lo_get(4711)", [], result_format=1)),
        described(c.exec_(b"END")),
    )


CALLS: list[Callable[[pq.abc.PGconn], object]] = [
    _simple, _several, _parameters, _prepared, _portal, _closed, _single_rows, _copy_out, _copy_in,
    _copy_failed, _pipeline, _flush_request, _empty, _failed_transaction, _settings, _large_object,
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.strip("_"))
def test_calls_give_the_same_results(
    connection: Connection, show: Show, call: Callable[[pq.abc.PGconn], object]
) -> None:
    try:
        show(call(connection.pgconn))
    except psycopg.NotSupportedError as error:
        show(error)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.strip("_"))
def test_the_same_messages_go_and_come(
    connection: Connection, show: Show, tmp_path: Path, call: Callable[[pq.abc.PGconn], object]
) -> None:
    with (tmp_path / "trace").open("w") as file:
        connection.pgconn.trace(file.fileno())
        connection.pgconn.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS)
        try:
            call(connection.pgconn)
        except psycopg.NotSupportedError:
            pass
        finally:
            connection.pgconn.untrace()
    traced = (tmp_path / "trace").read_text()
    assert "ReadyForQuery" in traced
    show(traced)


def test_a_connection_is_made_without_blocking() -> None:
    connection = pq.PGconn.connect_start(b"")
    while (status := connection.connect_poll()) != pq.PollingStatus.OK:
        assert status != pq.PollingStatus.FAILED, connection.get_error_message()
        select.select([connection.socket], [connection.socket], [], 10)
    connection.finish()


@pytest.mark.parametrize("dsn", [b"", b"dbname=nowhere_at_all", b"user=nobody_at_all"])
def test_whether_a_server_answers(show: Show, dsn: bytes) -> None:
    show(pq.PGconn.ping(dsn))


def test_a_password_is_encrypted_as_the_server_wants(connection: Connection) -> None:
    assert connection.pgconn.encrypt_password(b"p", b"u", None).startswith(b"SCRAM-SHA-256$")
    assert connection.pgconn.encrypt_password(b"p", b"u", b"md5").startswith(b"md5")


def test_ten_thousand_small_queries(connection: Connection) -> None:
    for number in range(10_000):
        result = connection.pgconn.exec_(b"SELECT %d" % number)
        assert result.get_value(0, 0) == b"%d" % number


def _until_gone(other: Connection, process: int) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
    for _ in range(200):
        if other.execute(query, [process]).fetchone() == (0,):
            return
        other.execute("SELECT pg_sleep(0.02)")
    pytest.fail("the backend is still there")


def test_a_query_is_sent_and_the_connection_closed(other: Connection) -> None:
    connection = psycopg.connect(autocommit=True)
    process = connection.info.backend_pid
    connection.pgconn.send_query(b"SELECT 1")
    connection.close()
    _until_gone(other, process)


def test_a_large_result_that_nobody_reads_ends_with_the_connection(other: Connection) -> None:
    connection = psycopg.connect(autocommit=True)
    process = connection.info.backend_pid
    connection.pgconn.send_query(b"SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")
    other.execute("SELECT pg_sleep(0.3)")
    connection.close()
    _until_gone(other, process)
