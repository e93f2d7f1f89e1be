"""Route 53: records as AWS keeps them, all changes of a batch or none, and which zones and VPCs go together.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.rest import model
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

#: A record set as AWS tells it, and what tells it from others: name, type, identifier.
Told = Mapping[str, Any]
Key = tuple[str, str, str]
Sets = dict[Key, Told]

#: How one of several record sets of a name and type is chosen.
_POLICIES = (
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "CidrRoutingConfig",
    "MultiValueAnswer",
)


class Refused(Exception):
    """Why a batch is not performed."""


# Records ----------------------------------------------------------------------------------------------


def complete(call: AwsCall, reply: Response) -> None:
    """The records that AWS makes with a zone, after moto has made that."""
    zone = next(each for each in _route53(call).zones.values() if each.caller_reference == _caller(call))
    servers = [f"{each}." for each in zone.delegation_set.name_servers]
    if zone.private_zone:
        servers = ["ns-0.awsdns-00.com.", "ns-512.awsdns-00.net."]
    authority = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    apex = zone.name = _name(zone.name)
    _keep(
        zone,
        {
            (apex, kind, ""): {
                "Name": apex,
                "Type": kind,
                "TTL": seconds,
                "ResourceRecords": [{"Value": each} for each in values],
            }
            for kind, seconds, values in (("NS", 172800, servers), ("SOA", 900, [authority]))
        },
    )


def change(call: AwsCall) -> Outcome:
    """A batch of changes, which AWS performs whole or not at all."""
    zone = _zone(call)
    if zone is None:
        return None
    sets: Sets = dict(zone.sets)
    faults = []
    for each in call.parameters["ChangeBatch"]["Changes"]:
        told = {**each["ResourceRecordSet"], "Name": _name(each["ResourceRecordSet"]["Name"])}
        if (wrong := _invalid(told)) is not None:
            return AwsError("InvalidInput", f"Invalid request: {wrong} in Change with [Name={told['Name']}]")
        if (id := told.get("HealthCheckId")) and id not in _route53(call).health_checks:
            return AwsError("NoSuchHealthCheck", f"No health check exists with the specified ID: {id}", 404)
        try:
            _perform(sets, zone, each["Action"], told)
        except Refused as refusal:
            faults.append(str(refusal))
    faults += _conflicts(sets, zone)
    if faults:
        return AwsError("InvalidChangeBatch", f"[{', '.join(faults)}]")
    _keep(zone, sets)
    info = {"Id": f"/change/C{uuid.uuid4().hex[:13].upper()}", "Status": "PENDING", "SubmittedAt": _MOMENT}
    return answered(call, {"ChangeInfo": info})


_MOMENT = "2026-01-02T03:04:05Z"


def listed(call: AwsCall) -> Outcome:
    """The records of a zone, by their names from the right to the left."""
    zone = _zone(call)
    if zone is None:
        return None
    start = (
        _order(call.text("StartRecordName")),
        call.text("StartRecordType"),
        call.text("StartRecordIdentifier"),
    )
    some = sorted(zone.sets.items(), key=lambda each: (_order(each[0][0]), *each[0][1:]))
    some = [each for each in some if not start[0] or (_order(each[0][0]), *each[0][1:]) >= start]
    most = int(call.text("MaxItems") or 300)
    answer: dict[str, Any] = {
        "ResourceRecordSets": [told for _, told in some[:most]],
        "IsTruncated": len(some) > most,
        "MaxItems": str(most),
    }
    if len(some) > most:
        names = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
        answer |= {name: each for name, each in zip(names, some[most][0], strict=True) if each}
    return answered(call, answer)


def _perform(sets: Sets, zone: Any, action: str, told: Told) -> None:
    key = _key(told)
    words = f"[name='{key[0]}', type='{key[1]}'" + (f", set identifier='{key[2]}']" if key[2] else "]")
    if not f".{key[0]}".endswith(f".{_name(zone.name)}"):
        raise Refused(f"RRSet with DNS name {key[0]} is not permitted in zone {zone.name}")
    if action != "DELETE":
        if action == "CREATE" and key in sets:
            raise Refused(f"Tried to create resource record set {words} but it already exists")
        sets[key] = told
        return
    if key not in sets:
        raise Refused(f"Tried to delete resource record set {words} but it was not found")
    if _comparable(sets[key]) != _comparable(told):
        raise Refused(
            f"Tried to delete resource record set {words} but the values provided do not match "
            "the current values"
        )
    del sets[key]


def _conflicts(sets: Sets, zone: Any) -> Iterator[str]:
    """What may not be beside each other once a batch is performed."""
    apex = _name(zone.name)
    for kind in ("NS", "SOA"):
        if (apex, kind, "") not in sets:
            yield f"A HostedZone must contain exactly one SOA record and one NS record at its apex: {kind}"
    for (name, kind, id), told in sets.items():
        others = {key for key in sets if key[0] == name and key != (name, kind, id)}
        if kind == "CNAME" and any(each[1] != "CNAME" for each in others):
            yield (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other "
                f"records with the same DNS name in zone {zone.name}"
            )
        siblings = [sets[each] for each in others if each[1] == kind]
        if any(_policy(each) != _policy(told) for each in siblings):
            yield (
                f"RRSet with DNS name {name}, type {kind}, SetIdentifier {id or 'null'} cannot be created "
                "because another RRSet exists with the same name and type"
            )
        target = told.get("AliasTarget") or {}
        if target.get("HostedZoneId") == zone.resource_id and not any(
            key[:2] == (_name(target["DNSName"]), kind) for key in sets
        ):
            yield (
                f"Tried to create an alias that targets {target['DNSName']}, type {kind} in zone "
                f"{zone.resource_id}, but that target was not found"
            )


def _invalid(told: Told) -> str | None:
    """What is wrong with a record set by itself, if something is."""
    whole = told.get("TTL") is not None and told.get("ResourceRecords")
    if bool(whole) is bool(told.get("AliasTarget")):
        return "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]]"
    if (_policy(told) is not None) is not bool(told.get("SetIdentifier")):
        return "Expected SetIdentifier and one of its kinds"
    for each in told.get("ResourceRecords") or ():
        value = each["Value"]
        if told["Type"] in ("TXT", "SPF") and not (value[:1] == value[-1:] == '"' and len(value) > 1):
            return f"InvalidCharacterString (Value should be in quotation marks) encountered with '{value}'"
        if told["Type"] in ("A", "AAAA") and not _is_address(value, 4 if told["Type"] == "A" else 6):
            return f"IllegalAddress (Value is not a valid IP address) encountered with '{value}'"
    return None


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


def _policy(told: Told) -> str | None:
    return next((each for each in _POLICIES if told.get(each) is not None), None)


def _comparable(told: Told) -> Told:
    """A record set whose values are in no order."""
    values = sorted(each["Value"] for each in told.get("ResourceRecords") or ())
    alias = told.get("AliasTarget")
    if alias:
        alias = {**alias, "DNSName": _name(alias["DNSName"])}
    return {**told, "ResourceRecords": values, "AliasTarget": alias}


def _key(told: Told) -> Key:
    return told["Name"], told["Type"], told.get("SetIdentifier", "")


def _name(value: str) -> str:
    """A name as AWS tells it."""
    return value.lower().removesuffix(".").replace("*", "\\052") + "."


def _order(name: str) -> list[str]:
    return _name(name).removesuffix(".").split(".")[::-1] if name else []


def _keep(zone: Any, sets: Sets) -> None:
    zone.sets = {
        key: {**told, "AliasTarget": {**alias, "DNSName": _name(alias["DNSName"])}} if alias else told
        for key, told in sets.items()
        for alias in (told.get("AliasTarget"),)
    }
    zone.rrsets = [SimpleNamespace(name=name, type=kind) for name, kind, _ in sets]


# Zones ------------------------------------------------------------------------------------------------


def zone_is_new(call: AwsCall) -> Outcome:
    """A reference makes one zone; a private zone is made for a VPC."""
    reference, private = _caller(call), _is_private(call)
    if any(each.caller_reference == reference for each in _route53(call).zones.values()):
        return AwsError(
            "HostedZoneAlreadyExists", f"A hosted zone was created with {reference} already.", 409
        )
    if private is not ("VPC" in call.parameters):
        return AwsError("InvalidInput", "A private hosted zone, and no other, is created with a VPC.")
    return _vpc_is_free(call, _name(call.text("Name"))) if private else None


def vpc_can_be_associated(call: AwsCall) -> Outcome:
    """A VPC sees one private zone of a name."""
    zone = _zone(call)
    if zone is None or not zone.private_zone:
        return None
    return _vpc_is_free(call, _name(zone.name))


def vpc_is_associated(call: AwsCall) -> Outcome:
    """Only what is associated can be disassociated."""
    zone, id = _zone(call), call.parameters["VPC"]["VPCId"]
    if zone is None or any(each["vpc_id"] == id for each in zone.vpcs):
        return None
    return AwsError("VPCAssociationNotFound", f"The VPC {id} is not associated.", 404)


def zone_is_empty(call: AwsCall) -> Outcome:
    """A zone goes when it has nothing but what it came with."""
    zone = _zone(call, "Id")
    if zone is None or len(zone.sets) == 2:
        return None
    return AwsError(
        "HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets."
    )


def signing_is_of_public_zones(call: AwsCall) -> Outcome:
    """AWS signs no private zone."""
    zone = _zone(call)
    if zone is None or not zone.private_zone:
        return None
    return AwsError("InvalidArgument", "The operation is not supported for private hosted zones.")


def authorizations(call: AwsCall) -> Outcome:
    """Who lets other accounts' VPCs see a zone; nobody here."""
    zone = _zone(call)
    if zone is None:
        return AwsError("NoSuchHostedZone", "No hosted zone found.", 404)
    if not zone.private_zone:
        return AwsError("InvalidInput", "The hosted zone is public.")
    return answered(call, {"HostedZoneId": zone.resource_id, "VPCs": []})


def query_logs(call: AwsCall) -> Outcome:
    """Where a zone's queries are logged, which moto looks for under another name."""
    zone = _zone(call)
    some = [
        {
            "Id": each.id,
            "HostedZoneId": each.hosted_zone_id,
            "CloudWatchLogsLogGroupArn": each.cloud_watch_logs_log_group_arn,
        }
        for each in _route53(call).query_logging_configs.values()
        if zone is None or each.hosted_zone_id == zone.resource_id
    ]
    return answered(call, {"QueryLoggingConfigs": some})


def _vpc_is_free(call: AwsCall, name: str) -> Outcome:
    vpc = call.parameters["VPC"]
    if vpc["VPCId"] not in backend(replace(call, region=vpc["VPCRegion"]), "ec2").vpcs:
        return AwsError("InvalidVPCId", f"The VPC ID is invalid: {vpc['VPCId']}")
    for zone in _route53(call).zones.values():
        if _name(zone.name) == name and any(each["vpc_id"] == vpc["VPCId"] for each in zone.vpcs):
            return AwsError(
                "ConflictingDomainExists",
                f"The VPC {vpc['VPCId']} is already associated with a hosted zone of the name {name}",
            )
    return None


def _is_private(call: AwsCall) -> bool:
    return bool((call.parameters.get("HostedZoneConfig") or {}).get("PrivateZone"))


def _caller(call: AwsCall) -> str:
    return call.text("CallerReference")


def _route53(call: AwsCall) -> Any:
    return backend(call, "route53", everywhere=True)


def _zone(call: AwsCall, parameter: str = "HostedZoneId") -> Any:
    return _route53(call).zones.get(call.text(parameter).rpartition("/")[2])


# Answers ----------------------------------------------------------------------------------------------


def answered(call: AwsCall, document: Mapping[str, Any]) -> Answer:
    """A document as the operation answers it."""
    shape = model("route53").operation_model(call.operation).output_shape
    body = "".join(_elements(shape, document))
    return Answer(
        f'<{shape.name} xmlns="https://route53.amazonaws.com/doc/2013-04-01/">{body}</{shape.name}>'
    )


def _elements(shape: Any, document: Mapping[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if value is not None:
            member = shape.members[name]
            tag = member.serialization.get("name", name)
            yield f"<{tag}>{_text(member, value)}</{tag}>"


def _text(shape: Any, value: Any) -> str:
    match shape.type_name:
        case "structure":
            return "".join(_elements(shape, value))
        case "list":
            tag = shape.member.serialization.get("name", "member")
            return "".join(f"<{tag}>{_text(shape.member, each)}</{tag}>" for each in value)
        case "boolean":
            return str(value).lower()
    return escape(str(value))


_BY_OPERATION: dict[str, Rule] = {
    "AssociateVPCWithHostedZone": vpc_can_be_associated,
    "ChangeResourceRecordSets": change,
    "CreateHostedZone": zone_is_new,
    "DeleteHostedZone": zone_is_empty,
    "DisassociateVPCFromHostedZone": vpc_is_associated,
    "GetDNSSEC": signing_is_of_public_zones,
    "ListQueryLoggingConfigs": query_logs,
    "ListResourceRecordSets": listed,
    "ListVPCAssociationAuthorizations": authorizations,
}
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("route53", operation): (rule,) for operation, rule in _BY_OPERATION.items()
}
COMPLETIONS: dict[tuple[str, str], Completion] = {("route53", "CreateHostedZone"): complete}
