"""The subnets of a load balancer, as AWS takes them. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What a load balancer has of its own in a subnet, by its name when AWS tells it.
_OWN = ("AllocationId", "PrivateIPv4Address", "IPv6Address")

Zone = Mapping[str, Any]


def without_addresses(zones: Sequence[Zone] | None, subnets: Sequence[str]) -> Sequence[str] | None:
    """The subnets, if the load balancer has no addresses of its own in any of them.

    Args:
        zones: the subnets that it has, as AWS describes them; None for a new one.
    """
    return None if mappings(zones, subnets) else subnets


def mappings(zones: Sequence[Zone] | None, subnets: Sequence[str] | None) -> list[dict[str, Any]] | None:
    """The subnets with the addresses that the load balancer has in those where it is already.

    A network load balancer would lose them with a list of subnets alone.

    Returns:
        None if it has none.
    """
    there = {zone["SubnetId"]: _own(zone) for zone in zones or ()}
    some = [{"SubnetId": subnet, **there.get(subnet, {})} for subnet in subnets or ()]
    return some if any(len(each) > 1 for each in some) else None


def _own(zone: Zone) -> dict[str, Any]:
    addresses = zone.get("LoadBalancerAddresses") or ()
    found = {name: each[name] for each in addresses for name in _OWN if each.get(name)}
    prefixes = zone.get("SourceNatIpv6Prefixes")
    return {**found, **({"SourceNatIpv6Prefix": prefixes[0]} if prefixes else {})}
