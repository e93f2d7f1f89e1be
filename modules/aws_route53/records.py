"""Records as two of them are compared, and as AWS takes them. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modules.aws_route53 import names

#: What AWS tells of a record set and takes for it, by column; the rest is made of several columns.
_SAME = {
    "record_type": "Type",
    "ttl": "TTL",
    "set_identifier": "SetIdentifier",
    "weight": "Weight",
    "latency_region": "Region",
    "failover": "Failover",
    "geolocation": "GeoLocation",
    "geoproximity": "GeoProximityLocation",
    "cidr_routing": "CidrRoutingConfig",
    "multi_value_answer": "MultiValueAnswer",
    "health_check_id": "HealthCheckId",
}
#: The columns that a record set is made of.
COLUMNS = (
    "name",
    "record",
    "alias_dns_name",
    "alias_hosted_zone_id",
    "evaluate_target_health",
    "health_check",
    *_SAME,
)
#: What AWS tells of it.
MEMBERS = ("Name", "ResourceRecords", "AliasTarget", *_SAME.values())


def comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """A record set: what comes with a zone has its name; only an alias looks at its target's health; the id
    of a health check means the same as a reference to its row.
    """
    result = dict(values)
    if result.get("is_apex"):
        result["name"] = None
    if result.get("alias_dns_name") is None:
        result["evaluate_target_health"] = None
    if (id := result.get("health_check_id")) is not None:
        result |= {"health_check_id": None, "health_check": result.get("health_check") or id}
    return result


def is_apex(told: Sequence[Any] | None) -> bool:
    """Whether AWS has made a record set with its zone: who answers for it.

    Args:
        told: type, name, and the zone's name; None if the record set is known to have come with the zone.
    """
    record_type, name, zone = told or (None, None, None)
    return record_type in ("NS", "SOA") and (zone is None or names.comparable(name) == names.comparable(zone))


def identifier(told: Sequence[Any] | None) -> str | None:
    """What tells a record set from all others: AWS has no id for it.

    Args:
        told: the zone's id, the name, the type and what tells it from others of these.
    """
    return "_".join(names.shown(each) for each in told if each) if told else None


def as_told(*values: Any) -> dict[str, Any]:
    """A record set as AWS tells it once it is made of some values, those of `COLUMNS`."""
    given = dict(zip(COLUMNS, values, strict=True))
    given["health_check_id"] = given["health_check"] or given["health_check_id"]
    result: dict[str, Any] = {"Name": names.told(given["name"])}
    result |= {key: given[name] for name, key in _SAME.items() if given[name] is not None}
    if given["record"]:
        result["ResourceRecords"] = [{"Value": each} for each in given["record"]]
    if given["alias_dns_name"] is not None and given["alias_hosted_zone_id"] is not None:
        result["AliasTarget"] = {
            "HostedZoneId": given["alias_hosted_zone_id"],
            "DNSName": names.told(given["alias_dns_name"]),
            "EvaluateTargetHealth": bool(given["evaluate_target_health"]),
        }
    return result


def member(key: str) -> Any:
    """Makes one member of a record set as AWS tells it."""
    return lambda *values: as_told(*values).get(key)


def made(*values: Any) -> list[dict[str, Any]]:
    """The changes that make a record set; AWS refuses if there is one already."""
    return [{"Action": "CREATE", "ResourceRecordSet": as_told(*values)}]


def changed(there: Any, *values: Any) -> list[dict[str, Any]]:
    """The changes that make a record set another one, all at once: no moment is without either.

    Args:
        there: what there is, as AWS tells it.
    """
    new = as_told(*values)
    if there is None or all(there.get(key) == new.get(key) for key in ("Name", "Type", "SetIdentifier")):
        return [{"Action": "UPSERT", "ResourceRecordSet": new}]
    return [*removed(there), {"Action": "CREATE", "ResourceRecordSet": new}]


def removed(there: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The changes that take a record set away, which AWS wants to be told as it is."""
    told = {key: there[key] for key in MEMBERS if there.get(key) not in (None, [], {})}
    return [{"Action": "DELETE", "ResourceRecordSet": told}]
