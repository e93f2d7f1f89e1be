"""What the options of the command line mean."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from deploy.console import ConsoleSettings
from deploy.failure import StartError
from proxy.entry.listeners import Address, SocketAddress, TCPAddress
from proxy.transport.tls import CertificateError, ListenerTLS


def listen(values: Iterable[str], mode: str) -> list[Address]:
    """What --listen and --socket-mode mean: HOST:PORT, /DIRECTORY or /DIRECTORY:PORT.

    Raises:
        click.BadParameter: they cannot be.
    """
    if not mode or set(mode) - set("01234567") or int(mode, 8) > 0o777:
        raise click.BadParameter(f"{mode!r} is not an octal number such as 0770", param_hint="--socket-mode")
    return [_socket(value, int(mode, 8)) if value.startswith("/") else _tcp(value) for value in values]


def admin(value: str | None) -> TCPAddress | None:
    """What --admin means.

    Raises:
        click.BadParameter: it cannot be.
    """
    return None if value is None else _tcp(value, "--admin")


def console(
    value: str | None,
    listeners: Sequence[Address],
    certificate: Path | None,
    key: Path | None,
    tls: ListenerTLS | None,
) -> ConsoleSettings | None:
    """What --console means, `off` or an address, together with where clients connect and what they are shown.

    Raises:
        click.BadParameter: it cannot be.
        StartError: the files cannot be used.
    """
    if value in (None, "off"):
        return None
    assert value is not None
    address = _tcp(value, "--console")
    if tls is None and not _is_this_machine(address.host):
        message = (
            f"{value}: passwords would travel in the clear. Give --tls-cert and --tls-key, or an address of "
            "this machine such as 127.0.0.1:8080, behind a server that has TLS"
        )
        raise click.BadParameter(message, param_hint="--console")
    if (
        tls is not None
        and tls.asks_for_certificate
        and not any(isinstance(each, SocketAddress) for each in listeners)
    ):
        message = "the console has no certificate for --tls-client-ca: give it a socket, --listen /DIRECTORY"
        raise click.BadParameter(message, param_hint="--console")
    context = None
    if tls is not None and certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise StartError(f"{certificate} and {key} cannot be used: {error}") from error
    return ConsoleSettings(address=address, tls=context, certificate=certificate, key=key)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def interval(value: str | None) -> float | None:
    """The seconds that --watch means: a number with its unit, such as 5min.

    Raises:
        click.BadParameter: it is none, or shorter than a second.
    """
    if value is None:
        return None
    found = _INTERVAL.fullmatch(value.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not 1 <= seconds <= _SECONDS["d"]:
        message = f"{value!r} is not an interval such as 5min: 1s to 1d, with s, min, h or d"
        raise click.BadParameter(message, param_hint="--watch")
    return seconds


_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_INTERVAL = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?(s|min|h|d)", re.ASCII)


def tls(
    mode: str | None, certificate: Path | None, key: Path | None, client_root: Path | None
) -> ListenerTLS | None:
    """What --tls, --tls-cert, --tls-key and --tls-client-ca mean together.

    Raises:
        click.UsageError: they cannot be.
        StartError: the files cannot be used.
    """
    if (certificate is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key are needed together")
    if certificate is None or key is None:
        if mode in ("require", "prefer"):
            raise click.UsageError(f"--tls {mode} needs --tls-cert and --tls-key")
        if client_root is not None:
            raise click.UsageError("--tls-client-ca needs --tls-cert and --tls-key")
        return None
    if client_root is not None and mode != "require":
        raise click.UsageError("--tls-client-ca needs --tls require, or clients come in without one")
    if mode == "off":
        return None
    try:
        return ListenerTLS(certificate, key, required=mode == "require", client_root=client_root)
    except CertificateError as error:
        raise StartError(str(error)) from error


def _tcp(value: str, option: str = "--listen") -> TCPAddress:
    host, _, port = value.rpartition(":")
    if ":" not in value or not _is_port(port):
        message = f"{value!r} is not HOST:PORT, such as 127.0.0.1:5432"
        raise click.BadParameter(message, param_hint=option)
    return TCPAddress(host.strip("[]") or "127.0.0.1", int(port))


def _socket(value: str, mode: int) -> SocketAddress:
    directory, colon, port = value.partition(":")
    if not colon:
        port = "5432"
    if not _is_port(port):
        message = f"{value!r} is not /DIRECTORY:PORT, such as /run/iasql:5432"
        raise click.BadParameter(message, param_hint="--listen")
    return SocketAddress(Path(directory), int(port), mode)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= 65535
