"""Connections of two VPCs, and routes that take them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_vpc.scene import all_applied

#: Two VPCs, a connection, and a route of the first one's main table that takes it.
PAIR = (
    "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16'), ('10.2.0.0/16'), ('10.3.0.0/16');"
    "INSERT INTO peering_connection (requester_id, accepter_id, tags) "
    'SELECT a.id, b.id, \'{"Name": "p"}\' FROM vpc AS a, vpc AS b '
    "WHERE a.cidr_block = '10.1.0.0/16' AND b.cidr_block = '10.2.0.0/16';"
)
ROUTE = (
    "INSERT INTO route_table (vpc_id) SELECT id FROM vpc WHERE cidr_block = '10.1.0.0/16';"
    "INSERT INTO route (route_table_id, destination, peering_connection) SELECT t.id, '10.2.0.0/16', p.id "
    "FROM peering_connection AS p, route_table AS t JOIN vpc ON vpc.id = t.vpc_id "
    "WHERE vpc.cidr_block = '10.1.0.0/16' AND NOT t.is_main;"
)


def connections(ec2: Any) -> list[dict[str, Any]]:
    found = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    return [each for each in found if each["Status"]["Code"] not in ("deleted", "failed", "rejected")]


def between(ec2: Any) -> list[tuple[str, str, str]]:
    """The networks of each connection, and its state."""
    return [
        (each["RequesterVpcInfo"]["CidrBlock"], each["AccepterVpcInfo"]["CidrBlock"], each["Status"]["Code"])
        for each in connections(ec2)
    ]


def vpc(ec2: Any, network: str) -> str:
    return str(ec2.create_vpc(CidrBlock=network)["Vpc"]["VpcId"])


def connect(ec2: Any, one: str, other: str, **more: Any) -> str:
    made = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=other, **more)
    return str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])


async def test_connections_within_the_account_and_region_are_imported(
    session: Session, ec2: Any, simulator: Cloud
) -> None:
    one, other, third = vpc(ec2, "10.1.0.0/16"), vpc(ec2, "10.2.0.0/16"), vpc(ec2, "10.3.0.0/16")
    open, waiting = connect(ec2, one, other), connect(ec2, one, third)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=open)
    west = simulator.client("ec2", region="us-west-2")
    connect(ec2, one, vpc(west, "10.4.0.0/16"), PeerRegion="us-west-2")
    await session("iasql_install", "aws_vpc")
    assert await session.rows(
        "SELECT peering_connection_id, p.state, accepted, a.vpc_id, b.vpc_id FROM peering_connection AS p "
        "JOIN vpc AS a ON a.id = requester_id JOIN vpc AS b ON b.id = accepter_id ORDER BY p.state"
    ) == [(open, "active", True, one, other), (waiting, "pending-acceptance", False, one, third)]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    # One that waits is accepted by its row.
    await session.execute("UPDATE peering_connection SET accepted = true")
    assert await all_applied(session) == {("update", "peering_connection")}
    states = sorted(state for _, _, state in between(ec2))
    assert states == ["active", "active", "pending-acceptance"], "the other region's waits"
    await session.execute("UPDATE peering_connection SET accepted = false")
    with pytest.raises(OperationError, match="cannot be changed in accepted"):
        await session("iasql_apply")


async def test_a_connection_is_made_accepted_and_deleted_with_its_route(installed: Session, ec2: Any) -> None:
    await installed.execute(PAIR + ROUTE)
    made = ("vpc", "peering_connection", "route_table", "route")
    assert await all_applied(installed) == {("create", table) for table in made}
    assert between(ec2) == [("10.1.0.0/16", "10.2.0.0/16", "active")]
    [name] = [each["VpcPeeringConnectionId"] for each in connections(ec2)]
    assert connections(ec2)[0]["Tags"] == [{"Key": "Name", "Value": "p"}]
    routes = [each for table in ec2.describe_route_tables()["RouteTables"] for each in table["Routes"]]
    assert [each["VpcPeeringConnectionId"] for each in routes if "VpcPeeringConnectionId" in each] == [name]
    shown = "SELECT vpc_peering_connection_id, peering_connection FROM route"
    assert await installed.rows(shown) == [(None, 1)]
    await installed.execute("DELETE FROM route; DELETE FROM peering_connection")
    assert await all_applied(installed) == {("delete", "route"), ("delete", "peering_connection")}
    assert between(ec2) == []


async def test_another_vpc_replaces_a_connection_which_resolves_the_same_names(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(PAIR + ROUTE)
    await all_applied(installed)
    [before] = [each["VpcPeeringConnectionId"] for each in connections(ec2)]
    ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=before,
        AccepterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True},
    )
    await installed.execute(
        "UPDATE peering_connection SET accepter_id = (SELECT id FROM vpc WHERE cidr_block = '10.3.0.0/16')"
    )
    assert await all_applied(installed) == {("replace", "peering_connection"), ("update", "route")}
    assert between(ec2) == [("10.1.0.0/16", "10.3.0.0/16", "active")]
    [after] = connections(ec2)
    path = "AllowDnsResolutionFromRemoteVpc"
    assert after["AccepterVpcInfo"]["PeeringOptions"][path] is True
    assert after["RequesterVpcInfo"]["PeeringOptions"][path] is False


async def test_tags_of_a_connection_change_in_place(installed: Session, ec2: Any) -> None:
    await installed.execute(PAIR)
    await all_applied(installed)
    await installed.execute('UPDATE peering_connection SET tags = \'{"team": "x"}\'')
    assert await all_applied(installed) == {("update", "peering_connection")}
    assert connections(ec2)[0]["Tags"] == [{"Key": "team", "Value": "x"}]


async def test_a_second_connection_and_one_with_oneself_are_refused(installed: Session, ec2: Any) -> None:
    await installed.execute(PAIR)
    await all_applied(installed)
    with pytest.raises(Exception, match="two_vpcs"):
        await installed.execute("UPDATE peering_connection SET accepter_id = requester_id")
    await installed.execute(
        "INSERT INTO peering_connection (requester_id, accepter_id) "
        "SELECT accepter_id, requester_id FROM peering_connection"
    )
    with pytest.raises(OperationError, match="VpcPeeringConnectionAlreadyExists"):
        await installed("iasql_apply")
    assert len(connections(ec2)) == 1
