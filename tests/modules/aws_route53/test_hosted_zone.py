"""Zones, and what AWS makes with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith


@pytest.fixture
def dns(simulator: Cloud) -> Any:
    return simulator.client("route53")


@pytest.fixture
def vpcs(simulator: Cloud) -> list[str]:
    """The ids of two VPCs of this region, and of one of another."""
    here, there = simulator.client("ec2"), simulator.client("ec2", "eu-west-1")
    made = [each.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"] for each in (here, here, there)]
    return [str(each) for each in made]


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_route53")


def zones(dns: Any) -> dict[str, dict[str, Any]]:
    """What AWS tells of each zone, by its name."""
    ids = [each["Id"] for each in dns.list_hosted_zones()["HostedZones"]]
    told = [dns.get_hosted_zone(Id=each) for each in ids]
    return {each["HostedZone"]["Name"]: each for each in told}


def tags(dns: Any, zone: str) -> dict[str, str]:
    found = dns.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone.rpartition("/")[2])
    return {each["Key"]: each["Value"] for each in found["ResourceTagSet"]["Tags"]}


def seen_by(told: dict[str, Any]) -> dict[str, str]:
    return {each["VPCId"]: each["VPCRegion"] for each in told["VPCs"]}


async def test_zones_are_imported_with_what_comes_with_them(
    session: Session, dns: Any, vpcs: list[str]
) -> None:
    zone = dns.create_hosted_zone(
        Name="example.com", CallerReference="1", HostedZoneConfig={"Comment": "ours"}
    )["HostedZone"]["Id"]
    dns.change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone.rpartition("/")[2], AddTags=[{"Key": "team", "Value": "x"}]
    )
    dns.create_hosted_zone(
        Name="example.com",
        CallerReference="2",
        HostedZoneConfig={"PrivateZone": True},
        VPC={"VPCRegion": "us-east-1", "VPCId": vpcs[0]},
    )
    await session("iasql_install", "aws_route53")
    rows = await session.rows(
        "SELECT hosted_zone_id, domain_name, private_zone, vpcs::text, comment, tags::text, "
        "cardinality(name_servers) FROM hosted_zone ORDER BY private_zone"
    )
    assert rows[0] == (zone.rpartition("/")[2], "example.com", False, "{}", "ours", '{"team": "x"}', 4)
    assert rows[1][1:4] == ("example.com", True, f'{{"{vpcs[0]}": "us-east-1"}}')
    assert await session.rows(
        "SELECT private_zone, r.name, record_type, is_apex FROM resource_record_set r "
        "JOIN hosted_zone z ON z.id = parent_hosted_zone_id ORDER BY 1, 3"
    ) == [(private, "example.com", kind, True) for private in (False, True) for kind in ("NS", "SOA")]
    assert await session("iasql_plan_apply") == []


async def test_a_public_zone_is_made_with_every_attribute(installed: Session, dns: Any) -> None:
    many = {f"key{number}": "v" for number in range(12)}
    await installed.execute(
        "INSERT INTO hosted_zone (domain_name, comment, tags) "
        f"VALUES ('Example.org.', 'c', '{json.dumps(many)}')"
    )
    assert [row[:2] for row in await installed.apply()] == [("create", "hosted_zone")]
    told = zones(dns)["example.org."]
    assert told["HostedZone"]["Config"] == {"Comment": "c", "PrivateZone": False}
    assert tags(dns, told["HostedZone"]["Id"]) == many
    [(id, servers)] = await installed.rows("SELECT hosted_zone_id, name_servers FROM hosted_zone")
    assert f"/hostedzone/{id}" == told["HostedZone"]["Id"]
    assert servers == told["DelegationSet"]["NameServers"]
    assert await installed("iasql_plan_apply") == []
    await installed("iasql_sync")
    assert await installed.rows("SELECT record_type FROM resource_record_set ORDER BY 1") == [
        ("NS",),
        ("SOA",),
    ]


async def test_a_private_zone_is_seen_by_its_vpcs(installed: Session, dns: Any, vpcs: list[str]) -> None:
    some = {vpcs[0]: "us-east-1", vpcs[2]: "eu-west-1"}
    await installed.execute(
        "INSERT INTO hosted_zone (domain_name, private_zone, vpcs) "
        f"VALUES ('example.org', true, '{json.dumps(some)}')"
    )
    await installed.apply()
    assert seen_by(zones(dns)["example.org."]) == some
    assert await installed("iasql_plan_apply") == []
    other = {vpcs[1]: "us-east-1"}
    await installed.execute(f"UPDATE hosted_zone SET vpcs = '{json.dumps(other)}'")
    assert [row[:2] for row in await installed.apply()] == [("update", "hosted_zone")]
    assert seen_by(zones(dns)["example.org."]) == other
    assert await installed("iasql_plan_apply") == []


async def test_a_vpc_sees_one_private_zone_of_a_name(installed: Session, dns: Any, vpcs: list[str]) -> None:
    dns.create_hosted_zone(
        Name="example.org",
        CallerReference="1",
        HostedZoneConfig={"PrivateZone": True},
        VPC={"VPCRegion": "us-east-1", "VPCId": vpcs[0]},
    )
    await installed("iasql_sync")
    await installed.execute(
        "INSERT INTO hosted_zone (domain_name, private_zone, vpcs, comment) "
        f"VALUES ('example.org', true, '{{\"{vpcs[0]}\": \"us-east-1\"}}', 'other')"
    )
    with pytest.raises(OperationError, match="ConflictingDomainExists") as raised:
        await installed.apply()
    assert "can see one private zone" in str(raised.value.hint)


async def test_comment_and_tags_are_changed_in_place(installed: Session, dns: Any) -> None:
    await installed.execute(
        "INSERT INTO hosted_zone (domain_name, comment, tags) VALUES ('example.org', 'c', '{\"a\": \"1\"}')"
    )
    await installed.apply()
    zone = zones(dns)["example.org."]["HostedZone"]["Id"]
    await installed.execute("UPDATE hosted_zone SET comment = 'd', tags = '{\"b\": \"2\"}'")
    assert [row[:2] for row in await installed.apply()] == [("update", "hosted_zone")]
    assert zones(dns)["example.org."]["HostedZone"]["Config"]["Comment"] == "d"
    assert tags(dns, zone) == {"b": "2"}
    await installed.execute("UPDATE hosted_zone SET comment = NULL")
    await installed.apply()
    assert not zones(dns)["example.org."]["HostedZone"]["Config"].get("Comment")
    assert await installed("iasql_plan_apply") == []


async def test_another_zone_has_other_name_servers_and_the_same_records(installed: Session, dns: Any) -> None:
    """What is lost has to be allowed; what AWS makes with the new zone is not made twice."""
    await installed.execute("INSERT INTO hosted_zone (domain_name) VALUES ('example.org')")
    await installed.apply()
    await installed("iasql_sync")
    before = zones(dns)["example.org."]["HostedZone"]["Id"]
    await installed.execute(
        "INSERT INTO resource_record_set (parent_hosted_zone_id, name, record_type, record, ttl) "
        "SELECT id, 'www.example.org', 'A', '{192.0.2.1}', 60 FROM hosted_zone"
    )
    await installed.apply()
    await installed.execute("UPDATE hosted_zone SET domain_name = 'example.net'")
    await installed.execute(
        "UPDATE resource_record_set SET name = replace(name, 'example.org', 'example.net')"
    )
    with pytest.raises(OperationError, match="would lose") as raised:
        await installed.apply()
    assert "its name servers" in str(raised.value.detail)
    assert list(zones(dns)) == ["example.org."]
    await installed.execute("SET iasql.allow_loss = on")
    await installed("iasql_apply")
    after = zones(dns)
    assert list(after) == ["example.net."]
    assert after["example.net."]["HostedZone"]["Id"] != before
    found = dns.list_resource_record_sets(HostedZoneId=after["example.net."]["HostedZone"]["Id"])
    names = [(each["Name"], each["Type"]) for each in found["ResourceRecordSets"]]
    assert names == [("example.net.", "NS"), ("example.net.", "SOA"), ("www.example.net.", "A")]
    assert await installed("iasql_plan_apply") == []


async def test_a_zone_is_deleted_after_its_records(installed: Session, dns: Any) -> None:
    zone = dns.create_hosted_zone(Name="example.org", CallerReference="1")["HostedZone"]["Id"]
    dns.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "CREATE",
                    "ResourceRecordSet": {
                        "Name": "sub.example.org",
                        "Type": "NS",
                        "TTL": 60,
                        "ResourceRecords": [{"Value": "ns.example.net."}],
                    },
                }
            ]
        },
    )
    await installed("iasql_sync")
    await installed.execute("DELETE FROM hosted_zone")
    assert {row[:2] for row in await installed.apply()} == {
        ("delete", "resource_record_set"),
        ("delete", "hosted_zone"),
    }
    assert zones(dns) == {}
    assert await installed("iasql_plan_apply") == []


async def test_what_came_with_a_zone_goes_only_with_that(installed: Session, dns: Any) -> None:
    dns.create_hosted_zone(Name="example.org", CallerReference="1")
    await installed("iasql_sync")
    await installed.execute("DELETE FROM resource_record_set WHERE record_type = 'NS'")
    await installed.apply()
    assert await installed.rows("SELECT record_type FROM resource_record_set ORDER BY 1") == [
        ("NS",),
        ("SOA",),
    ]


async def test_a_zone_of_cloud_map_is_left_alone(session: Session, dns: Any, simulator: Cloud) -> None:
    assert _owner(
        {"HostedZone": {"LinkedService": {"ServicePrincipal": "servicediscovery.amazonaws.com"}}}
    ) == ("AWS service servicediscovery.amazonaws.com")
    assert _owner({"HostedZone": {}}) is None


def _owner(description: dict[str, Any]) -> Any:
    from modules.aws_route53.hosted_zone import HOSTED_ZONE

    column = HOSTED_ZONE.column("managed_by")
    assert column.read is not None
    return column.read(description)
