"""Groups of subnets for caches."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_elasticache.scene import GROUP, SUBNETS, apply, order


def told(elasticache: Any) -> dict[str, Any]:
    [found] = elasticache.describe_cache_subnet_groups()["CacheSubnetGroups"]
    return dict(found)


def subnets(elasticache: Any) -> list[str]:
    return sorted(each["SubnetIdentifier"] for each in told(elasticache)["Subnets"])


async def test_a_group_is_made_changed_replaced_and_deleted(installed: Session, elasticache: Any) -> None:
    await installed.execute(SUBNETS)
    assert [row[:2] for row in await apply(installed)] == [("create", "cache_subnet_group")]
    some = await installed.value("SELECT subnets FROM cache_subnet_group")
    assert subnets(elasticache) == sorted(some)
    assert await installed.rows("SELECT arn, vpc_id FROM cache_subnet_group") == [
        (told(elasticache)["ARN"], told(elasticache)["VpcId"])
    ]
    await installed.execute("UPDATE cache_subnet_group SET subnets = subnets[1:1]")
    assert [row[0] for row in await apply(installed)] == ["update"]
    assert subnets(elasticache) == sorted(some[:1])
    await installed.execute("UPDATE cache_subnet_group SET description = 'other'")
    assert [row[0] for row in await apply(installed)] == ["update"]
    assert told(elasticache)["CacheSubnetGroupDescription"] == "other"
    assert subnets(elasticache) == sorted(some[:1])
    await installed.execute("UPDATE cache_subnet_group SET name = 'Net2'")
    assert [row[0] for row in await apply(installed)] == ["replace"]
    assert told(elasticache)["CacheSubnetGroupName"] == "net2"
    await installed.execute("DELETE FROM cache_subnet_group")
    assert [row[0] for row in await apply(installed)] == ["delete"]
    assert elasticache.describe_cache_subnet_groups()["CacheSubnetGroups"] == []


async def test_a_group_is_imported(session: Session, elasticache: Any, boto: Any) -> None:
    some = [each["SubnetId"] for each in boto("ec2").describe_subnets()["Subnets"]][:2]
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="net",
        CacheSubnetGroupDescription="d",
        SubnetIds=some,
        Tags=[{"Key": "team", "Value": "x"}],
    )
    await session("iasql_install", "aws_elasticache")
    assert await session.rows("SELECT name, description, subnets, tags FROM cache_subnet_group") == [
        ("net", "d", some, '{"team": "x"}')
    ]
    assert await session("iasql_plan_apply") == []


async def test_subnets_of_caches_stay_in_a_group_and_the_group_goes_after_them(
    installed: Session, elasticache: Any, simulator: Cloud
) -> None:
    await installed.execute(SUBNETS + GROUP)
    await apply(installed)
    before = subnets(elasticache)
    await installed.execute("UPDATE cache_subnet_group SET subnets = subnets[1:1]")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "stands in a subnet" in (refused.value.hint or "")
    assert subnets(elasticache) == before
    await installed("iasql_sync")
    await installed.execute("DELETE FROM replication_group; DELETE FROM cache_subnet_group")
    await apply(installed)
    assert order(simulator) == ["DeleteReplicationGroup", "DeleteCacheSubnetGroup"]
