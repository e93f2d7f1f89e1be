"""What is kept of a connection between a database and an AWS account. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Standard:
    """The server's own, by the standard settings: variables, the machine's role, a web identity."""

    def __str__(self) -> str:
        return "the server's own"


@dataclass(frozen=True)
class Profile:
    """A profile in the AWS configuration of the server's machine."""

    profile: str

    def __str__(self) -> str:
        return f"profile {self.profile}"


@dataclass(frozen=True)
class Role:
    """A role that the server assumes with its own credentials.

    Attributes:
        external_id: the connection's own; the role's trust policy asks for it.
        source_identity: whether sessions also carry the Postgres role as SourceIdentity.
    """

    arn: str
    external_id: str
    source_identity: bool = False

    def __str__(self) -> str:
        return f"role {self.arn}"


def is_role(arn: str) -> bool:
    """Whether a text is the ARN of a role."""
    return re.fullmatch(r"arn:[^:]+:iam::\d{12}:role/.+", arn) is not None


@dataclass(frozen=True)
class StaticKey:
    """An access key; its secret is kept encrypted (`accounts.seal`)."""

    access_key_id: str
    sealed_secret: str

    def __str__(self) -> str:
        return f"access key {self.access_key_id}"


Credentials = Standard | Profile | Role | StaticKey

_KINDS: Mapping[str, type[Credentials]] = {
    "standard": Standard,
    "profile": Profile,
    "role": Role,
    "static key": StaticKey,
}


def credentials_to_json(credentials: Credentials) -> str:
    """Credentials as they are kept."""
    kind = next(name for name, each in _KINDS.items() if isinstance(credentials, each))
    return json.dumps({"kind": kind, **asdict(credentials)})


def credentials_from_json(text: str) -> Credentials:
    """Credentials that were kept.

    Raises:
        ValueError: they are of a kind that is not known, or not whole.
    """
    fields = json.loads(text)
    try:
        return _KINDS[fields.pop("kind")](**fields)
    except (KeyError, TypeError) as error:
        raise ValueError("credentials of a kind that this version does not know") from error


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A database's connection to an AWS account.

    Attributes:
        name: what the operator calls it.
        database, oid, server: the one database that it is about; the server as `accounts.binding` tells
            servers apart.
        nonce: a number used once, from which the mark in the database is made.
        account, partition: of AWS; credentials of another account are refused.
        regions: the first is the default one.
        schema: the one whose tables are the default region's.
        credentials: how the server gets into the account.
        login: the role that was made for the database, None if there was one already.
        shared: another database may be connected to the same account.
    """

    name: str
    database: str
    oid: int
    server: str
    nonce: str
    account: str
    partition: str
    regions: tuple[str, ...]
    credentials: Credentials
    schema: str = "public"
    login: str | None = None
    shared: bool = False

    @property
    def mark(self) -> str:
        """What the database keeps to show that this connection is its own.

        It is made of all that must not be put to another database's record, so that records whose accounts
        were swapped fit no database.
        """
        parts = [self.nonce, self.name, self.oid, self.database, self.server, self.account, self.partition]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def sealed_for(self) -> bytes:
        """What is authenticated with the secret: it opens in this record alone."""
        parts = [self.nonce, self.account, self.partition, self.login, self.oid, self.database, self.server]
        return json.dumps(parts).encode()
