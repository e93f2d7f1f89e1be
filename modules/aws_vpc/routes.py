"""Where routes lead, as two of them are compared and as AWS takes them. Pure functions only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: The columns with AWS's ids, and those that refer to rows instead.
BY_REFERENCE = {
    "gateway_id": "internet_gateway",
    "nat_gateway_id": "nat_gateway",
    "egress_only_internet_gateway_id": "egress_only_internet_gateway",
    "vpc_peering_connection_id": "peering_connection",
}


def comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """A route: AWS's id of what may have a row means the same as a reference to the row."""
    result = dict(values)
    for raw, reference in BY_REFERENCE.items():
        id = result.get(raw)
        if id is not None and (raw != "gateway_id" or str(id).startswith("igw-")):
            result |= {raw: None, reference: result.get(reference) or id}
    return result


def is_ours(route: Mapping[str, Any]) -> bool:
    """Whether somebody has made a route, and not AWS for the VPC itself, a VPN or an endpoint."""
    of_endpoint = "DestinationPrefixListId" in route and str(route.get("GatewayId")).startswith("vpce-")
    return route.get("Origin") == "CreateRoute" and not of_endpoint


def destination(route: Mapping[str, Any]) -> str | None:
    """Where a route is for: an IPv4 or IPv6 network, or a prefix list."""
    return next((route[name] for name in _DESTINATIONS if route.get(name)), None)


_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _only(fits: Callable[[str], bool]) -> Callable[[str], str | None]:
    return lambda value: value if fits(value) else None


#: The parameter that a destination goes into.
DESTINATIONS: Mapping[str, Callable[[str], str | None]] = {
    "DestinationPrefixListId": _only(lambda value: value.startswith("pl-")),
    "DestinationIpv6CidrBlock": _only(lambda value: ":" in value),
    "DestinationCidrBlock": _only(lambda value: not value.startswith("pl-") and ":" not in value),
}


def gateway(raw: str | None, reference: str | None) -> str | None:
    """The gateway of a route, unless it is an endpoint."""
    return reference or (None if raw is None or raw.startswith("vpce-") else raw)


def endpoint(raw: str) -> str | None:
    """The endpoint of a route, which AWS tells among the gateways, and takes apart."""
    return raw if raw.startswith("vpce-") else None


def either(raw: str | None, reference: str | None) -> str | None:
    """The id of a target that may be a row."""
    return reference or raw
