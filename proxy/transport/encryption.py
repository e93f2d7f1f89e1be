"""TLS with a client, on a transport that can be handed to compiled code.

OpenSSL reads from memory and writes to memory here, so that nothing is lost of what has come while
somebody waits, and whoever has the socket can go on with the same connection (`proxy/native/relay.py`).
https://docs.openssl.org/master/man7/ossl-guide-tls-introduction/
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

from OpenSSL import SSL

from proxy.transport.sockets import WrappingTransport

try:
    from cryptography.hazmat.bindings._rust import _openssl
except ImportError:  # it is not promised to be there: everything goes through Python
    _openssl = None  # type: ignore[assignment]

#: Bytes that are decrypted at once: as many as a record has at most.
_RECORD = 1 << 14
#: Bytes of records that are sent at once.
_SENT = 1 << 18


def _address(pointer: object) -> int:
    return int(_openssl.ffi.cast("uintptr_t", pointer))


def _functions(*names: str) -> tuple[int, ...]:
    try:
        return tuple(_address(_openssl.ffi.addressof(_openssl.lib, name)) for name in names)
    except (AttributeError, TypeError):
        return ()


#: Where functions of OpenSSL are in memory, in the order in which compiled code wants them; empty if that
#: cannot be known.
FUNCTIONS = _functions("SSL_read", "SSL_write", "SSL_get_error", "BIO_read", "BIO_write", "ERR_clear_error")


class EncryptedTransport(WrappingTransport, asyncio.Protocol):
    """The encrypted connection to a client.

    Args:
        plain: the connection below, from which it takes over.
        protocol: hears of what comes, once the handshake is done. It may half-close.

    Attributes:
        handshake: done when it is; has a `ConnectionError` that says why, if it fails.
    """

    def __init__(
        self, plain: asyncio.Transport, protocol: asyncio.BaseProtocol, context: SSL.Context
    ) -> None:
        super().__init__(plain)
        self._protocol = cast(asyncio.Protocol, protocol)
        self._tls = SSL.Connection(context)
        self._tls.set_accept_state()
        self._ended = False
        self.handshake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        plain.set_protocol(self)

    @property
    def version(self) -> str:
        """Of the protocol, such as TLSv1.3."""
        return self._tls.get_protocol_version_name()

    @property
    def application_protocol(self) -> str:
        """What the client and we have agreed on, or nothing."""
        return self._tls.get_alpn_proto_negotiated().decode()

    # -- what compiled code goes on with

    @property
    def addresses(self) -> tuple[int, int, int]:
        """Where OpenSSL's connection is in memory, and what it reads from and writes to."""
        tls = cast(Any, self._tls)
        return _address(tls._ssl), _address(tls._into_ssl), _address(tls._from_ssl)

    def take_back(self, unsent: bytes) -> None:
        """Go on where compiled code has stopped.

        Args:
            unsent: records that are still to be sent, before everything else.
        """
        self._below.write(unsent)
        self._send()

    # -- the connection below

    def data_received(self, data: bytes) -> None:
        self._tls.bio_write(data)
        if not self.handshake.done():
            self._shake_hands()
        if self.handshake.done() and not self._paused:
            self._receive()

    def eof_received(self) -> bool:
        if not self.handshake.done():
            return False
        self._receive()
        self._end()
        return not self._below.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.handshake.done():
            self.handshake.set_exception(exc or ConnectionError("the client has gone"))
        else:
            self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    # -- records

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            self._send()
            self.handshake.set_exception(ConnectionError(reason(error)))
            return
        else:
            self.handshake.set_result(None)
        self._send()

    def _receive(self) -> None:
        """Decrypt all that has come, as long as it is wanted."""
        while not self._paused and not self._ended:
            try:
                data = self._tls.recv(_RECORD)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                self._end()
            except SSL.Error:
                # Like Postgres: the client hears from OpenSSL what is wrong, and that is all.
                self._send()
                self.abort()
                return
            else:
                self._protocol.data_received(data)

    def _end(self) -> None:
        """The client says nothing more."""
        if not self._ended:
            self._ended = True
            if not self._protocol.eof_received():
                self.close()

    def _send(self) -> None:
        while not self._below.is_closing():
            try:
                records = self._tls.bio_read(_SENT)
            except SSL.WantReadError:
                return
            self._below.write(records)
            if len(records) < _SENT:
                return

    # -- for the protocol

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._below.is_closing():
            return
        try:
            sent, size = 0, len(data)
            while sent < size:
                sent += self._tls.send(memoryview(data)[sent:])
        except SSL.Error:
            self.abort()
            return
        self._send()

    def pause_reading(self) -> None:
        if not self._paused:
            self._paused = True
            if not self._below.is_closing():
                self._below.pause_reading()

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            if not self._below.is_closing():
                # What has been read of the socket comes before what has not.
                asyncio.get_running_loop().call_soon(self._receive)
                self._below.resume_reading()

    def close(self) -> None:
        if not self._below.is_closing():
            with suppress(SSL.Error):  # the handshake may not have been done, or have failed
                self._tls.shutdown()
            self._send()
            self._below.close()

    def abort(self) -> None:
        self._below.abort()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol


def reason(error: SSL.Error) -> str:
    """What OpenSSL says, in its own words."""
    stack = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(each[2] for each in stack if each[2]) or str(error) or type(error).__name__
