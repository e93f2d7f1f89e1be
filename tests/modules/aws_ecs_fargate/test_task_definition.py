"""Task definitions and their containers."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ecs_fargate.scene import STACK, TRUST, active, definition, register, service

_DIGEST = "sha256:" + "0" * 64


async def test_a_changed_task_definition_is_a_new_revision_that_the_service_follows(
    applied: Session, ecs: Any, simulator: Cloud
) -> None:
    await applied.execute(
        "UPDATE task_definition SET cpu_memory = 'vCPU1-2GB', execution_role_name = 'other';"
        "UPDATE container_definition SET tag = 'v2', env_variables = '{\"B\": \"2\"}' WHERE name = 'main'"
    )
    assert [row[:2] for row in await applied.apply()] == [
        ("update", "service"),
        ("replace", "task_definition"),
    ]
    assert active(ecs) == ["td:2"]
    new = definition(ecs, "td:2")
    assert (new["cpu"], new["memory"]) == ("1024", "2048")
    assert new["executionRoleArn"].endswith("/other")
    [main] = [each for each in new["containerDefinitions"] if each["name"] == "main"]
    assert main["image"].endswith(":v2")
    assert main["environment"] == [{"name": "B", "value": "2"}]
    assert service(ecs)["taskDefinition"] == new["taskDefinitionArn"]
    assert await applied.rows("SELECT revision, status::text, task_definition_arn FROM task_definition") == [
        (2, "ACTIVE", new["taskDefinitionArn"])
    ]
    assert [each["operation"] for each in simulator.calls(mutating=True)][-3:] == [
        "RegisterTaskDefinition",
        "UpdateService",
        "DeregisterTaskDefinition",
    ]


async def test_each_change_of_a_container_is_a_new_revision(
    installed: Session, ecs: Any, simulator: Cloud
) -> None:
    simulator.client("ecr-public").create_repository(repositoryName="open")
    await installed("iasql_sync")
    statements = STACK.split(";\n")
    await installed.execute(
        ";".join(each for each in statements if "service" not in each and "'lb'" not in each)
    )
    await installed.apply()
    changes = (
        "UPDATE container_definition SET memory = NULL, memory_reservation = NULL WHERE name = 'main'",
        "UPDATE container_definition SET env_variables = NULL, log_group_name = NULL, cpu = NULL",
        "UPDATE task_definition SET task_role_name = NULL",
        "UPDATE container_definition SET image = NULL, public_repository_name = 'open', tag = '2' "
        "WHERE name = 'side'",
        f"UPDATE container_definition SET tag = NULL, digest = '{_DIGEST}' WHERE name = 'main'",
        "UPDATE container_definition SET essential = true, name = 'renamed' WHERE name = 'side'",
        "UPDATE container_definition SET container_port = 81, host_port = 81, protocol = 'udp' "
        "WHERE name = 'main'",
    )
    for revision, change in enumerate(changes, start=2):
        await installed.execute(change)
        assert [row[:2] for row in await installed.apply()] == [("replace", "task_definition")]
        assert active(ecs) == [f"td:{revision}"]
    made = definition(ecs)
    assert "taskRoleArn" not in made
    main, side = sorted(made["containerDefinitions"], key=lambda each: str(each["name"]))
    assert "memory" not in main
    assert "memoryReservation" not in main
    assert "logConfiguration" not in main
    assert main["environment"] == []
    assert main["image"].endswith(f"app@{_DIGEST}")
    assert main["portMappings"] == [{"containerPort": 81, "hostPort": 81, "protocol": "udp"}]
    assert (side["name"], side["essential"]) == ("renamed", True)
    assert side["image"] == "public.ecr.aws/simulated/open:2"
    await installed.execute("DELETE FROM container_definition WHERE name = 'renamed'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "task_definition")]
    assert [each["name"] for each in definition(ecs)["containerDefinitions"]] == ["main"]


async def test_a_new_revision_keeps_what_no_column_shows(session: Session, ecs: Any) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"
    register(
        ecs,
        volumes=[{"name": "data"}],
        ephemeralStorage={"sizeInGiB": 30},
        containerDefinitions=[
            {
                "name": "main",
                "image": "nginx:1",
                "essential": True,
                "portMappings": [
                    {"containerPort": 80, "hostPort": 80, "protocol": "tcp"},
                    {"containerPort": 443, "hostPort": 443, "protocol": "tcp"},
                ],
                "secrets": [{"name": "PASSWORD", "valueFrom": arn}],
                "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
                "environment": [{"name": "A", "value": "1"}],
            }
        ],
    )
    await session("iasql_install", "aws_ecs_fargate")
    assert await session("iasql_plan_apply") == []
    await session.execute("UPDATE container_definition SET tag = '2', container_port = 81, host_port = 81")
    assert [row[:2] for row in await session.apply()] == [("replace", "task_definition")]
    new = definition(ecs)
    assert new["revision"] == 2
    assert [each["name"] for each in new["volumes"]] == ["data"]
    assert new["ephemeralStorage"] == {"sizeInGiB": 30}
    [main] = new["containerDefinitions"]
    assert main["image"] == "nginx:2"
    assert main["secrets"] == [{"name": "PASSWORD", "valueFrom": arn}]
    assert [each["containerPath"] for each in main["mountPoints"]] == ["/data"]
    assert [each["containerPort"] for each in main["portMappings"]] == [81, 443]
    assert main["environment"] == [{"name": "A", "value": "1"}]


async def test_a_renamed_container_does_not_lose_what_no_column_shows_without_a_word(
    session: Session, ecs: Any
) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"
    main = {"name": "main", "image": "nginx:1", "essential": True}
    secrets = [{"name": "PASSWORD", "valueFrom": arn}]
    register(
        ecs,
        containerDefinitions=[
            {**main, "secrets": secrets},
            {"name": "side", "image": "busybox:1", "user": "1"},
        ],
    )
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute("DELETE FROM container_definition WHERE name = 'side'")
    assert {row[8] for row in await session("iasql_diff")} == {None}  # it goes, and nothing comes
    await session.execute("UPDATE container_definition SET name = 'app' WHERE name = 'main'")
    assert {row[8] for row in await session("iasql_diff")} == {
        "secrets of container_definition main; user of container_definition side"
    }
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert refused.value.sqlstate == "0A000"
    await session.execute("SET iasql.allow_loss = on")
    assert [row[:2] for row in await session("iasql_apply")] == [("replace", "task_definition")]


async def test_ways_to_write_the_same_container_are_no_change(applied: Session) -> None:
    await applied.execute(
        "UPDATE container_definition SET image = 'busybox', tag = '1' WHERE name = 'side';"
        "UPDATE container_definition SET protocol = NULL, host_port = NULL, "
        'env_variables = \'{"A": 1, "STAGE": "test"}\' WHERE name = \'main\''
    )
    assert await applied("iasql_plan_apply") == []


async def test_a_revision_of_the_same_family_is_added_beside_the_old(applied: Session, ecs: Any) -> None:
    await applied.execute(
        "INSERT INTO task_definition (family, cpu_memory) VALUES ('td', 'vCPU0.25-0.5GB');"
        "INSERT INTO container_definition (task_definition_id, name, image, essential) "
        "SELECT id, 'main', 'nginx', true FROM task_definition WHERE status IS NULL"
    )
    assert [row[:2] for row in await applied.apply()] == [("create", "task_definition")]
    assert active(ecs) == ["td:1", "td:2"]
    assert await applied.rows("SELECT revision FROM task_definition ORDER BY id") == [(1,), (2,)]
    await applied.execute("DELETE FROM task_definition WHERE revision = 2")
    assert [row[0] for row in await applied.apply()] == ["delete"]
    assert active(ecs) == ["td:1"]


async def test_a_new_revision_keeps_how_logs_are_sent_and_where_it_runs(
    session: Session, ecs: Any, simulator: Cloud
) -> None:
    iam, logs = simulator.client("iam"), simulator.client("logs")
    role = iam.create_role(RoleName="x", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    for name in ("logs", "others"):
        logs.create_log_group(logGroupName=name)
    options = {
        "awslogs-group": "logs",
        "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": "mine",
        "mode": "non-blocking",
    }
    register(
        ecs,
        requiresCompatibilities=["EC2", "FARGATE"],
        executionRoleArn=role,
        containerDefinitions=[
            {
                "name": "main",
                "image": "nginx:1",
                "essential": True,
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            },
            {
                "name": "side",
                "image": "busybox:1",
                "logConfiguration": {"logDriver": "splunk", "options": {"splunk-url": "u"}},
            },
        ],
    )
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(
        "UPDATE container_definition SET tag = '2', log_group_name = 'others' WHERE name = 'main';"
        "UPDATE container_definition SET log_group_name = 'logs' WHERE name = 'side'"
    )
    assert [row[:2] for row in await session.apply()] == [("replace", "task_definition")]
    new = definition(ecs)
    assert new["requiresCompatibilities"] == ["EC2", "FARGATE"]
    main, side = sorted(new["containerDefinitions"], key=lambda each: str(each["name"]))
    assert main["logConfiguration"]["options"] == {**options, "awslogs-group": "others"}
    assert side["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "logs",
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "ecs",
        },
    }


async def test_an_image_with_tag_and_digest_is_shown_and_can_be_written(session: Session, ecs: Any) -> None:
    digest = "sha256:" + "c0" * 32
    register(
        ecs, containerDefinitions=[{"name": "a", "image": f"host/monitor:3.1@{digest}", "essential": True}]
    )
    await session("iasql_install", "aws_ecs_fargate")
    assert await session.rows("SELECT image, tag, digest FROM container_definition") == [
        ("host/monitor:3.1", None, digest)
    ]
    assert await session("iasql_plan_apply") == []
    await session.execute("UPDATE container_definition SET image = 'x:1'")
    await session.apply()
    assert definition(ecs)["containerDefinitions"][0]["image"] == f"x:1@{digest}"
