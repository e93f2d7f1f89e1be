"""`iasql up`: Postgres, AWS and the proxy between a client and both, until a signal ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import click
import platformdirs

from deploy.account import identify, open_cloud
from deploy.admin import Admin
from deploy.embedded_postgres import EmbeddedPostgres, PostgresError
from deploy.failure import StartError
from deploy.metrics import Metrics
from deploy.simulator.process import DUMMY_CREDENTIALS, SimulatorError, SimulatorProcess
from engine.aws.session import Cloud
from engine.database import Database
from engine.operations import Engine
from proxy.limits import Limits
from proxy.server import Proxy
from proxy.tls import CertificateError, ListenerTLS
from proxy.upstream import Upstream
from proxy.verifiers import Verifiers

SIMULATED_REGION = "us-east-2"
_VERSIONS = range(13, 19)
_CONNECT_SECONDS = 15.0
_PROFILE_SETTINGS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line said.

    Attributes:
        postgres: URL of a Postgres to use, or None for the embedded one.
        data_dir: where the embedded one keeps its data, or None for the usual place.
        tls: what is shown to clients that want TLS, or None if they cannot have it.
        limits: how many clients there may be.
        admin: where the admin port is, or None for none.
    """

    host: str
    port: int
    postgres: str | None
    simulate: bool
    data_dir: Path | None
    tls: ListenerTLS | None = None
    limits: Limits = field(default_factory=Limits)
    admin: tuple[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Backing:
    """The Postgres behind the proxy: how the engine connects, and what clients are told."""

    engine_url: str
    client_url: str
    upstream: Upstream


async def up(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM; whatever was started is stopped in the end.

    Raises:
        StartError: something cannot be started; nothing is left running.
    """
    ended = _ended_by_signal()
    async with AsyncExitStack() as stack:
        _check_address(settings)
        cloud = await _start_cloud(settings, stack)
        backing = await _start_postgres(settings, stack)
        engine = Engine(postgres_url=backing.engine_url, cloud=cloud)
        stack.push_async_callback(engine.close)
        upstream = backing.upstream
        database = Database(backing.engine_url)
        metrics = Metrics()
        proxy = Proxy(
            listen=(settings.host, settings.port),
            upstream=upstream,
            engine=engine,
            tls=settings.tls,
            verifiers=Verifiers(database),
            limits=settings.limits,
            observer=metrics,
        )
        metrics.watch(proxy)
        if settings.tls is not None or (upstream.tls is not None and upstream.tls.required):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, proxy.reload_certificates)
        if settings.admin is not None:
            await _start_admin(settings.admin, Admin(proxy, database, metrics.registry), stack)
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        required = settings.tls is not None and settings.tls.required
        url = backing.client_url.format(port=proxy.port) + ("?sslmode=require" if required else "")
        click.echo(f"Connect with: {url}")
        await ended.wait()


async def _start_admin(address: tuple[str, int], admin: Admin, stack: AsyncExitStack) -> None:
    host, port = address
    stack.push_async_callback(admin.close)  # after the proxy: until that has stopped it says so
    try:
        await admin.start(host, port)
    except OSError as error:
        reason = error.strerror or error
        raise StartError(f"cannot listen on {host}:{port}: {reason}; use another --admin") from error
    click.echo(f"Metrics: http://{host}:{admin.port}/metrics")


def _upstream(url: str) -> Upstream:
    try:
        return Upstream.from_url(url)
    except (ValueError, CertificateError) as error:
        raise StartError(f"--postgres cannot be used: {error}") from error


def _ended_by_signal() -> asyncio.Event:
    ended = asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, ended.set)
    return ended


def _check_address(settings: Settings) -> None:
    """Find out before anything is started whether the address can be listened on."""
    if settings.port == 0:
        return
    if (reason := _refusal(settings.host, settings.port)) is None:
        return
    others = (port for port in range(settings.port + 1, 65536) if _refusal(settings.host, port) is None)
    command = f"iasql up --listen {settings.host}:{next(others, 0)}" + (
        " --simulate" if settings.simulate else ""
    )
    raise StartError(
        f"cannot listen on {settings.host}:{settings.port}: {reason}; use another port: {command}"
    )


def _refusal(host: str, port: int) -> str | None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None


async def _start_cloud(settings: Settings, stack: AsyncExitStack) -> Cloud:
    if not settings.simulate:
        cloud = open_cloud()
        stack.push_async_callback(cloud.close)
        identity = await identify(cloud)
        click.echo(f"AWS account {identity.account}, region {identity.region}, as {identity.arn}")
        return cloud
    for name in _PROFILE_SETTINGS:
        os.environ.pop(name, None)  # nothing of a real account is looked at
    try:
        simulator = await asyncio.to_thread(SimulatorProcess)
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
        client_url = f"postgresql://{parts.username or 'USER'}@{settings.host}:{{port}}{parts.path}"
        return Backing(engine_url=settings.postgres, client_url=client_url, upstream=upstream)
    # the tables of a simulated account are not those of a real one
    usual = platformdirs.user_data_path("iasql") / ("simulated" if settings.simulate else "postgres")
    server = EmbeddedPostgres(settings.data_dir or usual)
    stack.callback(server.stop)
    try:
        await asyncio.to_thread(server.start)
    except PostgresError as error:
        raise StartError(str(error)) from error
    url = server.superuser_url()
    client_url = server.client_url(settings.host, "{port}")
    return Backing(engine_url=url, client_url=client_url, upstream=Upstream.from_url(url))


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
