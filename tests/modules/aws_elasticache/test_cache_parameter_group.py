"""Groups of parameters for caches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_elasticache.scene import GROUP, SUBNETS, apply, order

PARAMETERS = (
    "INSERT INTO cache_parameter_group (name, family, description, parameters) VALUES ('lru', 'redis7', "
    '\'d\', \'{"maxmemory-policy": "allkeys-lru", "timeout": 60}\');'
)
_OWN = "SELECT name FROM cache_parameter_group WHERE name NOT LIKE 'default.%'"


def parameters(elasticache: Any, name: str = "lru") -> dict[str, str]:
    told = elasticache.describe_cache_parameters(CacheParameterGroupName=name, Source="user")["Parameters"]
    return {each["ParameterName"]: each["ParameterValue"] for each in told}


async def test_what_somebody_has_set_is_imported_and_nothing_else(session: Session, elasticache: Any) -> None:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="lru",
        CacheParameterGroupFamily="valkey8",
        Description="d",
        Tags=[{"Key": "team", "Value": "x"}],
    )
    change = [{"ParameterName": "timeout", "ParameterValue": "30"}]
    elasticache.modify_cache_parameter_group(CacheParameterGroupName="lru", ParameterNameValues=change)
    await session("iasql_install", "aws_elasticache")
    assert await session.rows(
        "SELECT name, family, description, parameters, tags FROM cache_parameter_group "
        "WHERE parameters <> '{}'"
    ) == [("lru", "valkey8", "d", '{"timeout": "30"}', '{"team": "x"}')]
    assert await session.value("SELECT family FROM cache_parameter_group WHERE name = 'default.redis7'") == (
        "redis7"
    )
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_only_what_changes_is_set(installed: Session, elasticache: Any, simulator: Cloud) -> None:
    simulator.plan({"operation": "CreateCacheParameterGroup", "action": "drop_after"})
    await installed.execute(PARAMETERS)
    assert [row[:2] for row in await apply(installed)] == [("create", "cache_parameter_group")]
    assert parameters(elasticache) == {"maxmemory-policy": "allkeys-lru", "timeout": "60"}
    theirs = [{"ParameterName": "databases", "ParameterValue": "4"}]
    elasticache.modify_cache_parameter_group(CacheParameterGroupName="lru", ParameterNameValues=theirs)
    await installed("iasql_sync")
    await installed.execute(
        "UPDATE cache_parameter_group SET parameters = parameters - 'timeout' || '{\"maxclients\": \"1\"}' "
        "WHERE name = 'lru'"
    )
    assert [row[:2] for row in await apply(installed)] == [("update", "cache_parameter_group")]
    assert parameters(elasticache) == {
        "maxmemory-policy": "allkeys-lru",
        "databases": "4",
        "maxclients": "1",
    }
    assert simulator.called("ResetCacheParameterGroup") == 1


async def test_many_parameters_are_set_twenty_at_once_and_set_back(
    installed: Session, elasticache: Any, simulator: Cloud
) -> None:
    many = {f"p{number}": str(number) for number in range(45)}
    await installed.execute(
        "INSERT INTO cache_parameter_group (name, family, description, parameters) "
        f"VALUES ('lru', 'redis7', 'd', '{json.dumps(many)}')"
    )
    await apply(installed)
    assert parameters(elasticache) == many
    assert simulator.called("ModifyCacheParameterGroup") == 3
    await installed.execute("UPDATE cache_parameter_group SET parameters = '{}' WHERE name = 'lru'")
    await apply(installed)
    assert parameters(elasticache) == {}


async def test_a_cache_gets_a_group_and_lets_go_of_it_before_it_is_deleted(
    installed: Session, elasticache: Any, simulator: Cloud
) -> None:
    await installed.execute(SUBNETS + PARAMETERS + GROUP)
    await installed.execute(
        "UPDATE replication_group SET engine = 'redis', parameter_group_id = "
        "(SELECT id FROM cache_parameter_group WHERE name = 'lru')"
    )
    await apply(installed)
    [member, *_] = elasticache.describe_cache_clusters()["CacheClusters"]
    assert member["CacheParameterGroup"]["CacheParameterGroupName"] == "lru"
    await installed.execute("UPDATE cache_parameter_group SET name = 'other' WHERE name = 'lru'")
    await apply(installed)
    [member, *_] = elasticache.describe_cache_clusters()["CacheClusters"]
    assert member["CacheParameterGroup"]["CacheParameterGroupName"] == "other"
    assert parameters(elasticache, "other") == {"maxmemory-policy": "allkeys-lru", "timeout": "60"}
    await installed.execute(
        "DELETE FROM replication_group; DELETE FROM cache_parameter_group WHERE name = 'other'"
    )
    await apply(installed)
    assert order(simulator)[-2:] == ["DeleteReplicationGroup", "DeleteCacheParameterGroup"]
    assert await installed.rows(_OWN) == []


async def test_another_family_makes_another_group(installed: Session, elasticache: Any) -> None:
    await installed.execute(PARAMETERS)
    await apply(installed)
    await installed.execute("UPDATE cache_parameter_group SET family = 'valkey8' WHERE name = 'lru'")
    assert [row[:2] for row in await apply(installed)] == [("replace", "cache_parameter_group")]
    assert set(parameters(elasticache)) == {"maxmemory-policy", "timeout"}


async def test_what_aws_refuses_is_said_and_its_own_groups_stay(installed: Session, elasticache: Any) -> None:
    await installed.execute(PARAMETERS.replace("redis7", "redis77"))
    with pytest.raises(OperationError, match="InvalidParameterValue") as refused:
        await installed("iasql_apply")
    assert "Check the family" in (refused.value.hint or "")
    await installed.execute("DELETE FROM cache_parameter_group WHERE name = 'lru'")
    await installed.execute("DELETE FROM cache_parameter_group WHERE name = 'default.redis7'")
    await installed("iasql_apply")
    assert await installed.rows("SELECT name FROM cache_parameter_group WHERE name = 'default.redis7'") == [
        ("default.redis7",)
    ]  # its row is restored


async def test_a_group_of_another_region_is_another_one(
    installed: Session, elasticache: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "us-west-2")
    await installed.execute("SET search_path = us_west_2, public")
    await installed("iasql_install", "aws_elasticache")
    await installed.execute(PARAMETERS)
    await apply(installed)
    assert set(parameters(simulator.at("us-west-2").client("elasticache"))) == {"maxmemory-policy", "timeout"}
    with pytest.raises(elasticache.exceptions.CacheParameterGroupNotFoundFault):
        parameters(elasticache)
