"""Parameter groups of instances and of clusters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_rds.scene import CLUSTER, INSTANCE, apply, instance, order, parameters

GROUP = (
    "INSERT INTO parameter_group (name, family, description, parameters) VALUES ('pg', 'postgres16', 'd', "
    '\'{"work_mem": 8192, "max_connections": "200"}\');'
)


async def test_what_somebody_has_set_is_imported_and_nothing_else(session: Session, rds: Any) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName="pg", DBParameterGroupFamily="postgres16", Description="d"
    )
    change = {"ParameterName": "work_mem", "ParameterValue": "4096", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="pg", Parameters=[change])
    await session("iasql_install", "aws_rds")
    [(name, family, description, shown)] = await session.rows(
        "SELECT name, family, description, parameters FROM parameter_group"
    )
    assert (name, family, description) == ("pg", "postgres16", "d")
    assert json.loads(shown) == {"work_mem": "4096"}
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_only_what_changes_is_set_and_static_parameters_wait_for_a_restart(
    installed: Session, rds: Any, simulator: Cloud
) -> None:
    await installed.execute(GROUP)
    assert [row[:2] for row in await apply(installed)] == [("create", "parameter_group")]
    assert parameters(rds, "pg") == {
        "max_connections": ("200", "pending-reboot"), "work_mem": ("8192", "immediate"),
    }  # fmt: skip
    theirs = {"ParameterName": "time_zone", "ParameterValue": "UTC", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="pg", Parameters=[theirs])
    await installed("iasql_sync")
    await installed.execute(
        "UPDATE parameter_group SET parameters = parameters - 'max_connections' || '{\"work_mem\": \"1\"}'"
    )
    assert [row[:2] for row in await apply(installed)] == [("update", "parameter_group")]
    assert parameters(rds, "pg") == {"work_mem": ("1", "immediate"), "time_zone": ("UTC", "immediate")}
    assert simulator.called("ResetDBParameterGroup") == 1


async def test_many_parameters_are_set_twenty_at_once(installed: Session, rds: Any, simulator: Cloud) -> None:
    many = {f"p{number}": str(number) for number in range(45)}
    await installed.execute(
        "INSERT INTO parameter_group (name, family, description, parameters) "
        f"VALUES ('pg', 'postgres16', 'd', '{json.dumps(many)}')"
    )
    await apply(installed)
    assert {name: value for name, (value, _) in parameters(rds, "pg").items()} == many
    assert simulator.called("ModifyDBParameterGroup") == 3
    await installed.execute("UPDATE parameter_group SET parameters = '{}'")
    await apply(installed)
    assert parameters(rds, "pg") == {}


async def test_an_instance_gets_a_group_and_lets_go_of_it_before_it_is_deleted(
    installed: Session, rds: Any, simulator: Cloud
) -> None:
    await installed.execute(GROUP + INSTANCE)
    await installed.execute("UPDATE rds SET parameter_group_id = (SELECT id FROM parameter_group)")
    await apply(installed)
    [told] = instance(rds)["DBParameterGroups"]
    assert told["DBParameterGroupName"] == "pg"
    assert await installed.value("SELECT parameter_apply_status FROM rds") == "in-sync"
    await installed.execute("DELETE FROM rds; DELETE FROM parameter_group WHERE name = 'pg'")
    assert {row[:2] for row in await apply(installed)} == {("delete", "rds"), ("delete", "parameter_group")}
    assert order(simulator) == ["DeleteDBInstance", "DeleteDBParameterGroup"]


async def test_a_group_that_somebody_uses_says_so(installed: Session, rds: Any) -> None:
    await installed.execute(GROUP)
    await apply(installed)
    rds.create_db_instance(
        DBInstanceIdentifier="theirs",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="root",
        ManageMasterUserPassword=True,
        DBParameterGroupName="pg",
    )
    await installed.execute("DELETE FROM parameter_group WHERE name = 'pg'")
    with pytest.raises(OperationError):
        await installed("iasql_apply")
    assert "pg" in [
        each["DBParameterGroupName"] for each in rds.describe_db_parameter_groups()["DBParameterGroups"]
    ]


async def test_another_family_makes_another_group(installed: Session, rds: Any) -> None:
    await installed.execute(GROUP)
    await apply(installed)
    await installed.execute("UPDATE parameter_group SET family = 'postgres17'")
    assert [row[:2] for row in await apply(installed)] == [("replace", "parameter_group")]
    [made] = rds.describe_db_parameter_groups(DBParameterGroupName="pg")["DBParameterGroups"]
    assert made["DBParameterGroupFamily"] == "postgres17"
    assert set(parameters(rds, "pg")) == {"work_mem", "max_connections"}


async def test_a_clusters_group_is_made_used_changed_and_deleted(
    installed: Session, rds: Any, simulator: Cloud
) -> None:
    await installed.execute(
        "INSERT INTO db_cluster_parameter_group (name, family, description, parameters) "
        "VALUES ('cpg', 'aurora-postgresql16', 'd', '{\"max_connections\": 300}');" + CLUSTER
    )
    await installed.execute(
        "UPDATE db_cluster SET db_cluster_parameter_group_id = (SELECT id FROM db_cluster_parameter_group)"
    )
    await apply(installed)

    def there() -> dict[str, str]:
        found = rds.describe_db_cluster_parameters(DBClusterParameterGroupName="cpg", Source="user")
        return {each["ParameterName"]: each["ParameterValue"] for each in found["Parameters"]}

    assert there() == {"max_connections": "300"}
    await installed.execute('UPDATE db_cluster_parameter_group SET parameters = \'{"work_mem": "9"}\'')
    await apply(installed)
    assert there() == {"work_mem": "9"}
    await installed.execute("DELETE FROM db_cluster; DELETE FROM db_cluster_parameter_group")
    assert {row[0] for row in await apply(installed)} == {"delete"}
    assert order(simulator) == ["DeleteDBCluster", "DeleteDBClusterParameterGroup"]


async def test_awss_own_groups_come_back_as_they_are(installed: Session, rds: Any) -> None:
    await installed.execute(INSTANCE)
    await apply(installed)
    await installed("iasql_sync")
    before = await installed.rows("SELECT name, parameters FROM parameter_group")
    assert [name for name, _ in before] == ["default.postgres16"]
    await installed.execute('UPDATE parameter_group SET parameters = \'{"work_mem": "9"}\'')
    assert await apply(installed) == []
    assert await installed.rows("SELECT name, parameters FROM parameter_group") == before
