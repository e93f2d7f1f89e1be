"""Names and passwords of new logins."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string

_LETTERS, _ALL = string.ascii_lowercase, string.ascii_letters + string.digits
#: PostgreSQL's own number; a password of 24 random characters needs no more.
_ITERATIONS = 4096


def new_database() -> str:
    """A name for a database: `_` and 16 hexadecimal digits."""
    return f"_{secrets.token_hex(8)}"


def new_login() -> str:
    """A name for a login: a letter, and 7 letters or digits."""
    rest = (secrets.choice(_LETTERS + string.digits) for _ in range(7))
    return secrets.choice(_LETTERS) + "".join(rest)


def new_password() -> str:
    """A password that no URL has to escape."""
    return "".join(secrets.choice(_ALL) for _ in range(24))


def verifier(password: str) -> str:
    """What PostgreSQL keeps in place of a password, made here so that it never sees it.

    https://www.postgresql.org/docs/current/catalog-pg-authid.html
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
