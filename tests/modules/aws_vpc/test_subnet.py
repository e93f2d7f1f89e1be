"""Subnets."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


async def test_another_zone_replaces_a_subnet_after_the_old_one_has_gone(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT id, '10.1.2.0/24', 'us-east-1a' FROM vpc WHERE cidr_block = '10.1.0.0/16'"
    )
    await installed.apply()
    old = await installed.value("SELECT subnet_id FROM subnet WHERE cidr_block = '10.1.2.0/24'")
    await installed.execute(
        "UPDATE subnet SET availability_zone = 'us-east-1b' WHERE cidr_block = '10.1.2.0/24'"
    )
    assert [row[:2] for row in await installed.apply()] == [("replace", "subnet")]
    [subnet] = [each for each in ec2.describe_subnets()["Subnets"] if not each["DefaultForAz"]]
    assert subnet["AvailabilityZone"] == "us-east-1b"
    assert subnet["SubnetId"] != old


async def test_a_default_subnet_comes_back_as_it_is(installed: Session, ec2: Any) -> None:
    everything = "SELECT * FROM subnet ORDER BY subnet_id"
    before = await installed.rows(everything)
    subnet = await installed.value("SELECT subnet_id FROM subnet ORDER BY id LIMIT 1")
    await installed.execute(f"UPDATE subnet SET availability_zone = 'x' WHERE subnet_id = '{subnet}'")
    assert await installed.apply() == []
    told = {each for each in installed.notices if not each.startswith("nothing to do")}
    assert len(told) == 2
    assert all(f"({subnet}) cannot be changed: its row " in each for each in told)
    assert await installed.rows(everything) == before
    await installed.execute(f"DELETE FROM subnet WHERE subnet_id = '{subnet}'")
    assert await installed.apply() == []
    assert [row[1:] for row in await installed.rows(everything)] == [row[1:] for row in before]


async def test_a_replaced_subnet_keeps_its_settings_and_its_routes(installed: Session, ec2: Any) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT id, '10.1.1.0/24', 'us-east-1a' FROM vpc WHERE NOT is_default"
    )
    await installed.apply()
    subnet, vpc = await subnet_of(installed)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)
    await installed("iasql_sync")
    await installed.execute("UPDATE subnet SET cidr_block = '10.1.2.0/24' WHERE cidr_block = '10.1.1.0/24'")
    assert {row[:2] for row in await installed.apply()} == {
        ("replace", "subnet"),
        ("create", "route_table_association"),
        ("delete", "route_table_association"),
    }
    new, _ = await subnet_of(installed)
    [made] = ec2.describe_subnets(SubnetIds=[new])["Subnets"]
    assert made["MapPublicIpOnLaunch"] is True
    [found] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert new in [each.get("SubnetId") for each in found["Associations"]]


SWITCHES = (
    "map_public_ip_on_launch",
    "assign_ipv6_address_on_creation",
    "enable_dns64",
    "enable_resource_name_dns_a_record_on_launch",
    "enable_resource_name_dns_aaaa_record_on_launch",
)


async def test_settings_of_a_subnet_are_made_and_changed_one_call_each(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(
        "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone, map_public_ip_on_launch) "
        "SELECT id, '10.1.1.0/24', 'us-east-1a', true FROM vpc WHERE NOT is_default"
    )
    await installed.apply()
    subnet, _ = await subnet_of(installed)
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"] is True
    assert simulator.called("ModifySubnetAttribute") == 1
    assert await installed("iasql_plan_apply") == []
    await installed.execute(f"UPDATE subnet SET map_public_ip_on_launch = false WHERE subnet_id = '{subnet}'")
    assert [row[:2] for row in await installed.apply()] == [("update", "subnet")]
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"] is False
    assert simulator.called("ModifySubnetAttribute") == 2
    assert await installed("iasql_plan_apply") == []


async def test_a_default_subnet_gives_public_addresses(installed: Session, ec2: Any) -> None:
    told = {each["SubnetId"]: each["MapPublicIpOnLaunch"] for each in ec2.describe_subnets()["Subnets"]}
    shown = await installed.rows("SELECT subnet_id, map_public_ip_on_launch FROM subnet")
    assert dict(shown) == told
    others = ", ".join(SWITCHES[1:])
    assert set(await installed.rows(f"SELECT {others} FROM subnet")) == {(False,) * 4}


async def subnet_of(session: Session) -> tuple[Any, ...]:
    [row] = await session.rows(
        "SELECT subnet_id, v.vpc_id FROM subnet JOIN vpc AS v ON v.id = subnet.vpc_id WHERE NOT is_default"
    )
    return row
