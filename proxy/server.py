"""Listens for clients."""

from __future__ import annotations

import asyncio

import structlog

from engine.errors import Stopped
from engine.operations import Engine
from proxy.greeting import Greeting
from proxy.limits import Limits
from proxy.observer import Nobody, Observer
from proxy.surroundings import Surroundings, Traffic
from proxy.tls import CertificateError, ListenerTLS
from proxy.upstream import Upstream
from proxy.verifiers import Verifiers

#: Seconds that running operations are given to come to a safe point.
GRACE = 30.0

#: Seconds that connections are given to end when they have been told to.
FAREWELL = 1.0

_log = structlog.get_logger("proxy")


class Proxy:
    """A PostgreSQL proxy that performs the calls of engine functions.

    Args:
        listen: address and port; port 0 takes a free one.
        upstream: where the backing PostgreSQL is.
        engine: what performs the calls.
        tls: TLS for clients, or None for none.
        verifiers: lets the proxy authenticate clients on encrypted connections, with channel binding.
        limits: how many clients there may be.
        observer: hears of connections and operations.
        grace: seconds that running operations are given when the proxy stops.

    Attributes:
        draining: whether it has begun to stop.
    """

    def __init__(
        self,
        *,
        listen: tuple[str, int],
        upstream: Upstream,
        engine: Engine,
        tls: ListenerTLS | None = None,
        verifiers: Verifiers | None = None,
        limits: Limits | None = None,
        observer: Observer | None = None,
        grace: float = GRACE,
    ) -> None:
        self._listen = listen
        self._grace = grace
        self._surroundings = Surroundings(
            upstream, engine, tls, verifiers, limits or Limits(), observer or Nobody()
        )
        self._server: asyncio.Server | None = None
        self.draining = False

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None, "the proxy has not been started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        return len(self._surroundings.sessions)

    @property
    def operations(self) -> int:
        """How many operations are under way."""
        return sum(session.operation is not None for session in self._surroundings.sessions)

    @property
    def traffic(self) -> Traffic:
        """The bytes of all sessions so far."""
        ended = self._surroundings.traffic
        total = Traffic(ended.from_clients, ended.from_server)
        for session in self._surroundings.sessions:
            total.add(session.received, session.backend.received)
        return total

    async def start(self) -> None:
        """Begin to accept clients.

        Raises:
            OSError: the address cannot be listened on.
        """
        host, port = self._listen
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Greeting(self._surroundings), host, port, backlog=1024
        )
        _log.info("listening", host=host, port=self.port, upstream=self._surroundings.upstream.address)

    async def _end_connections(self) -> None:
        """Let what was said last be sent, and TLS say its own last word; but not for long."""
        try:
            async with asyncio.timeout(FAREWELL):
                await self._surroundings.until_empty()
        except TimeoutError:
            for session in tuple(self._surroundings.sessions):
                session.abort()

    def reload_certificates(self) -> None:
        """Read the certificates again, for connections from now on; what cannot be used is logged."""
        for tls in (self._surroundings.tls, self._surroundings.upstream.tls):
            if tls is None:
                continue
            try:
                tls.reload()
                _log.info("certificates read again")
            except CertificateError as error:
                _log.error("certificates not read again: those from before stay in use", error=str(error))

    async def stop(self) -> None:
        """Accept no more clients, let operations come to a safe point, and end all sessions."""
        if self._server is None:
            return
        self.draining = True
        self._server.close()
        for greeting in tuple(self._surroundings.greetings):
            greeting.close()
        reason = Stopped("terminating connection due to administrator command", "57P01")
        running = [
            task for session in tuple(self._surroundings.sessions) if (task := session.shut_down(reason))
        ]
        if running:
            await asyncio.wait(running, timeout=self._grace)
        for session in tuple(self._surroundings.sessions):
            session.close(reason)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._end_connections()
        await self._server.wait_closed()
        self._server = None
        _log.info("stopped")
