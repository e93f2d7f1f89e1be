"""What a listener does with requests. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Action = Mapping[str, Any]


def default(there: Sequence[Action] | None, kind: str, target_group: str | None) -> list[dict[str, Any]]:
    """A listener's default actions, the first of them of a kind and with a target group.

    What the first action has besides stays, stickiness say, and so do the others.

    Args:
        there: as AWS has them; None for a new listener.
        target_group: its ARN; None: what is there stays.
    """
    first, *others = [known(each) for each in there or ()] or [{}]
    if first.get("Type") != kind:
        first = {"Type": kind, **({"Order": first["Order"]} if "Order" in first else {})}
    if target_group is not None and first.get("TargetGroupArn") != target_group:
        first = _pointed(first, target_group)
    return [first, *others]


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


def certificates(there: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """A listener's default certificate, as AWS takes it."""
    return [{"CertificateArn": each["CertificateArn"]} for each in there] or None


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
