"""SCRAM where it cannot be passed on, because a connection that it may be bound to ends at the proxy.

The proxy checks the client's proof against what Postgres keeps in place of the password.
From a right proof follows the key that it was made with, and with that the proxy proves
to Postgres that it comes from this user. A password it never knows. Salt and iterations are
those that Postgres says, also for a role that does not exist, and a wrong proof goes on as a wrong proof,
so that every refusal is Postgres' own.
https://www.postgresql.org/docs/current/sasl-authentication.html
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from engine.errors import OperationError
from proxy.entry.side import Side
from proxy.entry.verifiers import Verifiers
from proxy.transport.tls import Identity, end_point
from proxy.wire import authentication, scram
from proxy.wire.frames import FramingError
from proxy.wire.startup import StartupMessage


class Parties(Protocol):
    """The two who log in by SASL, with the proxy between them.

    Attributes:
        startup: the client's StartupMessage.
        identity: what the client was shown, or None without TLS.
        client, server: the two.
    """

    startup: StartupMessage
    identity: Identity | None
    client: Side
    server: Side

    async def sasl_response(self) -> bytes:
        """The body of the client's next SASL message."""

    async def request(self) -> tuple[int, bytes]:
        """The server's next authentication request."""

    async def let_server_refuse(self, words: bytes) -> None:
        """Let the server say what is wrong with what a client has answered, if it waits for that as well."""

    async def log_in_to_be_refused(self) -> None:
        """Let PostgreSQL refuse a client that could not prove who it is, in its own words."""


@dataclass(frozen=True)
class Proved:
    """Who somebody is, as far as an exchange has shown.

    Attributes:
        client_key: what the client's proof was made with.
        verifier: what it was checked against.
    """

    client_key: bytes = field(repr=False)
    verifier: scram.Verifier


async def authenticate(login: Parties, offered: Sequence[str], verifiers: Verifiers) -> None:
    """Let a client prove who it is, and prove the same to the server.

    Args:
        offered: the mechanisms that the server has offered.

    Raises:
        ConnectionEnded: one of the two has gone, as after the server's refusal.
        OperationError: the client said what it must not.
    """
    with _told():
        await _authenticate(login, _ToServer(login, offered, verifiers))


async def authenticate_alone(login: Parties, verifier: scram.Verifier) -> None:
    """Let a client prove who it is, where the server need not be asked.

    Args:
        verifier: what the server keeps for the client's role now.

    Raises:
        ConnectionEnded: the client has gone, or could not prove it, which the server has told it.
        OperationError: the client said what it must not.
    """
    with _told():
        await _authenticate(login, _ToNobody(login, verifier))


async def fail(login: Parties, offered: Sequence[str]) -> None:
    """Let the server refuse a client.

    Args:
        offered: the mechanisms that the server has offered.

    Raises:
        ConnectionEnded: it has.
    """
    to_server = _ToServer(login, offered, None)
    with _told():
        await to_server.begin()
        await to_server.finish(None)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except scram.ScramUnsupportedError as error:
        raise OperationError(str(error), "0A000") from error
    except scram.ScramError as error:
        raise OperationError("malformed SCRAM message", "08P01", detail=str(error)) from error


async def pass_on(login: Parties, offered: Sequence[str]) -> None:
    """Let client and server do it without channel binding, where the proxy may not read verifiers.

    Raises:
        ConnectionEnded: one of the two has gone.
        OperationError: the client would not have it.
    """
    mechanisms = [name for name in offered if name != scram.SCRAM_SHA_256_PLUS]
    login.client.write(authentication.sasl(mechanisms))
    mechanism, data = authentication.read_sasl_initial_response(body := await login.sasl_response())
    if len(mechanisms) < len(offered) and mechanism == scram.SCRAM_SHA_256 and data and data[:1] == b"y":
        # The server knows that it has offered it, and would speak of an attack.
        raise OperationError(
            "SCRAM channel binding cannot be passed on",
            "28000",
            detail="The role that iasql connects to Postgres with may not read pg_authid, "
            "so that iasql cannot authenticate clients itself.",
            hint="Connect with channel_binding=disable, or let iasql connect as a superuser.",
        )
    login.server.write(authentication.sasl_response(body))


async def _authenticate(login: Parties, to_server: _ToServer | _ToNobody) -> None:
    client_first = await _client_first(login)
    asked = await to_server.begin()

    nonce = client_first.nonce + _nonce()
    server_first = scram.server_first(nonce, asked.salt, asked.iterations)
    login.client.write(authentication.sasl_continue(server_first.message))
    final = scram.read_client_final(await login.sasl_response())
    if not hmac.compare_digest(final.nonce, nonce):
        raise OperationError("invalid SCRAM response", "08P01", detail="Nonce does not match.")
    _check_binding(login, client_first, final)

    signed = scram.auth_message(client_first, server_first, final.without_proof)
    proved = await to_server.check(signed, final.proof)
    key = await to_server.finish(proved)
    signature = scram.server_signature(key, signed)
    login.client.write(authentication.sasl_final(scram.server_final(signature)))


async def _client_first(login: Parties) -> scram.ClientFirst:
    binds = login.identity is not None and login.identity.end_point is not None
    mechanisms = [scram.SCRAM_SHA_256_PLUS, scram.SCRAM_SHA_256] if binds else [scram.SCRAM_SHA_256]
    login.client.write(authentication.sasl(mechanisms))
    mechanism, data = await _initial_response(login, mechanisms)
    while not data:
        login.client.write(authentication.sasl_continue(b""))
        data = await login.sasl_response()
    first = scram.read_client_first(data)
    if (first.header[:1] == b"p") != (mechanism == scram.SCRAM_SHA_256_PLUS):
        raise scram.ScramError("The mechanism does not fit the first message's channel binding.")
    if first.header[:1] == b"p" and first.header != scram.BINDING:
        wanted = first.header[2:-2].decode("latin-1")
        raise OperationError(f'unsupported SCRAM channel-binding type "{wanted}"', "08P01")
    if first.header == scram.BINDING_NOT_OFFERED and binds:
        raise OperationError(
            "SCRAM channel binding negotiation error",
            "28000",
            detail="The client supports SCRAM channel binding but thinks the server does not.  "
            "However, this server does support channel binding.",
        )
    return first


async def _initial_response(login: Parties, mechanisms: Sequence[str]) -> tuple[str, bytes | None]:
    body = await login.sasl_response()
    try:
        mechanism, data = authentication.read_sasl_initial_response(body)
        if mechanism in mechanisms:
            return mechanism, data
    except FramingError:
        pass
    await login.let_server_refuse(authentication.sasl_response(body))
    raise OperationError("client selected an invalid SASL authentication mechanism", "08P01")


def _check_binding(login: Parties, first: scram.ClientFirst, final: scram.ClientFinal) -> None:
    expected = first.header
    if first.header == scram.BINDING and login.identity is not None:
        expected += login.identity.end_point or b""
    if hmac.compare_digest(final.binding, expected):
        return
    if first.header == scram.BINDING:
        raise OperationError("SCRAM channel binding check failed", "28000")
    raise OperationError("unexpected SCRAM channel-binding attribute in client-final-message", "08P01")


def _proved(verifier: scram.Verifier | None, signed: bytes, proof: bytes) -> Proved | None:
    if verifier is None or (key := scram.recover_client_key(verifier, signed, proof)) is None:
        return None
    return Proved(key, verifier)


class _ToServer:
    """The proxy's own exchange with the server, bound to their connection if that is possible."""

    def __init__(self, login: Parties, offered: Sequence[str], verifiers: Verifiers | None) -> None:
        self._login = login
        self._verifiers = verifiers
        assert login.server.transport is not None
        tls = login.server.transport.get_extra_info("ssl_object")
        hash_ = None if tls is None else end_point(tls.getpeercert(binary_form=True))
        if hash_ is not None and scram.SCRAM_SHA_256_PLUS in offered:
            self._mechanism, header = scram.SCRAM_SHA_256_PLUS, scram.BINDING
        elif hash_ is not None:
            self._mechanism, header = scram.SCRAM_SHA_256, scram.BINDING_NOT_OFFERED
        else:
            self._mechanism, header = scram.SCRAM_SHA_256, scram.NO_BINDING
        self._binding = header + (hash_ or b"" if header == scram.BINDING else b"")
        self._first = scram.client_first(header, _nonce())
        self._answer: scram.ServerFirst

    async def begin(self) -> scram.ServerFirst:
        """Hear from the server how its verifier was made."""
        message = self._first.header + self._first.bare
        self._login.server.write(authentication.sasl_initial_response(self._mechanism, message))
        self._answer = scram.read_server_first(await self._request(authentication.SASL_CONTINUE))
        if not self._answer.nonce.startswith(self._first.nonce):
            raise scram.ScramError("The server's nonce is not an answer to ours.")
        return self._answer

    async def check(self, signed: bytes, proof: bytes) -> Proved | None:
        """Find the key of a right proof; None if it is wrong, or there is nobody whose it could be."""
        if self._verifiers is None:
            return None
        user = self._login.startup.user
        proved = _proved(self._verifiers.remembered(user), signed, proof)
        return proved or _proved(await self._verifiers.read(user), signed, proof)

    async def finish(self, proved: Proved | None) -> bytes:
        """Prove to the server what the client has proved; or let it refuse, which ends the connection.

        Returns:
            The key with which the server has proved who it is.
        """
        without_proof = scram.client_final_without_proof(self._binding, self._answer.nonce)
        signed = scram.auth_message(self._first, self._answer, without_proof)
        key = secrets.token_bytes(32) if proved is None else proved.client_key
        final = scram.client_final(without_proof, scram.client_proof(key, signed))
        self._login.server.write(authentication.sasl_response(final))
        signature = scram.read_server_final(await self._request(authentication.SASL_FINAL))
        if proved is None or not hmac.compare_digest(
            signature, scram.server_signature(proved.verifier.server_key, signed)
        ):
            raise OperationError("the backing PostgreSQL could not prove who it is", "08006")
        return proved.verifier.server_key

    async def _request(self, wanted: int) -> bytes:
        request, data = await self._login.request()
        if request != wanted:
            raise FramingError("the backing PostgreSQL did not answer as SASL has it")
        return data


class _ToNobody:
    """In the place of an exchange with the server, on a connection that the server has let in already."""

    def __init__(self, login: Parties, verifier: scram.Verifier) -> None:
        self._login = login
        self._verifier = verifier

    async def begin(self) -> scram.ServerFirst:
        """What the server would say."""
        return scram.server_first(b"", self._verifier.salt, self._verifier.iterations)

    async def check(self, signed: bytes, proof: bytes) -> Proved | None:
        """Find the key of a right proof; None if it is wrong."""
        return _proved(self._verifier, signed, proof)

    async def finish(self, proved: Proved | None) -> bytes:
        """The key with which the server would prove who it is; or its refusal, which ends the connection."""
        if proved is None:
            await self._login.log_in_to_be_refused()
        return self._verifier.server_key


def _nonce() -> bytes:
    return base64.b64encode(secrets.token_bytes(18))
