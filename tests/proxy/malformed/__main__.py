"""Says many malformed beginnings at random to each installed PostgreSQL and to a proxy in front of it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import click
import structlog
import uvloop

from tests.fixtures import databases, encrypted_postgres
from tests.fixtures.certificates import Authority
from tests.proxy.conftest import FakeEngine
from tests.proxy.malformed.beginnings import random_beginnings
from tests.proxy.malformed.hearing import Way, difference
from tests.proxy.malformed.servers import KINDS, plain, with_tls

#: Seconds of silence as for `difference`: most of what waits is known to wait by both.
_PATIENCE = (0.05, 0.5, 3.0)

#: How many are said without TLS for one with it, which takes as much longer.
_WITHOUT_TLS = 5

#: What is said first to be taken for TLS; older servers take it for a length.
_HANDSHAKE = b"\x16"


@click.command()
@click.option("--count", default=100_000, show_default=True, help="Beginnings in all.")
@click.option("--seed", default=1, show_default=True)
@click.option("--parallel", default=40, show_default=True, help="Of them at once.")
def main(count: int, seed: int, parallel: int) -> None:
    """Compare what comes back, and how it ends; exit with 1 at a difference."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="iasql-malformed-") as folder:
        Path(folder).chmod(0o755)
        embedded = stack.enter_context(databases.running_postgres())
        authority = Authority(Path(folder))
        installed = stack.enter_context(encrypted_postgres.running(authority))
        found = uvloop.run(_compare(embedded, installed, authority, count, seed, parallel))
    raise SystemExit(1 if found else 0)


async def _compare(
    embedded: databases.PostgresServer,
    installed: encrypted_postgres.EncryptedPostgres,
    authority: Authority,
    count: int,
    seed: int,
    parallel: int,
) -> int:
    engine, certificate = FakeEngine(), authority.issue("proxy")
    async with AsyncExitStack() as stack:
        ways: list[tuple[str, Way, Way]] = []
        for kind, relayed in KINDS.items():
            socket = f"{embedded.socket_dir}/.s.PGSQL.{embedded.port}"
            pair = await stack.enter_async_context(plain(socket, embedded.url, engine, relayed=relayed))
            ways.append((f"PostgreSQL 18, {kind}", pair.direct, pair.proxied))
            socket = f"{installed.socket_dir}/.s.PGSQL.{installed.port}"
            upstream = installed.upstream_url(socket=True)
            pair = await stack.enter_async_context(plain(socket, upstream, engine, relayed=relayed))
            ways.append((f"the installed PostgreSQL, {kind}", pair.direct, pair.proxied))
            upstream = installed.upstream_url(sslmode="require")
            pair = await stack.enter_async_context(
                with_tls(installed.port, upstream, engine, certificate, relayed=relayed)
            )
            tls = Way(pair.direct.address, pair.tls), Way(pair.proxied.address, pair.tls)
            ways.append((f"the installed PostgreSQL with TLS, {kind}", *tls))
        weights = [1 if direct.tls else _WITHOUT_TLS for _, direct, _ in ways]
        shares = [count * weight // sum(weights) for weight in weights]
        shares[0] += count - sum(shares)
        return sum(
            [
                await _run(name, direct, proxied, random_beginnings(seed + turn, share), parallel)
                for turn, ((name, direct, proxied), share) in enumerate(zip(ways, shares, strict=True))
            ]
        )


async def _run(name: str, direct: Way, proxied: Way, beginnings: Iterator[bytes], parallel: int) -> int:
    began = time.monotonic()
    counted = differ = 0

    async def work() -> None:
        nonlocal counted, differ
        for each in beginnings:
            if each.startswith(_HANDSHAKE):
                each = b"\x15" + each[1:]
            found = await difference(direct, proxied, each, patience=_PATIENCE)
            counted += 1
            if found is not None:
                differ += 1
                click.echo(f"{name}: {found}")

    await asyncio.gather(*(work() for _ in range(parallel)))
    click.echo(f"{name}: {counted:,} beginnings in {time.monotonic() - began:.0f} s, {differ} differ")
    return differ


if __name__ == "__main__":
    main()
