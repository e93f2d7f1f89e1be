"""Attributes of load balancers: which of them somebody has set, and how AWS takes them. Pure functions only.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

#: What AWS gives a new load balancer. One that has no default here is off, or empty, unless somebody sets it.
_DEFAULTS = {
    "client_keep_alive.seconds": "3600",
    "dns_record.client_routing_policy": "any_availability_zone",
    "idle_timeout.timeout_seconds": "60",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
}
_OFF = ("false", "", "0")

#: An attribute's default depends on these columns.
DEPENDS_ON = ("scheme", "load_balancer_type")


def read(attributes: Iterable[Mapping[str, Any]] | None) -> dict[str, str] | None:
    """The attributes that are not as they are of a new load balancer; None if AWS has not told them."""
    if attributes is None:
        return None
    there = {each["Key"]: each.get("Value") or "" for each in attributes}
    return {key: there[key] for key in sorted(there) if not _is_default(key, there[key])}


def as_texts(value: Any) -> Any:
    """Attributes as AWS has them, which are texts; one that is null is not set."""
    if not isinstance(value, Mapping):
        return {} if value is None else value
    return {key: _text(each) for key, each in sorted(value.items()) if each is not None}


def comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """A load balancer: an attribute that is named as it would be otherwise says nothing."""
    some = as_texts(values.get("attributes"))
    if not isinstance(some, Mapping):
        return dict(values)
    kind = tuple(values.get(name) for name in DEPENDS_ON)
    return {
        **values,
        "attributes": {key: value for key, value in some.items() if not _is_default(key, value, *kind)},
    }


def new(attributes: Any) -> list[dict[str, str]] | None:
    """What sets the attributes of a new load balancer; None if there are none."""
    return [{"Key": key, "Value": value} for key, value in as_texts(attributes).items()] or None


def changed(
    there: Iterable[Mapping[str, Any]] | None, attributes: Any, *kind: str | None
) -> list[dict[str, str]] | None:
    """What sets the attributes that differ, and sets those back that a row does not name.

    Args:
        there: all that the load balancer has, as AWS tells them.
        kind: `DEPENDS_ON`.
    """
    wanted = as_texts(attributes)
    now = {each["Key"]: each.get("Value") or "" for each in there or ()}
    for key in now.keys() - wanted.keys():
        if not _is_default(key, now[key], *kind):
            wanted[key] = _default(key, *kind) or ("false" if now[key] == "true" else "")
    differing = {key: wanted[key] for key in sorted(wanted) if now.get(key) != wanted[key]}
    return new(differing)


def protection(description: Mapping[str, Any]) -> str | None:
    """Why AWS would not delete a load balancer."""
    some = read(description.get("Attributes")) or {}
    return "deletion protection" if some.get("deletion_protection.enabled") == "true" else None


def _default(key: str, scheme: str | None = None, kind: str | None = None) -> str | None:
    if key == "ipv6.deny_all_igw_traffic":
        return "true" if scheme == "internal" else "false"
    if key == "load_balancing.cross_zone.enabled":
        return "true" if kind == "application" else "false"
    return _DEFAULTS.get(key)


def _is_default(key: str, value: str, *kind: str | None) -> bool:
    default = _default(key, *kind)
    return value in _OFF if default is None else value == default


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
