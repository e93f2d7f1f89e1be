"""Instances."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_rds.scene import CLUSTER, INSTANCE, MEMBER, apply, instance, order


@pytest.fixture
async def applied(installed: Session) -> Session:
    """A session with an instance."""
    await installed.execute(INSTANCE)
    assert [row[:2] for row in await apply(installed)] == [("create", "rds")]
    return installed


def snapshots(rds: Any) -> list[str]:
    some = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    return [each["DBSnapshotIdentifier"] for each in some]


async def test_an_instance_is_imported(session: Session, rds: Any) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        EngineVersion="16.3",
        MasterUsername="root",
        MasterUserPassword="not-for-a-table",
        AllocatedStorage=20,
        Tags=[{"Key": "team", "Value": "x"}],
    )
    await session("iasql_install", "aws_rds")
    [row] = await session.rows(
        "SELECT db_instance_identifier, db_instance_class, engine, engine_version, master_username, "
        "manage_master_user_password, master_user_secret_arn, allocated_storage, endpoint_port, tags, status "
        "FROM rds"
    )
    assert row == (
        "db", "db.t3.micro", "postgres", "16.3", "root", False, None, 20, 5432, '{"team": "x"}', "available",
    )  # fmt: skip
    groups = [each["VpcSecurityGroupId"] for each in instance(rds)["VpcSecurityGroups"]]
    named = "SELECT group_id FROM rds_security_groups JOIN security_group AS g ON g.id = security_group_id"
    assert [each for (each,) in await session.rows(named)] == groups
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    told = await session.rows("SELECT rds::text FROM rds")
    assert "not-for-a-table" not in str(told)


async def test_an_instance_is_made_with_all_that_its_row_says(installed: Session, rds: Any) -> None:
    await installed.execute(
        "INSERT INTO security_group (group_name, description) VALUES ('db', 'd');"
        "INSERT INTO rds (db_instance_identifier, db_instance_class, engine, engine_version, db_name, "
        "master_username, port, allocated_storage, max_allocated_storage, storage_type, iops, "
        "storage_encrypted, availability_zone, publicly_accessible, backup_retention_period, "
        "preferred_backup_window, preferred_maintenance_window, deletion_protection, copy_tags_to_snapshot, "
        "auto_minor_version_upgrade, iam_database_authentication, enable_cloudwatch_logs_exports, "
        "performance_insights_enabled, performance_insights_retention_period, promotion_tier, tags) "
        "VALUES ('db', 'db.m5.large', 'postgres', '16.3', 'shop', 'root', 5433, 100, 500, 'io1', 1000, true, "
        "'us-east-1b', false, 7, '03:00-04:00', 'Sun:05:00-Sun:06:00', true, true, false, true, "
        "'{postgresql}', true, 7, 2, '{\"team\": \"x\"}');"
        "INSERT INTO rds_security_groups "
        "SELECT r.id, g.id FROM rds AS r, security_group AS g WHERE group_name = 'db'"
    )
    assert ("create", "rds") in [row[:2] for row in await apply(installed)]
    made = instance(rds)
    assert {
        name: made[name]
        for name in (
            "DBName", "AllocatedStorage", "MaxAllocatedStorage", "StorageType", "Iops", "StorageEncrypted",
            "AvailabilityZone", "PubliclyAccessible", "BackupRetentionPeriod", "PreferredBackupWindow",
            "DeletionProtection", "CopyTagsToSnapshot", "AutoMinorVersionUpgrade",
            "IAMDatabaseAuthenticationEnabled", "EnabledCloudwatchLogsExports", "PerformanceInsightsEnabled",
            "PromotionTier", "MultiAZ",
        )
    } == {
        "DBName": "shop", "AllocatedStorage": 100, "MaxAllocatedStorage": 500, "StorageType": "io1",
        "Iops": 1000, "StorageEncrypted": True, "AvailabilityZone": "us-east-1b",
        "PubliclyAccessible": False, "BackupRetentionPeriod": 7, "PreferredBackupWindow": "03:00-04:00",
        "DeletionProtection": True, "CopyTagsToSnapshot": True, "AutoMinorVersionUpgrade": False,
        "IAMDatabaseAuthenticationEnabled": True, "EnabledCloudwatchLogsExports": ["postgresql"],
        "PerformanceInsightsEnabled": True, "PromotionTier": 2, "MultiAZ": False,
    }  # fmt: skip
    assert made["Endpoint"]["Port"] == 5433
    group = await installed.value("SELECT group_id FROM security_group WHERE group_name = 'db'")
    assert [each["VpcSecurityGroupId"] for each in made["VpcSecurityGroups"]] == [group]
    secret, address = made["MasterUserSecret"]["SecretArn"], made["Endpoint"]["Address"]
    assert await installed.rows("SELECT master_user_secret_arn, endpoint_addr FROM rds") == [
        (secret, address)
    ]


#: Changes of a row, the attribute that each changes, and to what.
CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("db_instance_class = 'db.t3.small'", "DBInstanceClass", "db.t3.small"),
    ("engine_version = '16.4'", "EngineVersion", "16.4"),
    ("allocated_storage = 40", "AllocatedStorage", 40),
    ("max_allocated_storage = 90", "MaxAllocatedStorage", 90),
    ("multi_az = true", "MultiAZ", True),
    ("backup_retention_period = 9", "BackupRetentionPeriod", 9),
    ("copy_tags_to_snapshot = true", "CopyTagsToSnapshot", True),
    ("publicly_accessible = true", "PubliclyAccessible", True),
    ("iam_database_authentication = true", "IAMDatabaseAuthenticationEnabled", True),
    ("enable_cloudwatch_logs_exports = '{upgrade}'", "EnabledCloudwatchLogsExports", ["upgrade"]),
    ("enable_cloudwatch_logs_exports = '{postgresql}'", "EnabledCloudwatchLogsExports", ["postgresql"]),
    ("performance_insights_enabled = true", "PerformanceInsightsEnabled", True),
    ("preferred_maintenance_window = 'mon:01:00-mon:02:00'", "PreferredMaintenanceWindow",
     "mon:01:00-mon:02:00"),
    ("preferred_backup_window = '03:00-03:30'", "PreferredBackupWindow", "03:00-03:30"),
    ("auto_minor_version_upgrade = false", "AutoMinorVersionUpgrade", False),
    ("promotion_tier = 3", "PromotionTier", 3),
    ("ca_certificate_identifier = 'rds-ca-rsa4096-g1'", "CACertificateIdentifier", "rds-ca-rsa4096-g1"),
    ("deletion_protection = true", "DeletionProtection", True),
)  # fmt: skip


async def test_each_change_is_applied_at_once_and_alone(applied: Session, rds: Any) -> None:
    for change, attribute, value in CHANGES:
        before = instance(rds)
        await applied.execute(f"UPDATE rds SET {change}")
        assert [row[:2] for row in await applied("iasql_apply")] == [("update", "rds")]
        after = instance(rds)
        assert after[attribute] == value
        moving = {attribute, "LatestRestorableTime", "PendingModifiedValues"}
        assert {name for name in after if after[name] != before.get(name)} - moving == set()
    assert await applied("iasql_plan_apply") == []
    assert await applied("iasql_plan_sync") == []


async def test_what_somebody_put_off_is_not_applied_with_a_change(applied: Session, rds: Any) -> None:
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.r5.large")
    assert instance(rds)["PendingModifiedValues"] == {"DBInstanceClass": "db.r5.large"}
    await applied("iasql_sync")
    shown = "SELECT db_instance_class, pending_modified_values FROM rds"
    [(kind, pending)] = await applied.rows(shown)
    assert (kind, json.loads(pending)) == ("db.r5.large", {"DBInstanceClass": "db.r5.large"})
    await applied.execute("UPDATE rds SET backup_retention_period = 9")
    assert [row[:2] for row in await apply(applied)] == [("update", "rds")]
    there = instance(rds)
    assert there["DBInstanceClass"] == "db.t3.micro"
    assert there["PendingModifiedValues"] == {"DBInstanceClass": "db.r5.large", "BackupRetentionPeriod": 9}


async def test_a_change_of_what_was_put_off_is_applied_at_once(applied: Session, rds: Any) -> None:
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.r5.large")
    await applied("iasql_sync")
    await applied.execute("UPDATE rds SET db_instance_class = 'db.r5.xlarge'")
    await apply(applied)
    assert instance(rds)["DBInstanceClass"] == "db.r5.xlarge"
    assert not instance(rds).get("PendingModifiedValues")


async def test_a_deletion_leaves_a_snapshot_each_time_under_another_name(applied: Session, rds: Any) -> None:
    await applied.execute("DELETE FROM rds")
    assert [row[:2] for row in await apply(applied)] == [("delete", "rds")]
    await applied.execute(INSTANCE)
    await apply(applied)
    await applied.execute("DELETE FROM rds")
    await apply(applied)
    assert rds.describe_db_instances()["DBInstances"] == []
    left = snapshots(rds)
    assert len(left) == 2
    assert all(each.startswith("db-") for each in left)
    await applied("iasql_sync")
    shown = "SELECT db_snapshot_identifier FROM db_snapshot WHERE snapshot_type = 'manual' ORDER BY 1"
    assert [each for (each,) in await applied.rows(shown)] == sorted(left)


async def test_a_protected_instance_is_refused_when_planning(applied: Session, rds: Any) -> None:
    await applied.execute("UPDATE rds SET deletion_protection = true")
    await apply(applied)
    await applied.execute("DELETE FROM rds")
    with pytest.raises(OperationError, match="it has deletion protection"):
        await applied("iasql_plan_apply")
    with pytest.raises(OperationError, match="it has deletion protection"):
        await applied("iasql_apply")
    assert instance(rds)["DeletionProtection"] is True


async def test_a_replacement_would_lose_the_data_and_is_refused(applied: Session, rds: Any) -> None:
    before = instance(rds)["DbiResourceId"]
    await applied.execute("UPDATE rds SET storage_encrypted = true")
    with pytest.raises(OperationError, match="would lose") as refused:
        await applied("iasql_apply")
    assert "its data, but for a last snapshot (db)" in (refused.value.detail or "")
    assert instance(rds)["DbiResourceId"] == before
    await applied.execute("SET iasql.allow_loss = on")
    assert [row[:2] for row in await applied("iasql_apply")] == [("replace", "rds")]
    assert instance(rds)["StorageEncrypted"] is True
    assert len(snapshots(rds)) == 1


async def test_an_instance_of_a_cluster_goes_before_it_and_leaves_no_snapshot(
    installed: Session, rds: Any, simulator: Cloud
) -> None:
    await installed.execute(CLUSTER + MEMBER)
    assert [row[:2] for row in await apply(installed)] == [("create", "db_cluster"), ("create", "rds")]
    assert instance(rds, "m")["DBClusterIdentifier"] == "c"
    [row] = await installed.rows(
        "SELECT backup_retention_period, engine_version, allocated_storage, manage_master_user_password "
        "FROM rds"
    )
    assert row == (None, None, None, True)
    assert await installed.rows("TABLE rds_security_groups") == []
    await installed.execute("DELETE FROM db_cluster")
    assert {row[:2] for row in await apply(installed)} == {("delete", "rds"), ("delete", "db_cluster")}
    assert order(simulator) == ["DeleteDBInstance", "DeleteDBCluster"]
    assert rds.describe_db_instances()["DBInstances"] == []
    assert snapshots(rds) == []
    assert len(rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]) == 1


async def test_a_password_of_ones_own_is_set_by_a_call_and_followed(applied: Session, rds: Any) -> None:
    rds.modify_db_instance(
        DBInstanceIdentifier="db",
        ManageMasterUserPassword=False,
        MasterUserPassword="mine-alone",
        ApplyImmediately=True,
    )
    await applied("iasql_sync")
    shown = "SELECT manage_master_user_password, master_user_secret_arn FROM rds"
    assert await applied.rows(shown) == [(False, None)]
    await applied.execute("UPDATE rds SET manage_master_user_password = true")
    assert [row[:2] for row in await apply(applied)] == [("update", "rds")]
    assert await applied.value("SELECT master_user_secret_arn FROM rds") is not None


async def test_an_instance_whose_answer_was_lost_is_not_made_twice(
    installed: Session, rds: Any, simulator: Cloud
) -> None:
    simulator.plan({"action": "drop_after", "operation": "CreateDBInstance"})
    await installed.execute(INSTANCE)
    assert [row[:2] for row in await apply(installed)] == [("create", "rds")]
    assert await installed.value("SELECT arn FROM rds") == instance(rds)["DBInstanceArn"]


async def test_another_region_has_instances_of_its_own(applied: Session, simulator: Cloud) -> None:
    await applied("iasql_add_region", "eu-west-1")
    await applied.execute("SET search_path = eu_west_1, public")
    await applied("iasql_install", "aws_rds")
    await applied.execute("SET search_path = public")
    await applied.execute(INSTANCE.replace("INTO rds", "INTO eu_west_1.rds"))
    assert [row[0] for row in await apply(applied)] == ["create"]
    made = instance(simulator.at("eu-west-1").client("rds"))
    assert ":eu-west-1:" in made["DBInstanceArn"]
