"""What a listener does with requests. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Action = Mapping[str, Any]


#: Where a listener redirects to if nobody says where: to what encrypts.
_TO_HTTPS = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
#: What a redirection keeps of a request unless it is told otherwise.
_SAME = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
#: What encrypts, and so has a certificate.
_SECURE = ("HTTPS", "TLS")


def default(
    there: Sequence[Action] | None,
    kind: str,
    target_group: str | None,
    redirect: Action | None = None,
    response: Action | None = None,
) -> list[dict[str, Any]]:
    """A listener's default actions, the first of them as some columns say.

    What the first action has besides stays, stickiness say, and so do the others.

    Args:
        there: as AWS has them; None for a new listener.
        target_group: its ARN; None: what is there stays, as it does for the others.
        redirect: where it redirects to.
        response: what it answers by itself.
    """
    first, *others = [known(each) for each in there or ()] or [{}]
    if first.get("Type") != kind:
        first = {"Type": kind, **({"Order": first["Order"]} if "Order" in first else {})}
    if target_group is not None and first.get("TargetGroupArn") != target_group:
        first = _pointed(first, target_group)
    if kind == "redirect":
        first["RedirectConfig"] = redirect or first.get("RedirectConfig") or _TO_HTTPS
    if response is not None:
        first["FixedResponseConfig"] = response
    return [first, *others]


def redirection(config: Any) -> Any:
    """Where a listener redirects to, without what it keeps of a request."""
    if not isinstance(config, Mapping):
        return config
    return {name: value for name, value in config.items() if value != _SAME.get(name)}


def known(action: Action) -> dict[str, Any]:
    """An action as AWS takes it back: it never tells the secret of an identity provider's client."""
    name = "AuthenticateOidcConfig"
    if name not in action or "ClientSecret" in action[name]:
        return dict(action)
    return {**action, name: {**action[name], "UseExistingClientSecret": True}}


def _pointed(action: Action, target_group: str) -> dict[str, Any]:
    result = {**action, "TargetGroupArn": target_group}
    if config := action.get("ForwardConfig"):
        result["ForwardConfig"] = {**config, "TargetGroups": [{"TargetGroupArn": target_group, "Weight": 1}]}
    return result


def certificates(
    there: Sequence[Mapping[str, Any]] | None, certificate: str | None, protocol: str
) -> list[dict[str, Any]] | None:
    """A listener's default certificate, as AWS takes it.

    Args:
        there: the one that it has.
        certificate: the ARN of another; None: what is there stays.
    """
    if protocol not in _SECURE:
        return None
    default = certificate or next((each["CertificateArn"] for each in there or ()), None)
    return None if default is None else [{"CertificateArn": default}]


def policy(there: str | None, name: str | None, protocol: str) -> str | None:
    """Which protocols and ciphers a listener knows, if it encrypts."""
    return (name or there) if protocol in _SECURE else None


def mutual_authentication(there: Mapping[str, Any]) -> dict[str, Any] | None:
    """How clients prove who they are, without what AWS only says of it."""
    given = {name: value for name, value in there.items() if name != "TrustStoreAssociationStatus"}
    return given if given.get("Mode", "off") != "off" else None


def conditions(there: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A rule's conditions, as AWS takes them: it says their values twice, and takes them once."""
    return [_condition(each) for each in there]


def _condition(there: Mapping[str, Any]) -> dict[str, Any]:
    twice = any(name.endswith("Config") for name in there)
    return {name: value for name, value in there.items() if not (twice and name == "Values")}
