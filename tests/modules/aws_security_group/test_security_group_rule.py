"""The rules of security groups."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_security_group.scene import GROUP, HTTP, OUT, group, rule, rules


def _rules(ports: range, columns: str = "'10.0.0.0/8'") -> str:
    return "".join(
        rule("web", f"false, 'tcp', {port}, {port}, {columns}, NULL, NULL, NULL") for port in ports
    )


async def test_a_rule_is_changed_in_place(installed: Session, ec2: Any) -> None:
    await installed.execute(GROUP + HTTP)
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


async def test_what_is_said_of_a_rule_of_another_group_is_agreed_on(installed: Session, ec2: Any) -> None:
    await installed.execute(GROUP + GROUP.replace("'web'", "'db'"))
    await installed.execute(
        "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
        "source_security_group, description) SELECT d.id, false, 'tcp', 1, 1, w.id, 'from web' "
        "FROM security_group AS d, security_group AS w WHERE d.group_name = 'db' AND w.group_name = 'web'"
    )
    await installed.apply()
    assert rules(ec2, "db")[0]["Description"] == "from web"
    assert await installed("iasql_drift") == []
    installed.caller.notices.clear()
    await installed.execute("DELETE FROM security_group_rule WHERE description = 'from web'")
    assert [row[:2] for row in await installed.apply()] == [("delete", "security_group_rule")]
    assert not any("although" in each for each in installed.notices)


@pytest.mark.parametrize(
    "change",
    ["cidr_ipv4 = '10.9.0.0/16'", "is_egress = true", "cidr_ipv4 = NULL, cidr_ipv6 = '2001:db8::/32'"],
)
async def test_a_rules_source_or_direction_replaces_it(installed: Session, ec2: Any, change: str) -> None:
    await installed.execute(GROUP + HTTP)
    await installed.apply()
    [old] = rules(ec2, "web")
    await installed.execute(f"UPDATE security_group_rule SET {change} WHERE from_port = 80")
    assert [row[:2] for row in await installed.apply()] == [("replace", "security_group_rule")]
    [new] = rules(ec2, "web")
    assert new["SecurityGroupRuleId"] != old["SecurityGroupRuleId"]


async def test_ways_to_write_the_same_rule_are_no_change(installed: Session) -> None:
    await installed.execute(GROUP + OUT + HTTP)
    await installed.apply()
    await installed.execute(
        "UPDATE security_group_rule SET from_port = 0, to_port = 65535 WHERE ip_protocol = '-1';"
        "UPDATE security_group_rule SET ip_protocol = '6' WHERE ip_protocol = 'tcp'"
    )
    assert await installed("iasql_plan_apply") == []


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
        [(action, table, _, told)] = await session.apply()
        assert (action, table, told[-len(gone) - 2 :]) == ("delete", "security_group_rule", f"({gone})")
        ids -= {gone}
        assert {each["SecurityGroupRuleId"] for each in rules(ec2, "web") if not each["IsEgress"]} == ids


async def test_the_rules_of_a_group_are_made_changed_and_deleted_in_one_call_each(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(
        GROUP + _rules(range(80, 90)) + rule("web", "true, 'tcp', 1, 1, '10.0.0.0/8', NULL, NULL, NULL")
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
    await installed.execute(GROUP)
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
    await installed.execute(GROUP + _rules(range(80, 90)))
    await installed.apply()
    assert [each["FromPort"] for each in rules(ec2, "web")] == [*range(80, 90)]
    simulator.plan({"operation": "RevokeSecurityGroupIngress", "action": action})
    await installed.execute("DELETE FROM security_group_rule WHERE from_port > 82")
    await installed.apply()
    assert [each["FromPort"] for each in rules(ec2, "web")] == [80, 81, 82]


async def test_the_rule_that_aws_gives_a_new_group_is_kept_if_a_row_asks_for_it(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(GROUP + OUT + HTTP)
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
    await installed.execute(GROUP + rule("web", "true, '-1', NULL, NULL, '0.0.0.0/0', NULL, NULL, 'all'"))
    await installed.apply()
    [only] = rules(ec2, "web")
    assert (only["IsEgress"], only["CidrIpv4"], only["Description"]) == (True, "0.0.0.0/0", "all")
    assert simulator.called("ModifySecurityGroupRules") == 1
    assert simulator.called("RevokeSecurityGroupEgress") == 0


async def test_a_rule_like_the_one_that_aws_gives_is_made_if_aws_does_not_give_it(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    before = simulator.called("DescribeSecurityGroupRules")
    simulator.plan({"operation": "DescribeSecurityGroupRules", "action": "delay", "seconds": 1, "nth": 2})
    await installed.execute(GROUP + OUT)
    applying = asyncio.create_task(installed("iasql_apply"))
    await simulator.until_called("DescribeSecurityGroupRules", before + 2)
    made = group(ec2, "web")
    ec2.revoke_security_group_egress(
        GroupId=made["GroupId"],
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    await applying
    assert [each["IsEgress"] for each in rules(ec2, "web")] == [True]
    assert await installed("iasql_plan_apply") == []


async def test_a_rule_refers_to_a_group_and_follows_its_replacement(installed: Session, ec2: Any) -> None:
    await installed.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('app', 'd'), ('cache', 'd');"
        "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
        "source_security_group) SELECT c.id, false, 'tcp', 6379, 6379, a.id "
        "FROM security_group AS c, security_group AS a "
        "WHERE c.group_name = 'cache' AND a.group_name = 'app'"
    )
    await installed.apply()
    [made] = rules(ec2, "cache")
    assert made["ReferencedGroupInfo"]["GroupId"] == group(ec2, "app")["GroupId"]
    await installed.execute("UPDATE security_group_rule SET to_port = 6380 WHERE from_port = 6379")
    await installed.apply()
    [changed] = rules(ec2, "cache")
    assert changed["ReferencedGroupInfo"]["GroupId"] == group(ec2, "app")["GroupId"]
    await installed.execute("UPDATE security_group SET group_name = group_name || '2' WHERE id > 1")
    await installed.apply()
    [moved] = rules(ec2, "cache2")
    assert moved["ReferencedGroupInfo"]["GroupId"] == group(ec2, "app2")["GroupId"]


async def test_groups_whose_rules_name_each_other_are_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('a', 'd'), ('b', 'd');"
        "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
        "source_security_group) SELECT x.id, false, 'tcp', 80, 80, y.id FROM security_group AS x "
        "JOIN security_group AS y ON x.id <> y.id WHERE x.group_name <> 'default' AND "
        "y.group_name <> 'default'"
    )
    await installed.apply()
    await installed.execute("SELECT delete_all_records()")
    assert {row[0] for row in await installed.apply()} == {"delete"}
    assert [each["GroupName"] for each in ec2.describe_security_groups()["SecurityGroups"]] == ["default"]
