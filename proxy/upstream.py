"""Where the backing PostgreSQL is, and how to reach it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from engine.errors import OperationError

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
    """

    host: str = "localhost"
    port: int = 5432

    @classmethod
    def from_url(cls, url: str) -> Upstream:
        """Read the address out of a postgresql:// URL; `?host=` may name a socket directory.

        Raises:
            ValueError: it is not such a URL.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise ValueError("the URL of the backing database must begin with postgresql://")
        query = parse_qs(parts.query)
        host = query.get("host", [unquote(parts.hostname or "") or "localhost"])[0]
        port = int(query.get("port", [str(parts.port or 5432)])[0])
        return cls(host, port)

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
