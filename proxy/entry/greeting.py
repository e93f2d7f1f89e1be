"""The beginning of a connection, until it is known what the client wants.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

from engine.errors import OperationError
from proxy.entry.login import Login
from proxy.entry.refusal import refusal_of, refusal_of_repetition
from proxy.errors import fields_of
from proxy.observer import Outcome
from proxy.records import Connection, address_of
from proxy.session.cancel import cancel
from proxy.state import ProxyState
from proxy.transport.encryption import EncryptedTransport
from proxy.transport.tls import ALPN, HANDSHAKE, Identity, ListenerTLS
from proxy.wire.frames import FramingError
from proxy.wire.server import error_response
from proxy.wire.startup import (
    GSSENC_REQUEST,
    SSL_REQUEST,
    CancelRequest,
    GSSENCRequest,
    OtherProtocol,
    SSLRequest,
    Startup,
    StartupMessage,
    read_startup,
)


@dataclass(frozen=True)
class Said:
    """What has come before a `Greeting` goes on with a connection.

    Attributes:
        data: from the client.
        asked: the requests for encryption that were declined since the other kind was.
        opened: the server's connection, as for a `Login`.
        began: when the connection was made, on the clock of time.monotonic(); None if that was just now.
    """

    data: bytes = b""
    asked: set[type[Startup]] = field(default_factory=set)
    opened: tuple[int, bytes] | None = None
    began: float | None = None


class Greeting(asyncio.Protocol):
    """Reads start-up packets, and hands the connection over to whoever is concerned.

    Args:
        said: what has come before.
    """

    _transport: asyncio.Transport
    _connection: Connection
    _tls: ListenerTLS | None
    _timer: asyncio.TimerHandle
    _deadline: float

    def __init__(self, proxy: ProxyState, said: Said | None = None) -> None:
        said = said or Said()
        self._proxy = proxy
        self._task: asyncio.Task[None] | None = None
        self._data = said.data
        self._asked = said.asked
        self._opened = said.opened
        self._began = said.began
        self._identity: Identity | None = None
        self._upgrading = False
        self._injected = False
        self._handed_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connection = Connection(
            address_of(transport.get_extra_info("peername")), self._proxy.observer, began=self._began
        )
        # Like Postgres: what comes by a socket does not leave the machine.
        local = not isinstance(self._transport.get_extra_info("sockname"), tuple)
        self._tls = None if local else self._proxy.tls
        loop = asyncio.get_running_loop()
        self._deadline = self._connection.began + self._proxy.limits.authentication_timeout
        self._timer = loop.call_at(self._deadline, self.close)
        most = self._proxy.limits.sockets
        if most is not None and len(self._proxy.greetings) + self._proxy.seats.taken >= most:
            too_many = "too many connections that have not said what they want"
            self._connection.note(Outcome.REFUSED, OperationError(too_many, "53300"))
            self._transport.abort()
        self._proxy.greetings.add(self)
        if self._data:
            self._read()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._upgrading:
            self._read()

    def eof_received(self) -> bool:
        return self._handed_over

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        if not self._handed_over:
            self._proxy.dismiss(self)
            self._connection.end()

    def close(self) -> None:
        """Stop waiting for what the client wants, or for what it wanted to begin."""
        self._transport.close()
        if self._task is not None:
            self._task.cancel()

    def _read(self) -> None:
        if self._data.startswith(HANDSHAKE) and not self._asked and self._identity is None:
            hello, self._data = self._data, b""
            self._begin_tls(hello)
            return
        try:
            while (
                not self._handed_over
                and not self._upgrading
                and (found := read_startup(self._data)) is not None
            ):
                packet, self._data = found
                self._answer(packet)
        except FramingError as error:
            # Like Postgres: who begins like this would not understand an error.
            self._connection.note(Outcome.REFUSED, OperationError(str(error), "08P01"))
            self._transport.close()
        except OperationError as error:
            self._refuse(error)

    def _answer(self, packet: Startup) -> None:
        if isinstance(packet, StartupMessage):
            if self._tls is not None and self._tls.required and self._identity is None:
                raise OperationError(
                    "connections without TLS are not accepted",
                    "28000",
                    hint="Connect with sslmode=require, or sslmode=verify-full to be sure of the server.",
                )
            self._connection.startup = packet
            login = Login(
                self._transport,
                self._data,
                packet,
                self._proxy,
                self._connection,
                self._identity,
                self._opened,
            )
            self._hand_over(login.run(self._deadline))
        elif isinstance(packet, CancelRequest):
            self._hand_over(self._cancel(packet))
        elif isinstance(packet, OtherProtocol):
            self._hand_over(self._pass_refusal(refusal_of(packet.packet, self._proxy.upstream)))
        else:
            self._answer_encryption(packet)

    def _answer_encryption(self, packet: SSLRequest | GSSENCRequest) -> None:
        if type(packet) in self._asked or self._identity is not None:
            code = SSL_REQUEST if isinstance(packet, SSLRequest) else GSSENC_REQUEST
            self._hand_over(self._pass_refusal(refusal_of_repetition(code, self._proxy.upstream)))
            return
        self._asked = {type(packet)}
        if isinstance(packet, SSLRequest) and self._tls is not None:
            self._injected, self._data = bool(self._data), b""
            self._transport.write(b"S")
            self._begin_tls(b"")
            return
        self._transport.write(b"N")
        if self._data:
            raise _unencrypted("SSL" if isinstance(packet, SSLRequest) else "GSSAPI encryption")

    def _refuse(self, error: OperationError) -> None:
        self._connection.note(Outcome.REFUSED, error)
        self._transport.write(error_response(fields_of(error, "FATAL"), "utf-8"))
        self._transport.close()

    # -- TLS

    def _begin_tls(self, hello: bytes) -> None:
        if self._tls is None:
            # Like Postgres: it would not understand an error.
            self._transport.close()
            return
        self._upgrading = True
        identity = self._tls.identity
        encrypted = EncryptedTransport(self._transport, self, identity.context)
        self._transport = encrypted
        self._task = asyncio.get_running_loop().create_task(
            self._finish_handshake(encrypted, identity, direct=bool(hello))
        )
        if hello:
            encrypted.data_received(hello)

    async def _finish_handshake(
        self, transport: EncryptedTransport, identity: Identity, *, direct: bool
    ) -> None:
        """Wait for the handshake, and go on with what the client has said then.

        Args:
            direct: whether the connection has begun with it.
        """
        try:
            await transport.handshake
            self._identity = identity
            self._connection.tls = transport.version
        except OSError as error:
            self._connection.log.info("no TLS", error=str(error))
            return
        finally:
            if self._identity is None:
                transport.handshake.cancel()
                transport.close()
                self.connection_lost(None)
        self._upgrading = False
        if direct and transport.application_protocol != ALPN:
            self._connection.log.info("no TLS", error=f"no ALPN protocol {ALPN}")
            transport.close()
            return
        if self._injected:
            self._refuse(_unencrypted("SSL"))
            return
        self._read()

    # -- the next

    async def _pass_refusal(self, answer: Coroutine[Any, Any, bytes]) -> None:
        """Tell the client what Postgres says, and end the connection."""
        try:
            async with asyncio.timeout_at(self._deadline):
                self._transport.write(await answer)
            self._connection.note(Outcome.SERVER_REFUSED)
        except TimeoutError:
            self._connection.note(Outcome.REFUSED)
        except OperationError as error:
            self._refuse(error)
        finally:
            self._transport.close()
            self._connection.end()

    async def _cancel(self, request: CancelRequest) -> None:
        await cancel(request, self._proxy.keys, self._proxy.upstream, self._proxy.engine)
        self._transport.close()
        self._connection.note(Outcome.CANCEL_REQUEST)
        self._connection.end()

    def _hand_over(self, work: Coroutine[Any, Any, None]) -> None:
        self._handed_over = True
        self._timer.cancel()
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(lambda _: self._proxy.dismiss(self))


def _unencrypted(request: str) -> OperationError:
    # Somebody in between could have put there what is then taken for the client's.
    return OperationError(
        f"received unencrypted data after {request} request",
        "08P01",
        detail="This could be either a client-software bug or evidence of an attempted "
        "man-in-the-middle attack.",
    )
