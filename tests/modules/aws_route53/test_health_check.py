"""What answers, and records that depend on that."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_SHOP = (
    "INSERT INTO health_check (type, fully_qualified_domain_name, resource_path, search_string, "
    "request_interval, failure_threshold, measure_latency, inverted, regions, tags) VALUES ("
    "'HTTPS_STR_MATCH', 'shop.example.org', '/health', 'fine', 10, 2, true, true, "
    "'{us-east-1,eu-west-1,sa-east-1}', "
    '\'{"Name": "shop"}\');'
)


@pytest.fixture
def dns(simulator: Cloud) -> Any:
    return simulator.client("route53")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_route53")


def checks(dns: Any) -> dict[str, dict[str, Any]]:
    """The configurations that there are, by id."""
    return {each["Id"]: each["HealthCheckConfig"] for each in dns.list_health_checks()["HealthChecks"]}


async def test_health_checks_are_imported(session: Session, dns: Any) -> None:
    def make(number: int, **config: Any) -> str:
        made = dns.create_health_check(CallerReference=str(number), HealthCheckConfig=config)
        return str(made["HealthCheck"]["Id"])

    one = make(1, Type="TCP", IPAddress="192.0.2.1", Port=25)
    both = make(2, Type="CALCULATED", ChildHealthChecks=[one], HealthThreshold=1)
    alarm = make(3, Type="CLOUDWATCH_METRIC", AlarmIdentifier={"Region": "us-east-1", "Name": "a"})
    await session("iasql_install", "aws_route53")
    shown = (
        "SELECT health_check_id, type, ip_address, port, request_interval, child_health_checks, "
        "health_threshold, alarm_name, alarm_region, disabled FROM health_check ORDER BY id"
    )
    assert set(await session.rows(shown.replace("child_health_checks", "child_health_checks::text"))) == {
        (one, "TCP", "192.0.2.1", 25, 30, None, None, None, None, False),
        (both, "CALCULATED", None, None, None, f"{{{one}}}", 1, None, None, False),
        (alarm, "CLOUDWATCH_METRIC", None, None, None, None, None, "a", "us-east-1", False),
    }
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_one_is_made_changed_in_place_replaced_and_deleted(
    installed: Session, dns: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateHealthCheck", "action": "drop_after"})
    await installed.execute(_SHOP)
    assert [row[:2] for row in await installed.apply()] == [("create", "health_check")]
    [(id, made)] = checks(dns).items()
    regions = made.pop("Regions")
    assert set(regions) == {"us-east-1", "eu-west-1", "sa-east-1"}
    assert made == {
        "Type": "HTTPS_STR_MATCH",
        "FullyQualifiedDomainName": "shop.example.org",
        "Port": 443,
        "ResourcePath": "/health",
        "SearchString": "fine",
        "RequestInterval": 10,
        "FailureThreshold": 2,
        "MeasureLatency": True,
        "Inverted": True,
        "Disabled": False,
        "EnableSNI": True,
    }
    tags = dns.list_tags_for_resource(ResourceType="healthcheck", ResourceId=id)["ResourceTagSet"]["Tags"]
    assert tags == [{"Key": "Name", "Value": "shop"}]

    # Of the version that is there: somebody else has changed it.
    dns.update_health_check(HealthCheckId=id, Disabled=True)
    await installed.execute(
        "UPDATE health_check SET port = 8443, failure_threshold = 5, inverted = false, "
        "search_string = 'well', enable_sni = false, resource_path = NULL, tags = '{}'"
    )
    assert [row[0] for row in await installed("iasql_apply")] == ["update"]
    [(same, changed)] = checks(dns).items()
    assert (same, changed.pop("Regions")) == (id, regions)
    kept = {name: made[name] for name in made if name != "ResourcePath"}
    assert changed == kept | {
        "Port": 8443,
        "FailureThreshold": 5,
        "Inverted": False,
        "SearchString": "well",
        "EnableSNI": False,
        "Disabled": True,
    }
    assert await installed("iasql_plan_apply") == []

    await installed.execute("UPDATE health_check SET request_interval = 30")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    [(other, replaced)] = checks(dns).items()
    assert (other != id, replaced.pop("Regions")) == (True, regions)
    assert replaced == changed | {"RequestInterval": 30}
    await installed.execute("DELETE FROM health_check")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert checks(dns) == {}


async def test_a_record_is_made_with_its_health_check_and_follows_another_one(
    installed: Session, dns: Any
) -> None:
    zone = dns.create_hosted_zone(Name="example.org", CallerReference="1")["HostedZone"]["Id"]
    await installed("iasql_sync")
    await installed.execute(
        _SHOP + "INSERT INTO resource_record_set (parent_hosted_zone_id, name, record_type, record, ttl, "
        "set_identifier, weight, health_check) SELECT z.id, 'www.example.org', 'A', '{192.0.2.1}', "
        "60, 'one', 1, c.id FROM hosted_zone AS z, health_check AS c"
    )

    def named() -> str:
        told = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return str(next(each["HealthCheckId"] for each in told if each["Type"] == "A"))

    assert [row[0] for row in await installed.apply()] == ["create", "create"]
    assert [named()] == list(checks(dns))
    await installed.execute("UPDATE health_check SET measure_latency = false")
    assert {row[:2] for row in await installed.apply()} == {
        ("replace", "health_check"),
        ("update", "resource_record_set"),
    }
    assert [named()] == list(checks(dns))


async def test_a_record_of_a_health_check_that_is_gone_shows_its_id(session: Session, dns: Any) -> None:
    zone = dns.create_hosted_zone(Name="example.org", CallerReference="1")["HostedZone"]["Id"]
    config = {"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80}
    gone = dns.create_health_check(CallerReference="1", HealthCheckConfig=config)["HealthCheck"]["Id"]
    record = {"Name": "www.example.org.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    some = {**record, "SetIdentifier": "a", "Weight": 1, "HealthCheckId": gone}
    changes = [{"Action": "CREATE", "ResourceRecordSet": some}]
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    dns.delete_health_check(HealthCheckId=gone)
    await session("iasql_install", "aws_route53")
    shown = "SELECT health_check_id, health_check FROM resource_record_set WHERE NOT is_apex"
    assert await session.rows(shown) == [(gone, None)]
    assert await session("iasql_plan_apply") == []
    await session.execute("UPDATE resource_record_set SET health_check_id = NULL")
    assert [row[:2] for row in await session.apply()] == [("update", "resource_record_set")]


async def test_what_aws_refuses_is_said(installed: Session, dns: Any) -> None:
    await installed.execute("INSERT INTO health_check (type, ip_address) VALUES ('TCP', '192.0.2.1')")
    with pytest.raises(OperationError, match="InvalidInput"):
        await installed("iasql_apply")
    await installed.execute("UPDATE health_check SET port = 25")
    await installed("iasql_apply")
    await installed.execute(
        "UPDATE health_check SET ip_address = NULL, fully_qualified_domain_name = 'example.org'"
    )
    with pytest.raises(OperationError, match="cannot be changed in ip_address"):
        await installed("iasql_apply")
    assert len(checks(dns)) == 1
