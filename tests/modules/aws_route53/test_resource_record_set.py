"""What zones answer."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_WWW = {"Name": "www.example.org.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}


@pytest.fixture
def dns(simulator: Cloud) -> Any:
    return simulator.client("route53")


@pytest.fixture
def zone(dns: Any) -> str:
    """The id of a zone, `example.org`."""
    id = dns.create_hosted_zone(Name="example.org", CallerReference="1")["HostedZone"]["Id"]
    return str(id).rpartition("/")[2]


@pytest.fixture
async def installed(session: Session, zone: str) -> Session:
    await session("iasql_install", "aws_route53")
    return session


def put(dns: Any, zone: str, *records: dict[str, Any], action: str = "CREATE") -> None:
    """What somebody else changes."""
    changes = [{"Action": action, "ResourceRecordSet": each} for each in records]
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def records(dns: Any, zone: str) -> list[dict[str, Any]]:
    """The records of a zone, without those that came with it."""
    told = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [each for each in told if each["Type"] not in ("NS", "SOA") or each["Name"] != "example.org."]


def changes(cloud: Cloud) -> int:
    return [call["operation"] for call in cloud.calls()].count("ChangeResourceRecordSets")


async def add(session: Session, **values: str) -> None:
    """Insert a row, by default an address of www."""
    values = {"name": "'www.example.org'", "record_type": "'A'", **values}
    if "alias_dns_name" not in values:
        values = {"record": "'{192.0.2.1}'", "ttl": "60", **values}
    await session.execute(
        f"INSERT INTO resource_record_set (parent_hosted_zone_id, {', '.join(values)}) "
        f"SELECT id, {', '.join(values.values())} FROM hosted_zone"
    )


async def test_records_are_imported(session: Session, dns: Any, zone: str) -> None:
    put(
        dns,
        zone,
        _WWW,
        {
            "Name": "*.example.org",
            "Type": "A",
            "AliasTarget": {
                "HostedZoneId": zone,
                "DNSName": "www.example.org",
                "EvaluateTargetHealth": True,
            },
        },
        {
            "Name": "geo.example.org",
            "Type": "TXT",
            "TTL": 5,
            "SetIdentifier": "de",
            "GeoLocation": {"CountryCode": "DE"},
            "ResourceRecords": [{"Value": '"b"'}, {"Value": '"a"'}],
        },
    )
    await session("iasql_install", "aws_route53")
    assert await session.rows(
        "SELECT name, record_type, record, ttl, alias_dns_name, evaluate_target_health, set_identifier, "
        "geolocation::text, identifier FROM resource_record_set WHERE NOT is_apex ORDER BY 1"
    ) == [
        ("*.example.org", "A", None, None, "www.example.org", True, None, None, f"{zone}_*.example.org_A"),
        (
            "geo.example.org",
            "TXT",
            ['"b"', '"a"'],
            5,
            None,
            False,
            "de",
            '{"CountryCode": "DE"}',
            f"{zone}_geo.example.org_TXT_de",
        ),
        ("www.example.org", "A", ["192.0.2.1"], 60, None, False, None, None, f"{zone}_www.example.org_A"),
    ]
    assert await session("iasql_plan_apply") == []


@pytest.mark.parametrize(
    ("record_type", "values"),
    [
        ("A", ["192.0.2.1", "192.0.2.2"]),
        ("AAAA", ["2001:db8::1"]),
        ("CAA", ['0 issue "amazon.com"']),
        ("CNAME", ["other.example.net"]),
        ("DS", ["12345 3 1 123456789ABCDEF67890123456789ABCDEF67890"]),
        ("HTTPS", ["1 . alpn=h2"]),
        ("MX", ["10 mx1.example.net", "20 mx2.example.net"]),
        ("NAPTR", ['10 100 "U" "" "!^.*$!sip:a@example.org!" .']),
        ("NS", ["ns.example.net."]),
        ("PTR", ["host.example.org"]),
        ("SPF", ['"v=spf1 -all"']),
        ("SRV", ["1 1 5269 xmpp.example.org."]),
        ("SSHFP", ["2 1 123456789abcdef67890123456789abcdef67890"]),
        ("SVCB", ["0 svc.example.org."]),
        ("TLSA", ["3 0 1 1234"]),
        ("TXT", ['"one"', '"it says \\"two\\""']),
    ],
)
async def test_a_record_of_each_type_is_made(
    installed: Session, dns: Any, zone: str, record_type: str, values: list[str]
) -> None:
    array = ", ".join("'" + each.replace("'", "''") + "'" for each in values)
    await add(installed, record_type=f"'{record_type}'", record=f"ARRAY[{array}]", ttl="300")
    assert [row[:2] for row in await installed.apply()] == [("create", "resource_record_set")]
    assert records(dns, zone) == [
        {**_WWW, "Type": record_type, "TTL": 300, "ResourceRecords": [{"Value": each} for each in values]}
    ]


_ONE_OF_SEVERAL: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "weight": ({"weight": "0"}, {"Weight": 0}),
    "latency": ({"latency_region": "'eu-west-1'"}, {"Region": "eu-west-1"}),
    "failover": ({"failover": "'PRIMARY'"}, {"Failover": "PRIMARY"}),
    "geolocation": (
        {"geolocation": """'{"CountryCode": "US", "SubdivisionCode": "NY"}'"""},
        {"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "NY"}},
    ),
    "geoproximity": (
        {"geoproximity": """'{"AWSRegion": "eu-west-1", "Bias": 10}'"""},
        {"GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": 10}},
    ),
    "networks": (
        {"cidr_routing": """'{"CollectionId": "c8c02a84-aaaa-bbbb-e0d2-d833a2f8", "LocationName": "a"}'"""},
        {"CidrRoutingConfig": {"CollectionId": "c8c02a84-aaaa-bbbb-e0d2-d833a2f8", "LocationName": "a"}},
    ),
    "several": ({"multi_value_answer": "true"}, {"MultiValueAnswer": True}),
}


@pytest.mark.parametrize("kind", _ONE_OF_SEVERAL)
async def test_one_of_several_is_made_and_becomes_the_only_one(
    installed: Session, dns: Any, zone: str, kind: str
) -> None:
    check = dns.create_health_check(
        CallerReference="1", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80}
    )["HealthCheck"]["Id"]
    row, told = _ONE_OF_SEVERAL[kind]
    await installed("iasql_sync")
    await add(installed, set_identifier="'one'", health_check="(SELECT id FROM health_check)", **row)
    await installed.apply()
    assert records(dns, zone) == [{**_WWW, "SetIdentifier": "one", "HealthCheckId": check, **told}]
    columns = ", ".join(f"{name} = NULL" for name in ("set_identifier", "health_check", *row))
    await installed.execute(f"UPDATE resource_record_set SET {columns} WHERE NOT is_apex")
    assert [row[:2] for row in await installed.apply()] == [("update", "resource_record_set")]
    assert records(dns, zone) == [_WWW]


async def test_an_alias_is_made_and_changed(installed: Session, dns: Any, zone: str) -> None:
    await add(installed)
    await installed.apply()
    await add(
        installed,
        name="'Example.org.'",
        alias_dns_name="'WWW.example.org'",
        alias_hosted_zone_id=f"'{zone}'",
        evaluate_target_health="true",
    )
    await installed.apply()
    target = {"HostedZoneId": zone, "DNSName": "www.example.org.", "EvaluateTargetHealth": True}
    assert records(dns, zone)[0] == {"Name": "example.org.", "Type": "A", "AliasTarget": target}
    await installed.execute(
        "UPDATE resource_record_set SET evaluate_target_health = false, "
        "alias_hosted_zone_id = 'Z35SXDOTRQ7X7K', "
        "alias_dns_name = 'lb-1.us-east-1.elb.amazonaws.com' WHERE alias_dns_name IS NOT NULL"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "resource_record_set")]
    assert records(dns, zone)[0]["AliasTarget"] == {
        "HostedZoneId": "Z35SXDOTRQ7X7K",
        "DNSName": "lb-1.us-east-1.elb.amazonaws.com.",
        "EvaluateTargetHealth": False,
    }
    await installed.execute(
        "UPDATE resource_record_set SET alias_dns_name = NULL, alias_hosted_zone_id = NULL, "
        "record = '{192.0.2.9}', ttl = 5 WHERE alias_dns_name IS NOT NULL"
    )
    await installed.apply()
    assert records(dns, zone)[0] == {
        "Name": "example.org.",
        "Type": "A",
        "TTL": 5,
        "ResourceRecords": [{"Value": "192.0.2.9"}],
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ttl = 30", {"TTL": 30}),
        (
            "record = '{192.0.2.2, 192.0.2.3}'",
            {"ResourceRecords": [{"Value": f"192.0.2.{n}"} for n in (2, 3)]},
        ),
        ("name = '*.example.org'", {"Name": "\\052.example.org."}),
        (
            "record_type = 'CNAME', record = '{example.net}'",
            {"Type": "CNAME", "ResourceRecords": [{"Value": "example.net"}]},
        ),
        ("set_identifier = 'a', weight = 1", {"SetIdentifier": "a", "Weight": 1}),
    ],
)
async def test_a_change_is_one_change_for_aws(
    installed: Session, simulator: Cloud, dns: Any, zone: str, change: str, told: dict[str, Any]
) -> None:
    """No moment is without the one and the other."""
    await add(installed)
    await installed.apply()
    before = changes(simulator)
    await installed.execute(f"UPDATE resource_record_set SET {change} WHERE NOT is_apex")
    assert [row[:2] for row in await installed.apply()] == [("update", "resource_record_set")]
    assert changes(simulator) == before + 1
    assert records(dns, zone) == [{**_WWW, **told}]


async def test_many_records_are_made_and_deleted_in_one_call(
    installed: Session, simulator: Cloud, dns: Any, zone: str
) -> None:
    await installed.execute(
        "INSERT INTO resource_record_set (parent_hosted_zone_id, name, record_type, record, ttl) "
        "SELECT id, 'n' || n || '.example.org', 'A', '{192.0.2.1}', 60 "
        "FROM hosted_zone, generate_series(1, 40) n"
    )
    before = changes(simulator)
    assert len(await installed.apply()) == 40
    assert (changes(simulator), len(records(dns, zone))) == (before + 1, 40)
    await installed.execute("UPDATE resource_record_set SET ttl = 5 WHERE NOT is_apex")
    await installed.apply()
    assert changes(simulator) == before + 2
    await installed.execute("DELETE FROM resource_record_set WHERE NOT is_apex")
    await installed.apply()
    assert (changes(simulator), records(dns, zone)) == (before + 3, [])


async def test_an_apply_ends_when_the_name_servers_follow(installed: Session, simulator: Cloud) -> None:
    await add(installed)
    await installed.apply()
    asked = [call["operation"] for call in simulator.calls()]
    assert "GetChange" in asked[asked.index("ChangeResourceRecordSets") :]


async def test_one_wrong_record_does_not_keep_the_others_from_being_made(
    installed: Session, dns: Any, zone: str
) -> None:
    for number in (1, 2, 3):
        await add(installed, name=f"'n{number}.example.org'")
    await add(installed, name="'text.example.org'", record_type="'TXT'", record="'{unquoted}'")
    with pytest.raises(OperationError, match=r"text\.example\.org"):
        await installed.apply()
    assert [each["Name"] for each in records(dns, zone)] == [
        f"n{number}.example.org." for number in (1, 2, 3)
    ]


async def test_a_row_takes_the_place_of_another_of_its_name(installed: Session, dns: Any, zone: str) -> None:
    """AWS lets a CNAME be beside nothing, and one of several beside no only one."""
    await add(installed)
    await installed.apply()
    await installed.execute("DELETE FROM resource_record_set WHERE NOT is_apex")
    await add(installed, record_type="'CNAME'", record="'{example.net}'")
    await installed.apply()
    assert [each["Type"] for each in records(dns, zone)] == ["CNAME"]
    await installed.execute(
        "UPDATE resource_record_set SET set_identifier = 'a', weight = 1 WHERE NOT is_apex"
    )
    await add(installed, record_type="'CNAME'", record="'{example.com}'", set_identifier="'b'", weight="2")
    await installed.apply()
    assert [each["Weight"] for each in records(dns, zone)] == [1, 2]


async def test_somebody_elses_record_is_not_written_over(installed: Session, dns: Any, zone: str) -> None:
    await add(installed)
    await installed("iasql_plan_apply")
    put(dns, zone, {**_WWW, "TTL": 5})
    with pytest.raises(OperationError):
        await installed("iasql_apply")
    assert records(dns, zone) == [{**_WWW, "TTL": 5}]


async def test_values_are_in_no_order(installed: Session, dns: Any, zone: str) -> None:
    await add(installed, record="'{192.0.2.1, 192.0.2.2}'")
    await installed.apply()
    await installed.execute(
        "UPDATE resource_record_set SET record = '{192.0.2.2, 192.0.2.1}' WHERE NOT is_apex"
    )
    assert await installed("iasql_plan_apply") == []


async def test_who_answers_for_a_zone_can_be_changed_and_not_deleted(
    installed: Session, dns: Any, zone: str
) -> None:
    await installed.execute("UPDATE resource_record_set SET ttl = 3600 WHERE record_type = 'NS'")
    assert [row[:2] for row in await installed.apply()] == [("update", "resource_record_set")]
    told = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [each["TTL"] for each in told] == [3600, 900]
    assert await installed.rows("SELECT is_apex FROM resource_record_set") == [(True,), (True,)]


async def test_a_record_moves_to_another_zone(installed: Session, dns: Any, zone: str) -> None:
    other = dns.create_hosted_zone(Name="example.org", CallerReference="2")["HostedZone"]["Id"]
    await add(installed)
    await installed.apply()
    await installed("iasql_sync")
    await installed.execute(
        "UPDATE resource_record_set SET parent_hosted_zone_id = z.id FROM hosted_zone z "
        f"WHERE z.hosted_zone_id = '{other.rpartition('/')[2]}' AND NOT is_apex"
    )
    assert [row[:2] for row in await installed.apply()] == [("replace", "resource_record_set")]
    assert (records(dns, zone), records(dns, other)) == ([], [_WWW])


async def test_a_record_of_a_traffic_policy_is_not_changed() -> None:
    from modules.aws_route53.resource_record_set import RESOURCE_RECORD_SET

    read = RESOURCE_RECORD_SET.column("managed_by").read
    assert read is not None
    assert read({"TrafficPolicyInstanceId": "i"}) == "traffic policy instance i"
    assert read({"ZoneOwner": "AWS service servicediscovery.amazonaws.com"}) is not None
    assert read({"ZoneOwner": "CloudFormation stack s"}) is None
