"""The console beside the proxy: where it is, and what it shows to browsers."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import structlog

from console.web.server import Console
from console.web.server_session import Server
from deploy.failure import StartError
from deploy.operators import Opening, operators
from proxy.entry.listeners import Address, SocketAddress, TCPAddress

#: Addresses that mean all of a machine's, and the one of them that this machine reaches itself by.
_ITSELF = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_log = structlog.get_logger("console")


@dataclass(frozen=True, kw_only=True)
class ConsoleSettings:
    """What the command line said of the console.

    Attributes:
        tls: what is shown to browsers, made of the two files; None if they come without TLS.
    """

    address: TCPAddress
    tls: ssl.SSLContext | None = None
    certificate: Path | None = None
    key: Path | None = None

    def reload(self) -> None:
        """Read the certificate again; what cannot be used leaves what was read before."""
        if self.tls is None or self.certificate is None:
            return
        try:
            self.tls.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            _log.error("the console keeps its certificate", error=str(error))


async def start_console(
    settings: ConsoleSettings,
    addresses: Sequence[Address],
    stack: AsyncExitStack,
    *,
    encrypted: bool,
    required: bool,
    reuse_port: bool,
    opening: Opening | None = None,
    known: str | None = None,
) -> None:
    """Begin to show pages, and say where.

    Args:
        addresses: where the proxy listens; a socket comes first, as it needs no certificate.
        encrypted, required: whether the proxy has TLS there, and whether clients need it.
        opening: how operators connect accounts, None if they cannot.
        known: what to sign in with, as far as it can be said.

    Raises:
        StartError: the address cannot be listened on.
    """
    at = min(addresses, key=lambda each: not isinstance(each, SocketAddress))
    if isinstance(at, SocketAddress):
        server = Server(host=str(at.directory), port=at.port)
    else:
        server = Server(host=_ITSELF.get(at.host, at.host), port=at.port, encrypted=encrypted)
    by = operators(opening, addresses, required=required) if opening is not None else None
    console = Console(server, settings.tls, operators=by)
    stack.push_async_callback(console.close)
    try:
        await console.start(settings.address.host, settings.address.port, reuse_port=reuse_port)
    except OSError as error:
        reason = error.strerror or error
        raise StartError(f"cannot listen on {settings.address}: {reason}; use another --console") from error
    click.echo(f"Console: {console.url}" + (f"  ({known})" if known else ""))
    if opening is not None:
        click.echo(f"To connect an account: {console.url}connect, with the password in {opening.file}")
