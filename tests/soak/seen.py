"""The rows, and what AWS holds, in the words of the model. What nobody made is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import psycopg

from tests.fixtures.cloud import Cloud
from tests.soak.kinds import KINDS, Attributes
from tests.soak.model import Key, State, empty

#: A table's resources, sorted; one that is there twice is in it twice.
Seen = dict[str, list[tuple[Key, Attributes]]]

_SIZES = {
    ("256", "512"): "vCPU0.25-0.5GB",
    ("512", "1024"): "vCPU0.5-1GB",
    ("1024", "2048"): "vCPU1-2GB",
}

#: What AWS calls a service whose row has its cluster in its name; NULL if another row has that name.
PLAIN_SERVICE = (
    "(SELECT min(plain) FROM (SELECT regexp_replace(each.name, '^.*/', '') AS plain FROM service AS each) "
    "AS names WHERE plain = regexp_replace(service.name, '^.*/', '') HAVING count(*) = 1)"
)
_TAGS = "coalesce(tags, '{}') AS tags"
_ROWS = {
    "log_group": f"SELECT log_group_name, {_TAGS} FROM log_group",
    "repository": f"SELECT repository_name, scan_on_push AS scan, {_TAGS} FROM repository",
    "role": (
        "SELECT role_name, nullif(description, '') AS description, "
        "ARRAY(SELECT unnest(attached_policies_arns) ORDER BY 1) AS policies, "
        f"{_TAGS} FROM role"
    ),
    "vpc": "SELECT cidr_block FROM vpc WHERE NOT is_default",
    "subnet": (
        "SELECT vpc.cidr_block, subnet.cidr_block FROM subnet JOIN vpc ON vpc.id = subnet.vpc_id "
        "WHERE NOT is_default"
    ),
    "security_group": f"SELECT group_name, {_TAGS} FROM security_group WHERE group_name <> 'default'",
    "security_group_rule": (
        "SELECT group_name, nullif(from_port, -1) AS port, cidr_ipv4::text, "
        "nullif(rule.description, '') AS description "
        "FROM security_group_rule AS rule JOIN security_group ON security_group.id = security_group_id "
        "WHERE group_name <> 'default'"
    ),
    "target_group": "SELECT target_group_name FROM target_group",
    "load_balancer": (
        "SELECT load_balancer_name, scheme::text, ARRAY(SELECT group_name::text FROM security_group JOIN "
        "load_balancer_security_groups AS part ON part.security_group_id = security_group.id "
        "WHERE part.load_balancer_name = load_balancer.load_balancer_name ORDER BY 1) AS groups "
        "FROM load_balancer"
    ),
    "listener": "SELECT load_balancer_name, port, target_group_name AS target FROM listener",
    "cluster": f"SELECT cluster_name, {_TAGS} FROM cluster",
    "task_definition": (
        "SELECT family, cpu_memory::text AS size, execution_role_name AS role, "
        "(SELECT min(image) FROM container_definition WHERE task_definition_id = task_definition.id) "
        "AS image FROM task_definition"
    ),
    "service": (
        f"SELECT coalesce({PLAIN_SERVICE}, name), cluster_name AS cluster, desired_count AS count, "
        "(SELECT family FROM task_definition WHERE id = task_definition_id) AS family, "
        "ARRAY(SELECT group_name::text FROM security_group JOIN service_security_groups AS part "
        "ON part.security_group_id = security_group.id WHERE part.service_name = service.name ORDER BY 1) "
        "AS groups, target_group_name AS target FROM service"
    ),
    **{each.table: each.rows for each in KINDS},
}
#: How many of a query's columns name the resource; the others are its attributes, by name.
_KEYS = {"subnet": 2, "security_group_rule": 3, "listener": 2}


def rows(connection: psycopg.Connection[Any]) -> Seen:
    """What the tables hold."""
    found: Seen = {}
    for table, query in _ROWS.items():
        cursor = connection.execute(query)
        names = [column.name for column in cursor.description or ()]
        keys = _KEYS.get(table, 1)
        found[table] = _sorted(
            (
                tuple(row[:keys]),
                {name: _plain(value) for name, value in zip(names[keys:], row[keys:], strict=True)},
            )
            for row in cursor
        )
    return found


def state(seen: Seen, *, may_be_twice: Collection[str] = ()) -> State:
    """What is there as a model of it.

    Args:
        may_be_twice: the tables in which what is there twice is left out.

    Raises:
        AssertionError: something else is there twice.
    """
    made = empty()
    for table, resources in seen.items():
        count = Counter(key for key, _ in resources)
        made[table] = {key: values for key, values in resources if count[key] == 1}
        once = table in may_be_twice or len(made[table]) == len(resources)
        assert once, f"twice in {table}: {resources}"
    return made


def of_state(model: State) -> Seen:
    """A model in the form of what is seen."""
    return {table: _sorted(resources.items()) for table, resources in model.items()}


def difference(one: Seen, other: Seen) -> str:
    """What two do not have in common, empty if nothing."""
    lines = []
    for table in one:
        left = [each for each in one[table] if each not in other[table]]
        right = [each for each in other[table] if each not in one[table]]
        if left or right or len(one[table]) != len(other[table]):
            lines.append(f"{table}: {left or one[table]} against {right or other[table]}")
    return "; ".join(lines)


def account(cloud: Cloud) -> Seen:
    """What the simulated account holds, asked with boto3."""
    ecr, iam, logs = cloud.client("ecr"), cloud.client("iam"), cloud.client("logs")
    found: Seen = {
        "log_group": [
            ((each["logGroupName"],), {"tags": _log_tags(logs, each)})
            for each in everything(logs, "describe_log_groups", "logGroups")
        ],
        "repository": [
            (
                (each["repositoryName"],),
                {
                    "scan": each["imageScanningConfiguration"]["scanOnPush"],
                    "tags": _tags(ecr.list_tags_for_resource(resourceArn=each["repositoryArn"])["tags"]),
                },
            )
            for each in everything(ecr, "describe_repositories", "repositories")
        ],
        "role": [
            (
                (each["RoleName"],),
                {
                    "description": each.get("Description") or None,
                    "policies": _policies(iam, each),
                    "tags": _tags(iam.list_role_tags(RoleName=each["RoleName"])["Tags"]),
                },
            )
            for each in everything(iam, "list_roles", "Roles")
        ],
        **_networks(cloud),
        **_balancing(cloud),
        **_containers(cloud),
        **{each.table: list(each.seen(cloud)) for each in KINDS},
    }
    return {table: _sorted(found[table]) for table in empty()}


def _policies(iam: Any, role: dict[str, Any]) -> tuple[str, ...]:
    attached = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
    return tuple(sorted(each["PolicyArn"] for each in attached))


def _log_tags(logs: Any, group: dict[str, Any]) -> dict[str, str]:
    tags: dict[str, str] = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    return tags


def _tags(pairs: list[dict[str, str]]) -> dict[str, str]:
    """Tags, whose keys services write differently."""
    return {each[next(name for name in each if name.lower() == "key")]: _value(each) for each in pairs}


def _value(tag: dict[str, str]) -> str:
    return next(value for name, value in tag.items() if name.lower() == "value")


def _networks(cloud: Cloud) -> Seen:
    ec2 = cloud.client("ec2")
    vpcs = {
        each["VpcId"]: each["CidrBlock"]
        for each in everything(ec2, "describe_vpcs", "Vpcs")
        if not each["IsDefault"]
    }
    groups = _group_names(cloud)
    return {
        "vpc": [((cidr,), {}) for cidr in vpcs.values()],
        "subnet": [
            ((vpcs[each["VpcId"]], each["CidrBlock"]), {})
            for each in everything(ec2, "describe_subnets", "Subnets")
            if each["VpcId"] in vpcs
        ],
        "security_group": [
            ((each["GroupName"],), {"tags": _tags(each.get("Tags", []))})
            for each in everything(ec2, "describe_security_groups", "SecurityGroups")
            if each["GroupName"] != "default"
        ],
        "security_group_rule": [
            (
                (groups[each["GroupId"]], _port(each), each.get("CidrIpv4")),
                {"description": each.get("Description") or None},
            )
            for each in everything(ec2, "describe_security_group_rules", "SecurityGroupRules")
            if groups[each["GroupId"]] != "default"
        ],
    }


def _port(rule: dict[str, Any]) -> int | None:
    port: int = rule.get("FromPort", -1)
    return None if port == -1 else port


def _group_names(cloud: Cloud) -> dict[str, str]:
    groups = everything(cloud.client("ec2"), "describe_security_groups", "SecurityGroups")
    return {each["GroupId"]: each["GroupName"] for each in groups}


def _balancing(cloud: Cloud) -> Seen:
    elb, groups = cloud.client("elbv2"), _group_names(cloud)
    balancers = everything(elb, "describe_load_balancers", "LoadBalancers")
    targets = {
        each["TargetGroupArn"]: each["TargetGroupName"]
        for each in everything(elb, "describe_target_groups", "TargetGroups")
    }
    return {
        "target_group": [((name,), {}) for name in targets.values()],
        "load_balancer": [
            (
                (each["LoadBalancerName"],),
                {
                    "scheme": each["Scheme"],
                    "groups": tuple(sorted(groups[group] for group in each["SecurityGroups"])),
                },
            )
            for each in balancers
        ],
        "listener": [
            (
                (balancer["LoadBalancerName"], each["Port"]),
                {"target": targets[each["DefaultActions"][0]["TargetGroupArn"]]},
            )
            for balancer in balancers
            for each in everything(
                elb, "describe_listeners", "Listeners", LoadBalancerArn=balancer["LoadBalancerArn"]
            )
        ],
    }


def _containers(cloud: Cloud) -> Seen:
    ecs, groups = cloud.client("ecs"), _group_names(cloud)
    clusters = [arn.rpartition("/")[2] for arn in everything(ecs, "list_clusters", "clusterArns")]
    definitions = [
        ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        for arn in everything(ecs, "list_task_definitions", "taskDefinitionArns", status="ACTIVE")
    ]
    services = [
        (cluster, each)
        for cluster in clusters
        for arn in everything(ecs, "list_services", "serviceArns", cluster=cluster)
        for each in ecs.describe_services(cluster=cluster, services=[arn])["services"]
    ]
    return {
        "cluster": [((name,), {"tags": _cluster_tags(ecs, name)}) for name in clusters],
        "task_definition": [
            (
                (each["family"],),
                {
                    "size": _SIZES[each["cpu"], each["memory"]],
                    "role": each["executionRoleArn"].rpartition("/")[2],
                    "image": each["containerDefinitions"][0]["image"],
                },
            )
            for each in definitions
        ],
        "service": [((each["serviceName"],), _service(cluster, each, groups)) for cluster, each in services],
    }


def _cluster_tags(ecs: Any, name: str) -> dict[str, str]:
    [cluster] = ecs.describe_clusters(clusters=[name], include=["TAGS"])["clusters"]
    return _tags(cluster.get("tags", []))


def _service(cluster: str, service: dict[str, Any], groups: dict[str, str]) -> Attributes:
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    target = next((each["targetGroupArn"].split("/")[1] for each in service["loadBalancers"]), None)
    return {
        "cluster": cluster,
        "count": service["desiredCount"],
        "family": service["taskDefinition"].rpartition("/")[2].partition(":")[0],
        "groups": tuple(sorted(groups[group] for group in network["securityGroups"])),
        "target": target,
    }


def everything(client: Any, operation: str, items: str, **parameters: Any) -> list[Any]:
    """What a listing has on all its pages."""
    pages = client.get_paginator(operation).paginate(**parameters)
    return [each for page in pages for each in page[items]]


def _sorted(resources: Any) -> list[tuple[Key, Attributes]]:
    return sorted(((key, dict(values)) for key, values in resources), key=repr)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
