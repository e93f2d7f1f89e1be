"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}'
)


STACK = f"""
INSERT INTO role (role_name, assume_role_policy_document) VALUES ('tasks', '{TRUST}'), ('other', '{TRUST}');
INSERT INTO log_group (log_group_name) VALUES ('logs');
INSERT INTO repository (repository_name) VALUES ('app');
INSERT INTO security_group (group_name, description) VALUES ('web', 'd'), ('more', 'd');
INSERT INTO target_group (target_group_name, target_type, protocol, port) VALUES ('tg', 'ip', 'HTTP', 80);
INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type)
  VALUES ('lb', 'internal', 'application', 'ipv4');
INSERT INTO load_balancer_security_groups SELECT 'lb', id FROM security_group WHERE group_name = 'web';
INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) VALUES ('lb', 80, 'HTTP', 'tg');
INSERT INTO cluster (cluster_name) VALUES ('c');
INSERT INTO task_definition (family, task_role_name, execution_role_name, cpu_memory)
  VALUES ('td', 'tasks', 'tasks', 'vCPU0.5-1GB');
INSERT INTO container_definition (task_definition_id, name, essential, repository_name, tag, cpu, memory,
    memory_reservation, container_port, host_port, protocol, env_variables, log_group_name)
  SELECT id, 'main', true, 'app', 'v1', 128, 512, 256, 80, 80, 'tcp', '{{"STAGE": "test", "A": "1"}}', 'logs'
  FROM task_definition;
INSERT INTO container_definition (task_definition_id, name, image) SELECT id, 'side', 'busybox:1'
  FROM task_definition;
INSERT INTO service (name, desired_count, assign_public_ip, subnets, cluster_name, task_definition_id,
    target_group_name)
  SELECT 's', 1, 'ENABLED', (SELECT array_agg(subnet_id) FROM (SELECT subnet_id FROM subnet LIMIT 2) AS x),
    'c', id, 'tg' FROM task_definition;
INSERT INTO service_security_groups SELECT 's', id FROM security_group WHERE group_name = 'web';
"""


def service(ecs: Any, cluster: str = "c") -> dict[str, Any]:
    return dict(ecs.describe_services(cluster=cluster, services=["s"])["services"][0])


def definition(ecs: Any, name: str = "td") -> dict[str, Any]:
    return dict(ecs.describe_task_definition(taskDefinition=name)["taskDefinition"])


def active(ecs: Any) -> list[str]:
    found = ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    return [arn.rpartition("/")[2] for arn in found]


def register(ecs: Any, **more: Any) -> dict[str, Any]:
    """A revision of `td` made by somebody else."""
    plain = {
        "family": "td",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "main", "image": "nginx", "essential": True}],
    }
    return dict(ecs.register_task_definition(**{**plain, **more})["taskDefinition"])
