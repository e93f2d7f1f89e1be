"""`iasql up`: Postgres, AWS and the proxy between a client and both, until a signal ends it."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from deploy.account import start_accounts, start_default
from deploy.admin import Admin
from deploy.console import ConsoleSettings, start_console
from deploy.failure import StartError
from deploy.keys import secret_keys
from deploy.metrics import Metrics
from deploy.operators import Opening, opening
from deploy.postgres import Backing, forget_where, say_where, start_postgres
from engine.database.connection import Database
from engine.errors import OperationError
from engine.operations import Engine
from modules.catalogue import find_modules
from proxy.entry.idle import Reuse
from proxy.entry.limits import Limits
from proxy.entry.listeners import Address, TCPAddress, unusable
from proxy.entry.passwords import KeptPasswords
from proxy.entry.verifiers import Verifiers
from proxy.server import Proxy
from proxy.transport.tls import ListenerTLS


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line said.

    Attributes:
        listen: where clients connect.
        reuse_port: another may listen there as well.
        drain: seconds that sessions may go on when it is to end.
        reuse_seconds: how long a connection to Postgres waits for another client; None for not at all.
        simulate: name of a simulated account's conditions (`deploy.simulator.conditions`), or None for a
            real account.
        postgres: URL of a Postgres to use, or None for the embedded one.
        data_dir: where the embedded one keeps its data, or None for the usual place.
        tls: what is shown to clients that want TLS, or None if they cannot have it.
        limits: how many clients there may be.
        admin: where the admin port is, or None for none.
        console: where the console is and what it shows to browsers, or None for none.
        watch: seconds from one look at what has been changed in AWS to the next, or None for none.
        given: the options as they were written, without the command.
        simulated_databases: patterns of names; databases of such a name have simulated accounts of their own.
        secret_key_file: has the keys that connections' secrets are encrypted with, None for the usual place.
        operator_password_file: has the password with which operators connect accounts on the console.
    """

    listen: Sequence[Address]
    postgres: str | None
    simulate: str | None
    data_dir: Path | None
    tls: ListenerTLS | None = None
    limits: Limits = field(default_factory=Limits)
    reuse_port: bool = False
    drain: float = 0
    reuse_seconds: float | None = None
    admin: TCPAddress | None = None
    console: ConsoleSettings | None = None
    watch: float | None = None
    given: Sequence[str] = ()
    simulated_databases: Sequence[str] = ()
    secret_key_file: Path | None = None
    operator_password_file: Path | None = None


async def up(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM; whatever was started is stopped in the end.

    Raises:
        StartError: something cannot be started; nothing is left running.
    """
    ended = _ended_by_signal()
    async with AsyncExitStack() as stack:
        _check_addresses(settings)
        default = await start_default(settings.simulate, stack)
        backing = await start_postgres(
            settings.postgres, settings.data_dir, stack, simulated=settings.simulate is not None
        )
        accounts = await start_accounts(
            default,
            backing,
            stack,
            simulated_databases=settings.simulated_databases,
            secret_key_file=settings.secret_key_file,
        )
        engine = Engine(postgres_url=backing.engine_url, accounts=accounts, catalogue=find_modules())
        stack.push_async_callback(engine.close)
        upstream = backing.upstream
        database = Database(backing.engine_url)
        metrics = Metrics()
        proxy = Proxy(
            listen=settings.listen,
            shared=settings.reuse_port,
            drain=settings.drain,
            upstream=upstream,
            engine=engine,
            tls=settings.tls,
            verifiers=Verifiers(database),
            limits=settings.limits,
            observer=metrics,
            reuse=await _reuse(settings, database, stack),
        )
        metrics.watch(proxy)
        encrypted = settings.tls is not None or (upstream.tls is not None and upstream.tls.required)
        # Of a terminal that is closed SIGHUP is the end, unless there are certificates to be read.
        if encrypted or not sys.stdin.isatty():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, proxy, settings)
        if settings.admin is not None:
            await _start_admin(settings, Admin(proxy, database, metrics.registry), stack)
        try:
            await proxy.start()
        except OSError as error:
            raise StartError(f"cannot listen: {error.strerror or error}") from error
        stack.push_async_callback(proxy.stop)
        if settings.console is not None:
            await start_console(
                settings.console,
                proxy.addresses,
                stack,
                encrypted=settings.tls is not None,
                required=settings.tls is not None and settings.tls.required,
                opening=_opening(settings, backing),
                known=backing.sign_in,
                reuse_port=settings.reuse_port,
            )
        parameters = {"sslmode": "require"} if settings.tls is not None and settings.tls.required else {}
        if backing.embedded is not None:
            # So that psql's \df shows the functions before one is called.
            with suppress(OperationError):
                await engine.prepare_database(backing.database)
            if opened := backing.embedded.opened:
                passed = ", ".join(map(str, opened))
                click.echo(f"PostgreSQL does not run as root, so anybody may pass now (o+x): {passed}")
            say_where(backing.embedded, proxy.addresses, parameters)
            stack.callback(forget_where, backing.embedded)
        for address in proxy.addresses:
            url = backing.client_url(address, parameters)
            click.echo(f"Connect with: {shlex.quote(url) if '&' in url else url}")
        if settings.watch is not None:
            await stack.enter_async_context(engine.watching(settings.watch, metrics))
        click.echo(
            "Begin with: SELECT * FROM iasql_install('aws_vpc'); all functions: SELECT * FROM iasql_help();"
        )
        await ended.wait()


def _opening(settings: Settings, backing: Backing) -> Opening | None:
    """How operators connect accounts on the console; not those of a simulated AWS, which has one account."""
    if settings.simulate is not None:
        return None
    keys = secret_keys(settings.secret_key_file, backing.embedded)
    return opening(settings.operator_password_file, backing, keys)


def _reload(proxy: Proxy, settings: Settings) -> None:
    proxy.reload_certificates()
    if settings.console is not None:
        settings.console.reload()


async def _start_admin(settings: Settings, admin: Admin, stack: AsyncExitStack) -> None:
    assert settings.admin is not None
    stack.push_async_callback(admin.close)  # after the proxy: until that has stopped it says so
    try:
        await admin.start(settings.admin, reuse_port=settings.reuse_port)
    except OSError as error:
        reason = error.strerror or error
        raise StartError(f"cannot listen on {settings.admin}: {reason}; use another --admin") from error
    click.echo(f"Metrics: http://{admin.address}/metrics")


async def _reuse(settings: Settings, database: Database, stack: AsyncExitStack) -> Reuse | None:
    if settings.reuse_seconds is None:
        return None
    if not await database.may_read_passwords():
        return Reuse(settings.reuse_seconds)
    passwords = KeptPasswords(database)
    stack.push_async_callback(passwords.close)
    return Reuse(settings.reuse_seconds, passwords)


def _ended_by_signal() -> asyncio.Event:
    ended = asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, ended.set)
    return ended


def _check_addresses(settings: Settings) -> None:
    """Find out before anything is started whether the addresses can be listened on."""
    for address in settings.listen:
        reason = unusable(address, shared=settings.reuse_port)
        if reason is None:
            continue
        if isinstance(address, TCPAddress) and address.port:
            reason += f"; use another port: {_another(address, settings.given)}"
        raise StartError(f"cannot listen on {address}: {reason}")
    console = settings.console.address if settings.console is not None else None
    for other, option in ((settings.admin, "--admin"), (console, "--console")):
        reason = unusable(other, shared=settings.reuse_port) if other is not None else None
        if reason is not None:
            raise StartError(f"cannot listen on {other}: {reason}; use another {option}")


def _another(address: TCPAddress, given: Sequence[str]) -> str:
    """The same command, with the next port that is free in the place of the one that is taken.

    A password in a URL is not said again.
    """
    addresses = (TCPAddress(address.host, port) for port in range(address.port + 1, 65536))
    free = next((each for each in addresses if unusable(each, shared=False) is None), address)
    again = [each.replace(str(address), str(free)) for each in given]
    if again == list(given):
        again = [*given, "--listen", str(free)]
    return _PASSWORD.sub(r"\1PASSWORD@", shlex.join(["iasql", "up", *again]))


_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]*@")
