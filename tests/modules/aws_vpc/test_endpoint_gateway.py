"""Gateway endpoints, and the routes that AWS makes to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.simulator.conditions import Conditions
from engine.errors import OperationError
from modules.aws_vpc import endpoints
from modules.aws_vpc.endpoint_gateway import ENDPOINT_GATEWAY
from modules.aws_vpc.endpoint_interface import ENDPOINT_INTERFACE
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_vpc.endpoints import POLICY, Network, network, there


@pytest.fixture
def made(ec2: Any) -> Network:
    return network(ec2)


def s3(made: Network) -> str:
    """A row of an endpoint with all that it can have."""
    return (
        "INSERT INTO endpoint_gateway (vpc_id, service, route_table_ids, policy, tags) "
        f"SELECT id, 's3', '{{{made.tables[1]}}}', '{POLICY}', '{{\"Name\": \"objects\"}}' "
        f"FROM vpc WHERE vpc_id = '{made.vpc}'"
    )


def leading(ec2: Any) -> list[str]:
    """The route tables that lead to an endpoint."""
    return [
        table["RouteTableId"]
        for table in ec2.describe_route_tables()["RouteTables"]
        if any(route.get("GatewayId", "").startswith("vpce-") for route in table["Routes"])
    ]


async def test_endpoints_are_imported(session: Session, made: Network, ec2: Any) -> None:
    asked = {
        "VpcId": made.vpc,
        "ServiceName": "com.amazonaws.us-east-1.s3",
        "RouteTableIds": [made.tables[0]],
    }
    name = ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]["VpcEndpointId"]
    await session("iasql_install", "aws_vpc")
    shown = (
        "SELECT vpc_endpoint_id, service, state, route_table_ids, policy->>'Version' FROM endpoint_gateway"
    )
    assert await session.rows(shown) == [(name, "s3", "available", [made.tables[0]], "2008-10-17")]
    assert await session.value("SELECT count(*) FROM endpoint_interface") == 0
    assert await session.value("SELECT count(*) FROM route") == 0, "those to endpoints are AWS's"
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_an_endpoint_is_made_changed_in_place_replaced_and_deleted(
    made: Network, installed: Session, ec2: Any
) -> None:
    await installed.execute(s3(made))
    assert [row[:2] for row in await installed.apply()] == [("create", "endpoint_gateway")]
    [new] = there(ec2)
    assert (new["ServiceName"], new["VpcEndpointType"]) == ("com.amazonaws.us-east-1.s3", "Gateway")
    assert json.loads(new["PolicyDocument"]) == json.loads(POLICY)
    assert (new["Tags"], leading(ec2)) == ([{"Key": "Name", "Value": "objects"}], [made.tables[1]])

    for change in (
        f"route_table_ids = '{{{made.tables[0]}}}', service = 'com.amazonaws.us-east-1.s3'",
        """policy = '{"Version": "2012-10-17", "Statement": []}'""",
        'tags = \'{"team": "x"}\'',
    ):
        await installed.execute(f"UPDATE endpoint_gateway SET {change}")
        assert [row[0] for row in await installed("iasql_apply")] == ["update"]
    [changed] = there(ec2)
    assert changed["VpcEndpointId"] == new["VpcEndpointId"]
    assert json.loads(changed["PolicyDocument"])["Statement"] == []
    assert (changed["Tags"], leading(ec2)) == ([{"Key": "team", "Value": "x"}], [made.tables[0]])

    await installed.execute("UPDATE endpoint_gateway SET service = 'dynamodb'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    [other] = there(ec2)
    assert other["ServiceName"] == "com.amazonaws.us-east-1.dynamodb"
    assert (json.loads(other["PolicyDocument"])["Statement"], leading(ec2)) == ([], [made.tables[0]])

    await installed.execute("UPDATE endpoint_gateway SET route_table_ids = NULL")
    await installed("iasql_apply")
    assert leading(ec2) == []
    await installed.execute("DELETE FROM endpoint_gateway")
    assert [row[0] for row in await installed.apply()] == ["delete"]
    assert there(ec2) == []


async def test_what_aws_refuses_is_said(made: Network, installed: Session, ec2: Any) -> None:
    await installed.execute(f"{s3(made)}; {s3(made)}")
    with pytest.raises(OperationError, match="RouteAlreadyExists"):
        await installed("iasql_apply")
    assert len(there(ec2)) == 1
    await installed.execute(
        "DELETE FROM endpoint_gateway WHERE state IS NULL; UPDATE endpoint_gateway SET service = 'logs'"
    )
    with pytest.raises(OperationError, match="InvalidServiceName"):
        await installed("iasql_apply")
    await installed.execute(
        "UPDATE endpoint_gateway SET service = 's3'; "
        f"DELETE FROM route_table WHERE route_table_id = '{made.tables[1]}'"
    )
    with pytest.raises(OperationError, match="uses route_table"):
        await installed("iasql_apply")


async def test_an_endpoint_is_waited_for_although_answers_are_lost(
    made: Network, installed: Session, ec2: Any, simulator: Cloud
) -> None:
    simulator.be(Conditions(pending=0.4))
    for operation in ("CreateVpcEndpoint", "DeleteVpcEndpoints"):
        simulator.plan({"operation": operation, "action": "drop_after"})
    await installed.execute(s3(made))
    await installed("iasql_apply")
    assert (len(there(ec2)), simulator.called("CreateVpcEndpoint")) == (1, 2)
    assert await installed.rows("SELECT state FROM endpoint_gateway") == [("available",)]
    await installed.execute("DELETE FROM endpoint_gateway")
    await installed("iasql_apply")
    assert (there(ec2), simulator.called("DeleteVpcEndpoints")) == ([], 2)


async def test_endpoints_of_another_region_are_in_another_schema(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "us-west-2")
    await installed.execute("SET search_path = us_west_2, public")
    await installed("iasql_install", "aws_vpc")
    await installed.execute("INSERT INTO endpoint_gateway (vpc_id, service) SELECT id, 'dynamodb' FROM vpc")
    assert [row[0] for row in await installed("iasql_apply")] == ["create"]
    [found] = there(simulator.client("ec2", region="us-west-2"))
    assert (found["ServiceName"], there(ec2)) == ("com.amazonaws.us-west-2.dynamodb", [])


def test_an_endpoint_that_a_service_has_made_is_that_ones() -> None:
    for resource in (ENDPOINT_GATEWAY, ENDPOINT_INTERFACE):
        read = resource.column("managed_by").read
        assert read is not None
        assert read({"RequesterManaged": True}) == "a service of AWS"
        assert read({"OwnerId": "2", "Account": "1"}) == "AWS account 2"
        assert read({"OwnerId": "1", "Account": "1", "RequesterManaged": False}) is None


def test_a_service_has_one_name() -> None:
    for name, long in (
        ("s3", "com.amazonaws.eu-west-1.s3"),
        ("ecr.api", "com.amazonaws.eu-west-1.ecr.api"),
        ("s3-global.accesspoint", "com.amazonaws.s3-global.accesspoint"),
        ("com.amazonaws.vpce.eu-west-1.vpce-svc-1", "com.amazonaws.vpce.eu-west-1.vpce-svc-1"),
        ("aws.sagemaker.eu-west-1.notebook", "aws.sagemaker.eu-west-1.notebook"),
    ):
        assert (endpoints.short(long), endpoints.whole(name, None, "eu-west-1")) == (name, long)
    assert endpoints.whole("s3", "us-gov-west-1", "eu-west-1") == "com.amazonaws.us-gov-west-1.s3"
    assert endpoints.short("com.amazonaws.us-gov-west-1.s3") == "s3"
