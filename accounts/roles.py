"""Roles that the server assumes: their trust, and sessions that are renewed before they end.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from typing import Any

from aiobotocore.credentials import AioDeferredRefreshableCredentials

from accounts.model import Role
from engine.aws.calls import call
from engine.aws.client_session import client_session
from engine.aws.errors import CloudError
from engine.aws.session import Cloud, Identity
from engine.errors import OperationError

#: What a session is called that no user has asked for.
_ITSELF = "iasql"
_NOT_IN_NAMES = re.compile(r"[^\w+=,.@-]", re.ASCII)


def session_name(user: str) -> str:
    """What AWS calls a session of a Postgres role: its name, as far as AWS takes that."""
    name = _NOT_IN_NAMES.sub("-", user or _ITSELF)[:64]
    return name if len(name) >= 2 else f"{name}-"


def session(source: Cloud, role: Role, region: str, *, user: str = "", policy: str | None = None) -> Any:
    """A session of aiobotocore that has assumed a role, and does so again before the last time's end.

    Args:
        source: who assumes it.
        user: the Postgres role that it is for.
        policy: limits what it may do, beyond what the role may.
    """
    params: dict[str, Any] = {
        "RoleArn": role.arn,
        "RoleSessionName": session_name(user),
        "ExternalId": role.external_id,
    }
    if policy is not None:
        params["Policy"] = policy
    if role.source_identity:
        params["SourceIdentity"] = session_name(user)

    async def renewed() -> dict[str, Any]:
        credentials = (await call(source, "sts", "assume_role", params))["Credentials"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }

    credentials = AioDeferredRefreshableCredentials(renewed, "assume-role")
    return client_session(credentials=credentials, region=region)


async def check_trust(source: Cloud, role: Role, who: Identity) -> None:
    """Refuse a role that anybody could have the server assume.

    Args:
        who: the server, to AWS.

    Raises:
        OperationError: 42501, the server may not assume it; 55000, it can be assumed without the connection's
            external id, from another account than its own.
    """
    params = {"RoleArn": role.arn, "RoleSessionName": _ITSELF}
    identified = {"SourceIdentity": _ITSELF} if role.source_identity else {}
    try:
        await call(source, "sts", "assume_role", params | identified | {"ExternalId": role.external_id})
    except CloudError as error:
        if error.sqlstate == "42501":
            raise _not_trusted(role, who, error) from error
        raise
    if role.arn.split(":")[4] == who.account:
        return
    for without in ({}, {"ExternalId": secrets.token_hex(16)}):
        if await _assumed(source, params | without):
            raise OperationError(
                f"role {role.arn} can be assumed without this connection's external id",
                sqlstate="55000",
                detail="Whoever can have the server connect to it could use it: a confused deputy.",
                hint=f"Let its trust policy ask for the id: {trust_policy(role, who)}",
            )


async def _assumed(source: Cloud, params: dict[str, Any]) -> bool:
    try:
        await call(source, "sts", "assume_role", params)
    except CloudError as error:
        if error.sqlstate == "42501":
            return False
        raise
    return True


def external_id(server: str, name: str, arn: str) -> str:
    """The external id of a connection: the same at each attempt to connect it, and of no other connection."""
    return hashlib.sha256(json.dumps(["iasql external id", server, name, arn]).encode()).hexdigest()[:32]


def trust_policy(role: Role, who: Identity) -> str:
    """The trust policy that lets the server assume a role, and nobody else through it."""
    actions = ["sts:AssumeRole"] + (["sts:SetSourceIdentity"] if role.source_identity else [])
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal(who)},
        "Action": actions,
        "Condition": {"StringEquals": {"sts:ExternalId": role.external_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def principal(who: Identity) -> str:
    """Who a trust policy has to name: of a session its role, without its path, which a session hides."""
    parts = who.arn.split(":")
    if parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        return ":".join([*parts[:2], "iam", "", parts[4], f"role/{parts[5].split('/')[1]}"])
    return who.arn


def _not_trusted(role: Role, who: Identity, error: CloudError) -> OperationError:
    return OperationError(
        f"role {role.arn} does not let {principal(who)} assume it",
        sqlstate="42501",
        detail=error.detail,
        hint=f"Give it this trust policy, and connect again: {trust_policy(role, who)}",
    )
