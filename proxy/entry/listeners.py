"""Where clients connect: TCP addresses and Unix-domain sockets."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import socket
import stat
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

#: Connections that may wait to be accepted.
_BACKLOG = 1024

#: Seconds in which connections that are being made have been made.
HANDSHAKES = 0.1

#: Of Linux (include/uapi/asm-generic/socket.h); Python does not name it.
_SO_ATTACH_FILTER = 26

#: Drops what has SYN and not ACK among its flags, which are in byte 13 of a TCP header.
#: https://www.kernel.org/doc/html/latest/networking/filter.html
_NO_NEW_CONNECTIONS = (
    (0x30, 0, 0, 13),  # load the byte
    (0x54, 0, 0, 0x12),  # keep the two flags
    (0x15, 0, 1, 0x02),  # if it is SYN alone
    (0x06, 0, 0, 0),  # nothing is let through
    (0x06, 0, 0, 0xFFFFFFFF),  # else everything
)


@dataclass(frozen=True)
class TCPAddress:
    """A host and a port; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class SocketAddress:
    """A Unix-domain socket, named as PostgreSQL names its own.

    Attributes:
        port: a part of its name.
        mode: its permissions: who may write to it may connect.
    """

    directory: Path
    port: int
    mode: int = 0o777

    @property
    def path(self) -> Path:
        return self.directory / f".s.PGSQL.{self.port}"

    def __str__(self) -> str:
        return str(self.path)


Address = TCPAddress | SocketAddress
Factory = Callable[[], asyncio.Protocol]


class Listener:
    """Accepts clients at one address.

    Attributes:
        address: with the port that was found.
    """

    def __init__(
        self,
        address: Address,
        server: asyncio.Server,
        front: Acceptor | None,
        file: os.stat_result | None = None,
    ) -> None:
        self.address = address
        self._server = server
        self._front = front
        self._file = file

    @classmethod
    async def open(
        cls, address: Address, factory: Factory, *, shared: bool, front: Acceptor | None = None
    ) -> Self:
        """Begin to accept clients.

        Args:
            front: accepts them in place of the event loop.
            shared: others may listen there as well. A port's clients are then divided among them; a socket
                is taken over.

        Raises:
            OSError: the address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        if isinstance(address, TCPAddress):
            server = await loop.create_server(
                factory,
                address.host,
                address.port,
                backlog=_BACKLOG,
                reuse_port=shared or None,
                start_serving=False,
            )
            for each in server.sockets:
                # Like Postgres: a client whose machine has gone is noticed some day. Connections inherit it.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            await _serve(server, front)
            port: int = server.sockets[0].getsockname()[1]
            return cls(TCPAddress(address.host, port), server, front)
        if (reason := unusable(address, shared=shared)) is not None:
            raise OSError(errno.EADDRINUSE, reason)
        # Under a name of our own, so that nobody finds it before it can be used, and who has the
        # name now keeps it until then.
        unfinished = address.directory / f".iasql.{os.getpid()}"
        unfinished.unlink(missing_ok=True)
        try:
            bound = socket.socket(socket.AF_UNIX)
            bound.bind(str(unfinished))
            unfinished.chmod(address.mode)
            server = await loop.create_unix_server(factory, sock=bound, backlog=_BACKLOG, start_serving=False)
            await _serve(server, front)
            unfinished.rename(address.path)
        finally:
            unfinished.unlink(missing_ok=True)
        return cls(address, server, front, address.path.stat())

    def decline(self) -> None:
        """Let new connections go to others that listen there as well.

        When a socket is closed the kernel resets what has been connected but not accepted. So what is new is
        dropped for `HANDSHAKES` seconds before: the client's kernel asks again a second later, and
        finds somebody else.
        """
        if isinstance(self.address, SocketAddress):
            return  # who has taken it over has all that is new
        instructions = b"".join(struct.pack("=HBBI", *each) for each in _NO_NEW_CONNECTIONS)
        program = ctypes.create_string_buffer(instructions)
        pointer = struct.pack("HL", len(_NO_NEW_CONNECTIONS), ctypes.addressof(program))
        for each in self._server.sockets:
            # Where it is not allowed a few connections are reset, and that is all.
            with socket.socket(fileno=os.dup(each.fileno())) as listening, suppress(OSError):
                listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)

    def close(self) -> None:
        """Accept no more clients."""
        if self._front is not None:
            self._front.unlisten()
        self._server.close()
        if isinstance(self.address, SocketAddress) and self._is_ours(self.address.path):
            self.address.path.unlink()
        self._file = None

    async def wait_closed(self) -> None:
        """Return when all has been closed."""
        await self._server.wait_closed()

    def _is_ours(self, path: Path) -> bool:
        """Whether nobody has taken the name over."""
        try:
            return self._file is not None and os.path.samestat(path.stat(), self._file)
        except FileNotFoundError:
            return False


class Acceptor(Protocol):
    """Accepts clients (`proxy.entry.front.Front`)."""

    def listen(self, listening: socket.socket) -> None:
        """Accept whoever comes by a socket, which stays the caller's."""

    def unlisten(self) -> None:
        """Accept nobody any more, by whatever socket."""


async def _serve(server: asyncio.Server, front: Acceptor | None) -> None:
    if front is None:
        await server.start_serving()
        return
    for each in server.sockets:
        with socket.socket(fileno=os.dup(each.fileno())) as bound:
            bound.listen(_BACKLOG)
        front.listen(each)


def unusable(address: Address, *, shared: bool) -> str | None:
    """Why an address cannot be listened on; None if it can, as far as can be seen."""
    try:
        if isinstance(address, SocketAddress):
            return _occupied(address, shared=shared)
        family, kind, _, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            probe.bind(place)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _occupied(address: SocketAddress, *, shared: bool) -> str | None:
    """Why the name of a socket is not to be had; a socket on which nobody listens is none."""
    if not address.directory.is_dir():
        return f"there is no directory {address.directory}"
    try:
        if not stat.S_ISSOCK(address.path.lstat().st_mode):
            return f"{address.path} is there already, and is no socket"
    except FileNotFoundError:
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(address.path))
        except ConnectionRefusedError:
            return None
        return None if shared else f"another server listens on {address.path}"
