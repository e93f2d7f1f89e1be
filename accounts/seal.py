"""Encrypts the secrets that are kept, with AES-GCM, under keys that Postgres never sees.

A key file has a key a line, in Base64. The first one encrypts, all of them decrypt: to change keys, put a new
one first, run `iasql rotate` for each connection, and then take the old one out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import OperationError

_KEY_BYTES = 32
_NONCE_BYTES = 12  # what NIST SP 800-38D recommends for GCM


@dataclass(frozen=True)
class SecretKeys:
    """The keys of a server, the one that encrypts first; there may be none."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, text: str) -> SecretKeys:
        """Read a key file's text.

        Raises:
            ValueError: a line is no key; nothing of it is said.
        """
        try:
            keys = tuple(base64.b64decode(line.strip(), validate=True) for line in text.split())
        except binascii.Error:
            raise ValueError("a key is not in Base64") from None
        if any(len(key) != _KEY_BYTES for key in keys):
            raise ValueError(f"a key does not have {_KEY_BYTES} bytes")
        return cls(keys)

    def seal(self, secret: str, context: bytes) -> str:
        """Encrypt a secret, so that it opens only with the same context.

        Raises:
            OperationError: 55000, there is no key.
        """
        if not self.keys:
            raise OperationError(
                "there is no key to encrypt a secret with",
                sqlstate="55000",
                hint="Give --secret-key-file or IASQL_SECRET_KEY, here and to the server: 32 random bytes in "
                "Base64, as `openssl rand -base64 32` prints them.",
            )
        key, nonce = self.keys[0], secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), context)
        return f"{_name(key)}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, context: bytes) -> str:
        """Decrypt a secret.

        Raises:
            OperationError: 55000, the key is missing, or it was sealed for another record.
        """
        name, _, encoded = sealed.partition(".")
        key = next((each for each in self.keys if _name(each) == name), None)
        if key is None:
            raise OperationError(
                f"the key {name} that a secret was encrypted with is missing",
                sqlstate="55000",
                hint="Start the server with the --secret-key-file or IASQL_SECRET_KEY that has it.",
            )
        try:
            data = base64.b64decode(encoded, validate=True)
            return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], context).decode()
        except (InvalidTag, ValueError):
            raise OperationError(
                "a secret was not encrypted for this connection, or was changed",
                sqlstate="55000",
                hint="Give the connection its access key again: iasql rotate NAME --access-key-id ID.",
            ) from None


def new_key() -> str:
    """A new key, as a line of a key file."""
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _name(key: bytes) -> str:
    """What tells a key apart without telling anything of it."""
    return hashlib.sha256(b"iasql key name" + key).hexdigest()[:8]
