"""https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html"""

from typing import Any

from modules import canonical, ownership
from modules.aws_route53 import names, records
from modules.spec import (
    Batch,
    Call,
    Carry,
    Derived,
    Description,
    Edited,
    Item,
    List,
    Old,
    OnChange,
    Per,
    Resource,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    present,
    ref,
)

_CHANGES = "ChangeBatch.Changes"
#: AWS takes 1,000 values a call, of 32,000 characters together, and counts those of changes twice. Of too
#: many it takes the halves.
_BATCH = Batch(parameter=_CHANGES, limit=100)
#: Name servers follow within a minute; what is asked of Route 53 itself is right at once.
_IN_SYNC = Waiter(name="resource_record_sets_changed", params={"Id": Item("ChangeInfo.Id")}, seconds=600)
_ZONE: dict[str, Source] = {"HostedZoneId": "parent_hosted_zone_id"}


#: AWS answers when a record set was changed, and not what it is then.
_AS_SENT: dict[str, Source] = {
    "HostedZoneId": "parent_hosted_zone_id",
    # Who makes one makes none that comes with the zone.
    "ZoneName": Edited("ZoneName", lambda there: there or "-", ()),
    "ZoneOwner": present("ZoneOwner"),
    **{key: Derived(records.member(key), records.COLUMNS) for key in records.MEMBERS},
}


def _owner(record: Description) -> str | None:
    """What has made a record set: a traffic policy, or the AWS service that has made the zone."""
    if policy := record.get("TrafficPolicyInstanceId"):
        return f"traffic policy instance {policy}"
    owner: str | None = record.get("ZoneOwner")
    return owner if owner and owner.startswith("AWS service ") else None


def _document(name: str, path: str, doc: str) -> Any:
    return column(name, "jsonb", path, read=canonical.plain, canonical=canonical.none_if_empty, doc=doc)


RESOURCE_RECORD_SET = Resource(
    table="resource_record_set",
    service="route53",
    doc="What a zone answers to a name: values, or an alias of something in AWS. A change of a row is one "
    "change for AWS, also of its name or type: no moment is without the one and the other.",
    key=("id",),
    identity="identifier",
    natural_key=("parent_hosted_zone_id", "is_apex", "name", "record_type", "set_identifier"),
    unique=(("parent_hosted_zone_id", "name", "record_type", "set_identifier"),),
    checks=(
        ("resource_record_set_has_records_or_is_an_alias", "(record IS NULL) <> (alias_dns_name IS NULL)"),
        ("resource_record_set_lasts_unless_it_is_an_alias", "(record IS NULL) = (ttl IS NULL)"),
        (
            "resource_record_set_alias_names_its_zone",
            "(alias_dns_name IS NULL) = (alias_hosted_zone_id IS NULL)",
        ),
    ),
    columns=(
        assigned(
            "identifier",
            "varchar",
            "[HostedZoneId, Name, Type, SetIdentifier]",
            read=records.identifier,
            doc="The zone's id, the name, the type and set_identifier, by which a row knows its record set.",
        ),
        ref("parent_hosted_zone_id", "hosted_zone", "HostedZoneId", not_null=True, cascade=True),
        column(
            "name",
            "varchar",
            "Name",
            not_null=True,
            read=names.shown,
            canonical=names.comparable,
            doc="The whole name, such as www.example.com or *.example.com.",
        ),
        column(
            "record_type",
            "varchar",
            "Type",
            not_null=True,
            canonical=lambda text: text.upper() if isinstance(text, str) else text,
            doc="A, AAAA, CNAME, MX, TXT, …",
        ),
        column(
            "record",
            "varchar[]",
            "ResourceRecords",
            read=lambda some: [each["Value"] for each in some] if some else None,
            canonical=canonical.unordered,
            doc="""The values, as in a zone file: {192.0.2.1}, {10 mx.example.com}. A TXT's are in quotes.""",
        ),
        column("ttl", "bigint", "TTL", doc="Seconds for which an answer may be kept; NULL for an alias."),
        column(
            "alias_dns_name",
            "varchar",
            "AliasTarget.DNSName",
            read=names.shown,
            canonical=names.comparable,
            doc="What it is an alias of, such as load_balancer.dns_name, or another name in the zone.",
        ),
        column(
            "alias_hosted_zone_id",
            "varchar",
            "AliasTarget.HostedZoneId",
            doc="The zone of that, such as load_balancer.canonical_hosted_zone_id.",
        ),
        column(
            "evaluate_target_health",
            "boolean",
            "AliasTarget.EvaluateTargetHealth",
            not_null=True,
            default="false",
            read=bool,
            doc="Whether an alias answers only while its target is healthy.",
        ),
        column(
            "set_identifier",
            "varchar",
            "SetIdentifier",
            doc="Tells those of one name and type apart, of which one of the following is chosen by.",
        ),
        column(
            "weight", "integer", "Weight", doc="How often it is the answer, beside its siblings' weights."
        ),
        column("latency_region", "varchar", "Region", doc="Is the answer where this region is the nearest."),
        column("failover", "varchar", "Failover", doc="PRIMARY, or SECONDARY if that is not healthy."),
        _document("geolocation", "GeoLocation", 'Who is answered so, such as {"CountryCode": "DE"}.'),
        _document(
            "geoproximity", "GeoProximityLocation", 'Where it is near to, such as {"AWSRegion": "eu-west-1"}.'
        ),
        _document("cidr_routing", "CidrRoutingConfig", "Of a CIDR collection, the networks that it is for."),
        column(
            "multi_value_answer",
            "boolean",
            "MultiValueAnswer",
            canonical=lambda value: value or None,
            doc="Whether it is one of up to eight that are answered together.",
        ),
        column(
            "health_check_id",
            "varchar",
            "HealthCheckId",
            unless=("health_check",),
            doc="Of one without a row.",
        ),
        ref(
            "health_check",
            "health_check",
            "HealthCheckId",
            on_change=OnChange.UPDATE,
            dangles=True,
            doc="It is an answer only while that is healthy.",
        ),
        assigned(
            "is_apex",
            "boolean",
            "[Type, Name, ZoneName]",
            read=records.is_apex,
            not_null=True,
            default="false",
            doc="Whether it is the SOA or NS that AWS makes with the zone; it goes only with that.",
        ),
        ownership.managed_by(None, _owner),
    ),
    canonical=records.comparable,
    listing=List(
        operation="list_resource_record_sets",
        items="ResourceRecordSets",
        per=Per(
            table="hosted_zone",
            params={"HostedZoneId": "hosted_zone_id"},
            joins={"HostedZoneId": "hosted_zone_id", "ZoneName": "domain_name", "ZoneOwner": "managed_by"},
        ),
        absent=("NoSuchHostedZone",),
    ),
    create=(
        Call(
            operation="change_resource_record_sets",
            params={**_ZONE, _CHANGES: Derived(records.made, records.COLUMNS)},
            result="ChangeInfo",
            joins=_AS_SENT,
            whole=True,
            batch=_BATCH,
            until=_IN_SYNC,
        ),
    ),
    update=(
        Update(
            operation="change_resource_record_sets",
            when=records.COLUMNS,
            params={**_ZONE, _CHANGES: Edited("@", records.changed, records.COLUMNS)},
            result="ChangeInfo",
            joins=_AS_SENT,
            batch=_BATCH,
            until=_IN_SYNC,
        ),
    ),
    carry=Carry(not_kept={"ChangeBatch.Comment": "of a change: AWS does not keep it"}),
    delete=(
        Call(
            operation="change_resource_record_sets",
            params={**_ZONE, _CHANGES: Old("@", records.removed)},
            batch=_BATCH,
            until=_IN_SYNC,
        ),
    ),
    stays=lambda record: records.is_apex([record.get(key) for key in ("Type", "Name", "ZoneName")]),
    absent=("NoSuchHostedZone",),
    # Another one of the name may have to go, or become one of several, in the same apply.
    eventual=(
        ("InvalidChangeBatch", "conflict"),
        ("InvalidChangeBatch", "with the same name and type"),
    ),
    hints={
        "InvalidChangeBatch": "AWS says above what is wrong. If a record set is there already, or is not as "
        "the row shows it, iasql_sync() shows it.",
        "NoSuchHealthCheck": "resource_record_set.health_check_id names none that is there; health_check "
        "refers to a row of one.",
    },
)
