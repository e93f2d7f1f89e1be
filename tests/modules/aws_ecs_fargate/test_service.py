"""Services."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ecs_fargate.scene import STACK, active, definition, register, service


async def test_every_attribute_reaches_aws(applied: Session, ecs: Any, simulator: Cloud) -> None:
    iam, elb = simulator.client("iam"), simulator.client("elbv2")
    role = iam.get_role(RoleName="tasks")["Role"]["Arn"]
    repository = simulator.client("ecr").describe_repositories()["repositories"][0]["repositoryUri"]
    made = definition(ecs)
    assert (made["cpu"], made["memory"], made["networkMode"]) == ("512", "1024", "awsvpc")
    assert made["requiresCompatibilities"] == ["FARGATE"]
    assert (made["taskRoleArn"], made["executionRoleArn"]) == (role, role)
    main, side = sorted(made["containerDefinitions"], key=lambda each: str(each["name"]))
    assert main["image"] == f"{repository}:v1"
    assert [main[name] for name in ("essential", "cpu", "memory", "memoryReservation")] == [
        True, 128, 512, 256,
    ]  # fmt: skip
    assert main["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert sorted(main["environment"], key=lambda each: str(each["name"])) == [
        {"name": "A", "value": "1"},
        {"name": "STAGE", "value": "test"},
    ]
    assert main["logConfiguration"]["logDriver"] == "awslogs"
    assert main["logConfiguration"]["options"] == {
        "awslogs-group": "logs",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "ecs",
    }
    assert (side["image"], side["essential"]) == ("busybox:1", False)
    running = service(ecs)
    assert (running["desiredCount"], running["launchType"]) == (1, "FARGATE")
    assert running["taskDefinition"] == made["taskDefinitionArn"]
    [target] = running["loadBalancers"]
    assert (target["containerName"], target["containerPort"]) == ("main", 80)
    assert target["targetGroupArn"] == elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    network = running["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "ENABLED"
    assert sorted(network["subnets"]) == sorted(await applied.value("SELECT subnets FROM service"))
    assert network["securityGroups"] == [
        await applied.value("SELECT group_id FROM security_group WHERE group_name = 'web'")
    ]
    assert await applied.rows(
        "SELECT task_definition_arn, revision, t.status::text, arn, s.status, cluster_arn, cluster_status "
        "FROM service AS s JOIN task_definition AS t ON t.id = task_definition_id "
        "JOIN cluster USING (cluster_name)"
    ) == [
        (
            made["taskDefinitionArn"], 1, "ACTIVE", running["serviceArn"], "ACTIVE", running["clusterArn"],
            "ACTIVE",
        )
    ]  # fmt: skip


async def test_what_is_there_is_imported(applied: Session, ecs: Any) -> None:
    tables = {
        "cluster": "cluster_name, cluster_arn, cluster_status",
        "task_definition": "task_definition_arn, family, revision, status::text, cpu_memory::text, "
        "task_role_name, execution_role_name",
        "container_definition": "name, image, tag, digest, essential, cpu, memory, memory_reservation, "
        "host_port, container_port, protocol::text, env_variables::text, repository_name, log_group_name",
        "service": "name, arn, desired_count, subnets, assign_public_ip::text, cluster_name, "
        "target_group_name",
    }
    queries = [f"SELECT {columns} FROM {table} ORDER BY 1" for table, columns in tables.items()]
    before = [await applied.rows(query) for query in queries]
    await applied("iasql_uninstall", "aws_ecs_fargate")
    await applied("iasql_install", "aws_ecs_fargate")
    after = [await applied.rows(query) for query in queries]
    assert after[0] == before[0]
    assert after[1] == before[1]
    assert after[3] == before[3]
    assert [row[0] for row in after[2]] == ["main", "side"]
    assert after[2][0] == before[2][0]
    assert after[2][1][:4] == ("side", "busybox", "1", None)
    assert await applied("iasql_plan_apply") == []
    assert await applied("iasql_plan_sync") == []


async def test_all_that_can_change_of_a_service_changes_at_once(applied: Session, ecs: Any) -> None:
    old = service(ecs)
    await applied.execute(
        "UPDATE service SET desired_count = 2, assign_public_ip = 'DISABLED', force_new_deployment = true, "
        "subnets = (SELECT ARRAY[subnet_id::text] FROM subnet ORDER BY id DESC LIMIT 1);"
        "UPDATE service_security_groups SET security_group_id = "
        "(SELECT id FROM security_group WHERE group_name = 'more')"
    )
    assert [row[:2] for row in await applied.apply()] == [("update", "service")]
    new = service(ecs)
    assert new["serviceArn"] == old["serviceArn"]
    assert new["desiredCount"] == 2
    network = new["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"
    assert network["subnets"] == await applied.value("SELECT subnets FROM service")
    assert network["securityGroups"] == [
        await applied.value("SELECT group_id FROM security_group WHERE group_name = 'more'")
    ]
    assert await applied.value("SELECT force_new_deployment FROM service") is False


async def test_a_service_that_runs_cannot_be_without_cluster_and_task_definition(applied: Session) -> None:
    before = await applied.rows("SELECT cluster_name, task_definition_id FROM service")
    await applied.execute("UPDATE service SET task_definition_id = NULL")
    assert await applied.apply() == []
    assert await applied.rows("SELECT cluster_name, task_definition_id FROM service") == before


async def test_a_service_without_target_group_is_moved_to_another_cluster(
    installed: Session, ecs: Any
) -> None:
    await installed.execute(STACK + "UPDATE service SET target_group_name = NULL")
    await installed.apply()
    assert service(ecs)["loadBalancers"] == []
    await installed.execute(
        "INSERT INTO cluster (cluster_name) VALUES ('d'); UPDATE service SET cluster_name = 'd'"
    )
    assert [row[:2] for row in await installed.apply()] == [("create", "cluster"), ("replace", "service")]
    assert service(ecs, "d")["status"] == "ACTIVE"
    assert ecs.list_services(cluster="c")["serviceArns"] == []


async def test_another_target_group_is_given_to_a_service_in_place(
    applied: Session, ecs: Any, simulator: Cloud
) -> None:
    before = service(ecs)
    await applied.execute(
        "INSERT INTO target_group (target_group_name, target_type, protocol, port) "
        "VALUES ('other', 'ip', 'HTTP', 81);"
        "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) "
        "VALUES ((SELECT load_balancer_name FROM load_balancer), 81, 'HTTP', 'other');"
        "UPDATE service SET target_group_name = 'other'"
    )
    assert ("update", "service") in [row[:2] for row in await applied.apply()]
    after = service(ecs)
    other = simulator.client("elbv2").describe_target_groups(Names=["other"])["TargetGroups"][0]
    [entry] = before["loadBalancers"]
    assert after["loadBalancers"] == [{**entry, "targetGroupArn": other["TargetGroupArn"]}]
    assert after["serviceArn"] == before["serviceArn"]
    await applied.execute("UPDATE service SET target_group_name = NULL")
    assert [row[:2] for row in await applied.apply()] == [("update", "service")]
    assert service(ecs)["loadBalancers"] == []
    assert simulator.called("CreateService") == 1


async def test_an_update_leaves_alone_what_the_row_does_not_change(applied: Session, ecs: Any) -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/elsewhere/1"
    network = service(ecs)["networkConfiguration"]["awsvpcConfiguration"]
    ecs.update_service(
        cluster="c",
        service="s",
        networkConfiguration={
            "awsvpcConfiguration": {**network, "securityGroups": [*network["securityGroups"], "sg-shared"]}
        },
        loadBalancers=[
            *service(ecs)["loadBalancers"],
            {"targetGroupArn": arn, "containerName": "side", "containerPort": 81},
        ],
    )
    before = service(ecs)
    await applied.execute("UPDATE service SET desired_count = 3")
    await applied("iasql_apply")
    after = service(ecs)
    assert after["desiredCount"] == 3
    assert [after[each] for each in ("networkConfiguration", "loadBalancers", "taskDefinition")] == [
        before[each] for each in ("networkConfiguration", "loadBalancers", "taskDefinition")
    ]
    await applied.execute("UPDATE service SET assign_public_ip = 'DISABLED', target_group_name = NULL")
    await applied("iasql_apply")
    after = service(ecs)
    network = after["networkConfiguration"]["awsvpcConfiguration"]
    assert "sg-shared" in network["securityGroups"]
    assert [each["containerName"] for each in after["loadBalancers"]] == ["side"]


async def test_all_is_deleted(applied: Session, ecs: Any, simulator: Cloud) -> None:
    await applied.execute("SELECT delete_all_records()")
    assert {row[0] for row in await applied.apply()} == {"delete"}
    assert ecs.list_clusters()["clusterArns"] == []
    assert active(ecs) == []
    groups = simulator.client("ec2").describe_security_groups()["SecurityGroups"]
    assert [each["GroupName"] for each in groups] == ["default"]


async def test_inactive_and_other_kinds_are_not_shown(session: Session, ecs: Any) -> None:
    ecs.create_cluster(clusterName="gone")
    ecs.delete_cluster(cluster="gone")
    register(ecs)
    ecs.deregister_task_definition(taskDefinition="td:1")
    ecs.register_task_definition(
        family="machine", containerDefinitions=[{"name": "a", "image": "b", "memory": 128}]
    )
    await session("iasql_install", "aws_ecs_fargate")
    assert await session.value("SELECT count(*) FROM cluster") == 0
    assert await session.value("SELECT count(*) FROM task_definition") == 0
    assert await session("iasql_plan_apply") == []


async def test_a_service_without_public_address_is_imported_as_such(applied: Session, ecs: Any) -> None:
    ecs.update_service(
        cluster="c",
        service="s",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": await applied.value("SELECT subnets FROM service"),
                "securityGroups": [],
            }
        },
    )
    await applied("iasql_sync")
    assert await applied.value("SELECT assign_public_ip::text FROM service") == "DISABLED"
    assert await applied.value("SELECT count(*) FROM service_security_groups") == 0
    assert await applied.apply() == []


async def _other_services(session: Session, ecs: Any, *clusters: str) -> None:
    """Services of the same name that somebody makes in other clusters."""
    network = {"subnets": await session.value("SELECT subnets FROM service"), "securityGroups": []}
    for name in clusters:
        ecs.create_cluster(clusterName=name)
        ecs.create_service(
            cluster=name,
            serviceName="s",
            taskDefinition="td",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
        )


_NAMES = "SELECT name, cluster_name, arn LIKE '%:service/' || cluster_name || '/s' FROM service ORDER BY 1"


async def test_services_of_one_name_in_several_clusters_have_a_row_each(applied: Session, ecs: Any) -> None:
    await _other_services(applied, ecs, "b", "d")  # before and after "c", in which the one with a row is
    await applied("iasql_sync")
    assert await applied.rows(_NAMES) == [("b/s", "b", True), ("d/s", "d", True), ("s", "c", True)]
    assert await applied.apply() == []
    await applied.execute("UPDATE service SET desired_count = 2 WHERE name = 'b/s'")
    assert [row[:2] for row in await applied.apply()] == [("update", "service")]
    assert [service(ecs, name)["desiredCount"] for name in "bcd"] == [2, 1, 1]
    await applied.execute("DELETE FROM service WHERE name IN ('b/s', 's')")
    assert [row[0] for row in await applied("iasql_apply")] == ["delete", "delete"]
    assert [service(ecs, name)["status"] for name in "bcd"] == ["INACTIVE", "INACTIVE", "ACTIVE"]
    assert await applied.rows(_NAMES) == [("d/s", "d", True)]


async def test_a_second_service_of_a_name_is_made_by_the_longer_one(applied: Session, ecs: Any) -> None:
    await applied.execute("INSERT INTO cluster (cluster_name) VALUES ('e')")
    insert = (
        "INSERT INTO service (name, desired_count, subnets, cluster_name, task_definition_id) "
        "SELECT '{}', 1, subnets, '{}', task_definition_id FROM service WHERE name = 's'"
    )
    with pytest.raises(asyncpg.CheckViolationError, match="service_name_is_of_its_cluster"):
        await applied.execute(insert.format("e/s", "c"))
    await applied.execute(insert.format("e/s", "e"))
    await applied.execute(
        "INSERT INTO service_security_groups SELECT 'e/s', id FROM security_group WHERE group_name = 'more'"
    )
    await applied.apply()
    made = service(ecs, "e")
    assert (made["serviceName"], made["status"]) == ("s", "ACTIVE")
    groups = made["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    assert groups == [await applied.value("SELECT group_id FROM security_group WHERE group_name = 'more'")]
    told = "SELECT name, changed_by, valid FROM iasql_history.service ORDER BY 1, 3"
    known = await applied.rows(told)
    assert ("e/s", "row") in [row[:2] for row in known]
    assert await applied("iasql_sync") == []
    assert await applied.apply() == []
    assert await applied.rows(_NAMES) == [("e/s", "e", True), ("s", "c", True)]
    assert await applied.rows(told) == known


async def test_a_row_of_a_taken_name_does_not_mean_another_cluster_s_service(
    applied: Session, ecs: Any
) -> None:
    await _other_services(applied, ecs, "b")
    await applied.execute("UPDATE service SET desired_count = 3")
    await applied.apply()
    assert await applied.rows(_NAMES) == [("b/s", "b", True), ("s", "c", True)]
    assert [service(ecs, name)["desiredCount"] for name in "bc"] == [1, 3]
    await applied("iasql_uninstall", "aws_ecs_fargate")
    await applied("iasql_install", "aws_ecs_fargate")
    assert await applied.rows(_NAMES) == [("b/s", "b", True), ("c/s", "c", True)]
    assert await applied.apply() == []


async def test_services_of_other_kinds_are_shown_or_what_they_use_stays(applied: Session, ecs: Any) -> None:
    network = service(ecs)["networkConfiguration"]
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    ecs.create_service(
        cluster="c",
        serviceName="spot",
        taskDefinition="td",
        desiredCount=1,
        capacityProviderStrategy=strategy,
        networkConfiguration=network,
    )
    ecs.create_service(cluster="c", serviceName="bridge", taskDefinition="td", desiredCount=1)
    await applied("iasql_sync")
    assert await applied.rows("SELECT name FROM service ORDER BY 1") == [("s",), ("spot",)]
    assert any("bridge" in each and "is not shown" in each for each in applied.notices)
    await applied.execute("UPDATE service SET desired_count = 2 WHERE name = 'spot'")
    await applied.apply()
    [changed] = ecs.describe_services(cluster="c", services=["spot"])["services"]
    assert changed["desiredCount"] == 2
    await applied.execute(
        "DELETE FROM service; DELETE FROM container_definition; DELETE FROM task_definition"
    )
    assert {row[1] for row in await applied("iasql_apply")} == {"service"}
    assert active(ecs) == ["td:1"]
    assert await applied.value("SELECT count(*) FROM task_definition") == 1


async def test_of_a_service_that_codedeploy_deploys_the_count_can_be_changed(
    applied: Session, ecs: Any
) -> None:
    ecs.create_service(
        cluster="c",
        serviceName="blue",
        taskDefinition="td",
        desiredCount=1,
        launchType="FARGATE",
        deploymentController={"type": "CODE_DEPLOY"},
        networkConfiguration=service(ecs)["networkConfiguration"],
    )
    await applied("iasql_sync")
    await applied.execute("UPDATE service SET desired_count = 2 WHERE name = 'blue'")
    await applied.apply()
    [blue] = ecs.describe_services(cluster="c", services=["blue"])["services"]
    assert blue["desiredCount"] == 2
    await applied.execute("UPDATE container_definition SET tag = 'v2' WHERE name = 'main'")
    with pytest.raises(OperationError, match="cannot be changed in task_definition_id") as refused:
        await applied("iasql_apply")
    assert refused.value.sqlstate == "0A000"
    assert active(ecs) == ["td:1"]


async def test_a_count_that_is_scaled_by_others_is_left_to_them(applied: Session, ecs: Any) -> None:
    await applied.execute(
        "INSERT INTO iasql.ignored (table_name, columns, condition) "
        "VALUES ('service', '{desired_count,service_security_groups}', 'name = ''s''')"
    )
    ecs.update_service(cluster="c", service="s", desiredCount=5)
    await applied.execute("DELETE FROM service_security_groups")
    assert await applied("iasql_plan_apply") == []
    assert await applied("iasql_plan_sync") == []
    await applied.execute("UPDATE service SET assign_public_ip = 'DISABLED'")
    assert [row[0] for row in await applied.apply()] == ["update"]
    running = service(ecs)
    network = running["networkConfiguration"]["awsvpcConfiguration"]
    assert (running["desiredCount"], network["assignPublicIp"]) == (5, "DISABLED")
    assert len(network["securityGroups"]) == 1
    assert await applied.value("SELECT desired_count FROM service") == 1
