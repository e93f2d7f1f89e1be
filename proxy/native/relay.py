"""Sessions whose bytes nobody has to look at, served by a thread of compiled code.

A session lends its two connections while it is at rest. It gets them back, as a `State`, when
something comes that it has to see, or when it asks for them.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Protocol

from proxy.native.records import State, Visit
from proxy.transport.encryption import FUNCTIONS
from proxy.wire.frames import Place

try:
    from proxy.native import _front
except ImportError:  # installed where there is no compiler: everything goes through Python
    _front = None  # type: ignore[assignment]

__all__ = ["FROM_CLIENT", "LARGEST_HELD", "Lender", "Relay", "Start", "State", "Visits"]


@dataclass(frozen=True)
class Start:
    """Where the relay begins: between two messages or within one, when all has been answered or while it is.

    Attributes:
        client, server: descriptors of the two sockets; all that was to be sent has been.
        status: the last ReadyForQuery's transaction status.
        log: types of messages since everything had been answered, as in `State`.
        to_server, to_client: how far each has come. The client's held bytes have not been sent on yet, the
            server's have; there are LARGEST_HELD at the most.
        tls: the client's, as `EncryptedTransport.addresses` says; None if it has none.
    """

    client: int
    server: int
    status: bytes
    log: bytes
    to_server: Place
    to_client: Place
    tls: tuple[int, int, int] | None = None


#: Bytes of the beginning of a message that the relay takes over; far less than it receives at once.
LARGEST_HELD = 1 << 12

#: The bit that marks a client's message in the log.
FROM_CLIENT = 0x80


class Visits(Protocol):
    """Whoever is concerned with clients that compiled code accepts (`proxy.entry.front.Front`)."""

    def arrived(self, state: State | None, visit: Visit) -> None:
        """Python is to go on with one; with no state if it has not been let in."""

    def happened(self) -> None:
        """One has come or gone, perhaps."""


class Lender(Protocol):
    """A session."""

    def take_back(self, state: State) -> None:
        """The connections are the session's own again."""


class Relay:
    """Serves lent connections in a thread of its own.

    To be made, and used, in the thread of a running event loop.

    Args:
        connects: whether compiled code may connect clients that it accepts to the server.
        keeping: else: seconds for which connections to the server wait there for their next clients.
        patience: seconds after which a login is Python's to wait for.

    Attributes:
        native: the compiled code.
        visits: hears of the clients that it accepts.
    """

    def __init__(self, *, connects: bool = False, keeping: float = 0, patience: float = 1) -> None:
        self._lent: dict[int, Lender] = {}
        self.native = _front.Entrance(FUNCTIONS, connects, keeping, patience)
        self.visits: Visits | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.native.news, self.collect)
        self._thread = threading.Thread(target=self.native.run, name="iasql-relay", daemon=True)
        self._thread.start()

    @staticmethod
    def available() -> bool:
        """Whether it has been compiled."""
        return _front is not None

    @property
    def encrypts(self) -> bool:
        """Whether it can go on with a client's TLS."""
        return bool(FUNCTIONS)

    @property
    def received(self) -> tuple[int, int]:
        """Bytes that have come from clients and from servers on what is lent now."""
        return self.native.received

    def lend(self, lender: Lender, start: Start) -> int:
        """Serve a session's connections from now on; nobody else may use them.

        Returns:
            What to call the loan.

        Raises:
            OSError: they cannot be served, and stay the session's.
        """
        name = self.native.adopt(
            start.client,
            start.server,
            start.status[0],
            start.log,
            start.to_server,
            start.to_client,
            start.tls,
        )
        self._lent[name] = lender
        return name

    def recall(self, name: int) -> None:
        """Give a loan back now."""
        found = self.native.recall(name)
        if found is not None:
            self._lent.pop(name).take_back(found)

    def stop(self) -> None:
        """Serve nobody any more; all loans have been given back."""
        self._loop.remove_reader(self.native.news)
        self.native.stop()
        self._thread.join()

    def collect(self) -> None:
        """Give back, and hand over, what compiled code has done with."""
        for name, found, visit in self.native.returned():
            if visit is not None:
                assert self.visits is not None
                self.visits.arrived(found, visit)
            elif found is not None:
                self._lent.pop(name).take_back(found)
        if self.visits is not None:
            self.visits.happened()
