"""A CancelRequest that reaches another server than the one that performs the operation."""

from __future__ import annotations

import asyncio
import struct

import asyncpg
import pytest

from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database, PostgresServer
from tests.fixtures.proxies import StartIasql

_CANCEL = (1234 << 16) + 5678


async def send_cancel(host: str, port: int, connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Ask a server to cancel what a connection is doing."""
    pid, secret = connection.get_server_pid(), connection._protocol.backend_secret
    key = struct.pack("!i", pid) + (secret if isinstance(secret, bytes) else struct.pack("!i", secret))
    _, writer = await asyncio.open_connection(host, port)
    writer.write(struct.pack("!ii", 8 + len(key), _CANCEL) + key)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("right", [True, False])
async def test_an_apply_is_stopped_by_whoever_has_its_key(
    start_iasql: StartIasql,
    fresh_database: Database,
    postgres_server: PostgresServer,
    simulator: Cloud,
    right: bool,
) -> None:
    first, other = start_iasql(), start_iasql()
    here = first.serves(fresh_database)
    connection = await asyncpg.connect(here.url)
    stranger = await asyncpg.connect(here.url)
    await connection.fetch("SELECT * FROM iasql_install('aws_cloudwatch')")
    await connection.execute(
        "INSERT INTO log_group (log_group_name) SELECT 'g' || n FROM generate_series(1, 200) AS n"
    )
    simulator.plan({"action": "delay", "operation": "CreateLogGroup", "seconds": 0.5, "times": 0})
    applying = asyncio.ensure_future(connection.fetch("SELECT * FROM iasql_apply()"))
    await simulator.until_called("CreateLogGroup", 1)
    await send_cancel(other.host, other.port, connection if right else stranger)
    if right:
        with pytest.raises(asyncpg.QueryCanceledError):
            await applying
        made = len(simulator.client("logs").describe_log_groups(limit=50)["logGroups"])
        assert made < 200
    else:
        assert len(await applying) == 200
    simulator.cancel_faults()
    await connection.close()
    await stranger.close()
