"""Clusters without replicas."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_elasticache.scene import CLUSTER, SUBNETS, apply, cluster, order


@pytest.fixture
async def applied(installed: Session) -> Session:
    """A session with a cluster of Memcached."""
    await installed.execute(SUBNETS + CLUSTER)
    assert {row[:2] for row in await apply(installed)} == {
        ("create", "cache_subnet_group"), ("create", "cache_cluster"),
    }  # fmt: skip
    return installed


async def test_a_cluster_is_imported(session: Session, elasticache: Any) -> None:
    elasticache.create_cache_cluster(
        CacheClusterId="one",
        CacheNodeType="cache.t4g.micro",
        Engine="redis",
        EngineVersion="5.0.6",
        Tags=[{"Key": "team", "Value": "x"}],
    )
    await session("iasql_install", "aws_elasticache")
    assert await session.rows(
        "SELECT cluster_id, node_type, engine, engine_version, num_nodes, port, status, tags "
        "FROM cache_cluster"
    ) == [("one", "cache.t4g.micro", "redis", "5.0.6", 1, 6379, "available", '{"team": "x"}')]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_cluster_is_made_with_all_that_its_row_says(installed: Session, elasticache: Any) -> None:
    await installed.execute(
        SUBNETS + "INSERT INTO security_group (group_name, description) VALUES ('sg', 'd');"
        "INSERT INTO cache_cluster (cluster_id, node_type, engine, engine_version, num_nodes, port, "
        "cache_subnet_group_id, availability_zone, preferred_maintenance_window, auto_minor_version_upgrade, "
        "snapshot_retention_limit, snapshot_window, notification_topic_arn, tags) "
        "SELECT 'one', 'cache.t4g.micro', 'redis', '7.0', 1, 6380, id, 'us-east-1b', 'mon:01:00-mon:02:00', "
        "false, 2, '04:00-05:00', 'arn:aws:sns:us-east-1:1:t', '{\"team\": \"x\"}' FROM cache_subnet_group;"
        "INSERT INTO cache_cluster_security_groups SELECT c.id, g.id FROM cache_cluster AS c, "
        "security_group AS g WHERE g.group_name = 'sg'"
    )
    await apply(installed)
    made = cluster(elasticache, "one")
    assert (made["EngineVersion"], made["PreferredAvailabilityZone"]) == ("7.0.7", "us-east-1b")
    assert (made["SnapshotRetentionLimit"], made["SnapshotWindow"]) == (2, "04:00-05:00")
    assert made["PreferredMaintenanceWindow"] == "mon:01:00-mon:02:00"
    assert made["AutoMinorVersionUpgrade"] is False
    assert made["NotificationConfiguration"]["TopicArn"].endswith(":t")
    assert made["CacheNodes"][0]["Endpoint"]["Port"] == 6380
    wanted = await installed.value("SELECT group_id FROM security_group WHERE group_name = 'sg'")
    assert [each["SecurityGroupId"] for each in made["SecurityGroups"]] == [wanted]
    assert elasticache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == [
        {"Key": "team", "Value": "x"}
    ]


async def test_nodes_come_and_the_last_ones_go(applied: Session, elasticache: Any) -> None:
    assert (
        await applied.value("SELECT endpoint FROM cache_cluster")
        == (cluster(elasticache, "mem")["ConfigurationEndpoint"]["Address"])
    )
    for count in (3, 1):
        await applied.execute(f"UPDATE cache_cluster SET num_nodes = {count}")
        assert [row[:2] for row in await apply(applied)] == [("update", "cache_cluster")]
        nodes = [each["CacheNodeId"] for each in cluster(elasticache, "mem")["CacheNodes"]]
        assert nodes == [f"{number:04}" for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("column", "value", "name", "shown"),
    [
        ("node_type", "'cache.t4g.small'", "CacheNodeType", "cache.t4g.small"),
        ("engine_version", "'1.6.17'", "EngineVersion", "1.6.17"),
        ("auto_minor_version_upgrade", "false", "AutoMinorVersionUpgrade", False),
        (
            "preferred_maintenance_window",
            "'tue:01:00-tue:02:00'",
            "PreferredMaintenanceWindow",
            "tue:01:00-tue:02:00",
        ),
    ],
)
async def test_a_change_changes_nothing_else(
    applied: Session, elasticache: Any, column: str, value: str, name: str, shown: Any
) -> None:
    before = cluster(elasticache, "mem")
    await applied.execute(f"UPDATE cache_cluster SET {column} = {value}")
    assert [row[:2] for row in await apply(applied)] == [("update", "cache_cluster")]
    after = cluster(elasticache, "mem")
    assert after[name] == shown
    assert {**after, name: None} == {**before, name: None}


async def test_a_replacement_says_that_the_data_are_lost(applied: Session, elasticache: Any) -> None:
    await applied.execute("UPDATE cache_cluster SET port = 11212")
    with pytest.raises(OperationError) as refused:
        await applied("iasql_apply")
    assert "its data" in str(refused.value.detail)
    assert cluster(elasticache, "mem")["CacheNodes"][0]["Endpoint"]["Port"] == 11211


async def test_a_row_without_a_node_type_is_refused(installed: Session, elasticache: Any) -> None:
    await installed.execute("INSERT INTO cache_cluster (cluster_id) VALUES ('one')")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.column == "node_type"
    assert elasticache.describe_cache_clusters()["CacheClusters"] == []


async def test_a_cluster_goes_before_its_subnets(
    applied: Session, elasticache: Any, simulator: Cloud
) -> None:
    await applied.execute("DELETE FROM cache_cluster; DELETE FROM cache_subnet_group")
    await apply(applied)
    assert order(simulator) == ["DeleteCacheCluster", "DeleteCacheSubnetGroup"]
    assert elasticache.describe_cache_clusters()["CacheClusters"] == []
