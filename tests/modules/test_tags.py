"""Tags: the same in every table that has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from modules.catalogue import find_modules
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}'
)
_TASKS = "INSERT INTO task_definition (family, cpu_memory) VALUES ('t', 'vCPU0.25-0.5GB');"


def _pairs(some: list[dict[str, str]]) -> dict[str, str]:
    return {each.get("Key", each.get("key", "")): each.get("Value", each.get("value", "")) for each in some}


def _of_distribution(client: Any, identity: str) -> dict[str, str]:
    arn = client.get_distribution(Id=identity)["Distribution"]["ARN"]
    return _pairs(client.list_tags_for_resource(Resource=arn)["Tags"]["Items"])


def _of_ec2(client: Any, identity: str) -> dict[str, str]:
    found = client.describe_tags(Filters=[{"Name": "resource-id", "Values": [identity]}])
    return _pairs(found["Tags"])


def _of_elb(client: Any, arn: str) -> dict[str, str]:
    return _pairs(client.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


def _of_rds(client: Any, arn: str) -> dict[str, str]:
    return _pairs(client.list_tags_for_resource(ResourceName=arn)["TagList"])


def _of_arn(client: Any, arn: str) -> dict[str, str]:
    return _pairs(client.list_tags_for_resource(resourceArn=arn)["tags"])


#: Table to its module, the service, what makes rows that can be tagged, and how AWS is asked for tags.
KINDS: dict[str, tuple[str, str, str, Callable[[Any, str], dict[str, str]]]] = {
    "role": (
        "aws_iam",
        "iam",
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}')",
        lambda client, arn: _pairs(client.list_role_tags(RoleName=arn.rpartition("/")[2])["Tags"]),
    ),
    "iam_policy": (
        "aws_iam",
        "iam",
        'INSERT INTO iam_policy (policy_name, policy_document) VALUES (\'p\', \'{"Version": "2012-10-17", '
        '"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}\')',
        lambda client, arn: _pairs(client.list_policy_tags(PolicyArn=arn)["Tags"]),
    ),
    "instance_profile": (
        "aws_iam",
        "iam",
        "INSERT INTO instance_profile (instance_profile_name) VALUES ('p')",
        lambda client, arn: _pairs(
            client.list_instance_profile_tags(InstanceProfileName=arn.rpartition("/")[2])["Tags"]
        ),
    ),
    "iam_user": (
        "aws_iam",
        "iam",
        "INSERT INTO iam_user (user_name) VALUES ('u')",
        lambda client, identity: _pairs(client.list_user_tags(UserName="u")["Tags"]),
    ),
    "oidc_provider": (
        "aws_iam",
        "iam",
        "INSERT INTO oidc_provider (url, thumbprints) "
        "VALUES ('https://example.com', '{0123456789012345678901234567890123456789}')",
        lambda client, arn: _pairs(
            client.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
        ),
    ),
    "bucket": (
        "aws_s3",
        "s3",
        "INSERT INTO bucket (name) VALUES ('some-1')",
        lambda client, arn: _pairs(client.get_bucket_tagging(Bucket=arn.rpartition(":")[2])["TagSet"]),
    ),
    "log_group": (
        "aws_cloudwatch",
        "logs",
        "INSERT INTO log_group (log_group_name) VALUES ('l')",
        lambda client, arn: dict(client.list_tags_for_resource(resourceArn=arn.removesuffix(":*"))["tags"]),
    ),
    "repository": ("aws_ecr", "ecr", "INSERT INTO repository (repository_name) VALUES ('rr')", _of_arn),
    "public_repository": (
        "aws_ecr",
        "ecr-public",
        "INSERT INTO public_repository (repository_name) VALUES ('rr')",
        _of_arn,
    ),
    "general_purpose_volume": (
        "aws_ec2",
        "ec2",
        "INSERT INTO general_purpose_volume (volume_type, availability_zone) VALUES ('gp3', 'us-east-1a')",
        _of_ec2,
    ),
    "instance": (
        "aws_ec2",
        "ec2",
        "INSERT INTO instance (ami, instance_type) VALUES ('ami-03cf127a', 't3.micro')",
        _of_ec2,
    ),
    "launch_template": (
        "aws_ec2",
        "ec2",
        "INSERT INTO launch_template (name, instance_type) VALUES ('web', 't3.nano')",
        _of_ec2,
    ),
    "key_pair": (
        "aws_ec2",
        "ec2",
        "INSERT INTO key_pair (name, public_key) VALUES ('k', 'ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIIf2eZFAr2KwVN6eYrCMP8kLnFBw5D+Ms+ZmGr3eOI5T')",
        _of_ec2,
    ),
    "vpc": ("aws_vpc", "ec2", "INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16')", _of_ec2),
    "subnet": (
        "aws_vpc",
        "ec2",
        "INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16'); INSERT INTO subnet (vpc_id, cidr_block, "
        "availability_zone) SELECT id, '10.9.1.0/24', 'us-east-1a' FROM vpc WHERE NOT is_default",
        _of_ec2,
    ),
    "dhcp_options": (
        "aws_vpc",
        "ec2",
        """INSERT INTO dhcp_options (dhcp_configurations) VALUES ('{"domain-name": ["a.test"]}')""",
        _of_ec2,
    ),
    "network_acl": (
        "aws_vpc",
        "ec2",
        "INSERT INTO network_acl (vpc_id) SELECT id FROM vpc",
        _of_ec2,
    ),
    "internet_gateway": ("aws_vpc", "ec2", "INSERT INTO internet_gateway DEFAULT VALUES", _of_ec2),
    "egress_only_internet_gateway": (
        "aws_vpc",
        "ec2",
        "INSERT INTO egress_only_internet_gateway (vpc_id) SELECT id FROM vpc",
        _of_ec2,
    ),
    "elastic_ip": ("aws_vpc", "ec2", "INSERT INTO elastic_ip DEFAULT VALUES", _of_ec2),
    "nat_gateway": (
        "aws_vpc",
        "ec2",
        "INSERT INTO nat_gateway (subnet_id, connectivity_type) SELECT min(id), 'private' FROM subnet",
        _of_ec2,
    ),
    "peering_connection": (
        "aws_vpc",
        "ec2",
        "INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16'); INSERT INTO peering_connection (requester_id, "
        "accepter_id) SELECT a.id, b.id FROM vpc AS a, vpc AS b WHERE a.is_default AND NOT b.is_default",
        _of_ec2,
    ),
    "endpoint_gateway": (
        "aws_vpc",
        "ec2",
        "INSERT INTO endpoint_gateway (vpc_id, service) SELECT id, 's3' FROM vpc",
        _of_ec2,
    ),
    "endpoint_interface": (
        "aws_vpc",
        "ec2",
        "INSERT INTO endpoint_interface (vpc_id, service) SELECT id, 'logs' FROM vpc",
        _of_ec2,
    ),
    "flow_log": (
        "aws_vpc",
        "ec2",
        "INSERT INTO flow_log (vpc_id, traffic_type, log_group_name, deliver_logs_permission_arn) "
        "SELECT id, 'ALL', 'g', 'arn:aws:iam::123456789012:role/r' FROM vpc",
        _of_ec2,
    ),
    "route_table": (
        "aws_vpc",
        "ec2",
        "INSERT INTO route_table (vpc_id) SELECT id FROM vpc",
        _of_ec2,
    ),
    "security_group": (
        "aws_security_group",
        "ec2",
        "INSERT INTO security_group (group_name, description) VALUES ('g', 'd')",
        _of_ec2,
    ),
    "security_group_rule": (
        "aws_security_group",
        "ec2",
        "INSERT INTO security_group (group_name, description) VALUES ('g', 'd');"
        "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
        "cidr_ipv4) SELECT id, false, 'tcp', 1, 1, '10.0.0.0/8' FROM security_group WHERE group_name = 'g'",
        _of_ec2,
    ),
    "target_group": (
        "aws_elb",
        "elbv2",
        "INSERT INTO target_group (target_group_name, target_type, protocol, port) "
        "VALUES ('tg', 'ip', 'HTTP', 1)",
        _of_elb,
    ),
    "load_balancer": (
        "aws_elb",
        "elbv2",
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
        "VALUES ('lb', 'internal', 'application', 'ipv4')",
        _of_elb,
    ),
    "listener": (
        "aws_elb",
        "elbv2",
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
        "VALUES ('lb', 'internal', 'application', 'ipv4'); INSERT INTO target_group (target_group_name, "
        "target_type, protocol, port) VALUES ('tg', 'ip', 'HTTP', 1); INSERT INTO listener "
        "(load_balancer_name, port, protocol, target_group_name) VALUES ('lb', 1, 'HTTP', 'tg')",
        _of_elb,
    ),
    "cluster": ("aws_ecs_fargate", "ecs", "INSERT INTO cluster (cluster_name) VALUES ('c')", _of_arn),
    "task_definition": (
        "aws_ecs_fargate",
        "ecs",
        f"{_TASKS} INSERT INTO container_definition (task_definition_id, name, image, essential) "
        "SELECT id, 'c', 'nginx', true FROM task_definition",
        _of_arn,
    ),
    "service": (
        "aws_ecs_fargate",
        "ecs",
        f"{_TASKS} INSERT INTO container_definition (task_definition_id, name, image, essential) "
        "SELECT id, 'c', 'nginx', true FROM task_definition; INSERT INTO cluster (cluster_name) VALUES ('c');"
        "INSERT INTO service (name, desired_count, subnets, cluster_name, task_definition_id) SELECT 's', 1, "
        "(SELECT array_agg(subnet_id) FROM subnet), 'c', id FROM task_definition",
        _of_arn,
    ),
    "autoscaling_group": (
        "aws_autoscaling",
        "autoscaling",
        "INSERT INTO launch_template (name, ami, instance_type) VALUES ('web', 'ami-03cf127a', 't3.micro');"
        "INSERT INTO autoscaling_group (name, launch_template_id, min_size, max_size, subnets) "
        "SELECT 'web', id, 0, 1, (SELECT array_agg(subnet_id) FROM subnet) FROM launch_template",
        lambda client, arn: _pairs(client.describe_tags()["Tags"]),
    ),
    "scalable_target": (
        "aws_autoscaling",
        "application-autoscaling",
        f"{_TASKS} INSERT INTO container_definition (task_definition_id, name, image, essential) "
        "SELECT id, 'c', 'nginx', true FROM task_definition; INSERT INTO cluster (cluster_name) VALUES ('c');"
        "INSERT INTO service (name, desired_count, subnets, cluster_name, task_definition_id) SELECT 's', 1, "
        "(SELECT array_agg(subnet_id) FROM subnet), 'c', id FROM task_definition;"
        "INSERT INTO scalable_target (service_name, min_capacity, max_capacity) VALUES ('s', 1, 2)",
        lambda client, id: dict(
            client.list_tags_for_resource(
                ResourceARN=client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[id])[
                    "ScalableTargets"
                ][0]["ScalableTargetARN"]
            )["Tags"]
        ),
    ),
    "topic": (
        "aws_sns",
        "sns",
        "INSERT INTO topic (name) VALUES ('t')",
        lambda client, arn: _pairs(client.list_tags_for_resource(ResourceArn=arn)["Tags"]),
    ),
    "certificate": (
        "aws_acm",
        "acm",
        "INSERT INTO certificate (domain_name) VALUES ('example.org')",
        lambda client, arn: _pairs(client.list_tags_for_certificate(CertificateArn=arn)["Tags"]),
    ),
    "hosted_zone": (
        "aws_route53",
        "route53",
        "INSERT INTO hosted_zone (domain_name) VALUES ('example.org')",
        lambda client, id: _pairs(
            client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id)["ResourceTagSet"]["Tags"]
        ),
    ),
    "health_check": (
        "aws_route53",
        "route53",
        "INSERT INTO health_check (type, fully_qualified_domain_name) VALUES ('HTTP', 'example.org')",
        lambda client, id: _pairs(
            client.list_tags_for_resource(ResourceType="healthcheck", ResourceId=id)["ResourceTagSet"]["Tags"]
        ),
    ),
    "distribution": (
        "aws_cloudfront",
        "cloudfront",
        "WITH made AS (INSERT INTO distribution (default_cache_behavior) VALUES "
        '(\'{"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": "c"}\') '
        "RETURNING id) "
        "INSERT INTO distribution_origin (distribution_id, origin_id, domain_name) "
        "SELECT id, 'o', 'o.s3.amazonaws.com' FROM made",
        _of_distribution,
    ),
    "cache_subnet_group": (
        "aws_elasticache",
        "elasticache",
        "INSERT INTO cache_subnet_group (name, description, subnets) "
        "SELECT 'g', 'd', array_agg(subnet_id) FROM subnet",
        _of_rds,
    ),
    "cache_parameter_group": (
        "aws_elasticache",
        "elasticache",
        "INSERT INTO cache_parameter_group (name, family, description) VALUES ('g', 'valkey8', 'd')",
        _of_rds,
    ),
    "replication_group": (
        "aws_elasticache",
        "elasticache",
        "INSERT INTO replication_group (replication_group_id, node_type) VALUES ('g', 'cache.t4g.micro')",
        _of_rds,
    ),
    "cache_cluster": (
        "aws_elasticache",
        "elasticache",
        "INSERT INTO cache_cluster (cluster_id, node_type) VALUES ('c', 'cache.t4g.micro')",
        _of_rds,
    ),
    "kms_key": (
        "aws_kms",
        "kms",
        "INSERT INTO kms_key (description) VALUES ('k')",
        lambda client, key: {
            each["TagKey"]: each["TagValue"] for each in client.list_resource_tags(KeyId=key)["Tags"]
        },
    ),
    "secret": (
        "aws_secrets_manager",
        "secretsmanager",
        "INSERT INTO secret (name) VALUES ('s')",
        lambda client, arn: _pairs(client.describe_secret(SecretId=arn).get("Tags", [])),
    ),
    "parameter": (
        "aws_ssm",
        "ssm",
        "INSERT INTO parameter (name, value) VALUES ('p', 'v')",
        lambda client, arn: _pairs(
            client.list_tags_for_resource(ResourceType="Parameter", ResourceId=arn.rpartition("/")[2])[
                "TagList"
            ]
        ),
    ),
    "metric_alarm": (
        "aws_cloudwatch",
        "cloudwatch",
        "INSERT INTO metric_alarm (alarm_name, comparison_operator, evaluation_periods, metric_name, "
        "namespace, statistic, period, threshold) "
        "VALUES ('a', 'LessThanThreshold', 1, 'm', 'n', 'Sum', 60, 1)",
        lambda client, arn: _pairs(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    ),
    "composite_alarm": (
        "aws_cloudwatch",
        "cloudwatch",
        "INSERT INTO composite_alarm (alarm_name, alarm_rule) VALUES ('c', 'TRUE')",
        lambda client, arn: _pairs(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    ),
    "lambda_function": (
        "aws_lambda",
        "lambda",
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}');"
        "INSERT INTO lambda_function (name, runtime, handler, role_name, zip_b64) "
        "VALUES ('f', 'python3.13', 'index.handler', 'r', 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==')",
        lambda client, arn: dict(client.list_tags(Resource=arn)["Tags"]),
    ),
    "lambda_event_source": (
        "aws_lambda",
        "lambda",
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{_TRUST}');"
        "INSERT INTO queue (name) VALUES ('q'); "
        "INSERT INTO lambda_function (name, runtime, handler, role_name, zip_b64) "
        "VALUES ('f', 'python3.13', 'index.handler', 'r', 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==');"
        "INSERT INTO lambda_event_source (lambda_function_id, queue_id) "
        "SELECT f.id, q.id FROM lambda_function AS f, queue AS q",
        lambda client, uuid: dict(
            client.list_tags(Resource=client.get_event_source_mapping(UUID=uuid)["EventSourceMappingArn"])[
                "Tags"
            ]
        ),
    ),
    "schedule_group": (
        "aws_events",
        "scheduler",
        "INSERT INTO schedule_group (name) VALUES ('g')",
        lambda client, arn: _pairs(client.list_tags_for_resource(ResourceArn=arn)["Tags"]),
    ),
    "queue": (
        "aws_sqs",
        "sqs",
        "INSERT INTO queue (name) VALUES ('q')",
        lambda client, url: dict(client.list_queue_tags(QueueUrl=url).get("Tags", {})),
    ),
    "db_subnet_group": (
        "aws_rds",
        "rds",
        "INSERT INTO db_subnet_group (name, description, subnets) "
        "SELECT 'g', 'd', array_agg(subnet_id) FROM subnet",
        _of_rds,
    ),
    "parameter_group": (
        "aws_rds",
        "rds",
        "INSERT INTO parameter_group (name, family, description) VALUES ('g', 'postgres16', 'd')",
        _of_rds,
    ),
    "db_cluster_parameter_group": (
        "aws_rds",
        "rds",
        "INSERT INTO db_cluster_parameter_group (name, family, description) "
        "VALUES ('g', 'aurora-mysql8.0', 'd')",
        _of_rds,
    ),
    "dynamo_table": (
        "aws_dynamo",
        "dynamodb",
        "INSERT INTO dynamo_table (table_name, primary_key) VALUES ('things', '{\"id\": \"S\"}')",
        lambda client, arn: _pairs(client.list_tags_of_resource(ResourceArn=arn)["Tags"]),
    ),
    "event_rule": (
        "aws_events",
        "events",
        "INSERT INTO event_rule (name, schedule_expression) VALUES ('r', 'rate(1 day)')",
        lambda client, arn: _pairs(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    ),
    "db_cluster": (
        "aws_rds",
        "rds",
        "INSERT INTO db_cluster (db_cluster_identifier, engine, master_username) "
        "VALUES ('c', 'aurora-mysql', 'root')",
        _of_rds,
    ),
    "rds": (
        "aws_rds",
        "rds",
        "INSERT INTO rds (db_instance_identifier, db_instance_class, engine, master_username, "
        "allocated_storage) VALUES ('db', 'db.t3.micro', 'mysql', 'root', 20)",
        _of_rds,
    ),
}


#: Tables of which AWS takes all tags at once.
_AT_ONCE = {"bucket"}


def test_every_table_of_what_aws_lets_be_tagged_has_tags() -> None:
    tagged = {
        table
        for table, resource in find_modules().resources.items()
        if resource.create and any(column.name == "tags" for column in resource.columns)
    }
    assert tagged == set(KINDS)
    untagged = {"aws_account", "aws_regions", "repository_policy", "kms_alias", "secret_policy"}
    untagged |= {
        "access_key",
        "ami",
        "autoscaling_policy",
        "origin_access_control",
        "availability_zone",
        "db_cluster_snapshot",
        "db_snapshot",
        "instance_block_device_mapping",
        "instance_metadata",
        "registered_instance",
        "repository_image",
        "network_acl_entry",
        "route",
        "iam_group",
        "iam_group_member",
        "iam_group_policy",
        "iam_user_policy",
        "lambda_alias",
        "lambda_permission",
        "event_target",
        "role_policy",
        "route_table_association",
        "schedule",
        "resource_record_set",
        "scaling_policy",
        "subscription",
    }
    assert set(find_modules().resources) - tagged == untagged


@pytest.mark.parametrize("table", list(KINDS))
async def test_tags_are_sent_with_the_create_and_changed_by_key(
    session: Session, simulator: Cloud, table: str
) -> None:
    module, service, statement, ask = KINDS[table]
    resource = find_modules().resources[table]
    client = simulator.client(service)
    await session("iasql_install", module)
    known = await session.rows(f"SELECT {resource.identity} FROM {table}")
    await session.execute(statement)
    mine = f"{resource.identity} IS NULL"
    await session.execute(
        f"""UPDATE {table} SET tags = '{{"team": "x", "stage": "test", "n": 1}}' WHERE {mine}"""
    )
    await session("iasql_apply")
    await session("iasql_sync")  # what it is in may have changed, as a subnet has fewer addresses left
    [(identity,)] = set(await session.rows(f"SELECT {resource.identity} FROM {table}")) - set(known)
    assert ask(client, identity) == {"team": "x", "stage": "test", "n": "1"}
    made = len(simulator.calls(mutating=True))
    await session.execute(
        f"""UPDATE {table} SET tags = '{{"team": "y", "n": "1"}}' WHERE {resource.identity} = '{identity}'"""
    )
    assert [row[:2] for row in await session.apply()] == [("update", table)]
    assert ask(client, identity) == {"team": "y", "n": "1"}
    assert len(simulator.calls(mutating=True)) - made == (1 if table in _AT_ONCE else 2)
    await session.execute(f"UPDATE {table} SET tags = '{{}}'")
    await session("iasql_sync")
    shown = await session.value(f"SELECT tags FROM {table} WHERE {resource.identity} = '{identity}'")
    assert json.loads(shown) == {"team": "y", "n": "1"}


async def test_tags_of_aws_are_shown_and_never_sent(session: Session, simulator: Cloud) -> None:
    elb = simulator.client("elbv2")
    tags = [{"Key": "aws:createdBy", "Value": "s"}, {"Key": "team", "Value": "x"}]
    elb.create_target_group(Name="tg", TargetType="lambda", Tags=tags)
    await session("iasql_install", "aws_elb")
    shown = json.loads(await session.value("SELECT tags FROM target_group"))
    assert shown == {"aws:createdBy": "s", "team": "x"}
    await session.execute('UPDATE target_group SET tags = \'{"aws:mine": "1"}\'')
    assert [row[:2] for row in await session("iasql_apply")] == [("update", "target_group")]
    [arn] = [each["TargetGroupArn"] for each in elb.describe_target_groups()["TargetGroups"]]
    assert _of_elb(elb, arn) == {"aws:createdBy": "s"}


async def test_an_upgrade_fills_the_column_from_aws(session: Session, simulator: Cloud) -> None:
    logs = simulator.client("logs")
    logs.create_log_group(logGroupName="l", tags={"team": "x"})
    await session("iasql_install", "aws_cloudwatch")
    await session.execute("ALTER TABLE log_group DROP COLUMN tags")
    await session("iasql_upgrade")
    assert json.loads(await session.value("SELECT tags FROM log_group")) == {"team": "x"}
    assert await session("iasql_plan_apply") == []
