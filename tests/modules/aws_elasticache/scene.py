"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

#: A group of two private subnets.
SUBNETS = (
    "INSERT INTO cache_subnet_group (name, description, subnets) "
    "SELECT 'net', 'd', array_agg(subnet_id) FROM (SELECT subnet_id FROM subnet ORDER BY 1 LIMIT 2) AS s;"
)
GROUP = (
    "INSERT INTO replication_group (replication_group_id, description, node_type, replicas_per_node_group, "
    "automatic_failover_enabled, multi_az_enabled, cache_subnet_group_id) "
    "SELECT 'cache', 'd', 'cache.t4g.micro', 1, true, true, id FROM cache_subnet_group;"
)
CLUSTER = (
    "INSERT INTO cache_cluster (cluster_id, node_type, engine, num_nodes, cache_subnet_group_id) "
    "SELECT 'mem', 'cache.t4g.micro', 'memcached', 2, id FROM cache_subnet_group;"
)


def group(elasticache: Any) -> dict[str, Any]:
    return dict(elasticache.describe_replication_groups(ReplicationGroupId="cache")["ReplicationGroups"][0])


def cluster(elasticache: Any, name: str) -> dict[str, Any]:
    found = elasticache.describe_cache_clusters(CacheClusterId=name, ShowCacheNodeInfo=True)
    return dict(found["CacheClusters"][0])


def order(simulator: Cloud) -> list[str]:
    """The deletions that AWS was asked for, in order."""
    calls = [each["operation"] for each in simulator.calls(mutating=True)]
    return [each for each in calls if each.startswith("Delete")]


async def apply(session: Session) -> list[tuple[Any, ...]]:
    """Apply; the plan said the same before, and nothing is left to do after. A sync shows what caches do to
    other tables, such as the addresses that are left in subnets, and the subnet group that AWS has made.
    """
    planned = await session("iasql_plan_apply")
    applied = await session("iasql_apply")
    assert applied == planned
    assert await session("iasql_plan_apply") == []
    await session("iasql_sync")
    assert await session("iasql_plan_apply") == []
    return applied
