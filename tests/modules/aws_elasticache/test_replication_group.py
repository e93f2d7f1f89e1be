"""Replication groups."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.simulator.conditions import Conditions
from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_elasticache.scene import GROUP, SUBNETS, apply, cluster, group, order


@pytest.fixture
async def applied(installed: Session) -> Session:
    """A session with a replication group."""
    await installed.execute(SUBNETS + GROUP)
    assert [row[:2] for row in await apply(installed)] == [
        ("create", "cache_subnet_group"), ("create", "replication_group"),
    ]  # fmt: skip
    return installed


async def test_a_group_is_made_of_two_nodes_in_two_subnets(applied: Session, elasticache: Any) -> None:
    made, member = group(elasticache), cluster(elasticache, "cache-001")
    assert made["MemberClusters"] == ["cache-001", "cache-002"]
    assert (made["AutomaticFailover"], made["MultiAZ"]) == ("enabled", "enabled")
    assert (member["Engine"], member["CacheSubnetGroupName"]) == ("valkey", "net")
    assert await applied.rows(
        "SELECT status, engine, engine_version, primary_endpoint, port, member_clusters, num_node_groups, "
        "replicas_per_node_group FROM replication_group"
    ) == [
        (
            "available", "valkey", "8.0.1", made["NodeGroups"][0]["PrimaryEndpoint"]["Address"], 6379,
            ["cache-001", "cache-002"], 1, 1,
        )
    ]  # fmt: skip


async def test_a_group_is_made_with_all_that_its_row_says(installed: Session, elasticache: Any) -> None:
    await installed.execute(
        SUBNETS + "INSERT INTO security_group (group_name, description) VALUES ('sg', 'd');"
        "INSERT INTO replication_group (replication_group_id, description, engine, engine_version, "
        "node_type, num_node_groups, replicas_per_node_group, automatic_failover_enabled, multi_az_enabled, "
        "cache_subnet_group_id, port, at_rest_encryption_enabled, kms_key_id, transit_encryption_enabled, "
        "preferred_maintenance_window, auto_minor_version_upgrade, snapshot_retention_limit, "
        "snapshot_window, notification_topic_arn, tags) "
        "SELECT 'cache', 'all', 'redis', '7.0', 'cache.r7g.large', 2, 1, true, true, id, 6380, true, "
        "'key-1', true, 'Mon:01:00-Mon:02:00', false, 3, '04:00-05:00', 'arn:aws:sns:us-east-1:1:t', "
        '\'{"team": "x"}\' FROM cache_subnet_group;'
        "INSERT INTO replication_group_security_groups SELECT r.id, g.id FROM replication_group AS r, "
        "security_group AS g WHERE g.group_name = 'sg'"
    )
    await apply(installed)
    made, member = group(elasticache), cluster(elasticache, "cache-0002-002")
    assert len(made["NodeGroups"]) == 2
    assert made["ConfigurationEndpoint"]["Port"] == 6380
    assert (made["KmsKeyId"], made["TransitEncryptionEnabled"]) == ("key-1", True)
    assert (made["SnapshotRetentionLimit"], made["SnapshotWindow"]) == (3, "04:00-05:00")
    assert (member["EngineVersion"], member["CacheNodeType"]) == ("7.0.7", "cache.r7g.large")
    assert member["NotificationConfiguration"]["TopicArn"].endswith(":t")
    assert member["AutoMinorVersionUpgrade"] is False
    [sg] = [each["SecurityGroupId"] for each in member["SecurityGroups"]]
    assert sg == await installed.value("SELECT group_id FROM security_group WHERE group_name = 'sg'")
    assert "key-1" in str(await installed.rows("SELECT replication_group::text FROM replication_group"))


async def test_a_group_is_imported_and_its_members_are_no_clusters(
    session: Session, elasticache: Any
) -> None:
    elasticache.create_replication_group(
        ReplicationGroupId="cache",
        ReplicationGroupDescription="d",
        CacheNodeType="cache.t4g.micro",
        Engine="redis",
        TransitEncryptionEnabled=True,
        AuthToken="not-for-a-table-at-all",
        Tags=[{"Key": "team", "Value": "x"}],
    )
    await session("iasql_install", "aws_elasticache")
    assert await session.rows(
        "SELECT replication_group_id, description, engine, engine_version, auth_token_enabled, tags "
        "FROM replication_group"
    ) == [("cache", "d", "redis", "7.1.0", True, '{"team": "x"}')]
    assert await session.value("SELECT count(*) FROM cache_cluster") == 0
    assert await session.value("SELECT name FROM cache_subnet_group") == "default"
    assert "not-for" not in str(await session.rows("SELECT replication_group::text FROM replication_group"))
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


@pytest.mark.parametrize(
    ("column", "value", "name", "shown"),
    [
        ("description", "'other'", "Description", "other"),
        ("node_type", "'cache.t4g.small'", "CacheNodeType", "cache.t4g.small"),
        ("multi_az_enabled", "false", "MultiAZ", "disabled"),
        ("snapshot_retention_limit", "5", "SnapshotRetentionLimit", 5),
        ("snapshot_window", "'06:00-07:00'", "SnapshotWindow", "06:00-07:00"),
        ("auto_minor_version_upgrade", "false", "AutoMinorVersionUpgrade", False),
    ],
)
async def test_a_change_changes_nothing_else(
    applied: Session, elasticache: Any, column: str, value: str, name: str, shown: Any
) -> None:
    before = group(elasticache)
    await applied.execute(f"UPDATE replication_group SET {column} = {value}")
    assert [row[:2] for row in await apply(applied)] == [("update", "replication_group")]
    after = group(elasticache)
    assert after[name] == shown
    assert {**after, name: None} == {**before, name: None}


async def test_replicas_come_and_go(applied: Session, elasticache: Any, simulator: Cloud) -> None:
    await applied.execute("UPDATE replication_group SET replicas_per_node_group = 2")
    await apply(applied)
    assert len(group(elasticache)["MemberClusters"]) == 3
    await applied.execute(
        "UPDATE replication_group SET replicas_per_node_group = 0, automatic_failover_enabled = false, "
        "multi_az_enabled = false"
    )
    await apply(applied)
    assert group(elasticache)["MemberClusters"] == ["cache-001"]
    counts = [simulator.called(f"{each}ReplicaCount") for each in ("Increase", "Decrease")]
    assert counts == [1, 1]


async def test_security_groups_and_a_topic_are_changed(applied: Session, elasticache: Any) -> None:
    await applied.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('sg', 'd');"
        "DELETE FROM replication_group_security_groups;"
        "INSERT INTO replication_group_security_groups SELECT r.id, g.id FROM replication_group AS r, "
        "security_group AS g WHERE g.group_name = 'sg';"
        "UPDATE replication_group SET notification_topic_arn = 'arn:aws:sns:us-east-1:123456789012:t'"
    )
    await apply(applied)
    member = cluster(elasticache, "cache-002")
    wanted = await applied.value("SELECT group_id FROM security_group WHERE group_name = 'sg'")
    assert [each["SecurityGroupId"] for each in member["SecurityGroups"]] == [wanted]
    assert member["NotificationConfiguration"]["TopicStatus"] == "active"
    await applied.execute("UPDATE replication_group SET notification_topic_arn = NULL")
    await apply(applied)
    assert "NotificationConfiguration" not in cluster(elasticache, "cache-001")


async def test_an_upgrade_is_waited_for(applied: Session, elasticache: Any, simulator: Cloud) -> None:
    await applied.execute("UPDATE replication_group SET engine = 'redis', engine_version = '7.0'")
    await apply(applied)
    simulator.be(Conditions(pending=1.0))
    await applied.execute("UPDATE replication_group SET engine_version = '7.1'")
    await apply(applied)
    assert cluster(elasticache, "cache-001")["EngineVersion"] == "7.1.0"
    assert await applied.value("SELECT status FROM replication_group") == "available"


async def test_an_upgrade_that_aws_takes_and_does_not_make_fails(
    session: Session, elasticache: Any, simulator: Cloud
) -> None:
    elasticache.create_replication_group(
        ReplicationGroupId="cache",
        ReplicationGroupDescription="d",
        CacheNodeType="cache.t4g.micro",
        Engine="redis",
        EngineVersion="5.0.6",
    )
    await session("iasql_install", "aws_elasticache")
    await session.execute("UPDATE replication_group SET engine_version = '6.x'")
    with pytest.raises(OperationError) as failed:
        await session("iasql_apply")
    assert "not made it" in str(failed.value)
    assert simulator.called("ModifyReplicationGroup") == 1
    assert cluster(elasticache, "cache-001")["EngineVersion"] == "5.0.6"
    assert [row[0] for row in await session("iasql_plan_apply")] == ["update"]
    await session.execute("UPDATE replication_group SET engine_version = '6.2'")
    await apply(session)
    assert cluster(elasticache, "cache-001")["EngineVersion"] == "6.2.6"


async def test_what_somebody_has_put_off_stays_put_off(applied: Session, elasticache: Any) -> None:
    elasticache.modify_replication_group(ReplicationGroupId="cache", CacheNodeType="cache.r7g.large")
    await applied("iasql_sync")
    assert await applied.value("SELECT node_type FROM replication_group") == "cache.r7g.large"
    await applied.execute("UPDATE replication_group SET description = 'other'")
    await apply(applied)
    member = cluster(elasticache, "cache-001")
    assert member["CacheNodeType"] == "cache.t4g.micro"
    assert member["PendingModifiedValues"]["CacheNodeType"] == "cache.r7g.large"
    assert group(elasticache)["Description"] == "other"


async def test_a_replacement_says_that_the_data_are_lost(applied: Session, elasticache: Any) -> None:
    await applied.execute("UPDATE replication_group SET port = 6380")
    with pytest.raises(OperationError) as refused:
        await applied("iasql_apply")
    assert "its data" in str(refused.value.detail)
    assert group(elasticache)["NodeGroups"][0]["PrimaryEndpoint"]["Port"] == 6379


async def test_failover_without_a_replica_is_refused(installed: Session, elasticache: Any) -> None:
    await installed.execute(SUBNETS + GROUP)
    await installed.execute("UPDATE replication_group SET replicas_per_node_group = 0")
    with pytest.raises(OperationError):
        await installed("iasql_apply")
    assert elasticache.describe_replication_groups()["ReplicationGroups"] == []


async def test_a_group_is_waited_for_and_lets_go_of_its_subnets(
    installed: Session, elasticache: Any, simulator: Cloud
) -> None:
    simulator.be(Conditions(pending=1.0))
    await installed.execute(SUBNETS + GROUP)
    await apply(installed)
    assert await installed.value("SELECT status FROM replication_group") == "available"
    assert len(simulator.client("ec2").describe_network_interfaces()["NetworkInterfaces"]) == 2
    await installed.execute("DELETE FROM replication_group; DELETE FROM cache_subnet_group")
    await apply(installed)
    assert order(simulator) == ["DeleteReplicationGroup", "DeleteCacheSubnetGroup"]
    assert simulator.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


async def test_another_region_has_groups_of_its_own(
    applied: Session, elasticache: Any, simulator: Cloud
) -> None:
    await applied("iasql_add_region", "eu-west-1")
    await applied.execute("SET search_path = eu_west_1, public")
    await applied("iasql_install", "aws_elasticache")
    await applied.execute("SET search_path = public")
    await applied.execute(
        "INSERT INTO eu_west_1.replication_group (replication_group_id, node_type) "
        "VALUES ('there', 'cache.t4g.micro')"
    )
    assert [row[:2] for row in await apply(applied)] == [("create", "eu_west_1.replication_group")]
    [made] = simulator.client("elasticache", "eu-west-1").describe_replication_groups()["ReplicationGroups"]
    assert ":eu-west-1:" in made["ARN"]
    assert len(elasticache.describe_replication_groups()["ReplicationGroups"]) == 1
