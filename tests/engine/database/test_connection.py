"""The engine's own connections."""

from __future__ import annotations

import asyncpg
import pytest

from engine.database.connection import Database
from engine.errors import OperationError
from tests.fixtures.databases import PostgresServer


async def test_a_connection_that_is_lost_is_an_error_of_the_operation(
    postgres_server: PostgresServer,
) -> None:
    database = Database(postgres_server.url)
    with pytest.raises(OperationError, match="lost its connection to Postgres") as caught:
        async with database.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.sqlstate == "58000"
    assert "terminating connection" in (caught.value.detail or "")


async def test_what_the_driver_says_of_a_connection_that_was_ended_while_idle_is_understood(
    postgres_server: PostgresServer,
) -> None:
    database = Database(postgres_server.url)
    with pytest.raises(OperationError, match="lost its connection to Postgres"):
        async with database.connection():
            raise asyncpg.InternalClientError("another operation (2) is in progress")


async def test_what_is_locked_for_too_long_is_an_error_of_the_operation(
    postgres_server: PostgresServer,
) -> None:
    database = Database(postgres_server.url)
    async with database.connection() as holder:
        await holder.execute("SELECT pg_advisory_lock(7)")
        assert await holder.fetchval("SHOW lock_timeout") == "1min"
        with pytest.raises(OperationError, match="locked") as caught:
            async with database.connection() as connection:
                await connection.execute("SET lock_timeout = '10ms'; SELECT pg_advisory_lock(7)")
    assert caught.value.sqlstate == "55P03"
