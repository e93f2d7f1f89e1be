"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

#: A subnet group of all zones of the default VPC.
SUBNETS = (
    "INSERT INTO db_subnet_group (name, description, subnets) "
    "SELECT 'net', 'd', array_agg(subnet_id) FROM subnet;"
)
INSTANCE = (
    "INSERT INTO rds (db_instance_identifier, db_instance_class, engine, engine_version, master_username, "
    "allocated_storage) VALUES ('db', 'db.t3.micro', 'postgres', '16.3', 'root', 20);"
)
CLUSTER = (
    "INSERT INTO db_cluster (db_cluster_identifier, engine, engine_version, master_username) "
    "VALUES ('c', 'aurora-postgresql', '16.3', 'root');"
)
MEMBER = (
    "INSERT INTO rds (db_instance_identifier, db_instance_class, engine, db_cluster_id) "
    "SELECT 'm', 'db.r6g.large', engine, id FROM db_cluster;"
)


def instance(rds: Any, name: str = "db") -> dict[str, Any]:
    return dict(rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])


def cluster(rds: Any) -> dict[str, Any]:
    return dict(rds.describe_db_clusters(DBClusterIdentifier="c")["DBClusters"][0])


def parameters(rds: Any, name: str) -> dict[str, tuple[str, str]]:
    """What has been set in a group, and how each was to be applied."""
    found = rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
    return {each["ParameterName"]: (each["ParameterValue"], each["ApplyMethod"]) for each in found}


def order(simulator: Cloud) -> list[str]:
    """The deletions that AWS was asked for, in order."""
    calls = [each["operation"] for each in simulator.calls(mutating=True)]
    return [each for each in calls if each.startswith("Delete")]


async def apply(session: Session) -> list[tuple[Any, ...]]:
    """Apply; the plan said the same before. AWS makes a group of parameters and snapshots of its own for what
    is new: a sync shows these, and nothing is left to do after.
    """
    planned = await session("iasql_plan_apply")
    applied = await session("iasql_apply")
    assert applied == planned
    assert await session("iasql_plan_apply") == []
    await session("iasql_sync")
    assert await session("iasql_plan_apply") == []
    return applied
