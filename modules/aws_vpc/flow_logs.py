"""What flow logs are of, and where they go. Pure functions only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modules import tagging

#: The columns that say of what one is, one of which has a value.
OF = ("vpc_id", "subnet_id", "resource_id")
_GROUPS = "cloud-watch-logs"
#: How ids of kinds without a column of their own begin, the longest first.
_KINDS = {
    "tgw-attach-": "TransitGatewayAttachment",
    "tgw-": "TransitGateway",
    "eni-": "NetworkInterface",
}
#: What a new one has been asked for, besides its destination.
_SAME = (*OF, "traffic_type", "log_group_name", "log_destination", "max_aggregation_interval")


def only(beginning: str) -> Callable[[Any], str | None]:
    """Reads an id if it is one of a kind."""
    return lambda id: id if id and id.startswith(beginning) else None


def of_one(there: Any, *ids: str | None) -> str | None:
    """The id that has a value."""
    return next((each for each in ids if each), None)


def kind(there: Any, vpc: str | None, subnet: str | None, other: str | None) -> str | None:
    """AWS's name of the kind that this id is of."""
    if vpc or subnet:
        return "VPC" if vpc else "Subnet"
    return next((name for beginning, name in _KINDS.items() if (other or "").startswith(beginning)), None)


def group(log: Mapping[str, Any]) -> str | None:
    """The log group of the account to which it goes, if it goes to one."""
    if log.get("LogDestinationType", _GROUPS) != _GROUPS:
        return None
    arn = log.get("LogDestination") or ""
    if log.get("LogGroupName"):
        return str(log["LogGroupName"])
    return arn.split(":")[6] if _is_of(log, arn) else None


def destination(log: Mapping[str, Any]) -> str | None:
    """Where else it goes."""
    arn: str | None = log.get("LogDestination")
    return None if group(log) is not None else arn


def _is_of(log: Mapping[str, Any], arn: str) -> bool:
    parts = arn.split(":")
    return len(parts) > 6 and parts[4] == log.get("Account", parts[4])


def newborn(row: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a flow log is what a row asks AWS for."""
    asked = all(row[name] is None or row[name] == found[name] for name in _SAME)
    return asked and tagging.own(row["tags"]) == tagging.own(found["tags"])
