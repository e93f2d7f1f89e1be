"""Replication connections, physical and logical."""

from __future__ import annotations

import select
import struct
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import pq
from psycopg.pq import ExecStatus

from tests.clients.psycopg_cases.conftest import Show

COMMANDS = [
    b"IDENTIFY_SYSTEM", b"SHOW wal_level", b"SHOW data_directory_mode", b"TIMELINE_HISTORY 1", b"nonsense",
    b"CREATE_REPLICATION_SLOT s TEMPORARY PHYSICAL", b"READ_REPLICATION_SLOT nowhere", b"SELECT 1",
    b"START_REPLICATION SLOT nowhere PHYSICAL 0/0", b"DROP_REPLICATION_SLOT nowhere",
]  # fmt: skip


@pytest.fixture(params=["true", "database"])
def replication(request: pytest.FixtureRequest) -> Iterator[pq.abc.PGconn]:
    """A connection to a WAL sender."""
    connection = pq.PGconn.connect(f"replication={request.param}".encode())
    assert connection.status == pq.ConnStatus.OK, connection.get_error_message()
    yield connection
    connection.finish()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_a_replication_connection(
    replication: pq.abc.PGconn, show: Show, command: bytes
) -> None:
    result = replication.exec_(command)
    names = [result.fname(column) for column in range(result.nfields)]
    show((ExecStatus(result.status).name, names, result.ntuples, result.get_error_message()))


def test_wal_is_streamed(show: Show) -> None:
    connection = pq.PGconn.connect(b"replication=true")
    position = connection.exec_(b"IDENTIFY_SYSTEM").get_value(0, 2) or b""
    result = connection.exec_(b"START_REPLICATION PHYSICAL " + position)
    assert result.status == ExecStatus.COPY_BOTH
    with psycopg.connect(autocommit=True) as writer:
        writer.execute("SELECT pg_logical_emit_message(true, 'p', repeat('needle', 10000))")
    data = b""
    while data.count(b"needle") < 9_000:
        data += _next(connection)
    connection.put_copy_end()
    while connection.get_copy_data(0)[0] > 0:
        pass
    last = connection.get_result()
    show((last and ExecStatus(last.status).name, connection.transaction_status))
    connection.finish()


def test_changes_are_decoded_and_confirmed(show: Show) -> None:
    with psycopg.connect(autocommit=True) as writer:
        writer.execute("CREATE TABLE decoded (a int PRIMARY KEY, b text)")
        writer.execute("CREATE PUBLICATION all_of_it FOR TABLE decoded")
        connection = pq.PGconn.connect(b"replication=database")
        connection.exec_(b"CREATE_REPLICATION_SLOT decoding TEMPORARY LOGICAL pgoutput")
        result = connection.exec_(
            b"START_REPLICATION SLOT decoding LOGICAL 0/0 (proto_version '1', publication_names 'all_of_it')"
        )
        assert result.status == ExecStatus.COPY_BOTH, result.get_error_message()
        writer.execute("INSERT INTO decoded SELECT g, 'b' || g FROM generate_series(1, 300) g")
        writer.execute("UPDATE decoded SET b = 'c' WHERE a < 10; DELETE FROM decoded WHERE a = 300")
        kinds: dict[str, int] = {}
        while kinds.get("C", 0) < 2:
            message = _next(connection)
            if message[:1] == b"w":
                kind = message[25:26].decode()
                kinds[kind] = kinds.get(kind, 0) + 1
                (end,) = struct.unpack(">Q", message[9:17])
                connection.put_copy_data(b"r" + struct.pack(">QQQQB", end, end, end, 0, 0))
                connection.flush()
        connection.finish()
    show(sorted(kinds.items()))


def _next(connection: pq.abc.PGconn) -> bytes:
    """The next message of the stream."""
    while True:
        size, data = connection.get_copy_data(1)
        if size > 0:
            return bytes(data)
        assert size == 0, connection.get_error_message()
        assert select.select([connection.socket], [], [], 20)[0], "nothing comes"
        connection.consume_input()
