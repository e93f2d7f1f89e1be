"""What reads bytes that a client or a server can send: each target takes any, and raises what is a fault.

A parser may refuse what it is given, in its own way; it may not crash, hang, lose or move a
byte, or keep more than it was given.
"""

from __future__ import annotations

import array
import fcntl
import os
import select
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, cast

from engine.operations import FUNCTIONS
from proxy.native.records import Progress, Visit
from proxy.native.relay import Relay
from proxy.sql.intercept import NEEDLE, analyse
from proxy.wire import authentication, client, scram, server
from proxy.wire.expected import Expected
from proxy.wire.frames import EVERY_KIND, LARGEST, Cutter, FramingError, Message, Run, message
from proxy.wire.startup import (
    GSSENC_REQUEST,
    SSL_REQUEST_PACKET,
    StartupMessage,
    cancel_request,
    read_startup,
)

Target = Callable[[bytes], None]

#: Seconds for which compiled code may think.
_PATIENCE = 5.0

GSSENC_REQUEST_PACKET = struct.pack(">II", 8, GSSENC_REQUEST)

#: Requests that a listener may decline, as compiled code counts them.
_ENCRYPTION = {SSL_REQUEST_PACKET: 1, GSSENC_REQUEST_PACKET: 2}

_NONE: frozenset[int] = frozenset()


def _refusing(read: Callable[[bytes], object], *refusals: type[Exception]) -> Target:
    def target(data: bytes) -> None:
        with suppress(*refusals):
            read(data)

    return target


def _each(*targets: Target) -> Target:
    def target(data: bytes) -> None:
        for one in targets:
            one(data)

    return target


def startup(data: bytes) -> None:
    """The packets that open a connection, one behind the other."""
    with suppress(FramingError):
        while (found := read_startup(data)) is not None:
            packet, rest = found
            assert len(rest) < len(data)
            if isinstance(packet, StartupMessage):
                assert data.startswith(packet.packet)
                assert isinstance(packet.user + packet.database, str)
            data = rest


def _pieces(data: bytes) -> Iterator[bytes]:
    """Bytes as they may arrive: each first one says how many come together."""
    while data:
        size = data[0] or 1
        yield data[1 : 1 + size]
        data = data[1 + size :]


def frames(data: bytes) -> None:
    """A stream of messages: what comes out is what went in."""
    cutter, follower, whole = Cutter(largest_held=1000), Cutter(), Cutter()
    given = taken = b""
    with suppress(FramingError):
        for number, piece in enumerate(_pieces(data)):
            if whole.whole(piece, _NONE) is not None:
                assert sum(5 + len(each.body) for each in follower_messages(piece)) == len(piece)
            cutter.feed(piece)
            given += piece
            follower.follow(piece, {ord("Z"): b"", ord("S"): b"c", ord("K"): b""}, frozenset(b"Dd"))
            while (found := cutter.take(EVERY_KIND if number % 2 else frozenset(b"QPB"))) is not None:
                taken += found.data if isinstance(found, Run) else found.frame
            assert taken + cutter.rest() == given


def follower_messages(chunk: bytes) -> list[Message]:
    """The messages of a chunk that has nothing else."""
    cutter = Cutter()
    cutter.feed(chunk)
    found: list[Message] = []
    while isinstance(piece := cutter.take(EVERY_KIND), Message):
        found.append(piece)
    return found


def expected(data: bytes) -> None:
    """Messages and answers in any order, as a server that has lost its mind would send them."""
    book = Expected()
    for kind in data:
        if kind & 0x80:
            book.sent(kind & 0x7F)
        else:
            book.received(kind)
        assert book.private == 0
        assert book.batch <= len(data)


def intercept(data: bytes) -> None:
    """The text of a statement."""
    if NEEDLE in data.lower():
        analyse(data.decode("utf-8", "replace"), FUNCTIONS)


def relay(data: bytes) -> None:
    """Bytes that pass through compiled code: sent on, held or given back, they are what it was given.

    The first one says how many come from the client; the rest comes from the server.
    """
    split = 1 + data[0] if data else 0
    from_client, from_server = data[1:split], data[split:]
    (client_end, client_side), (server_end, server_side) = socket.socketpair(), socket.socketpair()
    with client_end, client_side, server_end, server_side:
        name = _relay().adopt(client_side.fileno(), server_side.fileno(), ord("I"))
        client_end.sendall(from_client)
        server_end.sendall(from_server)
        while _arrived(client_side) or _arrived(server_side):
            if select.select([_relay().news], [], [], 0)[0]:
                break  # it has given them back, and reads no more
        found = _relay().recall(name)
        if found is None:
            ((_, found, _),) = _relay().returned()
        _check_way(from_client, found.to_server, client_side, server_end)
        _check_way(from_server, found.to_client, server_side, client_end, sent_on=len(found.to_client.held))


def beginning(data: bytes) -> None:
    """What a connection to compiled code begins with: answered, waited for or handed over as Python has it.

    The first byte says by which listener the client comes, the second one how many bytes are sent at once.
    """
    number, cut, said = (data[0] % 4, data[1] or 1, data[2:]) if len(data) > 2 else (0, 1, data)
    entrance, listening = _entrance()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_PATIENCE)
        client.connect(listening[number].getsockname())
        with suppress(OSError):  # it may have been handed over, and be closed, before all is said
            for at in range(0, len(said), cut):
                client.sendall(said[at : at + cut])
            client.shutdown(socket.SHUT_WR)
        visit = _visit(entrance)
        unread = b"" if visit is None else _take_over(visit)
        told = _until_the_end(client)
    assert told == b"N" * len(told)
    declined, rest = said[: 8 * len(told)], said[8 * len(told) :]
    asked = [declined[at : at + 8] for at in range(0, len(declined), 8)]
    assert set(asked) <= set(_ENCRYPTION)
    # As in PostgreSQL: a request is declined unless it is the one that was declined last.
    assert all(one != other for one, other in pairwise(asked))
    if visit is None:
        # Python would have waited for more, and then closed the connection without a word.
        assert read_startup(rest) is None
    else:
        assert visit.asked == (_ENCRYPTION[asked[-1]] if asked else 0)
        assert (visit.server, visit.logged_in) == (-1, 0)
        assert rest.startswith(visit.said + unread)


def _visit(entrance: Any) -> Visit | None:
    """The client that is handed over; None if it has gone by itself."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if select.select([entrance.news], [], [], _PATIENCE)[0]:
            for _, state, visit in entrance.returned():
                assert state is None
                return cast(Visit, visit)
            if entrance.happened()[1]:
                return None
    raise AssertionError("the connection has neither ended nor been handed over")


def _take_over(visit: Visit) -> bytes:
    """Close a client's connection; what has not been read of it."""
    with socket.socket(fileno=visit.client) as taken:
        return _waiting(taken)


def _until_the_end(client: socket.socket) -> bytes:
    told = b""
    with suppress(ConnectionResetError):
        while more := client.recv(100):
            told += more
    return told


def _check_way(
    given: bytes,
    progress: Progress,
    source: socket.socket,
    target: socket.socket,
    *,
    sent_on: int = 0,
) -> None:
    passed = _waiting(target) + progress.unsent
    assert len(_waiting(source)) == len(given) - progress.received
    assert passed + progress.held[sent_on:] == given[: progress.received]


def _arrived(end: socket.socket) -> int:
    """How many bytes wait to be read."""
    count = array.array("i", [0])
    fcntl.ioctl(end, termios.FIONREAD, count)
    return count[0]


def _waiting(end: socket.socket) -> bytes:
    found = b""
    with suppress(BlockingIOError):
        while more := end.recv(1 << 16, socket.MSG_DONTWAIT):
            found += more
    return found


_serving: list[object] = []


def _relay() -> Any:
    """The relay of this process, begun when first needed."""
    if not _serving:
        from proxy.native import _relay as compiled

        made = compiled.PairLoop()
        threading.Thread(target=made.run, daemon=True).start()
        _serving.append(made)
    return _serving[0]


_letting_in: list[tuple[Any, list[socket.socket]]] = []


def _entrance() -> tuple[Any, list[socket.socket]]:
    """Compiled code that lets clients in by one listener for each thing that a listener may allow."""
    if not _letting_in:
        from proxy.native import _front as compiled

        made, listening = compiled.Entrance(), []
        for number in range(4):
            each = socket.socket(socket.AF_UNIX)
            each.bind(f"\0iasql-fuzz-{os.getpid()}-{number}")
            each.listen()
            each.setblocking(False)
            made.listen(each.fileno(), bool(number & 1), bool(number & 2))
            listening.append(each)
        threading.Thread(target=made.run, daemon=True).start()
        _letting_in.append((made, listening))
    return _letting_in[0]


TARGETS: dict[str, Target] = {
    "startup": startup,
    "frames": frames,
    "client": _each(
        *(
            _refusing(read, FramingError)
            for read in (
                client.read_query,
                client.read_parse,
                client.read_bind,
                client.read_bind_names,
                client.read_execute_portal,
                client.read_close,
                lambda data: client.rebind(data, b"s"),
            )
        )
    ),
    "server": _each(
        _refusing(lambda data: server.read_fields(data, "utf-8")),
        _refusing(lambda data: server.read_row(data, "utf-8"), FramingError),
        _refusing(server.read_parameter, FramingError),
    ),
    "authentication": _each(
        _refusing(authentication.read_request, FramingError),
        _refusing(authentication.read_mechanisms),
        _refusing(authentication.read_sasl_initial_response, FramingError),
    ),
    "scram": _each(
        *(
            _refusing(read, scram.ScramError)
            for read in (
                scram.read_client_first,
                scram.read_server_first,
                scram.read_client_final,
                scram.read_server_final,
                lambda data: scram.Verifier.read(data.decode("latin-1")),
            )
        )
    ),
    "expected": expected,
    "intercept": intercept,
}
if Relay.available():
    TARGETS["relay"] = relay
    TARGETS["beginning"] = beginning


def _both(from_client: bytes, from_server: bytes) -> bytes:
    """The input of `relay`."""
    return bytes([len(from_client)]) + from_client + from_server


#: What fuzzing begins with: whole messages of each kind, and what was wrong with others once.
_STARTUP = b"\0\0\0\x1d\0\3\0\0user\0u\0database\0d\0\0\0"
_SEEDS: dict[str, Sequence[bytes]] = {
    "startup": [_STARTUP, SSL_REQUEST_PACKET + _STARTUP, cancel_request(bytes(36)), b"\0\0\0\x08\0\2\0\0"],
    "frames": [
        b"\x0f" + message(b"Q", b"SELECT 1\0"),
        b"\x05" + message(b"S") + b"\x03Z\0\0\x03\0\5I",
        b"\x05Q" + (LARGEST + 1).to_bytes(4, "big"),
        b"\x05D\0\0\0\0",
    ],
    "client": [
        b"s\0SELECT $1\0\0\1\0\0\0\x17",
        b"p\0s\0\0\1\0\1\0\2\0\0\0\1x\xff\xff\xff\xff\0\0",
        b"p\0\0\0\0\0",
        b"\0\0\xff\xff",
    ],
    "server": [
        b"SERROR\0C42601\0Mm\0\0",
        b"\0\2\0\0\0\1x\xff\xff\xff\xff",
        b"client_encoding\0UTF8\0",
        b"client_encoding\0UTF8",
        b"\0\1\0\0\0\1\xff",
        b"\0\1\0\0\0\2x",
    ],
    "authentication": [b"\0\0\0\nSCRAM-SHA-256\0\0", b"SCRAM-SHA-256\0\0\0\0\3n,,", b"\0\0"],
    "scram": [
        b"n,,n=,r=nonce",
        b"p=tls-server-end-point,,n=,r=nonce",
        b"r=nonce,s=c2FsdA==,i=4096",
        b"c=biws,r=nonce,p=" + b"A" * 43 + b"=",
        b"v=c2ln",
        b"SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5",
    ],
    "expected": [bytes(each | 0x80 for each in b"PBES") + b"12CZ", b"\xd1EZ\xc5E\xd3Z", b"\xc5GW"],
    "intercept": [
        b"SELECT * FROM iasql_apply()",
        b"SELECT iasql_install('a', $1), $2 FROM t WHERE x = '\xff'",
        b"BEGIN; SELECT 1 FROM iasql_plan_apply() a JOIN iasql_sync() b ON true; COMMIT -- iasql_",
        b"\0iasql_\0",
    ],
    "beginning": [
        b"\x03\xff" + _STARTUP,
        b"\x03\x08" + SSL_REQUEST_PACKET + GSSENC_REQUEST_PACKET + _STARTUP,
        b"\x01\x08" + SSL_REQUEST_PACKET + b"\x16\x03\x01",
        b"\x03\x01" + SSL_REQUEST_PACKET * 2,
        b"\x02\x03" + cancel_request(bytes(8)),
        b"\x03\xffGET / HTTP/1.1\r\n",
        b"\x03\xff\0\0\0\x04",
        b"\x03\xff\0\0\0\x08\0",
        b"\x03\xff\0\0\x27\x14\0\3\0\0",
    ],
    "relay": [
        _both(
            message(b"Q", b"SELECT 1\0") + message(b"X"), message(b"Z", b"I") + message(b"C", b"SELECT 1\0")
        ),
        _both(b"Q\0\0\0\3" * 4, b""),
        _both(message(b"P", b"\0iasql_\0"), message(b"S", b"client_encoding\0UTF8\0")),
        _both(b"", b"S\0\0\0\0client_encoding\0"),
    ],
}


def seeds(target: str) -> Sequence[bytes]:
    """What fuzzing of a target begins with."""
    return _SEEDS[target]
