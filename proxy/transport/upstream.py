"""Where the backing PostgreSQL is, and how to reach it.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import parse_qs, unquote, urlsplit

from engine.errors import OperationError
from proxy.transport.sockets import PausingTransport
from proxy.transport.tls import UpstreamTLS
from proxy.wire.startup import SSL_REQUEST_PACKET

P = TypeVar("P", bound=asyncio.Protocol)

#: Seconds to wait for a connection.
CONNECT_TIMEOUT = 15.0


class UpstreamUnreachableError(OperationError):
    """No connection to the backing PostgreSQL could be made."""


@dataclass(frozen=True)
class Upstream:
    """The address of a PostgreSQL server.

    Attributes:
        host: a host name or address, or the directory of a Unix socket.
        port: the port, which is also part of the socket's file name.
        tls: how the connection is encrypted, or None if it is not.
    """

    host: str = "localhost"
    port: int = 5432
    tls: UpstreamTLS | None = None

    @classmethod
    def from_url(cls, url: str) -> Upstream:
        """Read the address out of a postgresql:// URL; `?host=` may name a socket directory.

        The parameters sslmode, sslrootcert, sslcert and sslkey mean what they mean to libpq.

        Raises:
            ValueError: it is not such a URL.
            CertificateError: the files that it names cannot be used.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise ValueError("the URL of the backing database must begin with postgresql://")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = query.get("host", unquote(parts.hostname or "") or "localhost")
        port = int(query.get("port", parts.port or 5432))
        return cls(host, port, None if host.startswith("/") else UpstreamTLS.from_settings(query))

    @property
    def address(self) -> str:
        """What to call it in messages."""
        if self.host.startswith("/"):
            return f"{self.host}/.s.PGSQL.{self.port}"
        return f"{self.host}:{self.port}"

    async def connect(self, protocol: Callable[[], P]) -> P:
        """Open a connection.

        Raises:
            UpstreamUnreachableError: it cannot be opened.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if self.tls is not None:
                    return await self._connect_tls(protocol, self.tls)
                if self.host.startswith("/"):
                    _, made = await loop.create_unix_connection(protocol, self.address)
                else:
                    _, made = await loop.create_connection(protocol, self.host, self.port)
        except OSError as error:
            raise UpstreamUnreachableError(
                f"the backing PostgreSQL at {self.address} cannot be reached",
                "08006",
                detail=str(error) or type(error).__name__,
                hint="Start it, or correct the address that the proxy was given, and connect again.",
            ) from error
        return made

    async def _connect_tls(self, protocol: Callable[[], P], tls: UpstreamTLS) -> P:
        loop = asyncio.get_running_loop()
        plain, request = await loop.create_connection(_Request, self.host, self.port)
        try:
            encrypts = await request.answer
            if not encrypts and tls.required:
                raise ConnectionError("the server does not support TLS, and sslmode asks for it")
            made = protocol()
            transport: asyncio.Transport = plain
            if encrypts:
                # Postgres says nothing before it is spoken to, so nothing can come before this returns.
                begun = loop.start_tls(plain, made, tls.context, server_hostname=self.host)
                transport = PausingTransport(plain, cast(asyncio.Transport, await begun))
            else:
                plain.set_protocol(made)
        except ssl.SSLError:
            if tls.required:
                raise
            _, made = await loop.create_connection(protocol, self.host, self.port)
            return made
        except BaseException:
            request.answer.cancel()
            plain.abort()
            raise
        made.connection_made(transport)
        return made


class _Request(asyncio.Protocol):
    """Asks a server whether TLS may begin.

    Attributes:
        answer: whether it may.
    """

    def __init__(self) -> None:
        self.answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(SSL_REQUEST_PACKET)

    def data_received(self, data: bytes) -> None:
        if self.answer.done():
            return
        if data in (b"S", b"N"):
            self.answer.set_result(data == b"S")
        else:
            # More than one byte may have been put there by someone in between, and so may an error.
            self.answer.set_exception(ConnectionError("the server's answer to SSLRequest is not S or N"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc or ConnectionError("the server closed the connection"))
