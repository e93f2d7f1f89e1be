"""The troubles that are tried: edits beside a tool, and calls after which it is killed or hears nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.peer.contestant import Starting
from bench.peer.trouble import Edit, Seen, edited, killed, lost
from tests.fixtures.cloud import Cloud

#: The calls that make something, in the order in which a stack needs them.
CREATES = (
    "CreateSecurityGroup",
    "AuthorizeSecurityGroupIngress",
    "CreateTargetGroup",
    "CreateLoadBalancer",
    "CreateListener",
    "CreateLogGroup",
    "CreateRepository",
    "CreateCluster",
    "CreateRole",
    "RegisterTaskDefinition",
    "CreateService",
)
#: A stack's resources by table, as `tests.e2e.account.inventory` has them.
WHOLE = {
    "cluster": ["stack-0-cluster"],
    "listener": ["stack-0-load-balancer:8088"],
    "load_balancer": ["stack-0-load-balancer"],
    "log_group": ["stack-0-log-group"],
    "repository": ["stack-0-repository"],
    "role": ["ecsTaskExecRolestack-0"],
    "security_group": ["stack-0-security-group"],
    "security_group_rule": ["egress -1 -1--1 0.0.0.0/0", "ingress tcp 8088-8088 0.0.0.0/0"],
    "service": ["stack-0-service"],
    "target_group": ["stack-0-target"],
    "task_definition": ["stack-0-td"],
}
_TAG = {"Key": "team", "Value": "night"}
#: Trials at once: most of them wait.
_WORKERS = 6


def troubles(tools: Mapping[str, Starting], enforcing: Mapping[str, Starting]) -> Iterator[Seen]:
    """Try all troubles with each tool, a few at once; each has an account of its own.

    Args:
        enforcing: for which only edits make a difference.
    """
    trials: list[Callable[[], Seen]] = []
    for edit in EDITS:
        trials += [partial(edited, name, start, edit) for name, start in {**tools, **enforcing}.items()]
    for trial in (killed, lost):
        for operation in CREATES:
            trials += [partial(trial, name, start, operation, WHOLE) for name, start in tools.items()]
    with ThreadPoolExecutor(_WORKERS) as executor:
        yield from executor.map(lambda trial: trial(), trials)


def _group(cloud: Cloud) -> str:
    groups = cloud.client("ec2").describe_security_groups()["SecurityGroups"]
    return str(next(each["GroupId"] for each in groups if each["GroupName"] != "default"))


def _open(cloud: Cloud) -> None:
    cloud.client("ec2").authorize_security_group_ingress(
        GroupId=_group(cloud),
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        ],
    )


def _ports(cloud: Cloud) -> str:
    wanted = [{"Name": "group-id", "Values": [_group(cloud)]}]
    rules = cloud.client("ec2").describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
    return str(sorted(each.get("FromPort", -1) for each in rules))


def _retain(cloud: Cloud) -> None:
    cloud.client("logs").put_retention_policy(logGroupName="stack-0-log-group", retentionInDays=7)


def _retention(cloud: Cloud) -> str:
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    return str([each.get("retentionInDays") for each in groups])


def _balancer(cloud: Cloud) -> str:
    return str(cloud.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"])


def _tag(cloud: Cloud) -> None:
    cloud.client("elbv2").add_tags(ResourceArns=[_balancer(cloud)], Tags=[_TAG])


def _tags(cloud: Cloud) -> str:
    found = cloud.client("elbv2").describe_tags(ResourceArns=[_balancer(cloud)])["TagDescriptions"]
    return str([each["Tags"] for each in found])


def _scale(cloud: Cloud) -> None:
    cloud.client("ecs").update_service(cluster="stack-0-cluster", service="stack-0-service", desiredCount=3)


def _scaled(cloud: Cloud) -> str:
    ecs = cloud.client("ecs")
    found = ecs.describe_services(cluster="stack-0-cluster", services=["stack-0-service"])["services"]
    return str([each["desiredCount"] for each in found])


def _delete(cloud: Cloud) -> None:
    cloud.client("logs").delete_log_group(logGroupName="stack-0-log-group")


EDITS = (
    Edit(name="a rule is added to the security group", make=_open, look=_ports),
    Edit(name="the log group's retention is set", make=_retain, look=_retention),
    Edit(name="a tag is added to the load balancer", make=_tag, look=_tags),
    Edit(name="the service's desired count is raised", make=_scale, look=_scaled),
    Edit(name="the log group is deleted", make=_delete, look=_retention),
)
