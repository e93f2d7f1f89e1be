"""Operators on the console: how they are known, and how it connects what they want to be connected."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from accounts.connect import Connecting
from accounts.connect import Wanted as Connection
from accounts.explained import explained
from accounts.model import Profile, Role, Standard, is_role
from accounts.seal import SecretKeys
from accounts.sessions import GivenKey, Usable
from console.session import Refused
from console.shown import Notice
from console.web.lines import At
from console.web.operators import Made, Operators, Wanted
from deploy.embedded_postgres import EmbeddedPostgres, write_secret
from deploy.failure import StartError
from deploy.keys import make_secret_key
from deploy.postgres import Backing
from engine.database.connection import Database
from engine.errors import OperationError
from modules.catalogue import find_modules
from proxy.entry.listeners import Address, SocketAddress

#: What can be guessed in time is no password: nobody has to remember it.
_SHORTEST = 20
_log = structlog.get_logger("console")


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What operators connect with.

    Attributes:
        backing: the Postgres whose databases are connected.
        file: has the operators' password.
        keys: reads the keys that secrets are encrypted with.
    """

    backing: Backing
    file: Path
    keys: Callable[[], SecretKeys]


def opening(file: Path | None, backing: Backing, keys: Callable[[], SecretKeys]) -> Opening | None:
    """How operators are known; None if they are not.

    Args:
        file: what `--operator-password-file` says; beside the embedded server's data one is made.

    Raises:
        StartError: there is no such file, or no password in it.
    """
    if file is None and backing.embedded is None:
        return None
    if backing.embedded is not None:
        make_secret_key(backing.embedded)
        file = file or _made(backing.embedded)
    assert file is not None
    try:
        _read(file)
    except (OSError, ValueError) as error:
        raise StartError(f"--operator-password-file {file}: {error}") from error
    return Opening(backing=backing, file=file, keys=keys)


def operators(opening: Opening, addresses: Sequence[Address], *, required: bool) -> Operators:
    """Who may connect accounts on the console, and what does it.

    Args:
        addresses: where the proxy listens.
        required: whether clients need TLS there.
    """
    catalogue = find_modules()

    async def connect(wanted: Wanted) -> Made:
        try:
            connecting = Connecting(Database(opening.backing.engine_url), opening.keys(), catalogue)
            try:
                made = await connecting.connect(_connection(wanted))
            finally:
                await connecting.close()
        except OperationError as error:
            raise Refused(
                Notice(
                    severity="ERROR",
                    message=error.message,
                    detail=error.detail,
                    hint=error.hint,
                    sqlstate=error.sqlstate,
                )
            ) from error
        return Made(
            name=made.connection.name,
            account=made.connection.account,
            arn=made.arn,
            said=tuple(explained(made)),
            database=made.connection.database,
            login=made.login,
            password=made.password,
        )

    return Operators(password=lambda: _password(opening.file), connect=connect, at=_at(addresses, required))


def _at(addresses: Sequence[Address], required: bool) -> At:
    """Where clients are told to connect: not every one knows sockets."""
    at = min(addresses, key=lambda each: isinstance(each, SocketAddress))
    if isinstance(at, SocketAddress):
        return At(host=str(at.directory), port=at.port)
    return At(host=at.host, port=at.port, encrypted=required)


def _connection(wanted: Wanted) -> Connection:
    return Connection(
        name=wanted.name,
        regions=wanted.regions,
        credentials=_credentials(wanted),
        existing=wanted.existing or None,
        database=wanted.database or None,
        login=wanted.login or None,
        schema=wanted.schema,
        shared=wanted.shared,
    )


def _credentials(wanted: Wanted) -> Usable:
    """
    Raises:
        OperationError: 22023, it is no role's ARN.
    """
    match wanted.way:
        case "role":
            if not is_role(wanted.of):
                raise OperationError(f"{wanted.of} is no role's ARN", sqlstate="22023")
            return Role(wanted.of, external_id="", source_identity=wanted.source_identity)
        case "profile":
            return Profile(wanted.of)
        case "key":
            return GivenKey(wanted.of, wanted.secret)
        case _:
            return Standard()


def _made(embedded: EmbeddedPostgres) -> Path:
    file = embedded.operator_password_file
    if not file.exists():
        write_secret(file)
    return file


def _password(file: Path) -> str | None:
    """The password as it is now: to change it, change the file."""
    try:
        return _read(file)
    except (OSError, ValueError) as error:
        _log.error("the operators' password cannot be read", file=os.fspath(file), error=str(error))
        return None


def _read(file: Path) -> str:
    """
    Raises:
        OSError: it cannot be read.
        ValueError: there is no password in it that is long enough.
    """
    password = file.read_text().strip()
    if len(password) < _SHORTEST:
        raise ValueError(
            f"a password has at least {_SHORTEST} characters; `openssl rand -base64 24` makes one"
        )
    return password
