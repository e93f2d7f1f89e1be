"""Groups of subnets for databases."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_rds.scene import INSTANCE, SUBNETS, apply, instance, order


def subnets(rds: Any) -> list[str]:
    [group] = rds.describe_db_subnet_groups(DBSubnetGroupName="net")["DBSubnetGroups"]
    return sorted(each["SubnetIdentifier"] for each in group["Subnets"])


async def test_a_group_is_made_changed_whole_replaced_and_deleted(installed: Session, rds: Any) -> None:
    await installed.execute(SUBNETS)
    assert [row[:2] for row in await apply(installed)] == [("create", "db_subnet_group")]
    all_of_them = await installed.value("SELECT array_agg(subnet_id ORDER BY 1) FROM subnet")
    assert subnets(rds) == sorted(all_of_them)
    await installed.execute("UPDATE db_subnet_group SET subnets = subnets[1:2]")
    assert [row[0] for row in await apply(installed)] == ["update"]
    assert len(subnets(rds)) == 2
    await installed.execute("UPDATE db_subnet_group SET description = 'other'")
    assert [row[0] for row in await apply(installed)] == ["update"]
    [group] = rds.describe_db_subnet_groups()["DBSubnetGroups"]
    assert group["DBSubnetGroupDescription"] == "other"
    assert len(subnets(rds)) == 2
    await installed.execute("UPDATE db_subnet_group SET name = 'Net2'")
    assert [row[0] for row in await apply(installed)] == ["replace"]
    [group] = rds.describe_db_subnet_groups()["DBSubnetGroups"]
    assert group["DBSubnetGroupName"] == "net2"
    await installed.execute("DELETE FROM db_subnet_group")
    assert [row[0] for row in await apply(installed)] == ["delete"]
    assert rds.describe_db_subnet_groups()["DBSubnetGroups"] == []


async def test_a_group_is_imported_and_one_zone_is_not_enough(session: Session, rds: Any, boto: Any) -> None:
    some = [each["SubnetId"] for each in boto("ec2").describe_subnets()["Subnets"]]
    rds.create_db_subnet_group(DBSubnetGroupName="net", DBSubnetGroupDescription="d", SubnetIds=some[:2])
    await session("iasql_install", "aws_rds")
    assert await session.value("SELECT subnets FROM db_subnet_group") == some[:2]
    assert await session("iasql_plan_apply") == []
    await session.execute("UPDATE db_subnet_group SET subnets = subnets[1:1]")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert "two zones" in (refused.value.hint or "")
    assert subnets(rds) == sorted(some[:2])


async def test_an_instance_stands_in_a_group_and_goes_before_it(
    installed: Session, rds: Any, simulator: Cloud
) -> None:
    await installed.execute(SUBNETS + INSTANCE)
    await installed.execute("UPDATE rds SET db_subnet_group_id = (SELECT id FROM db_subnet_group)")
    assert [row[:2] for row in await apply(installed)] == [("create", "db_subnet_group"), ("create", "rds")]
    assert instance(rds)["DBSubnetGroup"]["DBSubnetGroupName"] == "net"
    await installed.execute("DELETE FROM rds; DELETE FROM db_subnet_group")
    assert {row[:2] for row in await apply(installed)} == {("delete", "rds"), ("delete", "db_subnet_group")}
    assert order(simulator) == ["DeleteDBInstance", "DeleteDBSubnetGroup"]
