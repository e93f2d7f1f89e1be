"""Listens for clients."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from engine.errors import Stopped
from engine.operations import Engine
from proxy.entry.front import Front
from proxy.entry.greeting import Greeting
from proxy.entry.idle import IdleConnections, Reuse
from proxy.entry.limits import Limits
from proxy.entry.listeners import HANDSHAKES, Address, Listener, TCPAddress
from proxy.entry.verifiers import Verifiers
from proxy.native.relay import Relay
from proxy.observer import Nobody, Observer
from proxy.state import ProxyState, Traffic
from proxy.transport.tls import CertificateError, ListenerTLS
from proxy.transport.upstream import Upstream

#: Seconds that running operations are given to come to a safe point.
GRACE = 30.0

#: Seconds that logins may take where nobody can be told why they do.
_PATIENCE = 1.0

#: Seconds that connections are given to end when they have been told to.
FAREWELL = 1.0

_log = structlog.get_logger("proxy")


class Proxy:
    """A PostgreSQL proxy that performs the calls of engine functions.

    Args:
        listen: where clients connect.
        shared: others may listen there as well, so that one proxy can take the place of another.
        upstream: where the backing PostgreSQL is.
        engine: what performs the calls.
        tls: TLS for clients, or None for none.
        verifiers: lets the proxy authenticate clients on encrypted connections, with channel binding.
        limits: how many clients there may be.
        observer: hears of connections and operations.
        drain: seconds that sessions may go on when the proxy stops.
        grace: seconds that running operations are given after that.
        reuse: how connections to the server are used again; None for not at all.
        relayed: whether sessions at rest are served by compiled code, where there is some.

    Attributes:
        draining: whether it has begun to stop.
    """

    def __init__(
        self,
        *,
        listen: Sequence[Address],
        shared: bool = False,
        upstream: Upstream,
        engine: Engine,
        tls: ListenerTLS | None = None,
        verifiers: Verifiers | None = None,
        limits: Limits | None = None,
        observer: Observer | None = None,
        drain: float = 0,
        grace: float = GRACE,
        reuse: Reuse | None = None,
        relayed: bool = True,
    ) -> None:
        self._listen = listen
        self._shared = shared
        self._drain = drain
        self._grace = grace
        self._relayed = relayed
        self._state = ProxyState(upstream, engine, tls, verifiers, limits or Limits(), observer or Nobody())
        if reuse is not None:
            self._state.idle = IdleConnections(reuse)
        self._listeners: list[Listener] = []
        self.draining = False

    @property
    def port(self) -> int:
        """The first TCP port that is listened on."""
        return next(each.port for each in self.addresses if isinstance(each, TCPAddress))

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where clients connect, with the ports that were found."""
        return tuple(listener.address for listener in self._listeners)

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        front = self._state.front
        return len(self._state.sessions) + (front.visitors if front is not None else 0)

    @property
    def operations(self) -> int:
        """How many operations are under way."""
        return sum(session.operation is not None for session in self._state.sessions)

    @property
    def traffic(self) -> Traffic:
        """The bytes of all sessions so far."""
        ended = self._state.traffic
        total = Traffic(ended.from_clients, ended.from_server)
        for session in self._state.sessions:
            total.add(session.received, session.backend.received)
        if self._state.relay is not None:
            total.add(*self._state.relay.received)
        return total

    async def start(self) -> None:
        """Begin to accept clients.

        Raises:
            OSError: one of the addresses cannot be listened on, and so none is.
        """
        state = self._state
        if self._relayed and Relay.available():
            self._start_relay()
        try:
            for address in self._listen:
                listener = await Listener.open(
                    address, lambda: Greeting(state), shared=self._shared, front=state.front
                )
                self._listeners.append(listener)
                _log.info("listening", address=str(listener.address), upstream=state.upstream.address)
        except OSError:
            await self._close_listeners()
            self._stop_relay()
            raise

    def _start_relay(self) -> None:
        state = self._state
        idle, tls = state.idle, state.upstream.tls
        keeping = 0.0 if idle is None else idle.reuse.seconds
        patience = min(_PATIENCE, state.limits.authentication_timeout)
        state.relay = relay = Relay(connects=idle is None, keeping=keeping, patience=patience)
        # What has to be counted, and what may not be said without TLS, is Python's.
        if not state.limits.counted and not (tls is not None and tls.required):
            state.front = front = Front(state, relay)
            state.keys.own = front.own_key
            if idle is not None:
                idle.keeper = front

    def _stop_relay(self) -> None:
        if self._state.front is not None:
            self._state.front.close()
        if self._state.relay is not None:
            self._state.relay.stop()

    async def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners.clear()

    async def _end_connections(self) -> None:
        """Let what was said last be sent, and TLS say its own last word; but not for long."""
        try:
            async with asyncio.timeout(FAREWELL):
                await self._state.until_empty()
        except TimeoutError:
            for session in tuple(self._state.sessions):
                session.abort()

    async def _drain_connections(self) -> None:
        """Let nobody in any more, and give those who are in their time."""
        if self._shared:
            for listener in self._listeners:
                listener.decline()
            await asyncio.sleep(HANDSHAKES)
        for listener in self._listeners:
            listener.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain):
                await self._state.until_empty()

    def reload_certificates(self) -> None:
        """Read the certificates again, for connections from now on; what cannot be used is logged."""
        for tls in (self._state.tls, self._state.upstream.tls):
            if tls is None:
                continue
            try:
                tls.reload()
                _log.info("certificates read again")
            except CertificateError as error:
                _log.error("certificates not read again: those from before stay in use", error=str(error))

    async def stop(self) -> None:
        """Accept no more clients, let operations come to a safe point, and end all sessions."""
        if not self._listeners:
            return
        self.draining = True
        await self._drain_connections()
        if self._state.front is not None:
            await self._state.front.recall()
        for greeting in tuple(self._state.greetings):
            greeting.close()
        reason = Stopped("terminating connection due to administrator command", "57P01")
        running = [task for session in tuple(self._state.sessions) if (task := session.shut_down(reason))]
        if running:
            await asyncio.wait(running, timeout=self._grace)
        for session in tuple(self._state.sessions):
            session.close(reason)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._end_connections()
        await self._close_listeners()
        if self._state.idle is not None:
            self._state.idle.close()
        self._stop_relay()
        _log.info("stopped")
