"""Load balancers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from modules.aws_elb import attributes as attributes_module
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_acm.scene import imported
from tests.modules.aws_elb.scene import attributes, balancer, listener, target_group
from tests.modules.aws_vpc.scene import MAIN


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
    applied = {row[:2] for row in await installed.apply()}
    assert {action for action, _ in applied - MAIN} == {"replace"}
    [(vpc, group)] = await installed.rows(
        "SELECT v.vpc_id, group_id FROM security_group AS g JOIN vpc AS v ON v.id = g.vpc_id "
        "WHERE NOT is_default"
    )
    assert (balancer(elb)["VpcId"], balancer(elb)["SecurityGroups"]) == (vpc, [group])


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


async def test_a_balancer_whose_deletion_aws_refuses_keeps_its_listeners(
    applied: Session, elb: Any, simulator: Cloud
) -> None:
    before = listener(elb)
    simulator.plan(
        {
            "action": "error", "operation": "DeleteLoadBalancer", "times": 0, "status": 400,
            "code": "OperationNotPermitted", "message": "deletion protection is enabled",
        }
    )  # fmt: skip
    await applied.execute("DELETE FROM listener; DELETE FROM load_balancer")
    with pytest.raises(OperationError) as refused:
        await applied("iasql_apply")
    assert "protected against deletion" in str(refused.value.hint)
    assert listener(elb) == before
    simulator.cancel_faults()
    await applied("iasql_apply")
    assert elb.describe_load_balancers()["LoadBalancers"] == []


async def test_a_replaced_balancer_keeps_attributes_rules_and_certificates(
    applied: Session, elb: Any, simulator: Cloud
) -> None:
    arn = balancer(elb)["LoadBalancerArn"]
    first, second = (target_group(elb, name)["TargetGroupArn"] for name in ("tg", "tg2"))
    idle = {"Key": "idle_timeout.timeout_seconds", "Value": "120"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[idle])
    certificates = [imported(simulator.client("acm")) for _ in range(2)]
    secure = elb.create_listener(
        LoadBalancerArn=arn,
        Port=443,
        Protocol="HTTPS",
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificates[0]}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": first}],
    )["Listeners"][0]["ListenerArn"]
    elb.add_listener_certificates(ListenerArn=secure, Certificates=[{"CertificateArn": certificates[1]}])
    elb.create_rule(
        ListenerArn=secure,
        Priority=7,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/x"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": second}],
    )
    redirect = {"Type": "redirect", "RedirectConfig": {"Port": "443", "StatusCode": "HTTP_301"}}
    elb.create_listener(LoadBalancerArn=arn, Port=81, Protocol="HTTP", DefaultActions=[redirect])
    await applied("iasql_sync")
    await applied.execute("UPDATE load_balancer SET scheme = 'internal'")
    assert {row[0] for row in await applied.apply()} == {"replace"}
    new = balancer(elb)["LoadBalancerArn"]
    assert new != arn
    assert idle in elb.describe_load_balancer_attributes(LoadBalancerArn=new)["Attributes"]
    listeners = {each["Port"]: each for each in elb.describe_listeners(LoadBalancerArn=new)["Listeners"]}
    assert listeners[81]["DefaultActions"][0]["RedirectConfig"] == redirect["RedirectConfig"]
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    made = elb.describe_listener_certificates(ListenerArn=listeners[443]["ListenerArn"])["Certificates"]
    assert [each["CertificateArn"] for each in made] == certificates
    [rule] = [
        each
        for each in elb.describe_rules(ListenerArn=listeners[443]["ListenerArn"])["Rules"]
        if not each["IsDefault"]
    ]
    assert (rule["Priority"], rule["Actions"][0]["TargetGroupArn"]) == ("7", second)
    assert rule["Conditions"][0]["PathPatternConfig"] == {"Values": ["/x"]}


async def test_what_cannot_be_kept_is_named_and_refused_until_it_is_allowed(
    applied: Session, elb: Any
) -> None:
    login = {
        "Issuer": "https://i", "AuthorizationEndpoint": "https://i/a", "TokenEndpoint": "https://i/t",
        "UserInfoEndpoint": "https://i/u", "ClientId": "c", "ClientSecret": "s",
    }  # fmt: skip
    elb.modify_listener(
        ListenerArn=listener(elb)["ListenerArn"],
        DefaultActions=[
            {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": login},
            {"Type": "forward", "Order": 2, "TargetGroupArn": target_group(elb)["TargetGroupArn"]},
        ],
    )
    await applied("iasql_sync")
    before = listener(elb)
    await applied.execute("UPDATE load_balancer SET scheme = 'internal'")
    losing = [row for row in await applied("iasql_diff") if row[8]]
    assert {(row[1], row[4]) for row in losing} == {("listener", "load_balancer_name")}
    assert "the secrets of its identity providers' clients (c)" in losing[0][8]
    with pytest.raises(OperationError, match="would lose") as refused:
        await applied("iasql_apply")
    assert refused.value.sqlstate == "0A000"
    assert listener(elb) == before


async def test_a_protected_balancer_is_not_begun_to_be_replaced(applied: Session, elb: Any) -> None:
    arn = balancer(elb)["LoadBalancerArn"]
    protection = {"Key": "deletion_protection.enabled", "Value": "true"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protection])
    await applied.execute("UPDATE load_balancer SET scheme = 'internal'")
    with pytest.raises(OperationError, match="deletion protection"):
        await applied("iasql_apply")
    assert balancer(elb)["LoadBalancerArn"] == arn


async def test_attributes_are_set_changed_and_set_back(installed: Session, elb: Any) -> None:
    await installed.execute(
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type, "
        "attributes) VALUES ('lb', 'internal', 'application', 'ipv4', "
        """'{"idle_timeout.timeout_seconds": 120, "deletion_protection.enabled": true}')"""
    )
    await installed.apply()
    made = attributes(elb)
    assert (made["idle_timeout.timeout_seconds"], made["deletion_protection.enabled"]) == ("120", "true")
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=balancer(elb)["LoadBalancerArn"],
        Attributes=[{"Key": "routing.http2.enabled", "Value": "false"}],
    )
    await installed.execute(
        "UPDATE load_balancer SET attributes = attributes - 'deletion_protection.enabled' "
        """|| '{"idle_timeout.timeout_seconds": "30"}'"""
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "load_balancer")]
    changed = attributes(elb)
    # What somebody else has set meanwhile stays, and the row shows it.
    assert changed == {
        **made,
        "idle_timeout.timeout_seconds": "30",
        "deletion_protection.enabled": "false",
        "routing.http2.enabled": "false",
    }
    assert json.loads(await installed.value("SELECT attributes FROM load_balancer")) == {
        "idle_timeout.timeout_seconds": "30",
        "routing.http2.enabled": "false",
    }
    await installed.execute("UPDATE load_balancer SET attributes = '{\"waf.fail_open.enabled\": false}'")
    await installed.apply()
    assert attributes(elb) == {
        **made,
        "idle_timeout.timeout_seconds": "60",
        "deletion_protection.enabled": "false",
        "routing.http2.enabled": "true",
    }


async def test_attributes_change_along_with_a_replacement(applied: Session, elb: Any) -> None:
    await applied.execute(
        """UPDATE load_balancer SET attributes = '{"idle_timeout.timeout_seconds": "30"}'"""
    )
    await applied.apply()
    await applied.execute(
        "UPDATE load_balancer SET scheme = 'internal', attributes = '{\"client_keep_alive.seconds\": \"90\"}'"
    )
    await applied.apply()
    assert attributes(elb)["idle_timeout.timeout_seconds"] == "60"
    assert attributes(elb)["client_keep_alive.seconds"] == "90"


async def test_a_protected_balancer_is_refused_when_it_is_planned(applied: Session, elb: Any) -> None:
    await applied.execute("""UPDATE load_balancer SET attributes = '{"deletion_protection.enabled": true}'""")
    await applied.apply()
    await applied.execute("DELETE FROM listener; DELETE FROM load_balancer")
    with pytest.raises(OperationError, match="deletion protection"):
        await applied("iasql_plan_apply")


def test_which_attributes_somebody_has_set_depends_on_the_kind() -> None:
    told = [
        {"Key": "load_balancing.cross_zone.enabled", "Value": "true"},
        {"Key": "ipv6.deny_all_igw_traffic", "Value": "true"},
        {"Key": "access_logs.s3.bucket", "Value": ""},
        {"Key": "something.new", "Value": "true"},
    ]
    shown = attributes_module.read(told)
    assert shown is not None
    assert set(shown) >= {"something.new"}

    def set_in(scheme: str, kind: str) -> set[str]:
        row = {"attributes": shown, "scheme": scheme, "load_balancer_type": kind}
        return set(attributes_module.comparable(row)["attributes"])

    assert set_in("internal", "application") == {"something.new"}
    assert set_in("internet-facing", "network") == {
        "load_balancing.cross_zone.enabled", "ipv6.deny_all_igw_traffic", "something.new",
    }  # fmt: skip
    assert attributes_module.changed(told, {}, "internal", "network") == [
        {"Key": "load_balancing.cross_zone.enabled", "Value": "false"},
        {"Key": "something.new", "Value": "false"},
    ]
