"""Route tables, their routes, and whom they are for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_vpc.scene import MAIN, NAT, NETWORK, all_applied


def table(name: str) -> str:
    return (
        f'INSERT INTO route_table (vpc_id, tags) SELECT id, \'{{"Name": "{name}"}}\' '
        "FROM vpc WHERE NOT is_default;"
    )


def route(name: str, column: str) -> str:
    """A default route of a table to the one gateway of a kind."""
    return (
        f"INSERT INTO route (route_table_id, destination, {column}) SELECT t.id, '0.0.0.0/0', g.id "
        f"FROM route_table AS t, {column} AS g WHERE t.tags ->> 'Name' = '{name}';"
    )


def association(name: str, network: str) -> str:
    """That a table is for a subnet."""
    return (
        "INSERT INTO route_table_association (vpc_id, route_table_id, subnet_id) SELECT t.vpc_id, t.id, s.id "
        "FROM route_table AS t, subnet AS s "
        f"WHERE t.tags ->> 'Name' = '{name}' AND s.cidr_block = '{network}';"
    )


#: A table for the subnet, by which it reaches the internet.
TABLE = table("public") + route("public", "internet_gateway") + association("public", "10.1.1.0/24")


def tables(ec2: Any) -> list[dict[str, Any]]:
    """The tables of VPCs that are not the default one."""
    default = {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"] if each["IsDefault"]}
    return [each for each in ec2.describe_route_tables()["RouteTables"] if each["VpcId"] not in default]


def routes(ec2: Any) -> dict[str, dict[str, Any]]:
    """The routes that are not local, by destination."""
    found = [each for table in tables(ec2) for each in table["Routes"] if each.get("GatewayId") != "local"]
    return {each["DestinationCidrBlock"]: each for each in found}


def main_table(ec2: Any) -> dict[str, Any]:
    [found] = [each for each in tables(ec2) if any(one["Main"] for one in each["Associations"])]
    return found


async def test_tables_routes_and_associations_are_imported(session: Session, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    way_out = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=way_out, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=way_out)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    await session("iasql_install", "aws_vpc")
    assert await session.rows(
        "SELECT t.route_table_id, r.destination, g.internet_gateway_id, r.gateway_id, r.state "
        "FROM route AS r JOIN route_table AS t ON t.id = r.route_table_id "
        "JOIN internet_gateway AS g ON g.id = r.internet_gateway"
    ) == [(table, "0.0.0.0/0", way_out, None, "active")]
    assert await session.rows(
        "SELECT a.route_table_association_id, s.subnet_id, a.is_main FROM route_table_association AS a "
        "JOIN route_table AS t ON t.id = a.route_table_id LEFT JOIN subnet AS s ON s.id = a.subnet_id "
        f"WHERE t.route_table_id = '{table}'"
    ) == [(association, subnet, False)]
    assert await session.value("SELECT count(*) FROM route_table WHERE is_main") == 2
    assert await session.value("SELECT count(*) FROM route_table_association WHERE is_main") == 2
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_table_is_made_with_its_routes_for_a_subnet_and_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK + TABLE)
    made = ("vpc", "internet_gateway", "subnet", "route_table", "route", "route_table_association")
    assert await all_applied(installed) == {("create", table) for table in made}
    [way_out] = ec2.describe_internet_gateways()["InternetGateways"]
    assert routes(ec2)["0.0.0.0/0"]["GatewayId"] == way_out["InternetGatewayId"]
    assert await installed.value("SELECT count(*) FROM route_table WHERE is_main") == 2
    await installed.execute(
        "DELETE FROM route_table_association WHERE NOT is_main; DELETE FROM route_table WHERE NOT is_main"
    )
    assert {action for action, _ in await all_applied(installed)} == {"delete"}
    assert (len(tables(ec2)), routes(ec2)) == (1, {})


async def test_a_route_leads_elsewhere_without_a_gap(installed: Session, ec2: Any, simulator: Cloud) -> None:
    await installed.execute(NETWORK + TABLE + NAT)
    await all_applied(installed)
    await installed.execute(
        "UPDATE route SET internet_gateway = NULL, nat_gateway = (SELECT id FROM nat_gateway)"
    )
    assert await all_applied(installed) == {("update", "route")}
    assert routes(ec2)["0.0.0.0/0"]["NatGatewayId"].startswith("nat-")
    assert (simulator.called("ReplaceRoute"), simulator.called("DeleteRoute")) == (1, 0)
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    await installed.execute(f"UPDATE route SET nat_gateway = NULL, gateway_id = '{gateway}'")
    assert await all_applied(installed) == {("update", "route")}
    assert routes(ec2)["0.0.0.0/0"]["GatewayId"] == gateway
    await installed.execute("UPDATE route SET destination = '8.0.0.0/8'")
    assert await all_applied(installed) == {("create", "route"), ("delete", "route")}
    assert list(routes(ec2)) == ["8.0.0.0/8"]
    await installed.execute("DELETE FROM route")
    assert await all_applied(installed) == {("delete", "route")}
    assert routes(ec2) == {}


async def test_another_table_becomes_the_main_one(installed: Session, ec2: Any) -> None:
    await installed.execute(
        NETWORK + table("public") + "INSERT INTO route_table_association (vpc_id, route_table_id, is_main) "
        "SELECT vpc_id, id, true FROM route_table WHERE tags ->> 'Name' = 'public'"
    )
    await all_applied(installed)
    assert main_table(ec2)["Tags"] == [{"Key": "Name", "Value": "public"}]
    await installed.execute(
        table("other")
        + "UPDATE route_table_association AS a SET route_table_id = t.id FROM route_table AS t "
        "WHERE a.is_main AND a.vpc_id = t.vpc_id AND t.tags ->> 'Name' = 'other'"
    )
    assert await all_applied(installed) == {("create", "route_table"), ("update", "route_table_association")}
    assert main_table(ec2)["Tags"] == [{"Key": "Name", "Value": "other"}]
    await installed.execute("DELETE FROM route_table_association WHERE is_main")
    assert await all_applied(installed) == set()
    assert await installed.value("SELECT count(*) FROM route_table_association WHERE is_main") == 2
    assert main_table(ec2)["Tags"] == [{"Key": "Name", "Value": "other"}]


async def test_a_main_table_of_aws_stays_and_may_have_routes(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK)
    await all_applied(installed)
    await installed.execute(
        "INSERT INTO route (route_table_id, destination, internet_gateway) SELECT t.id, '0.0.0.0/0', g.id "
        "FROM route_table AS t JOIN internet_gateway AS g ON g.vpc_id = t.vpc_id"
    )
    assert await all_applied(installed) == {("create", "route")}
    await installed.execute("DELETE FROM route")
    assert await all_applied(installed) == {("delete", "route")}
    await installed.execute("DELETE FROM route_table_association; DELETE FROM route_table")
    assert await all_applied(installed) == set()
    assert len(tables(ec2)) == 1
    assert await installed.value("SELECT count(*) FROM route_table WHERE is_main") == 2


async def test_a_network_is_replaced_and_deleted_as_a_whole(installed: Session, ec2: Any) -> None:
    """Public and private subnets, an internet and a NAT gateway, and a table for each."""
    await installed.execute(
        NETWORK + NAT + TABLE + "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT id, '10.1.2.0/24', 'us-east-1b' FROM vpc WHERE NOT is_default;"
        + table("private")
        + route("private", "nat_gateway")
        + association("private", "10.1.2.0/24")
    )
    await all_applied(installed)
    assert len(tables(ec2)) == 3
    await installed.execute(
        "UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default;"
        "UPDATE subnet SET cidr_block = replace(cidr_block, '10.1.', '10.2.') WHERE cidr_block LIKE '10.1.%'"
    )
    replaced = await all_applied(installed)
    parts = {"route", "route_table_association"}
    assert replaced == {
        *(("replace", each) for each in ("vpc", "internet_gateway", "subnet", "nat_gateway", "route_table")),
        *((action, part) for action in ("create", "delete") for part in parts),
        *MAIN,
    }
    assert len(tables(ec2)) == 3
    named = {each["Tags"][0]["Value"]: each["Routes"][1] for each in tables(ec2) if each["Tags"]}
    assert named["public"]["GatewayId"].startswith("igw-")
    assert named["private"]["NatGatewayId"].startswith("nat-")
    await installed.execute(
        "DELETE FROM route_table_association; DELETE FROM route; DELETE FROM route_table;"
        "DELETE FROM nat_gateway;"
        "DELETE FROM elastic_ip; DELETE FROM internet_gateway; DELETE FROM subnet; DELETE FROM vpc"
    )
    assert {action for action, _ in await all_applied(installed)} == {"delete"}
    assert tables(ec2) == []
    assert [each["IsDefault"] for each in ec2.describe_vpcs()["Vpcs"]] == [True]


async def test_a_route_that_leads_to_two_targets_is_refused(installed: Session) -> None:
    await installed.execute(NETWORK + TABLE)
    with pytest.raises(Exception, match="one_target"):
        await installed.execute("UPDATE route SET instance_id = 'i-1'")


async def test_a_table_that_a_stranger_made_is_not_taken_for_a_new_row(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK)
    await all_applied(installed)
    vpc = main_table(ec2)["VpcId"]
    ec2.create_route_table(VpcId=vpc)
    await installed.execute("INSERT INTO route_table (vpc_id) SELECT id FROM vpc WHERE NOT is_default")
    await installed("iasql_apply")
    assert len(tables(ec2)) == 3
