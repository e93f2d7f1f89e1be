"""`iasql up`: Postgres, AWS and the proxy between a client and both, until a signal ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import asyncpg
import click
import platformdirs

from deploy.account import identify, open_cloud
from deploy.admin import Admin
from deploy.embedded_postgres import DATABASE, ROLE, EmbeddedPostgres, PostgresError
from deploy.failure import StartError
from deploy.metrics import Metrics
from deploy.simulator.process import DUMMY_CREDENTIALS, SimulatorError, SimulatorProcess
from engine.aws.account import only
from engine.aws.session import Cloud
from engine.database.connection import Database
from engine.operations import Engine
from modules.catalogue import find_modules
from proxy.entry.idle import Reuse
from proxy.entry.limits import Limits
from proxy.entry.listeners import Address, SocketAddress, TCPAddress, unusable
from proxy.entry.passwords import KeptPasswords
from proxy.entry.verifiers import Verifiers
from proxy.server import Proxy
from proxy.transport.tls import CertificateError, ListenerTLS
from proxy.transport.upstream import Upstream

SIMULATED_REGION = "us-east-2"
_VERSIONS = range(13, 19)
_CONNECT_SECONDS = 15.0
_PROFILE_SETTINGS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


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


@dataclass(frozen=True, kw_only=True)
class Backing:
    """The Postgres behind the proxy: how the engine connects, and what clients are told.

    Attributes:
        role: who clients may be, with the password.
        path: the database, with a slash before it.
    """

    engine_url: str
    upstream: Upstream
    role: str
    path: str

    def client_url(self, address: Address, parameters: Mapping[str, str]) -> str:
        """What to connect with at an address of the proxy."""
        where = str(address)
        if isinstance(address, SocketAddress):
            where = ""
            parameters = {"host": str(address.directory), "port": str(address.port)}
        query = urlencode(parameters, safe="/")
        return f"postgresql://{self.role}@{where}{self.path}" + (f"?{query}" if query else "")


async def up(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM; whatever was started is stopped in the end.

    Raises:
        StartError: something cannot be started; nothing is left running.
    """
    ended = _ended_by_signal()
    async with AsyncExitStack() as stack:
        _check_addresses(settings)
        cloud = await _start_cloud(settings, stack)
        backing = await _start_postgres(settings, stack)
        engine = Engine(postgres_url=backing.engine_url, accounts=only(cloud), catalogue=find_modules())
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
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, proxy.reload_certificates)
        if settings.admin is not None:
            await _start_admin(settings, Admin(proxy, database, metrics.registry), stack)
        try:
            await proxy.start()
        except OSError as error:
            raise StartError(f"cannot listen: {error.strerror or error}") from error
        stack.push_async_callback(proxy.stop)
        parameters = {"sslmode": "require"} if settings.tls is not None and settings.tls.required else {}
        for address in proxy.addresses:
            click.echo(f"Connect with: {backing.client_url(address, parameters)}")
        await ended.wait()


async def _start_admin(settings: Settings, admin: Admin, stack: AsyncExitStack) -> None:
    assert settings.admin is not None
    stack.push_async_callback(admin.close)  # after the proxy: until that has stopped it says so
    try:
        await admin.start(settings.admin, reuse_port=settings.reuse_port)
    except OSError as error:
        reason = error.strerror or error
        raise StartError(f"cannot listen on {settings.admin}: {reason}; use another --admin") from error
    click.echo(f"Metrics: http://{admin.address}/metrics")


def _upstream(url: str) -> Upstream:
    try:
        return Upstream.from_url(url)
    except (ValueError, CertificateError) as error:
        raise StartError(f"--postgres cannot be used: {error}") from error


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
            reason += f"; use another port: {_another(address, simulate=settings.simulate)}"
        raise StartError(f"cannot listen on {address}: {reason}")
    if settings.admin is not None:
        reason = unusable(settings.admin, shared=settings.reuse_port)
        if reason is not None:
            raise StartError(f"cannot listen on {settings.admin}: {reason}; use another --admin")


def _another(address: TCPAddress, *, simulate: str | None) -> str:
    """The command for the next port that is free."""
    addresses = (TCPAddress(address.host, port) for port in range(address.port + 1, 65536))
    free = next((each for each in addresses if unusable(each, shared=False) is None), address)
    return f"iasql up --listen {free}" + (f" --simulate={simulate}" if simulate else "")


async def _start_cloud(settings: Settings, stack: AsyncExitStack) -> Cloud:
    if settings.simulate is None:
        cloud = open_cloud()
        stack.push_async_callback(cloud.close)
        identity = await identify(cloud)
        click.echo(f"AWS account {identity.account}, region {identity.region}, as {identity.arn}")
        return cloud
    for name in _PROFILE_SETTINGS:
        os.environ.pop(name, None)  # nothing of a real account is looked at
    try:
        simulator = await asyncio.to_thread(SimulatorProcess, conditions=settings.simulate)
    except SimulatorError as error:
        raise StartError(str(error)) from error
    stack.callback(simulator.stop)
    region = os.environ.get("AWS_REGION") or SIMULATED_REGION
    click.echo(f"Simulated AWS: {simulator.endpoint}")
    variables = DUMMY_CREDENTIALS | {"AWS_REGION": region, "AWS_ENDPOINT_URL": simulator.endpoint}
    click.echo("For the AWS CLI: export " + " ".join(f"{name}={value}" for name, value in variables.items()))
    return Cloud(
        region=region,
        endpoint_url=simulator.endpoint,
        access_key=DUMMY_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        secret_key=DUMMY_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


async def _start_postgres(settings: Settings, stack: AsyncExitStack) -> Backing:
    if settings.postgres is not None:
        upstream = _upstream(settings.postgres)
        await _check_version(settings.postgres)
        parts = urlsplit(settings.postgres)
        return Backing(
            engine_url=settings.postgres,
            upstream=upstream,
            role=parts.username or "USER",
            path=parts.path,
        )
    # the tables of a simulated account are not those of a real one
    usual = platformdirs.user_data_path("iasql") / ("simulated" if settings.simulate else "postgres")
    server = EmbeddedPostgres(settings.data_dir or usual)
    stack.callback(server.stop)
    try:
        await asyncio.to_thread(server.start)
    except PostgresError as error:
        raise StartError(str(error)) from error
    url = server.superuser_url()
    return Backing(
        engine_url=url,
        upstream=Upstream.from_url(url),
        role=f"{ROLE}:{server.password}",
        path=f"/{DATABASE}",
    )


async def _check_version(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        parts = urlsplit(url)
        address = f"{parts.hostname or 'localhost'}{parts.path}"
        raise StartError(
            f"cannot connect to the Postgres at {address}: {error or type(error).__name__}"
        ) from error
    try:
        major = int(await connection.fetchval("SELECT current_setting('server_version_num')")) // 10000
    finally:
        await connection.close()
    if major not in _VERSIONS:
        raise StartError(f"the Postgres at --postgres is version {major}; 13 to 18 are supported")
