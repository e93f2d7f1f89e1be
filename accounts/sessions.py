"""Credentials of a connection, as sessions of the AWS client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ProfileNotFound

from accounts.model import Connection, Profile, Role, Standard, StaticKey
from accounts.seal import SecretKeys
from engine.aws.client_session import client_session
from engine.aws.errors import translated


@dataclass(frozen=True)
class GivenKey:
    """An access key as the operator has given it."""

    access_key_id: str
    secret: str = field(repr=False)


#: Credentials that can be used: what is kept of a static key has to be opened first.
Usable = Standard | Profile | Role | GivenKey


def usable(connection: Connection, keys: SecretKeys) -> Usable:
    """The credentials of a connection.

    Raises:
        OperationError: 55000, its secret cannot be decrypted.
    """
    credentials = connection.credentials
    if isinstance(credentials, StaticKey):
        secret = keys.open(credentials.sealed_secret, connection.sealed_for)
        return GivenKey(credentials.access_key_id, secret)
    return credentials


def session(credentials: Standard | Profile | GivenKey, region: str) -> Any:
    """A session of aiobotocore that has some credentials, for all regions; a role's is
    `accounts.roles.session`.

    Raises:
        CloudError: 28000, there is no such profile.
    """
    try:
        match credentials:
            case GivenKey():
                return client_session(
                    region=region, access_key=credentials.access_key_id, secret_key=credentials.secret
                )
            case Profile():
                return client_session(region=region, profile=credentials.profile)
            case Standard():
                return client_session(region=region)
    except ProfileNotFound as error:
        raise translated(error, "credentials", "client") from error
