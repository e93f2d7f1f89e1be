"""Load balancers, target groups and listeners."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from engine.plan.requests import Facts, request
from modules.aws_elb.listener import LISTENER
from modules.spec import Update
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_GROUPS = "INSERT INTO security_group (group_name, description) VALUES ('web', 'd'), ('more', 'd');"
_BALANCER = (
    "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
    "VALUES ('lb', 'internet-facing', 'application', 'ipv4');"
    "INSERT INTO load_balancer_security_groups SELECT 'lb', id FROM security_group WHERE group_name = 'web';"
)
_TARGETS = (
    "INSERT INTO target_group (target_group_name, target_type, protocol, port, health_check_path) "
    "VALUES ('tg', 'ip', 'HTTP', 8080, '/health'), ('tg2', 'ip', 'HTTP', 8081, NULL);"
)
_LISTENER = (
    "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) "
    "VALUES ('lb', 80, 'HTTP', 'tg');"
)


@pytest.fixture
def elb(simulator: Cloud) -> Any:
    return simulator.client("elbv2")


@pytest.fixture
async def installed(session: Session) -> Session:
    await session("iasql_install", "aws_elb")
    return session


@pytest.fixture
async def applied(installed: Session) -> Session:
    """A session with a load balancer that listens and two target groups."""
    await installed.execute(_GROUPS + _BALANCER + _TARGETS + _LISTENER)
    assert {row[0] for row in await installed.apply()} == {"create"}
    return installed


def balancer(elb: Any) -> dict[str, Any]:
    return dict(elb.describe_load_balancers(Names=["lb"])["LoadBalancers"][0])


def target_group(elb: Any, name: str = "tg") -> dict[str, Any]:
    return dict(elb.describe_target_groups(Names=[name])["TargetGroups"][0])


def listener(elb: Any) -> dict[str, Any]:
    [found] = elb.describe_listeners(LoadBalancerArn=balancer(elb)["LoadBalancerArn"])["Listeners"]
    return dict(found)


async def group_id(session: Session, name: str) -> Any:
    return await session.value(f"SELECT group_id FROM security_group WHERE group_name = '{name}'")


async def test_what_is_there_is_imported(session: Session, elb: Any, simulator: Cloud) -> None:
    ec2 = simulator.client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="d")["GroupId"]
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
    lb = elb.create_load_balancer(
        Name="lb", Subnets=subnets, SecurityGroups=[group], Scheme="internet-facing"
    )["LoadBalancers"][0]
    vpc = lb["VpcId"]
    tg = elb.create_target_group(
        Name="tg", TargetType="ip", Protocol="HTTP", Port=1, VpcId=vpc, HealthCheckPath="/up"
    )["TargetGroups"][0]
    elb.create_target_group(Name="fn", TargetType="lambda")
    elb.create_listener(
        LoadBalancerArn=lb["LoadBalancerArn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": tg["TargetGroupArn"]}],
    )
    elb.create_listener(
        LoadBalancerArn=lb["LoadBalancerArn"],
        Port=81,
        Protocol="HTTP",
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    await session("iasql_install", "aws_elb")
    [row] = await session.rows(
        "SELECT load_balancer_arn, dns_name, canonical_hosted_zone_id, scheme::text, l.state::text, "
        "load_balancer_type::text, subnets, availability_zones, ip_address_type::text, v.vpc_id, g.group_id "
        "FROM load_balancer AS l JOIN vpc AS v ON v.id = l.vpc "
        "JOIN load_balancer_security_groups USING (load_balancer_name) "
        "JOIN security_group AS g ON g.id = security_group_id WHERE created_time IS NOT NULL"
    )
    assert row == (
        lb["LoadBalancerArn"], lb["DNSName"], lb["CanonicalHostedZoneId"], "internet-facing", "active",
        "application", [each["SubnetId"] for each in balancer(elb)["AvailabilityZones"]],
        [each["ZoneName"] for each in balancer(elb)["AvailabilityZones"]], "ipv4", vpc, group,
    )  # fmt: skip
    assert await session.rows(
        "SELECT target_group_name, target_type::text, protocol::text, port, health_check_path "
        "FROM target_group ORDER BY 1"
    ) == [("fn", "lambda", None, None, "/"), ("tg", "ip", "HTTP", 1, "/up")]
    assert await session.rows(
        "SELECT port, protocol::text, action_type::text, target_group_name FROM listener ORDER BY 1"
    ) == [(80, "HTTP", "forward", "tg"), (81, "HTTP", "fixed-response", None)]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_load_balancer_is_made_in_every_zone_of_the_default_vpc(
    applied: Session, elb: Any, simulator: Cloud
) -> None:
    made = balancer(elb)
    assert (made["Scheme"], made["Type"], made["IpAddressType"]) == (
        "internet-facing", "application", "ipv4",
    )  # fmt: skip
    assert made["SecurityGroups"] == [await group_id(applied, "web")]
    zones = [each["ZoneName"] for each in made["AvailabilityZones"]]
    there = {each["AvailabilityZone"] for each in simulator.client("ec2").describe_subnets()["Subnets"]}
    assert sorted(zones) == sorted(there)
    [(arn, dns, state, subnets, default)] = await applied.rows(
        "SELECT load_balancer_arn, dns_name, l.state::text, subnets, is_default "
        "FROM load_balancer AS l JOIN vpc AS v ON v.id = vpc"
    )
    assert (arn, dns, state, default) == (made["LoadBalancerArn"], made["DNSName"], "active", True)
    assert sorted(subnets) == sorted(each["SubnetId"] for each in made["AvailabilityZones"])
    served = listener(elb)
    assert (served["Port"], served["Protocol"]) == (80, "HTTP")
    assert served["DefaultActions"][0]["TargetGroupArn"] == target_group(elb)["TargetGroupArn"]


async def test_a_load_balancer_is_made_in_the_subnets_and_vpc_that_its_row_names(
    installed: Session, elb: Any
) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) SELECT id, '10.1.' || n || '.0/24', zone "
        "FROM vpc, (VALUES (1, 'us-east-1a'), (2, 'us-east-1b')) AS z (n, zone) WHERE NOT is_default;"
        "INSERT INTO security_group (group_name, description, vpc_id) "
        "SELECT 'web', 'd', id FROM vpc WHERE NOT is_default;"
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type, vpc) "
        "SELECT 'lb', 'internal', 'application', 'ipv4', id FROM vpc WHERE NOT is_default;"
        "INSERT INTO load_balancer_security_groups "
        "SELECT 'lb', id FROM security_group WHERE group_name = 'web'"
    )
    await installed.apply()
    subnets = await installed.value(
        "SELECT array_agg(subnet_id ORDER BY subnet_id) FROM subnet WHERE cidr_block LIKE '10.1.%'"
    )
    made = balancer(elb)
    assert sorted(each["SubnetId"] for each in made["AvailabilityZones"]) == subnets
    assert made["Scheme"] == "internal"


async def test_all_that_can_change_of_a_load_balancer_changes_at_once(applied: Session, elb: Any) -> None:
    old = balancer(elb)
    await applied.execute(
        "UPDATE load_balancer SET ip_address_type = 'dualstack', subnets = subnets[1:2];"
        "INSERT INTO load_balancer_security_groups SELECT 'lb', id FROM security_group "
        "WHERE group_name = 'more'"
    )
    assert [row[:2] for row in await applied.apply()] == [("update", "load_balancer")]
    new = balancer(elb)
    assert new["LoadBalancerArn"] == old["LoadBalancerArn"]
    assert new["IpAddressType"] == "dualstack"
    assert [each["SubnetId"] for each in new["AvailabilityZones"]] == await applied.value(
        "SELECT subnets FROM load_balancer"
    )
    assert len(new["AvailabilityZones"]) == 2
    assert sorted(new["SecurityGroups"]) == sorted(
        [await group_id(applied, "web"), await group_id(applied, "more")]
    )
    assert len(await applied.value("SELECT availability_zones FROM load_balancer")) == 2


async def test_what_is_left_to_aws_stays_as_aws_has_it(applied: Session, elb: Any) -> None:
    before = await applied.rows("SELECT * FROM load_balancer")
    await applied.execute("UPDATE load_balancer SET subnets = NULL, vpc = NULL, dns_name = 'x'")
    assert await applied.apply() == []
    assert await applied.rows("SELECT * FROM load_balancer") == before


async def test_a_load_balancer_whose_groups_go_gets_the_default_group(applied: Session, elb: Any) -> None:
    await applied.execute(
        "DELETE FROM security_group WHERE group_name = 'web'"  # takes load_balancer_security_groups along
    )
    assert [row[:2] for row in await applied.apply()] == [
        ("update", "load_balancer"),
        ("delete", "security_group"),
    ]
    assert balancer(elb)["SecurityGroups"] == [await group_id(applied, "default")]
    assert (
        await applied.value(
            "SELECT group_name FROM load_balancer_security_groups "
            "JOIN security_group AS g ON g.id = security_group_id"
        )
        == "default"
    )


async def test_another_scheme_replaces_a_load_balancer_with_its_listener(applied: Session, elb: Any) -> None:
    old = balancer(elb)
    await applied.execute("UPDATE load_balancer SET scheme = 'internal'")
    assert [row[:2] for row in await applied.apply()] == [
        ("replace", "load_balancer"),
        ("replace", "listener"),
    ]
    new = balancer(elb)
    assert new["LoadBalancerArn"] != old["LoadBalancerArn"]
    assert new["Scheme"] == "internal"
    assert listener(elb)["Port"] == 80


async def test_a_replaced_load_balancer_gets_a_group_that_is_made_along_with_it(
    applied: Session, elb: Any
) -> None:
    await applied.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('new', 'd');"
        "UPDATE load_balancer SET scheme = 'internal';"
        "UPDATE load_balancer_security_groups SET security_group_id = "
        "(SELECT id FROM security_group WHERE group_name = 'new')"
    )
    await applied.apply()
    found = balancer(elb)
    assert found["Scheme"] == "internal"
    assert found["SecurityGroups"] == [await group_id(applied, "new")]


async def test_a_load_balancer_moves_with_its_network_into_the_new_default_group(
    installed: Session, elb: Any
) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT max(id), '10.1.1.0/24', 'us-east-1a' FROM vpc UNION ALL "
        "SELECT max(id), '10.1.2.0/24', 'us-east-1b' FROM vpc;"
    )
    await installed.apply()
    await installed.execute(
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type, vpc) "
        "SELECT 'lb', 'internal', 'application', 'ipv4', max(id) FROM vpc;"
        "INSERT INTO load_balancer_security_groups SELECT 'lb', max(id) FROM security_group;"
    )
    await installed.apply()
    await installed.execute(
        "UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default;"
        "UPDATE subnet SET cidr_block = replace(cidr_block, '10.1.', '10.2.') WHERE cidr_block LIKE '10.1.%';"
        "UPDATE load_balancer SET subnets = NULL;"
    )
    assert {row[0] for row in await installed.apply()} == {"replace"}
    [(vpc, group)] = await installed.rows(
        "SELECT v.vpc_id, group_id FROM security_group AS g JOIN vpc AS v ON v.id = g.vpc_id "
        "WHERE NOT is_default"
    )
    assert (balancer(elb)["VpcId"], balancer(elb)["SecurityGroups"]) == (vpc, [group])


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


async def test_a_listener_changes_in_place(applied: Session, elb: Any) -> None:
    old = listener(elb)["ListenerArn"]
    await applied.execute("UPDATE listener SET port = 8080, target_group_name = 'tg2'")
    assert [row[:2] for row in await applied.apply()] == [("update", "listener")]
    changed = listener(elb)
    assert (changed["ListenerArn"], changed["Port"]) == (old, 8080)
    assert changed["DefaultActions"][0]["TargetGroupArn"] == target_group(elb, "tg2")["TargetGroupArn"]


def test_a_listeners_protocol_changes_in_place() -> None:
    """moto takes few protocols, so this looks at the request."""
    values = {
        "listener_arn": "arn:l", "port": 53, "protocol": "UDP", "action_type": "forward",
        "target_group_name": "arn:t",
    }  # fmt: skip
    [update] = LISTENER.update
    assert isinstance(update, Update)
    assert "protocol" in update.when
    assert request(update, Facts(values=values, parts={}, context={})) == {
        "ListenerArn": "arn:l",
        "Port": 53,
        "Protocol": "UDP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:t"}],
    }


async def test_two_listeners_swap_their_target_groups(applied: Session, elb: Any) -> None:
    await applied.execute(
        "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) "
        "VALUES ('lb', 81, 'HTTP', 'tg2')"
    )
    await applied.apply()
    await applied.execute(
        "UPDATE listener SET target_group_name = CASE target_group_name WHEN 'tg' THEN 'tg2' ELSE 'tg' END"
    )
    assert [row[:2] for row in await applied.apply()] == [("update", "listener")] * 2


async def test_a_renamed_load_balancer_takes_its_listener_along(applied: Session, elb: Any) -> None:
    await applied.execute(
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
        "VALUES ('lb2', 'internal', 'application', 'ipv4');"
        "INSERT INTO load_balancer_security_groups SELECT 'lb2', id FROM security_group "
        "WHERE group_name = 'web';"
        "UPDATE listener SET load_balancer_name = 'lb2';"
        "DELETE FROM load_balancer WHERE load_balancer_name = 'lb'"
    )
    assert [row[:2] for row in await applied.apply()] == [
        ("create", "load_balancer"),
        ("replace", "listener"),
        ("delete", "load_balancer"),
    ]
    [only] = elb.describe_load_balancers()["LoadBalancers"]
    assert only["LoadBalancerName"] == "lb2"
    assert len(elb.describe_listeners(LoadBalancerArn=only["LoadBalancerArn"])["Listeners"]) == 1


async def test_all_is_deleted(applied: Session, elb: Any) -> None:
    await applied.execute("SELECT delete_all_records()")
    assert {row[0] for row in await applied.apply()} == {"delete"}
    assert elb.describe_load_balancers()["LoadBalancers"] == []
    assert elb.describe_target_groups()["TargetGroups"] == []
