"""PostgreSQL's own programs of replication, through a proxy with TLS on both sides."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from proxy.server import Proxy
from tests.fixtures.certificates import Certificate
from tests.fixtures.encrypted_postgres import PASSWORD, EncryptedPostgres
from tests.proxy.conftest import StartProxy


@pytest.fixture
async def proxy(start_proxy: StartProxy, certificate: Certificate) -> Proxy:
    return await start_proxy(certificate, required=True, upstream="?sslmode=require")


async def run(postgres: EncryptedPostgres, proxy: Proxy, program: str, *options: str) -> str:
    """Run a program to its end, and tell what it said."""
    process = await asyncio.create_subprocess_exec(
        postgres.binaries / program,
        *(f"--host=localhost --port={proxy.port} --username=scram --no-password".split()),
        *options,
        env=os.environ
        | {"PGPASSWORD": PASSWORD, "PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(postgres.authority.root)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_a_base_backup_is_taken_and_verified(
    encrypted_postgres: EncryptedPostgres, proxy: Proxy, tmp_path: Path
) -> None:
    target = tmp_path / "backup"
    await run(encrypted_postgres, proxy, "pg_basebackup", f"--pgdata={target}", "--checkpoint=fast")
    verify = await asyncio.create_subprocess_exec(
        encrypted_postgres.binaries / "pg_verifybackup", target, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await verify.communicate()
    assert said.decode().strip() == "backup successfully verified"


def received(folder: Path) -> list[Path]:
    """The files that have something in them."""
    return [path for path in folder.iterdir() if path.stat().st_size]


async def test_the_log_is_received(
    encrypted_postgres: EncryptedPostgres, proxy: Proxy, tmp_path: Path
) -> None:
    admin = await asyncpg.connect(encrypted_postgres.url(sslmode="disable"))
    end = await admin.fetchval("SELECT pg_current_wal_lsn()::text")
    await admin.close()
    await run(
        encrypted_postgres, proxy, "pg_receivewal", f"--directory={tmp_path}", f"--endpos={end}", "--no-loop"
    )
    assert [path.suffix for path in received(tmp_path)] == [".partial"]


async def test_peer_authentication_is_that_of_the_proxy_s_own_user(
    encrypted_postgres: EncryptedPostgres, start_proxy: StartProxy
) -> None:
    by_socket = await start_proxy(upstream="socket")
    client = await asyncpg.connect(f"postgresql://peer@127.0.0.1:{by_socket.port}/postgres")
    assert await client.fetchval("SELECT current_user") == "peer"
    await client.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://scram:wrong@127.0.0.1:{by_socket.port}/postgres")
