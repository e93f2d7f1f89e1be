"""Where clients connect, and how one proxy takes the place of another."""

from __future__ import annotations

import asyncio
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from proxy.entry.listeners import Address, SocketAddress, TCPAddress, unusable
from proxy.server import Proxy
from proxy.transport.tls import ListenerTLS
from proxy.transport.upstream import Upstream
from proxy.wire.startup import SSL_REQUEST_PACKET
from tests.fixtures.certificates import Certificate
from tests.fixtures.databases import free_port
from tests.proxy.conftest import FakeEngine, Server, until
from tests.proxy.raw import Raw, connected, kinds, opened, query, rows, startup

TCP = TCPAddress("127.0.0.1", 0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One whose name is short enough for a socket's."""
    with tempfile.TemporaryDirectory(prefix="iasql-") as name:
        yield Path(name)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class Proxies:
    """Makes proxies in front of the tests' PostgreSQL; they are stopped afterwards."""

    def __init__(self, server: Server, engine: FakeEngine) -> None:
        self._upstream = Upstream.from_url(server.dsn())
        self._engine = engine
        self.made: list[Proxy] = []

    async def start(
        self, *listen: Address, shared: bool = False, drain: float = 0, tls: ListenerTLS | None = None
    ) -> Proxy:
        proxy = Proxy(
            listen=listen, shared=shared, upstream=self._upstream, engine=self._engine, drain=drain, tls=tls
        )
        self.made.append(proxy)
        await proxy.start()
        return proxy


@pytest.fixture
async def proxies(server: Server, engine: FakeEngine) -> AsyncIterator[Proxies]:
    made = Proxies(server, engine)
    yield made
    for proxy in made.made:
        await proxy.stop()


async def answers(at: int | str) -> bool:
    async with connected(at, "postgres") as raw:
        return rows(await raw.ask(query("SELECT 1"))) == [("1",)]


async def test_clients_come_by_several_ports_and_sockets(proxies: Proxies, folder: Path) -> None:
    sockets = [SocketAddress(folder, 5432), SocketAddress(folder, 6432)]
    proxy = await proxies.start(TCP, TCP, *sockets)
    ports = [each.port for each in proxy.addresses if isinstance(each, TCPAddress)]
    assert len(set(ports)) == 2
    assert all([await answers(port) for port in ports])
    assert all([await answers(str(each.path)) for each in sockets])


@pytest.mark.parametrize("mode", [0o777, 0o700, 0o660])
async def test_a_socket_has_the_permissions_that_were_asked_for(
    proxies: Proxies, folder: Path, mode: int
) -> None:
    address = SocketAddress(folder, 5432, mode)
    await proxies.start(address)
    assert stat.S_IMODE(address.path.stat().st_mode) == mode
    assert names(folder) == [".s.PGSQL.5432"]


async def test_a_socket_is_removed_at_the_end(proxies: Proxies, folder: Path) -> None:
    proxy = await proxies.start(SocketAddress(folder, 5432))
    await proxy.stop()
    assert names(folder) == []


async def test_a_socket_that_was_left_behind_is_replaced(proxies: Proxies, folder: Path) -> None:
    address = SocketAddress(folder, 5432)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(address.path))
    await proxies.start(address)
    assert await answers(str(address.path))


async def test_a_socket_in_use_is_left_alone(proxies: Proxies, folder: Path) -> None:
    address = SocketAddress(folder, 5432)
    await proxies.start(address)
    with pytest.raises(OSError, match=f"another server listens on {address.path}"):
        await proxies.start(TCP, address)
    assert proxies.made[-1].addresses == ()
    assert await answers(str(address.path))


async def test_what_is_no_socket_is_left_alone(proxies: Proxies, folder: Path) -> None:
    address = SocketAddress(folder, 5432)
    address.path.write_text("somebody's")
    with pytest.raises(OSError, match="and is no socket"):
        await proxies.start(address)
    assert address.path.read_text() == "somebody's"


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert unusable(SocketAddress(tmp_path / "no", 1), shared=False) == f"there is no directory {tmp_path}/no"


async def test_a_socket_needs_no_tls_and_has_none(
    proxies: Proxies, folder: Path, certificate: Certificate
) -> None:
    tls = ListenerTLS(certificate.certificate, certificate.key, required=True)
    address = SocketAddress(folder, 5432)
    await proxies.start(address, tls=tls)
    async with opened(str(address.path)) as raw:
        raw.send(SSL_REQUEST_PACKET)
        assert await raw.reader.readexactly(1) == b"N"
        raw.send(startup("postgres", "postgres"))
        assert kinds(await raw.ready())[-1] == "Z"


async def test_a_port_in_use_is_not_shared_by_chance(proxies: Proxies) -> None:
    proxy = await proxies.start(TCP)
    with pytest.raises(OSError, match="in use"):
        await proxies.start(TCPAddress("127.0.0.1", proxy.port))


class Callers:
    """Clients that connect, ask something and go, again and again, until they are told to stop."""

    def __init__(self, at: int | str, number: int) -> None:
        self._at = at
        self._stopped = False
        self.sessions = 0
        self._tasks = [asyncio.get_running_loop().create_task(self._call()) for _ in range(number)]

    async def _call(self) -> None:
        while not self._stopped:
            assert await answers(self._at)
            self.sessions += 1

    async def stop(self) -> None:
        """Raise what went wrong for any of them."""
        self._stopped = True
        await asyncio.gather(*self._tasks)


@pytest.mark.parametrize("by_socket", [False, True])
async def test_one_proxy_takes_the_place_of_another_and_no_client_notices(
    proxies: Proxies, folder: Path, by_socket: bool
) -> None:
    address = SocketAddress(folder, 5432) if by_socket else TCPAddress("127.0.0.1", free_port())
    at = str(address.path) if isinstance(address, SocketAddress) else address.port
    running = await proxies.start(address, shared=True, drain=10)
    callers = Callers(at, 8)
    for _ in range(3):
        seen = callers.sessions
        await until(lambda seen=seen: callers.sessions > seen + 20)  # type: ignore[misc]
        successor = await proxies.start(address, shared=True, drain=10)
        await running.stop()
        running = successor
    seen = callers.sessions
    await until(lambda: callers.sessions > seen + 20)
    await callers.stop()
    assert await answers(at)


async def test_sessions_go_on_for_as_long_as_they_are_given(proxies: Proxies) -> None:
    proxy = await proxies.start(TCP, drain=0.5)
    async with connected(proxy.port, "postgres") as short, connected(proxy.port, "postgres") as long:
        stopping = asyncio.get_running_loop().create_task(proxy.stop())
        await until(lambda: proxy.draining)
        assert rows(await short.ask(query("SELECT 1"))) == [("1",)]
        assert await _is_refused(proxy)
        assert [kind for kind, _ in await long.rest()] == ["E"]
        await stopping


async def test_a_proxy_without_clients_does_not_wait_for_any(proxies: Proxies) -> None:
    proxy = await proxies.start(TCP, drain=60)
    async with asyncio.timeout(5):
        await proxy.stop()


async def _is_refused(proxy: Proxy) -> bool:
    port = next(each.port for each in proxy.addresses if isinstance(each, TCPAddress))
    with suppress(ConnectionRefusedError):
        async with opened(port) as raw:
            assert isinstance(raw, Raw)
        return False
    return True
