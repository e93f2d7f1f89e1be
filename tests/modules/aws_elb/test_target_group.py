"""Target groups."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_elb.scene import listener, target_group


async def test_every_attribute_of_a_target_group_is_sent(installed: Session, elb: Any) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO target_group (target_group_name, target_type, ip_address_type, protocol, port, "
        "health_check_protocol, health_check_port, health_check_enabled, health_check_interval_seconds, "
        "health_check_timeout_seconds, healthy_threshold_count, unhealthy_threshold_count, "
        "health_check_path, protocol_version, vpc) "
        "SELECT 'full', 'instance', 'ipv4', 'HTTPS', 443, 'HTTP', '8443', true, 20, 6, 4, 3, '/h', 'HTTP1', "
        "id FROM vpc WHERE NOT is_default"
    )
    await installed.apply()
    made = target_group(elb, "full")
    assert {name: made.get(name) for name in made if name not in ("TargetGroupArn", "LoadBalancerArns")} == {
        "TargetGroupName": "full",
        "TargetType": "instance",
        "IpAddressType": "ipv4",
        "Protocol": "HTTPS",
        "Port": 443,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "8443",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 20,
        "HealthCheckTimeoutSeconds": 6,
        "HealthyThresholdCount": 4,
        "UnhealthyThresholdCount": 3,
        "HealthCheckPath": "/h",
        "Matcher": made["Matcher"],
        "ProtocolVersion": "HTTP1",
        "VpcId": await installed.value("SELECT vpc_id FROM vpc WHERE NOT is_default"),
    }
    assert await installed.value("SELECT target_group_arn FROM target_group") == made["TargetGroupArn"]


async def test_a_target_groups_health_check_changes_in_place(applied: Session, elb: Any) -> None:
    old = target_group(elb)["TargetGroupArn"]
    await applied.execute(
        "UPDATE target_group SET health_check_protocol = 'HTTPS', health_check_port = '1', "
        "health_check_interval_seconds = 60, health_check_timeout_seconds = 7, healthy_threshold_count = 9, "
        "unhealthy_threshold_count = 8, health_check_path = '/other' WHERE target_group_name = 'tg'"
    )
    assert [row[:2] for row in await applied.apply()] == [("update", "target_group")]
    changed = target_group(elb)
    assert [
        changed[f"Health{name}"]
        for name in (
            "CheckProtocol", "CheckPort", "CheckIntervalSeconds", "CheckTimeoutSeconds", "yThresholdCount",
            "CheckPath",
        )
    ] == ["HTTPS", "1", 60, 7, 9, "/other"]  # fmt: skip
    assert changed["UnhealthyThresholdCount"] == 8
    assert changed["TargetGroupArn"] == old
    await applied.execute("UPDATE target_group SET health_check_path = NULL, health_check_port = NULL")
    assert await applied.apply() == []
    assert await applied.value(
        "SELECT health_check_path FROM target_group WHERE target_group_name = 'tg'"
    ) == ("/other")


async def test_a_lambda_target_group_is_in_no_vpc(installed: Session, elb: Any) -> None:
    await installed.execute(
        "INSERT INTO target_group (target_group_name, target_type) VALUES ('fn', 'lambda')"
    )
    await installed.apply()
    made = target_group(elb, "fn")
    assert made["TargetType"] == "lambda"
    assert made.get("VpcId") in (None, "")


async def test_a_free_target_group_is_replaced_under_its_name(applied: Session, elb: Any) -> None:
    old = target_group(elb, "tg2")["TargetGroupArn"]
    await applied.execute("UPDATE target_group SET port = 9000 WHERE target_group_name = 'tg2'")
    assert [row[:2] for row in await applied.apply()] == [("replace", "target_group")]
    new = target_group(elb, "tg2")
    assert new["Port"] == 9000
    assert new["TargetGroupArn"] != old


async def test_a_target_group_in_use_is_not_replaced_under_its_name(
    applied: Session, elb: Any, simulator: Cloud
) -> None:
    await applied.execute("UPDATE target_group SET port = 9000 WHERE target_group_name = 'tg'")
    before = simulator.calls(mutating=True)
    with pytest.raises(OperationError) as refused:
        await applied("iasql_plan_apply")
    assert (refused.value.sqlstate, refused.value.table) == ("0A000", "target_group")
    assert refused.value.hint is not None
    assert simulator.calls(mutating=True) == before
    await applied("iasql_sync")
    await applied.execute(
        "INSERT INTO target_group (target_group_name, target_type, protocol, port) "
        "VALUES ('tg3', 'ip', 'HTTP', 9000); UPDATE listener SET target_group_name = 'tg3';"
        "DELETE FROM target_group WHERE target_group_name = 'tg'"
    )
    assert [row[:2] for row in await applied.apply()] == [
        ("create", "target_group"),
        ("update", "listener"),
        ("delete", "target_group"),
    ]
    assert listener(elb)["DefaultActions"][0]["TargetGroupArn"] == target_group(elb, "tg3")["TargetGroupArn"]


async def test_a_replaced_target_group_keeps_what_no_column_shows(applied: Session, elb: Any) -> None:
    arn = target_group(elb)["TargetGroupArn"]
    elb.modify_target_group(TargetGroupArn=arn, Matcher={"HttpCode": "200-299"})
    wanted = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=wanted)
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "172.31.0.10", "Port": 80}])
    await applied("iasql_sync")
    await applied.execute(
        "INSERT INTO target_group (target_group_name, target_type, protocol, port, health_check_path, "
        "target_group_arn) SELECT 'new', target_type, protocol, 9090, health_check_path, target_group_arn "
        "FROM target_group WHERE target_group_name = 'tg'; UPDATE listener SET target_group_name = 'new';"
        "DELETE FROM target_group WHERE target_group_name = 'tg'"
    )
    assert sorted(row[:2] for row in await applied.apply()) == [
        ("replace", "target_group"),
        ("update", "listener"),
    ]
    new = target_group(elb, "new")
    assert (new["Port"], new["Matcher"]) == (9090, {"HttpCode": "200-299"})
    attributes = elb.describe_target_group_attributes(TargetGroupArn=new["TargetGroupArn"])["Attributes"]
    assert wanted[0] in attributes
    health = elb.describe_target_health(TargetGroupArn=new["TargetGroupArn"])
    assert [each["Target"]["Id"] for each in health["TargetHealthDescriptions"]] == ["172.31.0.10"]
