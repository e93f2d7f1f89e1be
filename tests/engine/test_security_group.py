"""Security groups and their rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_GROUP = "INSERT INTO security_group (group_name, description) VALUES ('web', 'the web');"


def rule(group: str, columns: str) -> str:
    """An INSERT of one rule: egress, protocol, ports, v4, v6, prefix list, description."""
    return (
        "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
        "cidr_ipv4, cidr_ipv6, prefix_list_id, description) "
        f"SELECT id, {columns} FROM security_group WHERE group_name = '{group}';"
    )


_HTTP = rule("web", "false, 'tcp', 80, 80, '10.0.0.0/8', NULL, NULL, 'http'")
_OUT = rule("web", "true, '-1', NULL, NULL, '0.0.0.0/0', NULL, NULL, NULL")


@pytest.fixture
def ec2(simulator: Cloud) -> Any:
    return simulator.client("ec2")


@pytest.fixture
async def installed(session: Session) -> Session:
    await session("iasql_install", "aws_security_group")
    return session


def group(ec2: Any, name: str) -> dict[str, Any]:
    [found] = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
        "SecurityGroups"
    ]
    return dict(found)


def names(ec2: Any) -> list[str]:
    return sorted(each["GroupName"] for each in ec2.describe_security_groups()["SecurityGroups"])


def rules(ec2: Any, name: str) -> list[dict[str, Any]]:
    """The rules of a group, what in goes before what goes out."""
    return rules_of(ec2, group(ec2, name)["GroupId"])


def rules_of(ec2: Any, group_id: str) -> list[dict[str, Any]]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    return sorted(found["SecurityGroupRules"], key=lambda each: (each["IsEgress"], each.get("FromPort") or 0))


async def test_groups_and_rules_are_imported(session: Session, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    web = ec2.create_security_group(GroupName="web", Description="the web", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=web,
        IpPermissions=[
            {
                "IpProtocol": "tcp", "FromPort": 0, "ToPort": 90,
                "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "any"}],
            }
        ],
    )  # fmt: skip
    await session("iasql_install", "aws_security_group")
    assert await session.rows(
        "SELECT g.description, owner_id, group_id, v.vpc_id, is_egress, ip_protocol, from_port, to_port, "
        "cidr_ipv4::text, cidr_ipv6::text, r.description FROM security_group AS g "
        "JOIN vpc AS v ON v.id = g.vpc_id JOIN security_group_rule AS r ON r.security_group_id = g.id "
        "WHERE group_name = 'web' ORDER BY is_egress"
    ) == [
        ("the web", "123456789012", web, vpc, False, "tcp", 0, 90, None, "::/0", "any"),
        ("the web", "123456789012", web, vpc, True, "-1", -1, -1, "0.0.0.0/0", None, None),
    ]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_group_is_made_in_the_default_vpc_with_just_its_rules(installed: Session, ec2: Any) -> None:
    prefixes = ec2.create_managed_prefix_list(
        PrefixListName="p", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": "10.0.0.0/8"}]
    )["PrefixList"]["PrefixListId"]
    await installed.execute(
        _GROUP
        + _HTTP
        + rule("web", "false, 'udp', 81, 82, NULL, '2001:db8::/32', NULL, NULL")
        + rule("web", f"true, 'tcp', 83, 83, NULL, NULL, '{prefixes}', NULL")
    )
    applied = await installed.apply()
    assert [(action, table) for action, table, *_ in applied] == [("create", "security_group")] + [
        ("create", "security_group_rule")
    ] * 3
    made = group(ec2, "web")
    assert made["Description"] == "the web"
    assert await installed.value(
        "SELECT v.is_default FROM security_group AS g JOIN vpc AS v ON v.id = g.vpc_id "
        "WHERE group_name = 'web'"
    )
    keys = (
        "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6", "PrefixListId", "Description",
    )  # fmt: skip
    assert [tuple(each.get(key) for key in keys) for each in rules(ec2, "web")] == [
        (False, "tcp", 80, 80, "10.0.0.0/8", None, None, "http"),
        (False, "udp", 81, 82, None, "2001:db8::/32", None, None),
        (True, "tcp", 83, 83, None, None, prefixes, None),
    ]
    assert await installed.rows("SELECT group_id FROM security_group WHERE group_name = 'web'") == [
        (made["GroupId"],)
    ]


async def test_a_rule_is_changed_in_place(installed: Session, ec2: Any) -> None:
    await installed.execute(_GROUP + _HTTP)
    await installed.apply()
    [old] = rules(ec2, "web")
    await installed.execute(
        "UPDATE security_group_rule SET ip_protocol = 'udp', from_port = 90, to_port = 91, "
        "description = 'new' WHERE from_port = 80"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "security_group_rule")]
    [new] = rules(ec2, "web")
    assert new["SecurityGroupRuleId"] == old["SecurityGroupRuleId"]
    assert (new["IpProtocol"], new["FromPort"], new["ToPort"]) == ("udp", 90, 91)
    assert (new["Description"], new["CidrIpv4"]) == ("new", "10.0.0.0/8")
    await installed.execute("UPDATE security_group_rule SET description = NULL WHERE from_port = 90")
    assert [row[:2] for row in await installed.apply()] == [("update", "security_group_rule")]
    assert rules(ec2, "web")[0].get("Description", "") == ""


@pytest.mark.parametrize(
    "change",
    ["cidr_ipv4 = '10.9.0.0/16'", "is_egress = true", "cidr_ipv4 = NULL, cidr_ipv6 = '2001:db8::/32'"],
)
async def test_a_rules_source_or_direction_replaces_it(installed: Session, ec2: Any, change: str) -> None:
    await installed.execute(_GROUP + _HTTP)
    await installed.apply()
    [old] = rules(ec2, "web")
    await installed.execute(f"UPDATE security_group_rule SET {change} WHERE from_port = 80")
    assert [row[:2] for row in await installed.apply()] == [("replace", "security_group_rule")]
    [new] = rules(ec2, "web")
    assert new["SecurityGroupRuleId"] != old["SecurityGroupRuleId"]


async def test_ways_to_write_the_same_rule_are_no_change(installed: Session) -> None:
    await installed.execute(_GROUP + _OUT + _HTTP)
    await installed.apply()
    await installed.execute(
        "UPDATE security_group_rule SET from_port = 0, to_port = 65535 WHERE ip_protocol = '-1';"
        "UPDATE security_group_rule SET ip_protocol = '6' WHERE ip_protocol = 'tcp'"
    )
    assert await installed("iasql_plan_apply") == []


async def test_a_renamed_group_takes_its_rules_along(installed: Session, ec2: Any) -> None:
    await installed.execute(_GROUP + _HTTP + _OUT)
    await installed.apply()
    old = group(ec2, "web")["GroupId"]
    await installed.execute("UPDATE security_group SET group_name = 'www' WHERE group_name = 'web'")
    assert {row[:2] for row in await installed.apply()} == {
        ("replace", "security_group"),
        ("replace", "security_group_rule"),
    }
    assert names(ec2) == ["default", "www"]
    assert group(ec2, "www")["GroupId"] != old
    assert [each["IsEgress"] for each in rules(ec2, "www")] == [False, True]


async def test_another_description_replaces_a_group_after_the_old_one_has_gone(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(_GROUP + _HTTP)
    await installed.apply()
    await installed.execute("UPDATE security_group SET description = 'other' WHERE group_name = 'web'")
    await installed.apply()
    assert group(ec2, "web")["Description"] == "other"
    assert len(rules(ec2, "web")) == 1


async def test_a_group_moves_to_another_vpc(installed: Session, ec2: Any) -> None:
    await installed.execute(_GROUP + _HTTP)
    await installed.apply()
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "UPDATE security_group SET vpc_id = (SELECT max(id) FROM vpc) WHERE group_name = 'web'"
    )
    await installed.apply()
    vpc = await installed.value("SELECT vpc_id FROM vpc WHERE NOT is_default")
    assert group(ec2, "web")["VpcId"] == vpc
    assert len(rules(ec2, "web")) == 1


_VPC = "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
_RULE_OF_DEFAULT = (
    "UPDATE security_group_rule SET description = 'all' WHERE security_group_id = (SELECT max(id) FROM "
    "security_group);"
    "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
    "cidr_ipv4) SELECT max(id), false, 'tcp', 80, 80, '10.0.0.0/8' FROM security_group;"
)
_REPLACE_VPC = "UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default;"


def default_of(ec2: Any, vpc: str) -> dict[str, Any]:
    """The group that AWS has made with a VPC, and its rules by direction and description."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    [found] = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    shown = rules_of(ec2, found["GroupId"])
    return {
        "id": found["GroupId"],
        "rules": [(each["IsEgress"], each.get("Description") or None) for each in shown],
    }


@pytest.fixture
async def with_vpc(installed: Session) -> Session:
    """A session with a VPC besides the default one."""
    await installed.execute(_VPC)
    await installed.apply()
    return installed


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_default_group_of_a_replaced_vpc_has_the_rules_of_the_old_one(
    with_vpc: Session, ec2: Any, at_once: bool
) -> None:
    await with_vpc.execute(_RULE_OF_DEFAULT)
    if not at_once:
        await with_vpc.apply()
    await with_vpc.execute(_REPLACE_VPC)
    with_vpc.notices.clear()
    assert {row[:2] for row in await with_vpc.apply()} == {
        ("replace", "vpc"),
        ("replace", "security_group"),
        ("replace", "security_group_rule"),
        *([("create", "security_group_rule")] if at_once else []),
    }
    assert not [each for each in with_vpc.notices if "restored" in each]
    [(vpc, shown)] = await with_vpc.rows(
        "SELECT v.vpc_id, group_id FROM security_group AS g JOIN vpc AS v ON v.id = g.vpc_id "
        "WHERE NOT is_default"
    )
    assert default_of(ec2, vpc) == {"id": shown, "rules": [(False, None), (True, "all")]}


async def test_what_a_default_group_does_not_let_out_its_successor_does_not_either(
    with_vpc: Session, ec2: Any
) -> None:
    await with_vpc.execute(
        "DELETE FROM security_group_rule WHERE security_group_id = (SELECT max(id) FROM security_group);"
    )
    await with_vpc.apply()
    await with_vpc.execute(_REPLACE_VPC)
    assert [row[:2] for row in await with_vpc.apply()] == [("replace", "vpc"), ("replace", "security_group")]
    vpc = await with_vpc.value("SELECT vpc_id FROM vpc WHERE NOT is_default")
    assert default_of(ec2, vpc)["rules"] == []


async def test_a_default_group_keeps_its_name_in_a_new_vpc_as_in_the_old(with_vpc: Session, ec2: Any) -> None:
    await with_vpc.execute(
        _RULE_OF_DEFAULT
        + _REPLACE_VPC
        + "UPDATE security_group SET group_name = 'mine', description = 'mine', vpc_id = NULL "
        "WHERE id = (SELECT max(id) FROM security_group);"
    )
    await with_vpc.apply()
    assert len([each for each in with_vpc.notices if each.endswith("its row is restored")]) > 0
    vpc = await with_vpc.value("SELECT vpc_id FROM vpc WHERE NOT is_default")
    assert default_of(ec2, vpc)["rules"] == [(False, None), (True, "all")]
    assert await with_vpc.rows(
        "SELECT group_name, description FROM security_group ORDER BY id DESC LIMIT 1"
    ) == [("default", "default VPC security group")]


async def test_a_vpc_and_the_rules_of_its_default_group_are_made_at_once(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(
        _VPC + "INSERT INTO security_group (group_name, description, vpc_id) "
        "SELECT 'default', 'default VPC security group', max(id) FROM vpc;"
        "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
        "cidr_ipv4, description) "
        "SELECT max(id), false, 'tcp', 80, 80, '10.0.0.0/8', 'in' FROM security_group;"
    )
    assert [row[:2] for row in await installed.apply()] == [
        ("create", "vpc"),
        ("create", "security_group"),
        ("create", "security_group_rule"),
    ]
    vpc = await installed.value("SELECT vpc_id FROM vpc WHERE NOT is_default")
    assert default_of(ec2, vpc)["rules"] == [(False, "in")]


async def test_groups_and_rules_are_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(_GROUP + _HTTP + _OUT)
    await installed.apply()
    await installed.execute("DELETE FROM security_group_rule WHERE from_port = 80")
    assert [row[:2] for row in await installed.apply()] == [("delete", "security_group_rule")]
    assert [each["IsEgress"] for each in rules(ec2, "web")] == [True]
    await installed.execute(
        "DELETE FROM security_group_rule USING security_group AS g "
        "WHERE security_group_id = g.id AND group_name = 'web';"
        "DELETE FROM security_group WHERE group_name = 'web'"
    )
    assert ("delete", "security_group") in [row[:2] for row in await installed.apply()]
    assert names(ec2) == ["default"]


async def test_deleting_one_of_two_alike_rules_deletes_that_one(session: Session, ec2: Any) -> None:
    """Rules that name groups as their sources look alike in the table, but for AWS's ids."""
    web = ec2.create_security_group(GroupName="web", Description="d")["GroupId"]
    for name in ("a", "b", "c"):
        other = ec2.create_security_group(GroupName=name, Description="d")["GroupId"]
        ec2.authorize_security_group_ingress(
            GroupId=web,
            IpPermissions=[
                {
                    "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": other}],
                }
            ],
        )  # fmt: skip
    await session("iasql_install", "aws_security_group")
    ids = {each["SecurityGroupRuleId"] for each in rules(ec2, "web") if not each["IsEgress"]}
    assert len(ids) == 3
    for gone in sorted(ids)[:2]:
        await session.execute(f"DELETE FROM security_group_rule WHERE security_group_rule_id = '{gone}'")
        assert await session.apply() == [("delete", "security_group_rule", None, gone)]
        ids -= {gone}
        assert {each["SecurityGroupRuleId"] for each in rules(ec2, "web") if not each["IsEgress"]} == ids


async def test_the_default_group_stays_but_its_rules_are_the_users(installed: Session, ec2: Any) -> None:
    before = await installed.rows("SELECT group_name, group_id, description FROM security_group")
    kept = len(rules(ec2, "default"))
    assert kept > 0
    await installed.execute("UPDATE security_group SET description = 'mine'")
    assert await installed.apply() == []
    await installed.execute("DELETE FROM security_group_rule; DELETE FROM security_group")
    assert await installed.apply() == []
    assert await installed.rows("SELECT group_name, group_id, description FROM security_group") == before
    name = before[0][1]
    assert f"security_group {name} cannot be changed: its row is restored" in installed.notices
    assert f"security_group {name} cannot be deleted: its row is restored" in installed.notices
    assert await installed.value("SELECT count(*) FROM security_group_rule") == kept
    await installed.execute("DELETE FROM security_group_rule")
    assert [row[:2] for row in await installed.apply()] == [("delete", "security_group_rule")] * kept
    assert rules(ec2, "default") == []


async def test_a_group_of_a_name_that_is_there_is_adopted(installed: Session, ec2: Any) -> None:
    found = ec2.create_security_group(GroupName="web", Description="the web")["GroupId"]
    await installed.execute(_GROUP + _HTTP + _OUT)
    assert [row[:2] for row in await installed.apply()] == [("create", "security_group_rule")]
    assert await installed.value("SELECT group_id FROM security_group WHERE group_name = 'web'") == found


async def test_a_group_in_use_is_not_replaced_under_its_name(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_elb")
    await session.execute(
        _GROUP
        + "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
        "VALUES ('lb', 'internal', 'application', 'ipv4');"
        "INSERT INTO load_balancer_security_groups "
        "SELECT 'lb', id FROM security_group WHERE group_name = 'web'"
    )
    await session.apply()
    await session.execute("UPDATE security_group SET description = 'other' WHERE group_name = 'web'")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    error = refused.value
    old = group(simulator.client("ec2"), "web")["GroupId"]
    assert (error.sqlstate, error.table) == ("0A000", "security_group")
    [balancer] = simulator.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert error.message == (
        f"security_group {old} cannot be replaced while load_balancer {balancer['LoadBalancerArn']} uses it"
    )
    assert error.hint is not None
    assert "another name" in error.hint
    # With another name the new group is made first, the load balancer repointed, and the old one deleted.
    await session.execute("UPDATE security_group SET group_name = 'www' WHERE group_name = 'web'")
    assert {row[:2] for row in await session.apply()} == {
        ("replace", "security_group"),
        ("update", "load_balancer"),
    }
    new = group(simulator.client("ec2"), "www")["GroupId"]
    [balancer] = simulator.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert balancer["SecurityGroups"] == [new]
    assert names(simulator.client("ec2")) == ["default", "www"]
    order = [each["operation"] for each in simulator.calls(mutating=True)]
    assert (order[-4], order[-1]) == ("CreateSecurityGroup", "DeleteSecurityGroup")
    # Neither of these needs the other.
    assert set(order[-3:-1]) == {"RevokeSecurityGroupEgress", "SetSecurityGroups"}


def _rules(ports: range, columns: str = "'10.0.0.0/8'") -> str:
    return "".join(
        rule("web", f"false, 'tcp', {port}, {port}, {columns}, NULL, NULL, NULL") for port in ports
    )


async def test_the_rules_of_a_group_are_made_changed_and_deleted_in_one_call_each(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(
        _GROUP + _rules(range(80, 90)) + rule("web", "true, 'tcp', 1, 1, '10.0.0.0/8', NULL, NULL, NULL")
    )
    await installed.apply()
    assert simulator.called("AuthorizeSecurityGroupIngress") == 1
    assert simulator.called("AuthorizeSecurityGroupEgress") == 1
    assert [each["FromPort"] for each in rules(ec2, "web")] == [*range(80, 90), 1]
    ids = await installed.rows("SELECT from_port, security_group_rule_id FROM security_group_rule")
    known = {each["FromPort"]: each["SecurityGroupRuleId"] for each in rules(ec2, "web")}
    assert {port: id for port, id in ids if port in known} == known
    await installed.execute(
        "UPDATE security_group_rule SET description = 'x' || from_port WHERE from_port > 1"
    )
    await installed.apply()
    assert simulator.called("ModifySecurityGroupRules") == 1
    assert {each["Description"] for each in rules(ec2, "web") if each["FromPort"] > 1} == {
        f"x{port}" for port in range(80, 90)
    }
    await installed.execute("DELETE FROM security_group_rule WHERE from_port > 82")
    await installed.apply()
    assert simulator.called("RevokeSecurityGroupIngress") == 1
    assert [each["FromPort"] for each in rules(ec2, "web")] == [80, 81, 82, 1]


async def test_of_rules_that_are_made_together_only_the_wrong_one_fails(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(_GROUP)
    await installed.apply()
    await installed.execute(_rules(range(80, 87)))
    simulator.plan({"operation": "AuthorizeSecurityGroupIngress", "action": "delay", "seconds": 1})
    applying = asyncio.create_task(installed("iasql_apply"))
    await simulator.until_called("AuthorizeSecurityGroupIngress", 1)
    same = {"IpProtocol": "tcp", "FromPort": 83, "ToPort": 83, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group(ec2, "web")["GroupId"], IpPermissions=[same])
    with pytest.raises(OperationError) as refused:
        await applying
    assert refused.value.message.startswith("could not create security_group_rule web ")
    assert "tcp 83 83 10.0.0.0/8" in refused.value.message
    assert [each["FromPort"] for each in rules(ec2, "web")] == [*range(80, 87)]
    known = await installed.rows(
        "SELECT from_port FROM security_group_rule WHERE security_group_rule_id IS NULL"
    )
    assert known == [(83,)]


@pytest.mark.parametrize("action", ["drop_after", "drop_before"])
async def test_rules_whose_answer_is_lost_are_made_once(
    installed: Session, ec2: Any, simulator: Cloud, action: str
) -> None:
    simulator.plan({"operation": "AuthorizeSecurityGroupIngress", "action": action})
    await installed.execute(_GROUP + _rules(range(80, 90)))
    await installed.apply()
    assert [each["FromPort"] for each in rules(ec2, "web")] == [*range(80, 90)]
    simulator.plan({"operation": "RevokeSecurityGroupIngress", "action": action})
    await installed.execute("DELETE FROM security_group_rule WHERE from_port > 82")
    await installed.apply()
    assert [each["FromPort"] for each in rules(ec2, "web")] == [80, 81, 82]


async def test_the_rule_that_aws_gives_a_new_group_is_kept_if_a_row_asks_for_it(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(_GROUP + _OUT + _HTTP)
    await installed.apply()
    assert [(each["IsEgress"], each.get("CidrIpv4")) for each in rules(ec2, "web")] == [
        (False, "10.0.0.0/8"),
        (True, "0.0.0.0/0"),
    ]
    assert simulator.called("RevokeSecurityGroupEgress") == 0
    assert simulator.called("AuthorizeSecurityGroupEgress") == 0
    assert (
        await installed.value("SELECT count(*) FROM security_group_rule WHERE security_group_rule_id IS NULL")
        == 0
    )


async def test_the_rule_that_aws_gives_a_new_group_is_changed_to_what_a_row_asks_for(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(_GROUP + rule("web", "true, '-1', NULL, NULL, '0.0.0.0/0', NULL, NULL, 'all'"))
    await installed.apply()
    [only] = rules(ec2, "web")
    assert (only["IsEgress"], only["CidrIpv4"], only["Description"]) == (True, "0.0.0.0/0", "all")
    assert simulator.called("ModifySecurityGroupRules") == 1
    assert simulator.called("RevokeSecurityGroupEgress") == 0


async def test_a_rule_like_the_one_that_aws_gives_is_made_if_aws_does_not_give_it(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "DescribeSecurityGroupRules", "action": "delay", "seconds": 1, "nth": 2})
    await installed.execute(_GROUP + _OUT)
    applying = asyncio.create_task(installed("iasql_apply"))
    await simulator.until_called("DescribeSecurityGroupRules", 3)
    made = group(ec2, "web")
    ec2.revoke_security_group_egress(
        GroupId=made["GroupId"],
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    await applying
    assert [each["IsEgress"] for each in rules(ec2, "web")] == [True]
    assert await installed("iasql_plan_apply") == []
