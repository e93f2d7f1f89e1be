"""A client that sends exactly the bytes it is told to."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from proxy.wire import server
from proxy.wire.frames import message
from proxy.wire.startup import SSL_REQUEST_PACKET

Answer = tuple[str, bytes]


def startup(user: str, database: str, **settings: str) -> bytes:
    words = {"user": user, "database": database, **settings}
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in words.items()) + b"\0"
    return struct.pack(">II", len(body) + 8, 3 << 16) + body


def query(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


def parse(sql: str, name: str = "", types: tuple[int, ...] = ()) -> bytes:
    oids = struct.pack(f">H{len(types)}I", len(types), *types)
    return message(b"P", f"{name}\0{sql}\0".encode() + oids)


def bind(portal: str = "", statement: str = "", *values: str) -> bytes:
    body = b"".join(struct.pack(">i", len(value.encode())) + value.encode() for value in values)
    counts = struct.pack(">HH", 0, len(values))
    return message(b"B", f"{portal}\0{statement}\0".encode() + counts + body + b"\0\0")


def execute(portal: str = "", limit: int = 0) -> bytes:
    return message(b"E", f"{portal}\0".encode() + struct.pack(">I", limit))


def describe(portal: str = "") -> bytes:
    return message(b"D", f"P{portal}\0".encode())


SYNC = message(b"S")
FLUSH = message(b"H")
TERMINATE = message(b"X")


class Raw:
    """A connection and its answers, one at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.key = b""

    def send(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    async def answer(self) -> Answer:
        async with asyncio.timeout(20):
            header = await self.reader.readexactly(5)
            kind, length = struct.unpack(">cI", header)
            return kind.decode(), await self.reader.readexactly(length - 4)

    async def ready(self) -> list[Answer]:
        """The answers up to ReadyForQuery."""
        answers: list[Answer] = []
        while not answers or answers[-1][0] != "Z":
            answers.append(await self.answer())
        return answers

    async def rest_or_ready(self) -> list[Answer]:
        """The answers up to ReadyForQuery, or to the end of the connection."""
        answers: list[Answer] = []
        with suppress(asyncio.IncompleteReadError, ConnectionResetError):
            while not answers or answers[-1][0] != "Z":
                answers.append(await self.answer())
        return answers

    async def ask(self, *frames: bytes) -> list[Answer]:
        self.send(*frames)
        return await self.ready()

    async def rest(self) -> list[Answer]:
        """The answers up to the end of the connection."""
        answers: list[Answer] = []
        try:
            while True:
                answers.append(await self.answer())
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return answers


@asynccontextmanager
async def connected(port_or_path: int | str, database: str) -> AsyncIterator[Raw]:
    """A session of `postgres`, over TCP to a port or over a socket."""
    async with opened(port_or_path) as raw:
        raw.send(startup("postgres", database))
        for kind, body in await raw.ready():
            if kind == "K":
                raw.key = body
        yield raw


@asynccontextmanager
async def opened(port_or_path: int | str) -> AsyncIterator[Raw]:
    """A connection on which nothing has been said."""
    if isinstance(port_or_path, int):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_or_path, limit=1 << 20)
    else:
        reader, writer = await asyncio.open_unix_connection(port_or_path, limit=1 << 20)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def encrypted(port: int, context: ssl.SSLContext, *, direct: bool = False) -> AsyncIterator[Raw]:
    """A connection on which nothing has been said but what begins TLS."""
    if direct:
        made = asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        reader, writer = await made
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(SSL_REQUEST_PACKET)
        assert await reader.readexactly(1) == b"S"
        await writer.start_tls(context, server_hostname="localhost")
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def kinds(answers: list[Answer]) -> str:
    """The types of the answers in order."""
    return "".join(kind for kind, _ in answers)


def fields(answers: list[Answer], kind: str = "E") -> dict[str, str]:
    """The fields of the only ErrorResponse, or NoticeResponse."""
    (body,) = (body for found, body in answers if found == kind)
    return server.read_fields(body, "utf-8")


def rows(answers: list[Answer]) -> list[tuple[str | None, ...]]:
    """The rows in text format."""
    return [server.read_row(body, "utf-8") for kind, body in answers if kind == "D"]
