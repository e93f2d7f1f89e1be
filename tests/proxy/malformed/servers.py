"""Each PostgreSQL that is installed, reached directly and through a proxy."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from engine.database.connection import Database
from engine.operations import Engine
from proxy.entry.listeners import TCPAddress
from proxy.entry.verifiers import Verifiers
from proxy.native.relay import Relay
from proxy.server import Proxy
from proxy.transport.tls import ListenerTLS
from proxy.transport.upstream import Upstream
from tests.fixtures.certificates import Certificate
from tests.proxy.malformed.hearing import Way

#: How sessions are served, by whether compiled code does.
KINDS = {"compiled": True, "python": False} if Relay.available() else {"python": False}


@dataclass(frozen=True)
class Pair:
    """The same server twice.

    Attributes:
        user: who is let in without a password.
        tls: says something with TLS; None if the server has none.
    """

    direct: Way
    proxied: Way
    user: str
    tls: ssl.SSLContext | None = None


@asynccontextmanager
async def plain(
    socket: str, upstream: str, engine: Engine, *, relayed: bool, user: str = "trusted"
) -> AsyncIterator[Pair]:
    """A server's socket, on which it has no encryption, and a proxy without TLS.

    Args:
        socket: its path.
        upstream: the server's URL for the proxy.
    """
    proxy = Proxy(
        listen=[TCPAddress("127.0.0.1", 0)],
        upstream=Upstream.from_url(upstream),
        engine=engine,
        relayed=relayed,
    )
    async with _running(proxy) as address:
        yield Pair(Way(socket), Way(address), user)


@asynccontextmanager
async def with_tls(
    port: int, upstream: str, engine: Engine, certificate: Certificate, *, relayed: bool
) -> AsyncIterator[Pair]:
    """A server's port on which TLS is to be had, and a proxy with TLS."""
    proxy = Proxy(
        listen=[TCPAddress("127.0.0.1", 0)],
        upstream=Upstream.from_url(upstream),
        engine=engine,
        tls=ListenerTLS(certificate.certificate, certificate.key),
        verifiers=Verifiers(Database(upstream)),
        relayed=relayed,
    )
    async with _running(proxy) as address:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        yield Pair(Way(("127.0.0.1", port)), Way(address), "trusted", context)


@asynccontextmanager
async def _running(proxy: Proxy) -> AsyncIterator[tuple[str, int]]:
    async with AsyncExitStack() as stack:
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        yield "127.0.0.1", proxy.port
