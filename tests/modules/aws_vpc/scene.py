"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session

#: A VPC with an internet gateway and a subnet.
NETWORK = (
    "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
    "INSERT INTO internet_gateway (vpc_id) SELECT id FROM vpc WHERE NOT is_default;"
    "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
    "SELECT id, '10.1.1.0/24', 'us-east-1a' FROM vpc WHERE NOT is_default;"
)
#: A NAT gateway in it.
NAT = (
    "INSERT INTO elastic_ip DEFAULT VALUES;"
    "INSERT INTO nat_gateway (subnet_id, elastic_ip_id) "
    "SELECT s.id, e.id FROM subnet AS s, elastic_ip AS e WHERE s.cidr_block = '10.1.1.0/24';"
)


#: What goes along when a VPC is replaced: its main route table, what that is main by, and its default network
#: ACL with what that lets through.
MAIN = {
    ("replace", "route_table"),
    ("create", "route_table_association"),
    ("replace", "network_acl"),
    ("create", "network_acl_entry"),
    ("delete", "network_acl_entry"),
}


async def all_applied(session: Session) -> set[tuple[str, str]]:
    """Apply, see that nothing is left to be done, and return which actions there were on which tables."""
    applied = await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    await session("iasql_sync")  # a subnet has fewer addresses left, and an address is somebody's
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    return {(row[0], row[1]) for row in applied}


def nat_gateways(ec2: Any) -> list[dict[str, Any]]:
    """Those that there are."""
    found = ec2.describe_nat_gateways()["NatGateways"]
    return [each for each in found if each["State"] == "available"]
