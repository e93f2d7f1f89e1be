"""SCRAM-SHA-256: its messages and its arithmetic, for both sides of an exchange.

https://www.rfc-editor.org/rfc/rfc5802#section-3 and #section-7
https://www.postgresql.org/docs/current/sasl-authentication.html#SASL-SCRAM-SHA-256
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field

SCRAM_SHA_256 = "SCRAM-SHA-256"
SCRAM_SHA_256_PLUS = "SCRAM-SHA-256-PLUS"

#: The gs2 headers: no channel binding; the other side seems not to have it; it is used.
NO_BINDING = b"n,,"
BINDING_NOT_OFFERED = b"y,,"
BINDING = b"p=tls-server-end-point,,"

_BASE64 = "[A-Za-z0-9+/]+={0,2}"
_VERIFIER = re.compile(rf"SCRAM-SHA-256\$([0-9]{{1,9}}):({_BASE64})\$({_BASE64}):({_BASE64})")
_CLIENT_FIRST = re.compile(
    rb"(?P<header>(?:[ny]|p=[A-Za-z0-9.-]+),,)(?P<bare>n=[^,]*,r=(?P<nonce>[^,]+)(?:,.*)?)"
)
_AUTHORIZATION_IDENTITY = re.compile(rb"(?:[ny]|p=[^,]*),a=")
_EXTENSION = re.compile(rb"(?:[ny]|p=[^,]*),,m=")
_SERVER_FIRST = re.compile(rb"r=(?P<nonce>[^,]+),s=(?P<salt>[^,]+),i=(?P<iterations>[0-9]{1,9})(?:,.*)?")
_CLIENT_FINAL = re.compile(
    rb"(?P<without_proof>c=(?P<binding>[^,]+),r=(?P<nonce>[^,]+)(?:,.*)?),p=(?P<proof>[^,]+)"
)


class ScramError(Exception):
    """A message is not what RFC 5802 says; the text says what is wrong with it."""


class ScramUnsupportedError(ScramError):
    """A message asks for what PostgreSQL does not support; the text says what."""


@dataclass(frozen=True)
class Verifier:
    """What a server keeps in place of a password; the password cannot be had from it.

    Attributes:
        stored_key: tells whether a proof is right.
        server_key: proves that its owner knows the verifier.
    """

    iterations: int
    salt: bytes
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Verifier | None:
        """Read what pg_authid.rolpassword holds; None if that is no SCRAM verifier.

        https://www.postgresql.org/docs/current/catalog-pg-authid.html
        """
        if (found := _VERIFIER.fullmatch(text)) is None:
            return None
        try:
            salt, stored_key, server_key = (_decoded(part.encode()) for part in found.groups()[1:])
        except ScramError:
            return None
        return cls(int(found[1]), salt, stored_key, server_key)


@dataclass(frozen=True)
class ClientFirst:
    """client-first-message.

    Attributes:
        header: the gs2 header, which says whether there is channel binding.
        bare: what is behind it.
    """

    header: bytes
    bare: bytes
    nonce: bytes


@dataclass(frozen=True)
class ServerFirst:
    """server-first-message; its nonce is the client's and the server's."""

    message: bytes
    nonce: bytes
    salt: bytes
    iterations: int


@dataclass(frozen=True)
class ClientFinal:
    """client-final-message.

    Attributes:
        binding: the gs2 header again, and the channel's own data behind it.
        without_proof: the message up to the proof.
    """

    binding: bytes
    nonce: bytes
    proof: bytes = field(repr=False)
    without_proof: bytes


def read_client_first(message: bytes) -> ClientFirst:
    """Read a client-first-message.

    Raises:
        ScramError: it is none.
        ScramUnsupportedError: it wants an authorization identity or an extension.
    """
    if _AUTHORIZATION_IDENTITY.match(message):
        raise ScramUnsupportedError("client uses authorization identity, but it is not supported")
    if _EXTENSION.match(message):
        raise ScramUnsupportedError("client requires an unsupported SCRAM extension")
    if (found := _CLIENT_FIRST.fullmatch(message)) is None:
        raise ScramError("The client's first message cannot be understood.")
    return ClientFirst(found["header"], found["bare"], found["nonce"])


def read_server_first(message: bytes) -> ServerFirst:
    """Read a server-first-message.

    Raises:
        ScramError: it is none.
    """
    if (found := _SERVER_FIRST.fullmatch(message)) is None:
        raise ScramError("The server's first message cannot be understood.")
    return ServerFirst(message, found["nonce"], _decoded(found["salt"]), int(found["iterations"]))


def read_client_final(message: bytes) -> ClientFinal:
    """Read a client-final-message.

    Raises:
        ScramError: it is none.
    """
    if (found := _CLIENT_FINAL.fullmatch(message)) is None:
        raise ScramError("The client's final message cannot be understood.")
    proof = _decoded(found["proof"])
    if len(proof) != hashlib.sha256().digest_size:
        raise ScramError("The client's proof has a wrong length.")
    return ClientFinal(_decoded(found["binding"]), found["nonce"], proof, found["without_proof"])


def read_server_final(message: bytes) -> bytes:
    """The signature in a server-final-message.

    Raises:
        ScramError: it is none.
    """
    if not message.startswith(b"v="):
        raise ScramError("The server's final message cannot be understood.")
    return _decoded(message[2:].partition(b",")[0])


def client_first(header: bytes, nonce: bytes) -> ClientFirst:
    """What a client begins with; PostgreSQL takes the user's name from the StartupMessage."""
    return ClientFirst(header, b"n=,r=" + nonce, nonce)


def server_first(nonce: bytes, salt: bytes, iterations: int) -> ServerFirst:
    """What a server answers."""
    message = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(salt), iterations)
    return ServerFirst(message, nonce, salt, iterations)


def client_final_without_proof(binding: bytes, nonce: bytes) -> bytes:
    """What a client says last, up to its proof."""
    return b"c=%s,r=%s" % (base64.b64encode(binding), nonce)


def client_final(without_proof: bytes, proof: bytes) -> bytes:
    """What a client says last."""
    return b"%s,p=%s" % (without_proof, base64.b64encode(proof))


def server_final(signature: bytes) -> bytes:
    """What a server says last."""
    return b"v=" + base64.b64encode(signature)


def auth_message(first: ClientFirst, answer: ServerFirst, final_without_proof: bytes) -> bytes:
    """What both sides sign: all that was said, but for the proofs."""
    return b",".join((first.bare, answer.message, final_without_proof))


def recover_client_key(verifier: Verifier, signed: bytes, proof: bytes) -> bytes | None:
    """The key that a proof was made with; None if it is not this verifier's, and the proof is wrong."""
    key = _xor(proof, _hmac(verifier.stored_key, signed))
    return key if hmac.compare_digest(hashlib.sha256(key).digest(), verifier.stored_key) else None


def client_proof(client_key: bytes, signed: bytes) -> bytes:
    """Proof that its maker has the key."""
    return _xor(client_key, _hmac(hashlib.sha256(client_key).digest(), signed))


def server_signature(server_key: bytes, signed: bytes) -> bytes:
    """Proof that its maker knows the verifier."""
    return _hmac(server_key, signed)


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ScramError("The message is not encoded in Base64.") from None
