"""Memory of a connection that does nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from bench.figures import Figure
from bench.proxy.contestants import DATABASE, PGBOUNCER, PROXY, USER, Contestant
from tests.proxy.raw import query, startup

#: The first ones also grow what all share, such as arenas and lists.
_FIRST, _COUNTED = 200, 1000


def figures(contestants: Sequence[Contestant]) -> Iterator[Figure]:
    """What a thousand idle connections take, each."""
    kibibytes = {each.name: _bytes(each) / 1024 for each in contestants if each.name in (PGBOUNCER, PROXY)}
    yield Figure(
        name=f"memory of an idle connection (pgbouncer's {kibibytes[PGBOUNCER]:.1f} KiB)",
        value=kibibytes[PROXY],
        unit="KiB",
        aim=4,
    )


def _bytes(contestant: Contestant) -> float:
    with ExitStack() as stack:
        for _ in range(_FIRST):
            stack.enter_context(_connected(contestant))
        before = contestant.memory
        for _ in range(_COUNTED):
            stack.enter_context(_connected(contestant))
        return (contestant.memory - before) / _COUNTED


def _connected(contestant: Contestant) -> socket.socket:
    """A connection that has been used once."""
    made = socket.create_connection(("127.0.0.1", contestant.port))
    for packet in (startup(USER, DATABASE), query("SELECT 1")):
        made.sendall(packet)
        _until_ready(made)
    return made


def _until_ready(connection: socket.socket) -> None:
    received = b""
    while received[-6:-1] != b"Z\0\0\0\5":
        more = connection.recv(1 << 16)
        assert more, received
        received += more
