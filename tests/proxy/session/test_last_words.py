"""What the server says last reaches a client that goes on sending while the server ends the session."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import psycopg
import pytest

from tests.fixtures.encrypted_postgres import EncryptedPostgres
from tests.proxy.conftest import StartProxy
from tests.proxy.raw import query, startup

_ASK = query("SELECT 1")


@pytest.mark.parametrize("pending", [0, 1_000, 40_000, 200_000, 400_000])
@pytest.mark.parametrize("upstream", ["socket", "?sslmode=disable"])
async def test_it_is_heard_without_compiled_code(
    start_proxy: StartProxy, encrypted_postgres: EncryptedPostgres, upstream: str, pending: int
) -> None:
    proxy = await start_proxy(upstream=upstream, relayed=False)
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.setblocking(False)
        await loop.sock_sendall(client, startup("trusted", "postgres"))
        said = b""
        while not said.endswith(b"Z\0\0\0\5I"):
            said += await loop.sock_recv(client, 1 << 16)
        key = said.index(b"K\0\0\0\x0c")
        # All this happens before the proxy, which is served by the same thread, can hear of any.
        with suppress(BlockingIOError):
            client.send(_ASK * (pending // len(_ASK)))
        _terminate(encrypted_postgres, int.from_bytes(said[key + 5 : key + 9], "big"))
        said = b""
        with suppress(ConnectionResetError):
            while data := await loop.sock_recv(client, 1 << 16):
                said += data
    assert b"SFATAL\0VFATAL\0C57P01\0" in said


def _terminate(server: EncryptedPostgres, backend: int) -> None:
    """End a session, and return when its process has ended."""
    with psycopg.connect(server.url(sslmode="disable"), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 10000)", [backend])
