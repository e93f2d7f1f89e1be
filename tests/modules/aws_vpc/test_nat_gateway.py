"""NAT gateways, and the addresses that they have."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.simulator.conditions import Conditions
from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_vpc.scene import MAIN, NAT, NETWORK, all_applied, nat_gateways


async def test_a_gateway_is_imported_with_its_address(session: Session, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    way_out = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=way_out, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])["NatGateway"]
    gone = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    ec2.delete_nat_gateway(NatGatewayId=gone["NatGatewayId"])
    await session("iasql_install", "aws_vpc")
    assert await session.rows(
        "SELECT nat_gateway_id, connectivity_type::text, n.state, s.subnet_id, e.allocation_id, e.public_ip "
        "FROM nat_gateway AS n JOIN subnet AS s ON s.id = n.subnet_id "
        "JOIN elastic_ip AS e ON e.id = n.elastic_ip_id"
    ) == [
        (
            made["NatGatewayId"], "public", "available", subnet, address["AllocationId"], address["PublicIp"],
        )
    ]  # fmt: skip
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_gateway_is_made_and_deleted_with_all_that_it_needs(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    simulator.be(Conditions(pending=1))
    await installed.execute(NETWORK + NAT)
    assert await all_applied(installed) == {
        ("create", table) for table in ("vpc", "internet_gateway", "subnet", "elastic_ip", "nat_gateway")
    }
    [made] = nat_gateways(ec2)
    [address] = ec2.describe_addresses()["Addresses"]
    assert made["NatGatewayAddresses"][0]["AllocationId"] == address["AllocationId"]
    await installed.execute(
        "DELETE FROM nat_gateway; DELETE FROM elastic_ip; DELETE FROM internet_gateway;"
        "DELETE FROM subnet; DELETE FROM vpc"
    )
    assert {action for action, _ in await all_applied(installed)} == {"delete"}
    assert (nat_gateways(ec2), ec2.describe_addresses()["Addresses"]) == ([], [])
    assert [each["IsDefault"] for each in ec2.describe_vpcs()["Vpcs"]] == [True]
    assert simulator.called("DetachInternetGateway") == 1


async def test_a_private_gateway_has_no_address(installed: Session, ec2: Any) -> None:
    await installed.execute(
        NETWORK + "INSERT INTO nat_gateway (subnet_id, connectivity_type) "
        "SELECT id, 'private' FROM subnet WHERE cidr_block = '10.1.1.0/24'"
    )
    await all_applied(installed)
    assert [each["ConnectivityType"] for each in nat_gateways(ec2)] == ["private"]
    with pytest.raises(Exception, match="check_elastic_ip_when_public"):
        await installed.execute("UPDATE nat_gateway SET connectivity_type = 'public'")


async def test_a_gateway_moves_with_its_address_to_another_subnet(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK + NAT)
    await all_applied(installed)
    [old] = nat_gateways(ec2)
    await installed.execute(
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT id, '10.1.2.0/24', 'us-east-1b' FROM vpc WHERE NOT is_default;"
        "UPDATE nat_gateway SET subnet_id = (SELECT id FROM subnet WHERE cidr_block = '10.1.2.0/24')"
    )
    assert await all_applied(installed) == {("create", "subnet"), ("replace", "nat_gateway")}
    [new] = nat_gateways(ec2)
    assert new["NatGatewayId"] != old["NatGatewayId"]
    assert new["NatGatewayAddresses"][0]["AllocationId"] == old["NatGatewayAddresses"][0]["AllocationId"]


async def test_two_gateways_can_swap_nothing_but_one_can_have_what_another_lets_go(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(NETWORK + NAT)
    await all_applied(installed)
    [old] = nat_gateways(ec2)
    await installed.execute(
        "UPDATE nat_gateway SET elastic_ip_id = NULL, connectivity_type = 'private';"
        "INSERT INTO nat_gateway (subnet_id, elastic_ip_id) "
        "SELECT s.id, e.id FROM subnet AS s, elastic_ip AS e WHERE s.cidr_block = '10.1.1.0/24'"
    )
    await all_applied(installed)
    there = {each["ConnectivityType"]: each for each in nat_gateways(ec2)}
    assert there.keys() == {"public", "private"}
    address = there["public"]["NatGatewayAddresses"][0]["AllocationId"]
    assert address == old["NatGatewayAddresses"][0]["AllocationId"]


async def test_a_gateway_whose_answer_is_lost_is_made_once(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    for operation in ("CreateInternetGateway", "AllocateAddress"):
        simulator.plan({"operation": operation, "action": "drop_after"})
    await installed.execute(NETWORK + NAT)
    await all_applied(installed)
    assert len(ec2.describe_internet_gateways()["InternetGateways"]) == 1
    assert len(ec2.describe_addresses()["Addresses"]) == 1


async def test_a_gateway_of_a_vpc_that_is_replaced_is_replaced_and_keeps_its_address(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(NETWORK + NAT)
    await all_applied(installed)
    [old] = nat_gateways(ec2)
    await installed.execute(
        "UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default;"
        "UPDATE subnet SET cidr_block = '10.2.1.0/24' WHERE cidr_block = '10.1.1.0/24'"
    )
    assert (
        await all_applied(installed)
        == {("replace", table) for table in ("vpc", "internet_gateway", "subnet", "nat_gateway")} | MAIN
    )
    [new] = nat_gateways(ec2)
    assert new["VpcId"] != old["VpcId"]
    assert new["NatGatewayAddresses"][0]["AllocationId"] == old["NatGatewayAddresses"][0]["AllocationId"]
    assert len(ec2.describe_internet_gateways()["InternetGateways"]) == 1


async def test_an_address_that_something_has_is_not_released(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK + "INSERT INTO elastic_ip DEFAULT VALUES")
    await all_applied(installed)
    subnet = await installed.value("SELECT subnet_id FROM subnet WHERE cidr_block = '10.1.1.0/24'")
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    [address] = ec2.describe_addresses()["Addresses"]
    ec2.associate_address(NetworkInterfaceId=interface, AllocationId=address["AllocationId"])
    await installed("iasql_sync")
    shown = await installed.rows("SELECT network_interface_id FROM elastic_ip")
    assert shown == [(interface,)]
    await installed.execute("DELETE FROM elastic_ip")
    with pytest.raises(OperationError) as refused:
        await installed.apply()
    assert "InvalidIPAddress.InUse" in str(refused.value.detail)
    assert len(ec2.describe_addresses()["Addresses"]) == 1


async def test_what_replaces_an_address_loses_it(installed: Session, ec2: Any) -> None:
    await installed.execute("INSERT INTO elastic_ip DEFAULT VALUES")
    await all_applied(installed)
    await installed.execute("UPDATE elastic_ip SET network_border_group = 'us-east-1-wl1-bos-wlz-1'")
    with pytest.raises(OperationError) as refused:
        await installed.apply()
    assert refused.value.sqlstate == "0A000"
    assert "its address" in str(refused.value.detail)
