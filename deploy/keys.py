"""The keys that connections' secrets are encrypted with: where they are on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from accounts.seal import SecretKeys, new_key
from deploy.embedded_postgres import EmbeddedPostgres
from deploy.failure import StartError

#: Has keys itself, as a key file has; never an option, which other users of the machine could see.
VARIABLE = "IASQL_SECRET_KEY"


def secret_keys(file: Path | None, embedded: EmbeddedPostgres | None) -> Callable[[], SecretKeys]:
    """Reads the keys, anew each time: a file's, else the variable's, else those of the embedded server.

    Args:
        file: what `--secret-key-file` says.
    """

    def read() -> SecretKeys:
        if file is not None:
            return _read(file)
        if text := os.environ.get(VARIABLE):
            return _parsed(text, VARIABLE)
        if embedded is not None and embedded.secret_key_file.exists():
            return _read(embedded.secret_key_file)
        return SecretKeys()

    return read


def make_secret_key(embedded: EmbeddedPostgres) -> None:
    """Make a key beside the server's data, if there is none; only this machine's user can read it."""
    try:
        descriptor = os.open(embedded.secret_key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as output:
        output.write(new_key() + "\n")


def _read(file: Path) -> SecretKeys:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"cannot read the keys in {file}: {error}") from error
    return _parsed(text, str(file))


def _parsed(text: str, where: str) -> SecretKeys:
    try:
        return SecretKeys.read(text)
    except ValueError as error:
        raise StartError(f"the keys in {where} cannot be used: {error}") from error
