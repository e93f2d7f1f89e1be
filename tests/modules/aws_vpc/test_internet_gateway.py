"""Internet gateways."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_vpc.scene import MAIN

MADE = (
    "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
    "INSERT INTO internet_gateway (vpc_id, tags) "
    """SELECT id, '{"team": "x"}' FROM vpc WHERE cidr_block = '10.1.0.0/16'"""
)


def gateways(ec2: Any) -> list[dict[str, Any]]:
    return list(ec2.describe_internet_gateways()["InternetGateways"])


async def row(session: Session) -> tuple[Any, ...]:
    """The gateway's id and its VPC's."""
    [found] = await session.rows(
        "SELECT g.internet_gateway_id, v.vpc_id FROM internet_gateway AS g "
        "LEFT JOIN vpc AS v ON v.id = g.vpc_id"
    )
    return found


async def test_gateways_are_imported(session: Session, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    free = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    await session("iasql_install", "aws_vpc")
    assert set(
        await session.rows(
            "SELECT internet_gateway_id, v.vpc_id, g.owner_id, g.managed_by FROM internet_gateway AS g "
            "LEFT JOIN vpc AS v ON v.id = g.vpc_id"
        )
    ) == {(made, vpc, "123456789012", None), (free, None, "123456789012", None)}
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_gateway_is_made_in_a_vpc_of_the_same_plan(installed: Session, ec2: Any) -> None:
    await installed.execute(MADE)
    assert [each[:2] for each in await installed.apply()] == [
        ("create", "vpc"),
        ("create", "internet_gateway"),
    ]
    [made] = gateways(ec2)
    id, vpc = await row(installed)
    assert (made["InternetGatewayId"], made["Attachments"]) == (id, [{"State": "available", "VpcId": vpc}])
    assert made["Tags"] == [{"Key": "team", "Value": "x"}]
    assert await installed("iasql_plan_apply") == []


async def test_a_gateway_is_attached_moved_and_detached_in_place(installed: Session, ec2: Any) -> None:
    await installed.execute("INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16'), ('10.2.0.0/16');")
    await installed.execute("INSERT INTO internet_gateway DEFAULT VALUES")
    await installed.apply()
    id, none = await row(installed)
    assert none is None
    for network in ("10.1.0.0/16", "10.2.0.0/16"):
        await installed.execute(
            f"UPDATE internet_gateway SET vpc_id = (SELECT id FROM vpc WHERE cidr_block = '{network}')"
        )
        assert [each[:2] for each in await installed.apply()] == [("update", "internet_gateway")]
        [there] = gateways(ec2)
        assert (there["InternetGatewayId"], there["Attachments"][0]["VpcId"]) == await row(installed)
        assert there["InternetGatewayId"] == id
    await installed.execute("UPDATE internet_gateway SET vpc_id = NULL")
    assert [each[:2] for each in await installed.apply()] == [("update", "internet_gateway")]
    assert [each["Attachments"] for each in gateways(ec2)] == [[]]
    assert await installed("iasql_plan_apply") == []


async def test_a_gateway_is_replaced_with_its_vpc(installed: Session, ec2: Any) -> None:
    await installed.execute(MADE)
    await installed.apply()
    old, _ = await row(installed)
    await installed.execute("UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default")
    assert {each[:2] for each in await installed.apply()} == {
        ("replace", "vpc"),
        ("replace", "internet_gateway"),
        *MAIN,
    }
    [new] = gateways(ec2)
    assert (new["InternetGatewayId"], new["Attachments"][0]["VpcId"]) == await row(installed)
    assert new["InternetGatewayId"] != old
    assert new["Tags"] == [{"Key": "team", "Value": "x"}]
    assert await installed("iasql_plan_apply") == []


async def test_a_gateway_is_deleted_with_its_vpc(installed: Session, ec2: Any) -> None:
    await installed.execute(MADE)
    await installed.apply()
    await installed.execute("DELETE FROM internet_gateway; DELETE FROM vpc WHERE NOT is_default")
    assert {each[:2] for each in await installed.apply()} == {
        ("delete", "vpc"),
        ("delete", "internet_gateway"),
    }
    assert gateways(ec2) == []
    assert [each["IsDefault"] for each in ec2.describe_vpcs()["Vpcs"]] == [True]


async def test_a_gateway_that_aws_does_not_delete_stays_attached(
    installed: Session, ec2: Any, simulator: Cloud
) -> None:
    await installed.execute(MADE)
    await installed.apply()
    simulator.plan(
        {
            "operation": "DeleteInternetGateway",
            "action": "error",
            "code": "UnauthorizedOperation",
            "status": 403,
        }
    )
    await installed.execute("DELETE FROM internet_gateway")
    with pytest.raises(OperationError) as refused:
        await installed.apply()
    assert refused.value.message.startswith("could not delete internet_gateway 10.1.0.0/16 (igw-")
    [there] = gateways(ec2)
    assert [each["State"] for each in there["Attachments"]] == ["available"]
