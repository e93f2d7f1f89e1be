"""Networks."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session
from tests.modules.aws_vpc.scene import MAIN


def other_vpcs(ec2: Any) -> list[str]:
    return [each["CidrBlock"] for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]


async def test_vpcs_and_subnets_are_imported(session: Session, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")[
        "Subnet"
    ]
    rows = {table: count for _, table, count in await session("iasql_install", "aws_vpc")}
    assert (rows["vpc"], rows["subnet"]) == (2, len(ec2.describe_subnets()["Subnets"]))
    assert await session.rows(
        "SELECT v.vpc_id, v.cidr_block, v.state::text, v.is_default, s.subnet_id, s.cidr_block, "
        "s.availability_zone, s.owner_id, s.subnet_arn, s.available_ip_address_count "
        "FROM vpc AS v JOIN subnet AS s ON s.vpc_id = v.id WHERE NOT is_default"
    ) == [
        (
            vpc["VpcId"], "10.0.0.0/16", "available", False, subnet["SubnetId"], "10.0.1.0/24",
            "us-east-1b", subnet["OwnerId"], subnet["SubnetArn"], subnet["AvailableIpAddressCount"],
        )
    ]  # fmt: skip
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_vpc_and_a_subnet_in_it_are_made_together(installed: Session, ec2: Any) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT id, '10.1.2.0/24', 'us-east-1a' FROM vpc WHERE cidr_block = '10.1.0.0/16'"
    )
    applied = await installed.apply()
    assert [(action, table, name) for action, table, _, name in applied] == [
        ("create", "vpc", "10.1.0.0/16"),
        ("create", "subnet", "10.1.0.0/16 10.1.2.0/24"),
    ]
    [(vpc_id, subnet_id)] = await installed.rows(
        "SELECT v.vpc_id, s.subnet_id FROM vpc AS v JOIN subnet AS s ON s.vpc_id = v.id WHERE NOT is_default"
    )
    [subnet] = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    assert (subnet["VpcId"], subnet["CidrBlock"], subnet["AvailabilityZone"]) == (
        vpc_id, "10.1.2.0/24", "us-east-1a",
    )  # fmt: skip


async def test_another_network_replaces_a_vpc_and_what_is_in_it(installed: Session, ec2: Any) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT id, '10.1.2.0/24', 'us-east-1a' FROM vpc WHERE cidr_block = '10.1.0.0/16'"
    )
    await installed.apply()
    await installed.execute(
        "UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default;"
        "UPDATE subnet SET cidr_block = '10.2.2.0/24' WHERE cidr_block = '10.1.2.0/24'"
    )
    assert {(action, table) for action, table, *_ in await installed.apply()} == {
        ("replace", "vpc"),
        ("replace", "subnet"),
        *MAIN,
    }
    assert other_vpcs(ec2) == ["10.2.0.0/16"]
    assert [each["CidrBlock"] for each in ec2.describe_subnets()["Subnets"] if not each["DefaultForAz"]] == [
        "10.2.2.0/24"
    ]


async def test_vpcs_and_subnets_are_deleted(installed: Session, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    await installed("iasql_sync")
    await installed.execute(
        "DELETE FROM subnet WHERE cidr_block = '10.0.1.0/24'; DELETE FROM vpc WHERE NOT is_default"
    )
    applied = await installed.apply()
    assert {row[:2] for row in applied} == {("delete", "vpc"), ("delete", "subnet")}
    assert set(applied) >= {
        ("delete", "subnet", None, f"10.0.0.0/16 10.0.1.0/24 ({subnet})"),
        ("delete", "vpc", None, f"10.0.0.0/16 ({vpc})"),
    }
    assert other_vpcs(ec2) == []


async def test_two_vpcs_may_have_the_same_network(installed: Session, ec2: Any) -> None:
    await installed.execute("INSERT INTO vpc (cidr_block) VALUES ('10.0.0.0/16'), ('10.0.0.0/16')")
    assert len(await installed.apply()) == 2
    assert other_vpcs(ec2) == ["10.0.0.0/16", "10.0.0.0/16"]
    await installed.execute("DELETE FROM vpc WHERE id = (SELECT max(id) FROM vpc)")
    assert {row[:2] for row in await installed.apply()} == {("delete", "vpc")}
    assert other_vpcs(ec2) == ["10.0.0.0/16"]


async def test_the_default_vpc_comes_back_as_it_is(installed: Session, ec2: Any) -> None:
    before = await installed.rows("SELECT * FROM vpc")
    await installed.execute("UPDATE vpc SET cidr_block = '10.0.0.0/8', is_default = false")
    assert await installed.apply() == []
    assert await installed.rows("SELECT * FROM vpc") == before
    await installed.execute("DELETE FROM subnet; DELETE FROM vpc")
    assert await installed.apply() == []
    assert [row[1:] for row in await installed.rows("SELECT * FROM vpc")] == [row[1:] for row in before]
    told = f"vpc 172.31.0.0/16 ({before[0][1]})"
    assert installed.notices[0] == f"{told} cannot be changed: its row would be restored"
    assert f"{told} cannot be changed: its row is restored" in installed.notices
    assert f"{told} cannot be deleted: its row is restored" in installed.notices


async def test_what_aws_assigns_is_put_right_without_a_word(installed: Session) -> None:
    await installed.execute("UPDATE subnet SET owner_id = 'me', available_ip_address_count = 0, state = NULL")
    assert await installed.apply() == []
    assert await installed.value("SELECT count(*) FROM subnet WHERE owner_id = 'me'") == 0
    assert not [each for each in installed.notices if not each.startswith("nothing to do")]


async def test_a_vpc_brings_its_default_security_group(session: Session, ec2: Any) -> None:
    await session("iasql_install", "aws_security_group")
    await session.execute("INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16')")
    assert [row[:2] for row in await session.apply()] == [("create", "vpc")]
    [(name, group_id)] = await session.rows(
        "SELECT group_name, group_id FROM security_group WHERE vpc_id = (SELECT max(id) FROM vpc)"
    )
    assert name == "default"
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    assert await session.value(
        "SELECT count(*) FROM security_group_rule AS r JOIN security_group AS g ON g.id = security_group_id "
        f"WHERE group_id = '{group_id}'"
    ) == len(rules["SecurityGroupRules"])
    await session.execute(
        "DELETE FROM security_group_rule; DELETE FROM security_group;DELETE FROM subnet; DELETE FROM vpc"
    )
    vpc = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]["VpcId"]
    applied = await session.apply()
    assert ("delete", "vpc", None, f"10.1.0.0/16 ({vpc})") in applied
    assert {row[:2] for row in applied} == {("delete", "vpc")}


def attributes(ec2: Any, vpc: str) -> list[bool]:
    """DNS support, host names, metrics."""
    names = ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
    told = (ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name) for name in names)
    return [value["Value"] for each in told for name, value in each.items() if name.startswith("Enable")]


async def test_attributes_of_a_vpc_are_made_changed_and_kept(installed: Session, ec2: Any) -> None:
    shown = (
        "SELECT enable_dns_support, enable_dns_hostnames, enable_network_address_usage_metrics FROM vpc "
        "WHERE {}is_default"
    )
    assert await installed.rows(shown.format("")) == [(True, True, False)]
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO vpc (cidr_block, enable_dns_hostnames, enable_network_address_usage_metrics) "
        "VALUES ('10.2.0.0/16', true, true);"
        "INSERT INTO vpc (cidr_block, enable_dns_support) VALUES ('10.3.0.0/16', false)"
    )
    await installed.apply()
    ids = "SELECT vpc_id FROM vpc WHERE NOT is_default ORDER BY cidr_block"
    made = [attributes(ec2, vpc) for (vpc,) in await installed.rows(ids)]
    assert made == [[True, False, False], [True, True, True], [False, False, False]]
    assert await installed("iasql_plan_apply") == []
    await installed.execute(
        "DELETE FROM vpc WHERE cidr_block = '10.1.0.0/16'; UPDATE vpc SET "
        "enable_dns_support = NOT enable_dns_support, enable_dns_hostnames = NOT enable_dns_hostnames, "
        "enable_network_address_usage_metrics = NOT enable_network_address_usage_metrics WHERE NOT is_default"
    )
    assert {row[:2] for row in await installed.apply()} == {("update", "vpc"), ("delete", "vpc")}
    changed = [attributes(ec2, vpc) for (vpc,) in await installed.rows(ids)]
    assert changed == [[False, False, False], [True, True, True]]
    assert await installed("iasql_plan_apply") == []
    await installed.execute(
        "UPDATE vpc SET cidr_block = replace(cidr_block, '10.', '10.1') WHERE NOT is_default"
    )
    assert {row[:2] for row in await installed.apply()} == {("replace", "vpc"), *MAIN}
    assert [attributes(ec2, vpc) for (vpc,) in await installed.rows(ids)] == changed
    assert await installed("iasql_plan_apply") == []


async def test_what_aws_changes_of_a_vpcs_attributes_is_shown(installed: Session, ec2: Any) -> None:
    await installed.execute("INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16')")
    await installed.apply()
    vpc = await installed.value("SELECT vpc_id FROM vpc WHERE NOT is_default")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    await installed("iasql_sync")
    assert await installed.value("SELECT enable_dns_hostnames FROM vpc WHERE NOT is_default") is True
