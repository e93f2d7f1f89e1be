"""The Postgres behind the proxy: the embedded one, or the one that `--postgres` names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import asyncpg
import platformdirs

from deploy.embedded_postgres import DATABASE, ROLE, DirectoryInUseError, EmbeddedPostgres, PostgresError
from deploy.failure import StartError
from proxy.entry.listeners import Address, SocketAddress
from proxy.transport.tls import CertificateError
from proxy.transport.upstream import Upstream

_VERSIONS = range(13, 19)
_CONNECT_SECONDS = 15.0
#: The file in the data directory that says where the proxy listens.
_ADDRESSES = "addresses"


@dataclass(frozen=True, kw_only=True)
class Backing:
    """The Postgres behind the proxy: how the engine connects, and what clients are told.

    Attributes:
        database: the default one.
        role: who clients may be, with the password.
        path: the database as a URL has it, with a slash before it.
        embedded: the embedded server, if it is that one.
    """

    engine_url: str
    upstream: Upstream
    database: str
    role: str
    path: str
    embedded: EmbeddedPostgres | None = None

    def client_url(self, address: Address, parameters: Mapping[str, str]) -> str:
        """What to connect with at an address of the proxy."""
        return client_url(self.role, self.path, address, parameters)

    @property
    def sign_in(self) -> str | None:
        """What people sign in to the console with, None if only they know it."""
        if self.embedded is None:
            return None
        return f"database {self.database}, user {ROLE}, password {self.embedded.password}"


def client_url(role: str, path: str, address: Address, parameters: Mapping[str, str]) -> str:
    """What a client connects with at an address of the proxy.

    Args:
        role: with the password.
        path: the database, with a slash before it.
    """
    where = str(address)
    if isinstance(address, SocketAddress):
        where = ""
        parameters = {"host": str(address.directory), "port": str(address.port)}
    query = urlencode(parameters, safe="/")
    return f"postgresql://{role}@{where}{path}" + (f"?{query}" if query else "")


async def start_postgres(
    postgres: str | None, data_dir: Path | None, stack: AsyncExitStack, *, simulated: bool
) -> Backing:
    """Start the embedded server, or look at the one that there is.

    Args:
        postgres: URL of the Postgres to use, or None for the embedded one.
        data_dir: where the embedded one keeps its data, or None for the usual place.
        stack: stops it.
        simulated: whether its tables are those of a simulated account.

    Raises:
        StartError: it cannot be used.
    """
    if postgres is not None:
        return await _outside(postgres)
    server = EmbeddedPostgres(data_dir or _usual(simulated=simulated))
    stack.callback(server.stop)
    try:
        await asyncio.to_thread(server.start)
    except PostgresError as error:
        raise StartError(str(error)) from error
    return _embedded(server)


def say_where(server: EmbeddedPostgres, addresses: Sequence[Address], parameters: Mapping[str, str]) -> None:
    """Write down beside the embedded server's data where the proxy listens, for `iasql connect`."""
    urls = [client_url("{role}", "/{database}", address, parameters) for address in addresses]
    (server.data_dir / _ADDRESSES).write_text("\n".join(urls))


def forget_where(server: EmbeddedPostgres) -> None:
    """The proxy listens no more."""
    (server.data_dir / _ADDRESSES).unlink(missing_ok=True)


def where(server: EmbeddedPostgres, role: str, database: str) -> list[str]:
    """What a role connects to a database with, at each address of the proxy that runs; none if none does."""
    try:
        urls = (server.data_dir / _ADDRESSES).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [each.replace("{role}", role).replace("{database}", database) for each in urls]


@contextmanager
def reached(data_dir: Path | None) -> Iterator[tuple[EmbeddedPostgres, bool]]:
    """The embedded server, and whether a proxy runs it already; otherwise it runs for as long as this takes.

    Raises:
        StartError: it cannot be used.
    """
    server, runs = EmbeddedPostgres(data_dir or _usual(simulated=False)), False
    try:
        try:
            server.start()
        except DirectoryInUseError:
            runs = True  # its socket and its passwords are where we know
        yield server, runs
    except PostgresError as error:
        raise StartError(str(error)) from error
    finally:
        server.stop()


def _usual(*, simulated: bool) -> Path:
    # the tables of a simulated account are not those of a real one
    return Path(platformdirs.user_data_path("iasql") / ("simulated" if simulated else "postgres"))


def _embedded(server: EmbeddedPostgres) -> Backing:
    url = server.superuser_url()
    return Backing(
        engine_url=url,
        upstream=Upstream.from_url(url),
        database=DATABASE,
        role=f"{ROLE}:{server.password}",
        path=f"/{DATABASE}",
        embedded=server,
    )


async def _outside(url: str) -> Backing:
    upstream = _upstream(url)
    database = await check_version(url)
    parts = urlsplit(url)
    return Backing(
        engine_url=url, upstream=upstream, database=database, role=parts.username or "USER", path=parts.path
    )


def _upstream(url: str) -> Upstream:
    try:
        return Upstream.from_url(url)
    except (ValueError, CertificateError) as error:
        raise StartError(f"--postgres cannot be used: {error}") from error


async def check_version(url: str) -> str:
    """The database that a Postgres is reached in.

    Raises:
        StartError: it cannot be reached, or is of a version that is not supported.
    """
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        parts = urlsplit(url)
        address = f"{parts.hostname or 'localhost'}{parts.path}"
        raise StartError(
            f"cannot connect to the Postgres at {address}: {error or type(error).__name__}"
        ) from error
    try:
        database, number = await connection.fetchrow(
            "SELECT current_database(), current_setting('server_version_num')"
        )
    finally:
        await connection.close()
    if int(number) // 10000 not in _VERSIONS:
        raise StartError(
            f"the Postgres at --postgres is version {int(number) // 10000}; 13 to 18 are supported"
        )
    return str(database)
