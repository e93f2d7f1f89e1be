"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

GROUPS = "INSERT INTO security_group (group_name, description) VALUES ('web', 'd'), ('more', 'd');"


BALANCER = (
    "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
    "VALUES ('lb', 'internet-facing', 'application', 'ipv4');"
    "INSERT INTO load_balancer_security_groups SELECT 'lb', id FROM security_group WHERE group_name = 'web';"
)


TARGETS = (
    "INSERT INTO target_group (target_group_name, target_type, protocol, port, health_check_path) "
    "VALUES ('tg', 'ip', 'HTTP', 8080, '/health'), ('tg2', 'ip', 'HTTP', 8081, NULL);"
)


LISTENER_OF_TARGETS = (
    "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) "
    "VALUES ('lb', 80, 'HTTP', 'tg');"
)


def balancer(elb: Any) -> dict[str, Any]:
    return dict(elb.describe_load_balancers(Names=["lb"])["LoadBalancers"][0])


def target_group(elb: Any, name: str = "tg") -> dict[str, Any]:
    return dict(elb.describe_target_groups(Names=[name])["TargetGroups"][0])


def listener(elb: Any) -> dict[str, Any]:
    [found] = elb.describe_listeners(LoadBalancerArn=balancer(elb)["LoadBalancerArn"])["Listeners"]
    return dict(found)


def attributes(elb: Any) -> dict[str, str]:
    arn = balancer(elb)["LoadBalancerArn"]
    told = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {each["Key"]: each["Value"] for each in told}
