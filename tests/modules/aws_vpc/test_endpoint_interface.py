"""Interface endpoints, and the subnets and groups that they are in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.simulator.conditions import Conditions
from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_vpc.endpoints import POLICY, Network, network, there


@pytest.fixture
def made(ec2: Any) -> Network:
    return network(ec2)


def logs(made: Network) -> str:
    """Rows of an endpoint in a subnet of each zone."""
    return (
        "INSERT INTO endpoint_interface (vpc_id, service, private_dns_enabled, policy, tags) "
        f"SELECT id, 'logs', true, '{POLICY}', '{{\"Name\": \"logs\"}}' FROM vpc "
        f"WHERE vpc_id = '{made.vpc}';"
        "INSERT INTO endpoint_interface_subnets (endpoint_interface_id, subnet_id) SELECT e.id, s.id "
        f"FROM endpoint_interface AS e, subnet AS s WHERE s.subnet_id IN {made.subnets[1:]};"
    )


def of_subnet(made: Network, number: int) -> str:
    return f"(SELECT id FROM subnet WHERE subnet_id = '{made.subnets[number]}')"


async def test_endpoints_are_imported(session: Session, made: Network, ec2: Any) -> None:
    name = ec2.create_vpc_endpoint(
        VpcId=made.vpc,
        ServiceName="com.amazonaws.us-east-1.ecr.api",
        VpcEndpointType="Interface",
        SubnetIds=made.subnets[:1],
        PrivateDnsEnabled=False,
    )["VpcEndpoint"]["VpcEndpointId"]
    await session("iasql_install", "aws_vpc")
    group = there(ec2)[0]["Groups"][0]["GroupId"]
    assert await session.rows(
        "SELECT vpc_endpoint_id, service, service_region, e.state, private_dns_enabled, "
        "dns_name_record_type, ip_address_type, security_group_ids, s.subnet_id FROM endpoint_interface AS e "
        "JOIN endpoint_interface_subnets AS i ON i.endpoint_interface_id = e.id "
        "JOIN subnet AS s ON s.id = i.subnet_id"
    ) == [
        (name, "ecr.api", "us-east-1", "available", False, "ipv4", "ipv4", [group], made.subnets[0])
    ]  # fmt: skip
    assert await session.value("SELECT count(*) FROM endpoint_gateway") == 0
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_an_endpoint_is_made_waited_for_and_deleted_with_its_network(
    made: Network, installed: Session, ec2: Any, simulator: Cloud
) -> None:
    simulator.be(Conditions(pending=0.4, lingering=0.4))
    await installed.execute(logs(made))
    assert [row[:2] for row in await installed("iasql_apply")] == [("create", "endpoint_interface")]
    assert await installed("iasql_plan_apply") == []
    [endpoint] = there(ec2)
    assert (endpoint["ServiceName"], endpoint["State"]) == ("com.amazonaws.us-east-1.logs", "available")
    assert (endpoint["PrivateDnsEnabled"], sorted(endpoint["SubnetIds"])) == (True, sorted(made.subnets[1:]))
    assert json.loads(endpoint["PolicyDocument"]) == json.loads(POLICY)
    assert endpoint["Tags"] == [{"Key": "Name", "Value": "logs"}]
    assert [each["GroupName"] for each in endpoint["Groups"]] == ["default"]
    vpc = f"vpc_id = (SELECT id FROM vpc WHERE vpc_id = '{made.vpc}')"
    await installed.execute(
        f"DELETE FROM endpoint_interface; DELETE FROM route_table WHERE NOT is_main AND {vpc}; "
        f"DELETE FROM subnet WHERE {vpc}; DELETE FROM vpc WHERE vpc_id = '{made.vpc}'"
    )
    assert {row[0] for row in await installed("iasql_apply")} == {"delete"}
    assert there(ec2) == []


async def test_each_column_changes_in_place_and_another_service_replaces_it(
    made: Network, installed: Session, ec2: Any
) -> None:
    await installed.execute(logs(made))
    await installed("iasql_apply")
    [new] = there(ec2)
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=made.vpc)["GroupId"]
    subnets = "UPDATE endpoint_interface_subnets SET subnet_id"
    for change in (
        "UPDATE endpoint_interface SET private_dns_enabled = false",
        "UPDATE endpoint_interface SET dns_name_record_type = 'dualstack', ip_address_type = 'dualstack'",
        """UPDATE endpoint_interface SET policy = '{"Version": "2012-10-17", "Statement": []}'""",
        f"UPDATE endpoint_interface SET security_group_ids = '{{{group}}}'",
        'UPDATE endpoint_interface SET tags = \'{"team": "x"}\'',
        # Of the same zone.
        f"{subnets} = {of_subnet(made, 0)} WHERE subnet_id = {of_subnet(made, 1)}",
    ):
        await installed.execute(change)
        assert [row[0] for row in await installed("iasql_apply")] == ["update"]
    assert await installed("iasql_plan_apply") == []
    [changed] = there(ec2)
    assert changed["VpcEndpointId"] == new["VpcEndpointId"]
    assert (changed["PrivateDnsEnabled"], changed["DnsOptions"]["DnsRecordIpType"]) == (False, "dualstack")
    assert changed["IpAddressType"] == "dualstack"
    assert json.loads(changed["PolicyDocument"])["Statement"] == []
    assert [each["GroupId"] for each in changed["Groups"]] == [group]
    assert changed["Tags"] == [{"Key": "team", "Value": "x"}]
    assert set(changed["SubnetIds"]) == {made.subnets[0], made.subnets[2]}
    await installed.execute("UPDATE endpoint_interface SET service = 'ecr.api'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    [other] = there(ec2)
    assert other["ServiceName"] == "com.amazonaws.us-east-1.ecr.api"
    for name in ("Groups", "PolicyDocument", "IpAddressType", "DnsOptions", "Tags"):
        assert other[name] == changed[name]
    assert set(other["SubnetIds"]) == set(changed["SubnetIds"])


async def test_what_aws_refuses_is_said(made: Network, installed: Session, ec2: Any) -> None:
    await installed.execute(
        logs(made) + "INSERT INTO endpoint_interface_subnets (endpoint_interface_id, subnet_id) "
        f"SELECT id, {of_subnet(made, 0)} FROM endpoint_interface"
    )
    with pytest.raises(OperationError, match="DuplicateSubnetsInSameZone"):
        await installed("iasql_apply")
    await installed.execute(
        f"DELETE FROM endpoint_interface_subnets WHERE subnet_id = {of_subnet(made, 0)};"
        "INSERT INTO endpoint_interface (vpc_id, service, private_dns_enabled) SELECT vpc_id, service, true "
        "FROM endpoint_interface"
    )
    with pytest.raises(OperationError, match="InvalidParameter") as caught:
        await installed("iasql_apply")
    assert "already a conflicting DNS domain" in (caught.value.detail or "")
    assert len(there(ec2)) == 1
