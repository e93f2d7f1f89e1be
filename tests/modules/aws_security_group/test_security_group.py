"""Security groups."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_security_group.scene import GROUP, HTTP, OUT, VPC, group, rule, rules, rules_of
from tests.modules.aws_vpc.scene import MAIN


def names(ec2: Any) -> list[str]:
    return sorted(each["GroupName"] for each in ec2.describe_security_groups()["SecurityGroups"])


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
        GROUP
        + HTTP
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


async def test_a_renamed_group_takes_its_rules_along(installed: Session, ec2: Any) -> None:
    await installed.execute(GROUP + HTTP + OUT)
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
    await installed.execute(GROUP + HTTP)
    await installed.apply()
    await installed.execute("UPDATE security_group SET description = 'other' WHERE group_name = 'web'")
    await installed.apply()
    assert group(ec2, "web")["Description"] == "other"
    assert len(rules(ec2, "web")) == 1


async def test_a_group_moves_to_another_vpc(installed: Session, ec2: Any) -> None:
    await installed.execute(GROUP + HTTP)
    await installed.apply()
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "UPDATE security_group SET vpc_id = (SELECT max(id) FROM vpc) WHERE group_name = 'web'"
    )
    await installed.apply()
    vpc = await installed.value("SELECT vpc_id FROM vpc WHERE NOT is_default")
    assert group(ec2, "web")["VpcId"] == vpc
    assert len(rules(ec2, "web")) == 1


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
        *MAIN,
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
    assert {row[:2] for row in await with_vpc.apply()} == {
        ("replace", "vpc"),
        ("replace", "security_group"),
        *MAIN,
    }
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
        VPC + "INSERT INTO security_group (group_name, description, vpc_id) "
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
    await installed.execute(GROUP + HTTP + OUT)
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
    told = f"security_group default ({name})"
    assert f"{told} cannot be changed: its row is restored" in installed.notices
    assert f"{told} cannot be deleted: its row is restored" in installed.notices
    assert await installed.value("SELECT count(*) FROM security_group_rule") == kept
    await installed.execute("DELETE FROM security_group_rule")
    assert [row[:2] for row in await installed.apply()] == [("delete", "security_group_rule")] * kept
    assert rules(ec2, "default") == []


async def test_a_group_of_a_name_that_is_there_is_adopted(installed: Session, ec2: Any) -> None:
    found = ec2.create_security_group(GroupName="web", Description="the web")["GroupId"]
    await installed.execute(GROUP + HTTP + OUT)
    assert [row[:2] for row in await installed.apply()] == [("create", "security_group_rule")]
    assert await installed.value("SELECT group_id FROM security_group WHERE group_name = 'web'") == found


async def test_a_group_in_use_is_not_replaced_under_its_name(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_elb")
    await session.execute(
        GROUP + "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
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
    last = balancer["LoadBalancerArn"].split("/")[-1]
    assert error.message == (
        f"security_group web ({old}) cannot be replaced while load_balancer lb ({last}) uses it"
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


async def test_a_group_whose_deletion_aws_refuses_keeps_its_rules(installed: Session, ec2: Any) -> None:
    await installed.execute(GROUP + HTTP + OUT)
    await installed.apply()
    before = rules(ec2, "web")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, Groups=[group(ec2, "web")["GroupId"]])
    await installed.execute("UPDATE security_group SET description = 'other' WHERE group_name = 'web'")
    with pytest.raises(OperationError, match="it has network interfaces") as refused:
        await installed("iasql_apply")
    assert refused.value.sqlstate == "0A000"
    assert rules(ec2, "web") == before
    await installed("iasql_sync")
    await installed.execute(
        "DELETE FROM security_group_rule WHERE security_group_id = (SELECT id FROM security_group WHERE "
        "group_name = 'web'); DELETE FROM security_group WHERE group_name = 'web'"
    )
    with pytest.raises(OperationError):
        await installed("iasql_apply")
    assert rules(ec2, "web") == before


async def test_rules_go_along_with_their_group(installed: Session, simulator: Cloud) -> None:
    await installed.execute(GROUP + HTTP + OUT)
    await installed.apply()
    await installed.execute(
        "DELETE FROM security_group_rule WHERE security_group_id = (SELECT id FROM security_group WHERE "
        "group_name = 'web'); DELETE FROM security_group WHERE group_name = 'web'"
    )
    assert sorted(row[:2] for row in await installed.apply()) == [
        ("delete", "security_group"),
        ("delete", "security_group_rule"),
        ("delete", "security_group_rule"),
    ]
    assert simulator.called("RevokeSecurityGroupIngress") == 0
