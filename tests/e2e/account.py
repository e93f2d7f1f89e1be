"""What the simulated account holds, asked with boto3: the other side of every end-to-end test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fixtures.cloud import REGION, Cloud

ROLE = "ecsTaskExecRoleus-east-2"
EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "",
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}

#: What the tutorial's V2 creates, each exactly once.
TUTORIAL = {
    "cluster": ["quickstart-cluster"],
    "listener": ["quickstart-load-balancer:8088"],
    "load_balancer": ["quickstart-load-balancer"],
    "log_group": ["quickstart-log-group"],
    "public_repository": [],
    "repository": ["quickstart-repository"],
    "role": [ROLE],
    "security_group": ["quickstart-security-group"],
    "security_group_rule": ["egress -1 -1--1 0.0.0.0/0", "ingress tcp 8088-8088 0.0.0.0/0"],
    "service": ["quickstart-service"],
    "target_group": ["quickstart-target"],
    "task_definition": ["quickstart-td"],
}


def inventory(cloud: Cloud) -> dict[str, list[str]]:
    """The names of all that somebody made in the account, by table, sorted; duplicates stay."""
    ecs, elb = cloud.client("ecs"), cloud.client("elbv2")
    groups = {group["GroupId"]: group["GroupName"] for group in _own_groups(cloud)}
    balancers = elb.describe_load_balancers()["LoadBalancers"]
    clusters = [arn.rpartition("/")[2] for arn in ecs.list_clusters()["clusterArns"]]
    found = {
        "cluster": clusters,
        "listener": [
            f"{balancer['LoadBalancerName']}:{listener['Port']}"
            for balancer in balancers
            for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        ],
        "load_balancer": [balancer["LoadBalancerName"] for balancer in balancers],
        "log_group": [
            group["logGroupName"] for group in cloud.client("logs").describe_log_groups()["logGroups"]
        ],
        "public_repository": _names(cloud.client("ecr-public", REGION)),
        "repository": _names(cloud.client("ecr")),
        "role": [role["RoleName"] for role in cloud.client("iam").list_roles()["Roles"]],
        "security_group": list(groups.values()),
        "security_group_rule": [_rule(rule) for rule in _rules(cloud) if rule["GroupId"] in groups],
        "service": [
            arn.rpartition("/")[2]
            for cluster in clusters
            for arn in ecs.list_services(cluster=cluster)["serviceArns"]
        ],
        "target_group": [group["TargetGroupName"] for group in elb.describe_target_groups()["TargetGroups"]],
        "task_definition": [
            arn.rpartition("/")[2].partition(":")[0]
            for arn in ecs.list_task_definitions()["taskDefinitionArns"]
        ],
    }
    return {table: sorted(names) for table, names in found.items()}


def assert_holds_the_tutorial(cloud: Cloud, *, revision: int = 1) -> None:
    """Each resource of V2 is there once, with every attribute that its SQL gave.

    Args:
        revision: of the task definition: how often it has been made.
    """
    assert_holds(cloud, TUTORIAL)
    _check_role(cloud)
    _check_repository(cloud)
    group = _check_security_group(cloud)
    target = _check_load_balancing(cloud, group)
    _check_service(cloud, group, target, revision)


def assert_is_empty(cloud: Cloud) -> None:
    """Nothing that anybody made is left."""
    assert_holds(cloud, {table: [] for table in TUTORIAL})


def assert_holds(cloud: Cloud, expected: Mapping[str, list[str]]) -> None:
    """Exactly these are there, each once."""
    found = inventory(cloud)
    wrong = {table: (found[table], names) for table, names in expected.items() if found[table] != names}
    assert not wrong, f"AWS holds something else than it should (first what it holds): {wrong}"


def _check_role(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    assert iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"] == TRUST
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [EXECUTION_POLICY]


def _check_repository(cloud: Cloud) -> None:
    repository = cloud.client("ecr").describe_repositories()["repositories"][0]
    assert repository["imageTagMutability"] == "MUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": False}


def _check_security_group(cloud: Cloud) -> str:
    group = _own_groups(cloud)[0]
    assert group["Description"] == "quickstart security group"
    assert group["VpcId"] == _default_vpc(cloud)
    rules = [rule for rule in _rules(cloud) if rule["GroupId"] == group["GroupId"]]
    assert {rule["Description"] for rule in rules} == {"quickstart-security-group"}
    group_id: str = group["GroupId"]
    return group_id


def _check_load_balancing(cloud: Cloud, group: str) -> str:
    elb = cloud.client("elbv2")
    target = elb.describe_target_groups()["TargetGroups"][0]
    wanted = {"Protocol": "HTTP", "Port": 8088, "TargetType": "ip", "HealthCheckPath": "/health"}
    assert {name: target[name] for name in wanted} == wanted
    assert target["VpcId"] == _default_vpc(cloud)
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]
    wanted = {"Scheme": "internet-facing", "Type": "application", "IpAddressType": "ipv4"}
    assert {name: balancer[name] for name in wanted} == wanted
    assert balancer["SecurityGroups"] == [group]
    zones = [zone["ZoneName"] for zone in balancer["AvailabilityZones"]]
    assert len(zones) == len(set(zones)) >= 2
    listener = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0]
    action = listener["DefaultActions"][0]
    forwarded = (listener["Port"], listener["Protocol"], action["Type"], action["TargetGroupArn"])
    arn: str = target["TargetGroupArn"]
    assert forwarded == (8088, "HTTP", "forward", arn)
    return arn


def _check_service(cloud: Cloud, group: str, target: str, revision: int) -> None:
    ecs = cloud.client("ecs")
    service = ecs.describe_services(cluster="quickstart-cluster", services=["quickstart-service"])[
        "services"
    ][0]
    assert (service["desiredCount"], service["launchType"], service["status"]) == (1, "FARGATE", "ACTIVE")
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert (network["assignPublicIp"], network["securityGroups"]) == ("ENABLED", [group])
    assert len(set(network["subnets"])) == 3
    served = service["loadBalancers"][0]
    wanted = ("quickstart-container", 8088, target)
    assert (served["containerName"], served["containerPort"], served["targetGroupArn"]) == wanted
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    _check_task_definition(cloud, definition, revision)


def _check_task_definition(cloud: Cloud, definition: dict[str, Any], revision: int) -> None:
    role = cloud.client("iam").get_role(RoleName=ROLE)["Role"]["Arn"]
    assert (definition["family"], definition["revision"]) == ("quickstart-td", revision)
    assert (definition["taskRoleArn"], definition["executionRoleArn"]) == (role, role)
    assert (definition["cpu"], definition["memory"]) == ("2048", "8192")
    assert (definition["networkMode"], definition["requiresCompatibilities"]) == ("awsvpc", ["FARGATE"])
    container = definition["containerDefinitions"][0]
    uri = cloud.client("ecr").describe_repositories()["repositories"][0]["repositoryUri"]
    assert (container["name"], container["image"]) == ("quickstart-container", f"{uri}:latest")
    assert (container["essential"], container["memoryReservation"]) == (True, 8192)
    assert container["portMappings"] == [{"containerPort": 8088, "hostPort": 8088, "protocol": "tcp"}]
    logs = container["logConfiguration"]
    assert logs["logDriver"] == "awslogs"
    assert logs["options"]["awslogs-group"] == "quickstart-log-group"


def _default_vpc(cloud: Cloud) -> str:
    vpcs = cloud.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    vpc: str = vpcs[0]["VpcId"]
    return vpc


def _own_groups(cloud: Cloud) -> list[dict[str, Any]]:
    groups = cloud.client("ec2").describe_security_groups()["SecurityGroups"]
    return [group for group in groups if group["GroupName"] != "default"]


def _rules(cloud: Cloud) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = cloud.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    return rules


def _rule(rule: dict[str, Any]) -> str:
    direction = "egress" if rule["IsEgress"] else "ingress"
    ports = f"{rule.get('FromPort', -1)}-{rule.get('ToPort', -1)}"
    return f"{direction} {rule['IpProtocol']} {ports} {rule.get('CidrIpv4')}"


def _names(client: Any) -> list[str]:
    return [repository["repositoryName"] for repository in client.describe_repositories()["repositories"]]
